"""Windows, hours and limits as values; and two policies at once, which only tighten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from flux_cli.domain.money import USDC, Money
from flux_cli.domain.policies import EVERYBODY, Hours, Limit, Policy, Scope, Window
from flux_cli.domain.tighten import NEVER, tighten

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def policy(**changes: object) -> Policy:
    plain = Policy(
        id="pol_1", agent="ada", number=3, per_payment=None, limits=(), payees=None,
        denied_payees=frozenset(), assets=None, rails=None, hours=(), minimum_balance=None,
        approval_threshold=Money(50), owner_threshold=None, require_justification=False,
        least_return_percent=None, duplicate_window=None, paused=False, note="ours", set_at=NOON,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


WIDE = policy(id="pol_0", agent=EVERYBODY, number=9, note="all", set_at=NOON + TICK)


@pytest.mark.parametrize(
    ("window", "length"),
    [
        (Window.HOUR, timedelta(hours=1)),
        (Window.DAY, timedelta(hours=24)),
        (Window.WEEK, timedelta(days=7)),
        (Window.MONTH, timedelta(days=30)),
        (Window.CALENDAR_DAY, timedelta(hours=12) + TICK),
    ],
)
def test_a_window_began_so_long_ago(window: Window, length: timedelta) -> None:
    assert NOON - window.start(NOON) == length


def test_52_a_calendar_day_has_its_first_instant_and_not_the_last_of_the_day_before() -> None:
    midnight = NOON.replace(hour=0)
    start = Window.CALENDAR_DAY.start(midnight)
    assert midnight > start >= midnight - TICK
    assert Window.CALENDAR_DAY.start(midnight - TICK) == midnight - timedelta(days=1) - TICK
    assert Window.DAY.start(midnight + TICK) < midnight - TICK


def test_hours_have_their_first_minute_and_not_their_last() -> None:
    hours = Hours(frozenset({7}), 720, 721)
    times = [NOON - TICK, NOON, NOON + timedelta(minutes=1) - TICK, NOON + timedelta(minutes=1)]
    assert [hours.include(time) for time in times] == [False, True, True, False]
    assert not hours.include(NOON + timedelta(days=1))
    assert not NEVER.include(NOON)


@pytest.mark.parametrize(
    ("limit", "rule", "count_rule"),
    [
        (Limit(Window.HOUR), "rolling_1h", "count_1h"),
        (Limit(Window.CALENDAR_DAY), "calendar_day", "count_calendar_day"),
        (Limit(Window.DAY, scope=Scope.PAYEE), "payee_24h", "payee_count_24h"),
        (
            Limit(Window.CALENDAR_DAY, scope=Scope.EVERYBODY),
            "everybody_calendar_day",
            "everybody_count_calendar_day",
        ),
        (Limit(Window.DAY, below=Money(9)), "structuring_24h", "structuring_count_24h"),
        (
            Limit(Window.WEEK, scope=Scope.CATEGORY, below=Money(9)),
            "structuring_category_7d",
            "structuring_category_count_7d",
        ),
    ],
)
def test_a_limit_has_a_stable_name(limit: Limit, rule: str, count_rule: str) -> None:
    assert (limit.rule(), limit.rule("count")) == (rule, count_rule)


def test_a_listed_payee_is_named_unless_it_is_denied() -> None:
    ours = policy(payees=frozenset({"bob", "cas"}), denied_payees=frozenset({"cas"}))
    assert [ours.names(payee) for payee in ("bob", "cas", "eve")] == [True, False, False]
    assert policy().names("eve")


def test_a_policy_that_says_nothing_changes_nothing() -> None:
    ours = policy(
        per_payment=Money(9), limits=(Limit(Window.DAY, Money(9)),), payees=frozenset({"bob"}),
        denied_payees=frozenset({"eve"}), assets=frozenset({"CREDIT"}), rails=frozenset({"chain"}),
        hours=(Hours(frozenset({1}), 0, 9),), minimum_balance=Money(2), owner_threshold=Money(5),
        require_justification=True, least_return_percent=3, duplicate_window=Window.HOUR,
        paused=True,
    )  # fmt: skip
    silent = replace(WIDE, approval_threshold=Money(10**9))
    assert tighten(silent, ours) == ours
    turned = tighten(ours, replace(silent, approval_threshold=Money(10**9)))
    assert turned == replace(
        ours, id="pol_0", agent=EVERYBODY, number=9, note="all", set_at=NOON + TICK
    )


DAY, WEEK = Limit(Window.DAY, Money(9)), Limit(Window.WEEK, Money(9))
EARLY, LATE = Hours(frozenset({1, 2}), 0, 600), Hours(frozenset({2, 3}), 500, 900)

TIGHTER: list[tuple[str, object, object, object]] = [
    ("per_payment", Money(9), Money(7), Money(7)),
    ("per_payment", Money(0), Money(7), Money(0)),
    ("per_payment", Money(9), None, Money(9)),
    ("minimum_balance", Money(9), Money(7), Money(9)),
    ("minimum_balance", Money(9), None, Money(9)),
    ("approval_threshold", Money(9), Money(7), Money(7)),
    ("approval_threshold", Money(0), Money(7), Money(0)),
    ("owner_threshold", Money(9), Money(7), Money(7)),
    ("limits", (DAY, WEEK), (WEEK,), (DAY, WEEK)),
    ("limits", (DAY,), (WEEK,), (DAY, WEEK)),
    ("payees", frozenset("ab"), frozenset("bc"), frozenset("b")),
    ("payees", frozenset("ab"), None, frozenset("ab")),
    ("payees", frozenset("a"), frozenset("b"), frozenset()),
    ("denied_payees", frozenset("ab"), frozenset("bc"), frozenset("abc")),
    ("assets", frozenset("ab"), frozenset("bc"), frozenset("b")),
    ("rails", frozenset("ab"), frozenset("bc"), frozenset("b")),
    ("hours", (EARLY,), (LATE,), (Hours(frozenset({2}), 500, 600),)),
    ("hours", (EARLY,), (), (EARLY,)),
    ("hours", (EARLY,), (replace(LATE, from_minute=600),), (NEVER,)),
    ("hours", (EARLY,), (replace(LATE, weekdays=frozenset({3})),), (NEVER,)),
    ("hours", (EARLY, LATE), (LATE,), (Hours(frozenset({2}), 500, 600), LATE)),
    ("require_justification", True, False, True),
    ("require_justification", False, False, False),
    ("least_return_percent", 120, 110, 120),
    ("least_return_percent", 0, None, 0),
    ("duplicate_window", Window.WEEK, Window.DAY, Window.WEEK),
    ("duplicate_window", Window.HOUR, None, Window.HOUR),
    ("duplicate_window", Window.HOUR, Window.HOUR, Window.HOUR),
    ("duplicate_window", Window.HOUR, Window.CALENDAR_DAY, Window.DAY),
    ("duplicate_window", Window.DAY, Window.CALENDAR_DAY, Window.DAY),
    ("duplicate_window", Window.MONTH, Window.CALENDAR_DAY, Window.MONTH),
    ("paused", True, False, True),
    ("paused", False, False, False),
]


@pytest.mark.parametrize(("field", "one", "other", "together"), TIGHTER)
def test_of_two_policies_the_stricter_holds_whichever_is_wider(
    field: str, one: object, other: object, together: object
) -> None:
    for wide, narrow in ((one, other), (other, one)):
        both = tighten(replace(WIDE, **{field: wide}), policy(**{field: narrow}))
        found = getattr(both, field)
        if isinstance(together, tuple):
            assert set(found) == set(together)
        else:
            assert found == together
        assert (both.id, both.agent, both.number, both.note) == ("pol_1", "ada", 3, "ours")


@pytest.mark.parametrize(
    "field", ["per_payment", "minimum_balance", "approval_threshold", "owner_threshold"]
)
def test_47_caps_that_count_different_assets_let_no_asset_pass(field: str) -> None:
    for wide, narrow in ((Money(9), Money(9, USDC)), (Money(9, USDC), Money(9))):
        both = tighten(
            replace(WIDE, assets=frozenset({"CREDIT"}), **{field: wide}), policy(**{field: narrow})
        )
        assert both.assets == frozenset()


def test_hours_together_are_exactly_the_times_that_both_allow() -> None:
    dice = Random(1)

    def some() -> tuple[Hours, ...]:
        return tuple(
            Hours(frozenset(dice.sample(range(1, 8), 3)), *sorted(dice.sample(range(1441), 2)))
            for _ in range(dice.choice([0, 1, 2]))
        )

    def open_at(hours: tuple[Hours, ...], time: datetime) -> bool:
        return not hours or any(one.include(time) for one in hours)

    for _ in range(300):
        one, other = some(), some()
        both = tighten(replace(WIDE, hours=one), policy(hours=other)).hours
        for _ in range(20):
            time = NOON + timedelta(minutes=dice.randrange(7 * 1440))
            assert open_at(both, time) == (open_at(one, time) and open_at(other, time))
