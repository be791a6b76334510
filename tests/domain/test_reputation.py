"""Reputation: what a verdict counts for, and what rings, friends and dust cannot do."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from flux_cli.domain.marketplace import NEWCOMER, Listing, Strategy, Wanted, proven, rank
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.reputation import (
    Deal,
    Outcome,
    PayerLine,
    Reputation,
    kept,
    reputation,
    society,
    value_weight,
)
from flux_cli.domain.rings import rings

ANCHOR = "orchestrator"
TRUSTED = frozenset({ANCHOR})
RING = [f"ring{number}" for number in range(50)]
HONEST = [f"honest{number}" for number in range(9)]


def deal(client: str, provider: str, price: str = "30", outcome: str = "settled") -> Deal:
    late = outcome == "expired"
    return Deal("ct_1", client, provider, parse_money(price), Outcome(outcome), not late)


def of(agent: str, deals: Sequence[Deal], owners: dict[str, str] | None = None) -> Reputation:
    return reputation(agent, deals, society(deals, owners or {}, TRUSTED))


def quality(agent: str, deals: Sequence[Deal]) -> int:
    return of(agent, deals).proven.quality


def honest_work(draw: random.Random) -> list[Deal]:
    """Nine honest providers, hired 2 to 8 times by the orchestrator; one job in 20 fails."""
    return [
        deal(ANCHOR, name, "30", "rejected" if draw.random() < 0.05 else "settled")
        for name in HONEST
        for _ in range(draw.randint(2, 8))
    ]


def scheme(kind: str, draw: random.Random) -> list[Deal]:
    """What fifty agents do for one of them, `ring0`."""
    star = [deal(one, "ring0", "900") for one in RING[1:] for _ in range(20)]
    circle = [deal(a, b, "900") for a, b in zip(RING, RING[1:] + RING[:1], strict=True)]
    mesh = [deal(*draw.sample(RING, 2), "900") for _ in range(2000)]
    hired = [deal(ANCHOR, one, "30") for one in RING[1:6]]
    straight = [deal(one, "ring0", "900") for one in RING[1:6] for _ in range(20)]
    late = [*hired, *straight, *star]
    fan = [deal("ring1", one, "900") for one in RING[2:]]
    fan += [deal(one, "ring0", "900") for one in RING[2:] for _ in range(20)]
    smear = [deal(one, name, "900", "rejected") for one in RING for name in HONEST]
    return {
        "a star": star,
        "a circle": circle * 20,
        "a mesh": mesh,
        "a star of one that was honestly hired": hired[:1] + fan,
        "five honest jobs lent to one": late,
        "smearing all the others": star + smear,
    }[kind]


SCHEMES = (
    *("a star", "a circle", "a mesh"),
    *("a star of one that was honestly hired", "five honest jobs lent to one"),
    "smearing all the others",
)


@pytest.mark.parametrize("kind", SCHEMES)
def test_107_a_ring_of_fifty_cannot_lift_a_member_above_an_honest_median(kind: str) -> None:
    for seed in range(5):
        draw = random.Random(seed)
        deals = honest_work(draw) + scheme(kind, draw)
        draw.shuffle(deals)
        honest = sorted(quality(name, deals) for name in HONEST)
        assert quality("ring0", deals) < honest[len(honest) // 2], (kind, seed)


def test_107_what_no_trusted_payer_began_counts_for_nothing() -> None:
    deals = scheme("a star", random.Random(1)) + scheme("a mesh", random.Random(1))
    assert of("ring0", deals).payers == ()
    assert of("ring0", deals).proven == NEWCOMER


def test_107_smears_by_agents_without_standing_change_nothing() -> None:
    honest = honest_work(random.Random(1))
    smeared = honest + scheme("smearing all the others", random.Random(1))
    assert [quality(name, smeared) for name in HONEST] == [quality(name, honest) for name in HONEST]


def test_107_equals_come_first_equally_often_in_ten_thousand_seeded_searches() -> None:
    names = [f"seller{number}" for number in range(5)]
    offers = [
        Listing(f"lst_{name}", name, "copy", "Copy", "", ("text/markdown",), Money(5), Money(5),
                8, active=True, created_at=datetime(2026, 11, 22, tzinfo=UTC))
        for name in names
    ]  # fmt: skip
    wanted = Wanted("t", "ada", "copy", (), frozenset(), 1, 1, Money(9), 24)
    first, last = Counter[str](), Counter[str]()
    for seed in range(10_000):
        found = rank(offers, wanted, {}, Strategy.BALANCED, seed)
        first[found[0].listing.provider] += 1
        last[found[-1].listing.provider] += 1
    # Two points of a hundred, to either side of a fifth.
    assert all(1800 <= first[name] <= 2200 for name in names), first
    assert all(1800 <= last[name] <= 2200 for name in names), last


def test_a_reputation_shows_all_it_comes_from() -> None:
    deals = [
        deal(ANCHOR, "bob", "10"),
        deal(ANCHOR, "bob", "30", "rejected"),
        deal("eve", "bob", "30"),
        deal("ann", "bob", "30"),
    ]
    found = of("bob", deals, {"ann": "acme", "bob": "acme"})
    # The newest first: 750 whole, then 500 as it is 750 thousandths of a verdict later.
    older = 500 * kept(750) // 10**12
    line = PayerLine(ANCHOR, 1000, 2, older, 750, older + 750, 0)
    ignored = (("a payer nobody trusted has hired", 1), ("same owner", 1))
    assert found == Reputation("bob", older, 750, older + 750, 0, (line,), ignored)
    assert found.proven == proven(older, 750, older + 750, 0)


def test_a_tenth_of_standing_is_passed_on_by_what_was_paid() -> None:
    deals = [deal(ANCHOR, "bob", "30"), deal(ANCHOR, "cas", "10"), deal("bob", "dee", "7")]
    known = society(deals, {}, TRUSTED)
    assert known.standing == {ANCHOR: 1000, "bob": 75, "cas": 25, "dee": 7}


def test_hiring_a_trusted_payer_gives_and_takes_nothing() -> None:
    honest = [deal(ANCHOR, "bob"), deal(ANCHOR, "bob")]
    griefing = [*honest, deal("bob", ANCHOR), deal("eve", ANCHOR)]
    assert of("bob", griefing) == of("bob", honest)


def test_one_payer_counts_at_most_as_ten_verdicts() -> None:
    many = of("bob", [deal(ANCHOR, "bob", "990")] * 500)
    assert many.accepted == 10_000
    mixed = of("bob", [deal(ANCHOR, "bob", "990"), deal(ANCHOR, "bob", "990", "rejected")] * 250)
    assert mixed.accepted + mixed.rejected in (9_999, 10_000)
    assert abs(mixed.accepted - mixed.rejected) < 100


def test_dust_counts_for_nothing_and_does_not_make_a_failure_old() -> None:
    failed = [deal(ANCHOR, "bob", "90", "rejected")]
    assert quality("bob", failed + [deal(ANCHOR, "bob", "0.001")] * 5000) == quality("bob", failed)


@pytest.mark.parametrize(
    ("price", "weight"), [("0.01", 0), ("1", 90), ("10", 500), ("30", 750), ("990", 990)]
)
def test_a_verdict_counts_by_the_value_of_its_contract(price: str, weight: int) -> None:
    assert value_weight(parse_money(price)) == weight


def test_half_of_a_verdict_is_left_after_fifty_more() -> None:
    assert kept(0) == 10**12
    assert kept(50_000) == 5 * 10**11
    assert kept(100_000) == 25 * 10**10
    assert abs(kept(49_999) - 5 * 10**11) < 10**8
    assert [kept(age) for age in range(0, 10**6, 997)] == sorted(
        (kept(age) for age in range(0, 10**6, 997)), reverse=True
    )


def test_work_that_was_never_handed_in_is_late_and_no_verdict() -> None:
    found = of("bob", [deal(ANCHOR, "bob", "10", "expired")])
    assert (found.accepted, found.rejected, found.on_time, found.late) == (0, 0, 0, 500)


GRAPHS = some.dictionaries(
    some.sampled_from("abcdefg"), some.lists(some.sampled_from("abcdefg"), max_size=4), max_size=7
)


@settings(max_examples=150, deadline=None)
@given(GRAPHS)
def test_a_circle_is_all_that_reach_each_other_and_comes_after_what_it_leads_to(
    edges: dict[str, list[str]],
) -> None:
    points = set(edges) | {one for row in edges.values() for one in row}
    reach = {one: {one} for one in points}
    for _ in points:
        for one in points:
            reach[one] |= {far for near in edges.get(one, []) for far in reach[near]}
    found = rings(edges)
    assert sorted(one for circle in found for one in circle) == sorted(points)
    place = {one: number for number, circle in enumerate(found) for one in circle}
    for one in points:
        for other in points:
            together = other in reach[one] and one in reach[other]
            assert (place[one] == place[other]) == together
            assert other not in reach[one] or place[other] <= place[one]


def test_a_chain_longer_than_the_stack_is_followed() -> None:
    assert len(rings({str(number): [str(number + 1)] for number in range(20_000)})) == 20_001
