"""The clock set back or forward, other zones, odd days: no cap resets and nothing revives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Hours, Limit, Window
from flux_cli.errors import WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import approve_payment, request_money
from tests.usecases.small_economy import (
    START,
    Clock,
    allow,
    asked,
    books,
    economy,
    faults,
    in_wallet,
    pay,
    quiet,
)

CAPS = tuple(Limit(window, Money(100)) for window in Window)
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago",
         "Europe/London", "Australia/Lord_Howe", "America/St_Johns")  # fmt: skip
ODD_DAYS = (
    datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),  # a leap day
    datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC),  # New York loses an hour
    datetime(2026, 11, 1, 5, 59, 59, tzinfo=UTC),  # and is given one
    datetime(2026, 10, 24, 13, 59, 59, tzinfo=UTC),  # Lord Howe shifts by half of one
    datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC),  # a leap second follows
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The process in another time zone, as an agent could set it."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def spend(deps: Deps, units: int, key: str, **changes: Any) -> PaymentIntent:
    return request_money(deps, asked(units, **changes), key=key, progress=quiet)


def hold(deps: Deps, units: int, key: str) -> PaymentIntent:
    return spend(deps, units, key, capture_method=CaptureMethod.MANUAL, hold_hours=24)


def test_54_a_clock_set_back_a_year_resets_no_cap(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=CAPS)
    assert spend(deps, 100, "a").state is IntentState.CAPTURED
    clock.go(days=-365)
    refused = spend(deps, 1, "b")
    codes = {refusal.code for refusal in refused.refusals}
    assert codes == {
        "rolling_1h_exceeded",
        "rolling_24h_exceeded",
        "rolling_7d_exceeded",
        "rolling_30d_exceeded",
        "calendar_day_exceeded",
        "clock_behind_ledger",
    }
    assert faults(deps) == []


def test_54_a_clock_set_forward_and_back_gives_no_second_cap(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=CAPS)
    assert spend(deps, 100, "a").state is IntentState.CAPTURED
    clock.go(days=400)
    assert spend(deps, 100, "b").state is IntentState.CAPTURED
    clock.go(days=-400)
    assert spend(deps, 1, "c").state is IntentState.DENIED


def test_55_what_expired_stays_expired(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock)
    before = in_wallet(deps, "ann")
    held_money = hold(deps, 70, "a")
    assert in_wallet(deps, "ann") == before - 70
    clock.go(hours=25)
    assert [intent.state for intent in expire_payments(deps)] == [IntentState.EXPIRED]
    assert in_wallet(deps, "ann") == before
    clock.go(hours=-25)
    assert expire_payments(deps) == []
    with pytest.raises(WrongState):
        cancel_payment(deps, held_money.id)
    late = capture_payment(deps, held_money.id, None, final=True, key="c")
    assert isinstance(late, Denied)
    assert [refusal.code for refusal in late.refusals] == ["clock_behind_ledger"]
    assert in_wallet(deps, "ann") == before
    assert faults(deps) == []


def test_a_late_capture_is_taken_once_and_flagged(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=CAPS)
    before = in_wallet(deps, "ann")
    held_money = hold(deps, 70, "a")
    clock.go(hours=24)
    captured = [capture_payment(deps, held_money.id, Money(60), final=True, key="c") for _ in "ab"]
    for late in captured:
        assert isinstance(late, PaymentIntent)
        assert (late.state, late.late) == (IntentState.CAPTURED, True)
        assert (late.captured, late.released) == (Money(60), Money(10))
    assert (in_wallet(deps, "ann"), in_wallet(deps, "pat")) == (before - 60, 60)
    assert faults(deps) == []


def test_a_request_that_waited_too_long_is_not_approved(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, owner_threshold=Money(10))
    waiting = spend(deps, 50, "a")
    assert waiting.state is IntentState.AWAITING_OWNER
    clock.go(hours=24)
    with pytest.raises(WrongState, match="waited too long"):
        approve_payment(deps, waiting.id)
    assert [intent.state for intent in expire_payments(deps)] == [IntentState.EXPIRED]
    clock.go(hours=-24)
    with pytest.raises(WrongState):
        approve_payment(deps, waiting.id)


def test_a_mandate_that_expired_stays_so_when_the_clock_goes_back(
    tmp_path: Path, clock: Clock
) -> None:
    deps = economy(tmp_path, clock)
    mandate = allow(deps, 100, "m")
    clock.go(hours=25)
    refused = pay(deps, 10, mandate, "a")
    assert refused.state is IntentState.DENIED
    clock.go(hours=-25)
    assert pay(deps, 10, mandate, "b").state is IntentState.DENIED
    assert books(deps, mandate)[1:] == (0, 0, 100)


@pytest.mark.parametrize("day", ODD_DAYS, ids=str)
def test_53_an_odd_day_is_as_long_as_any(
    tmp_path: Path, clock: Clock, zone: str, day: datetime
) -> None:
    deps = economy(tmp_path, clock, limits=(Limit(Window.DAY, Money(100)),))
    clock.time = max(day, START)
    assert spend(deps, 100, "a").state is IntentState.CAPTURED
    for step in (timedelta(seconds=1), timedelta(hours=23, minutes=59, seconds=58)):
        clock.time += step
        assert spend(deps, 1, f"b{step}").state is IntentState.DENIED
    clock.time += timedelta(seconds=1)
    assert spend(deps, 100, "c").state is IntentState.CAPTURED


def test_53_a_calendar_day_is_utcs_in_every_zone(tmp_path: Path, clock: Clock, zone: str) -> None:
    deps = economy(tmp_path, clock, limits=(Limit(Window.CALENDAR_DAY, Money(100)),))
    clock.time = START.replace(hour=23, minute=59, second=59)
    assert spend(deps, 100, "a").state is IntentState.CAPTURED
    assert spend(deps, 1, "b").state is IntentState.DENIED
    clock.go(seconds=1)
    assert spend(deps, 100, "c").state is IntentState.CAPTURED


@pytest.mark.parametrize("offset", [-12, -5, 0, 5, 14])
def test_53_hours_are_utcs_whatever_zone_a_time_is_written_in(offset: int) -> None:
    open_hours = Hours(frozenset({1}), 8 * 60, 9 * 60)  # Monday, 08:00 to 09:00
    moment = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert open_hours.include(moment.astimezone(timezone(timedelta(hours=offset))))
    assert not open_hours.include(moment + timedelta(minutes=30))


def test_opening_hours_follow_the_clock(tmp_path: Path, clock: Clock) -> None:
    sunday = Hours(frozenset({7}), 11 * 60, 13 * 60)
    deps = economy(tmp_path, clock, hours=(sunday,))
    assert START.isoweekday() == 7
    assert spend(deps, 1, "a").state is IntentState.CAPTURED
    clock.go(hours=1)
    refused = spend(deps, 1, "b")
    assert [refusal.code for refusal in refused.refusals] == ["outside_hours"]
