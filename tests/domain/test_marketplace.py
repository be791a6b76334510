"""Quotes, who is eligible, and a ranking that does not depend on who came first."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.marketplace import (
    WEIGHTS,
    WHOLE,
    Candidate,
    Listing,
    Strategy,
    Wanted,
    ineligible,
    lower_bound,
    proven,
    quote,
    rank,
)
from flux_cli.domain.money import Money, parse_money

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def listing(provider: str, **changes: Any) -> Listing:
    made = Listing(
        f"lst_{provider}", provider, "landing-page", "Landing pages", "", ("text/html",),
        parse_money("10"), parse_money("20"), 24, True, NOW,
    )  # fmt: skip
    return replace(made, **changes)


WANTED = Wanted(
    "page", "ada", "landing-page", ("text/html",), frozenset({"landing"}), 5, 10,
    parse_money("15"), 24,
)  # fmt: skip

QUOTES = [
    ("10", "20", 0, 10, "10"),
    ("10", "20", 5, 10, "15"),
    ("10", "20", 10, 10, "20"),
    ("10", "20", 99, 10, "20"),
    ("10", "20", -4, 10, "10"),
    ("10", "20", 1, 3, "13.33"),
    ("10", "10", 7, 9, "10"),
    ("10.005", "10.009", 1, 1, "10.005"),
    ("10.005", "11", 1, 2, "10.50"),
    ("0.000001", "0.02", 1, 2, "0.01"),
]


@pytest.mark.parametrize(("low", "high", "units", "full", "price"), QUOTES)
def test_a_quote_is_linear_and_rounded_down_to_the_cent(
    low: str, high: str, units: int, full: int, price: str
) -> None:
    item = listing("bob", price_min=parse_money(low), price_max=parse_money(high))
    assert quote(item, units, full) == parse_money(price)


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(-5, 10**6), st.integers(1, 10**6))
def test_a_quote_never_leaves_the_listed_range(low: int, more: int, units: int, full: int) -> None:
    item = listing("bob", price_min=Money(low), price_max=Money(low + more))
    assert Money(low) <= quote(item, units, full) <= Money(low + more)


INELIGIBLE = [
    ({}, None),
    ({"trade": "copy"}, "does copy, not landing-page"),
    ({"active": False}, "not taking work"),
    ({"provider": "ada"}, "the requester's own"),
    ({"media_types": ("image/png",)}, "does not deliver text/html"),
    ({"price_max": parse_money("20.02")}, "quotes $15.01, the task pays at most $15.00"),
    ({"turnaround_hours": 25}, "takes 25 h, the task has 24 h"),
    ({"trade": "copy", "active": False, "provider": "ada"}, "does copy, not landing-page"),
]


@pytest.mark.parametrize(("changes", "reason"), INELIGIBLE)
def test_the_first_reason_against_a_listing_is_the_one_given(
    changes: dict[str, Any], reason: str | None
) -> None:
    item = replace(listing("bob"), **changes)
    assert ineligible(item, WANTED, quote(item, WANTED.units, WANTED.units_full)) == reason


def test_the_bound_on_a_record_rises_with_good_and_falls_with_bad() -> None:
    assert lower_bound(0, 0) == 6368
    assert lower_bound(0, 0) < lower_bound(1, 0) < lower_bound(100, 0) < WHOLE
    assert lower_bound(0, 1) < lower_bound(0, 0)
    assert lower_bound(0, 1000) == 20


def test_every_strategy_weighs_the_same_parts_to_a_hundred() -> None:
    assert {frozenset(weights) for weights in WEIGHTS.values()} == {
        frozenset({"fit", "quality", "price", "speed", "reliability"})
    }
    assert [sum(WEIGHTS[strategy].values()) for strategy in Strategy] == [100, 100, 100]


def test_a_score_is_the_weighted_sum_of_its_shown_parts() -> None:
    (only,) = rank([listing("bob")], WANTED, {}, Strategy.BALANCED, 1)
    parts = (
        ("fit", 6250),
        ("quality", 6368),
        ("price", 10_000),
        ("speed", 10_000),
        ("reliability", 6368),
        ("newcomer", 10_000),
    )
    score = (6250 * 35 + 6368 * 25 + 10_000 * 20 + 10_000 * 10 + 6368 * 10 + 10_000) // 100
    assert only == Candidate(listing("bob"), parse_money("15"), score, parts, None)


def test_equal_scores_go_to_the_lower_price_whatever_the_draw() -> None:
    # The part of a price is a whole number out of 10,000: a cent in 100 million does not show.
    low = listing("low", price_min=Money(10**14), price_max=Money(10**14))
    high = listing("high", price_min=Money(10**14 + 10**4), price_max=Money(10**14 + 10**4))
    # Only the cheapest has the whole 10,000, so a third, cheaper one sets the scale.
    third = listing("third", price_min=Money(10**13), price_max=Money(10**13))
    wanted = replace(WANTED, most=Money(10**15))
    for seed in range(20):
        found = rank([high, low, third], wanted, {}, Strategy.CHEAPEST, seed)
        assert [c.listing.provider for c in found] == ["third", "low", "high"]
        assert found[1].score == found[2].score


def test_equal_price_and_score_go_to_the_hash_of_seed_task_and_provider() -> None:
    names = ["bob", "cas", "dee", "eve"]

    def draw(seed: int, name: str) -> str:
        return hashlib.sha256(f"{seed}|page|{name}|lst_{name}".encode()).hexdigest()

    orders = set()
    for seed in range(30):
        expected = sorted(names, key=lambda name: draw(seed, name))
        orders.add(tuple(expected))
        for arrival in permutations(names):
            found = rank([listing(n) for n in arrival], WANTED, {}, Strategy.BALANCED, seed)
            assert [c.listing.provider for c in found] == expected
    assert len(orders) > 10


@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_order_of_arrival_never_counts(strategy: Strategy) -> None:
    pasts = {"bob": proven(5000, 1000, 5000, 1000), "cas": proven(0, 3000, 1000, 2000)}
    items = [
        listing("bob", turnaround_hours=20),
        listing("cas", price_min=parse_money("5")),
        listing("dee"),
        listing("eve", active=False),
        listing("fay", trade="copy"),
    ]
    wanted = {rank(order, WANTED, pasts, strategy, 7) for order in permutations(items)}
    assert len(wanted) == 1
    (found,) = wanted
    assert [c.listing.provider for c in found[3:]] == ["eve", "fay"]
    assert [(c.score, c.parts, c.ineligible) for c in found[3:]] == [
        (0, (), "not taking work"),
        (0, (), "does copy, not landing-page"),
    ]


def test_two_equal_listings_of_one_provider_are_ranked_the_same_in_any_order() -> None:
    one, two = listing("bob", id="lst_1"), listing("bob", id="lst_2")
    assert rank([one, two], WANTED, {}, Strategy.BALANCED, 1) == rank(
        [two, one], WANTED, {}, Strategy.BALANCED, 1
    )


def test_the_strategy_decides_between_the_cheap_and_the_fast() -> None:
    cheap = listing("cheap", price_min=parse_money("5"), price_max=parse_money("5"))
    fast = listing("fast", turnaround_hours=2)
    best = {s: rank([cheap, fast], WANTED, {}, s, 1)[0].listing.provider for s in Strategy}
    assert best[Strategy.CHEAPEST] == "cheap"
    assert best[Strategy.FASTEST] == "fast"


def test_nobody_eligible_gives_only_reasons() -> None:
    (only,) = rank([listing("ada")], WANTED, {}, Strategy.BALANCED, 1)
    assert only == Candidate(listing("ada"), parse_money("15"), 0, (), "the requester's own")
    assert rank([], WANTED, {}, Strategy.BALANCED, 1) == ()


@pytest.mark.parametrize("strategy", Strategy)
def test_a_newcomer_is_ahead_of_nobody_with_a_good_verdict(strategy: Strategy) -> None:
    """Being new decides only where nothing else does; a verdict more is never a loss."""
    scores = []
    for verdicts in range(12):
        past = proven(1000 * verdicts, 0, 1000 * verdicts, 0)
        (only,) = rank([listing("bob")], WANTED, {"bob": past}, strategy, 1)
        scores.append(only.score)
    assert scores == sorted(set(scores))
    assert proven(0, 0, 0, 0).novelty == WHOLE
    assert [proven(n, 0, n, 0).novelty for n in (2500, 5000, 9000)] == [5000, 0, 0]


def test_a_newcomer_is_ahead_of_who_failed_and_a_failure_ends_being_new() -> None:
    failed, late = proven(0, 1000, 1000, 0), proven(1000, 0, 0, 1000)
    assert (failed.novelty, late.novelty) == (0, 0)
    found = rank([listing("old"), listing("new")], WANTED, {"old": failed}, Strategy.BALANCED, 1)
    assert [one.listing.provider for one in found] == ["new", "old"]
    extra = found[0].score - rank(
        [listing("new")], WANTED, {"new": replace(proven(0, 0, 0, 0), novelty=0)},
        Strategy.BALANCED, 1,
    )[0].score  # fmt: skip
    assert extra == 100
