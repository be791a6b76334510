"""What a stream has accrued, against exact fractions and odd clocks."""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

import pytest

from flux_cli.domain.money import BOUND, CREDIT, Money
from flux_cli.domain.streams import (
    LONGEST,
    Rate,
    Stream,
    StreamState,
    Terms,
    parse_duration,
    parse_rate,
)
from flux_cli.errors import InvalidAmount, InvalidInput

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHOLE = 10**6
ZONES = (
    *("America/New_York", "America/St_Johns", "America/Sao_Paulo", "America/Santiago"),
    *("Europe/London", "Europe/Berlin", "Africa/Casablanca", "Asia/Tehran", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati"),
)


def stream(
    rate: Rate, funded: int, *, since: datetime = START, ends_at: datetime | None = None
) -> Stream:
    """An active stream that was opened at `since` with `funded` units."""
    return Stream(
        "str_1", "k", StreamState.ACTIVE, "ada", "bob", rate, Money(funded), Money(0), Money(0),
        0, since, None, ends_at, "", ("pi_1",), since, since,
    )  # fmt: skip


def test_a_stream_pays_its_rate_for_its_time_rounded_down() -> None:
    one = stream(Rate(10_000, 1), 20 * WHOLE)
    assert one.accrued(START) == Money(0)
    assert one.accrued(START + timedelta(microseconds=99)) == Money(0)
    assert one.accrued(START + timedelta(microseconds=100)) == Money(1)
    assert one.accrued(START + timedelta(seconds=90)) == Money(900_000)
    assert one.accrued(START + timedelta(seconds=2000)) == Money(20 * WHOLE)
    assert one.accrued(START + timedelta(seconds=2001)) == Money(20 * WHOLE)
    assert one.runs_out_at() == START + timedelta(seconds=2000)


def test_35_a_thousandth_of_a_cent_a_second_is_exact_over_a_year_of_pauses() -> None:
    """0.0001/s, paused and resumed every 7.777777 s of a year: nothing is rounded on the way."""
    one, now, ran = stream(Rate(100, 1), 10**10), START, 0
    step = timedelta(seconds=7, microseconds=777_777)
    for _ in range(100_000):
        now += step
        ran += 7_777_777
        one = one.stopped(now, StreamState.PAUSED)
        now += step
        one = replace(one, state=StreamState.ACTIVE, running_since=now)
    assert (one.ran(now), one.accrued(now)) == (ran, Money(ran * 100 // 10**6))


def test_35_a_hundred_thousand_random_steps_agree_with_exact_fractions() -> None:
    """Rounding makes and loses nothing: what is paid is the floor of the exact accrual, ever."""
    draw, steps = random.Random(20261122), 0
    while steps < 100_000:
        rate = Rate(draw.randrange(1, 10 ** draw.randrange(1, 9)), draw.choice((1, 7, 90, 3600)))
        one, now = stream(rate, draw.randrange(1, 10**9)), START
        ran, settled = Fraction(0), Money(0)
        for _ in range(draw.randrange(1, 200)):
            steps += 1
            gap = timedelta(microseconds=draw.randrange(10 ** draw.randrange(1, 10)))
            now += gap
            if one.state is StreamState.ACTIVE:
                ran += Fraction(gap // timedelta(microseconds=1), 10**6)
            exact = ran * rate.units / rate.per_seconds
            assert one.accrued(now) == Money(min(one.funded.units, floor(exact)))
            assert one.owed(now) == one.accrued(now) - settled
            match draw.randrange(4):
                case 0:
                    settled += one.owed(now)
                    one = replace(one, paid=one.paid + one.owed(now))
                    assert one.owed(now) == Money(0)
                case 1:
                    one = one.stopped(now, StreamState.PAUSED)
                case 2 if one.state is StreamState.PAUSED:
                    one = replace(one, state=StreamState.ACTIVE, running_since=now)
                case 3:
                    one = replace(one, funded=one.funded + Money(draw.randrange(1, 10**6)))
            assert one.paid == settled
            assert one.paid <= one.funded


def test_36_a_gap_of_ten_years_pays_at_most_the_funds_and_is_one_step() -> None:
    one = stream(Rate(BOUND, 1), BOUND)
    assert one.accrued(START + timedelta(days=3653)) == Money(BOUND)
    slow = stream(Rate(1, 3600), 10**9)
    assert slow.accrued(START + timedelta(days=3653)) == Money(3653 * 24)
    assert slow.accrued(datetime.max.replace(tzinfo=UTC)) < slow.funded


def test_a_cap_and_an_end_stop_it_exactly_there() -> None:
    capped = replace(stream(Rate(10, 1), 1000), cap=Money(77))
    assert capped.accrued(START + timedelta(days=1)) == Money(77)
    assert capped.runs_out_at() == START + timedelta(seconds=7.7)
    ending = stream(Rate(10, 1), 1000, ends_at=START + timedelta(seconds=3))
    assert ending.accrued(START + timedelta(days=1)) == Money(30)
    assert ending.runs_out_at() is None


def test_it_runs_out_at_the_first_microsecond_at_which_all_has_accrued() -> None:
    draw = random.Random(7)
    for _ in range(1000):
        one = stream(
            Rate(draw.randrange(1, 10**6), draw.randrange(1, 10**5)), draw.randrange(1, 10**7)
        )
        out = one.runs_out_at()
        assert out is not None
        assert one.accrued(out) == one.funded
        assert one.accrued(out - timedelta(microseconds=1)) < one.funded


def test_it_never_runs_out_past_the_end_of_the_calendar() -> None:
    assert stream(Rate(1, LONGEST), BOUND).runs_out_at() is None


def test_time_that_ran_without_money_is_paid_by_a_top_up() -> None:
    dry = stream(Rate(10, 1), 50)
    assert dry.accrued(START + timedelta(seconds=9)) == Money(50)
    fuller = replace(dry, funded=Money(100))
    assert fuller.accrued(START + timedelta(seconds=9)) == Money(90)


def test_54_a_clock_set_back_takes_nothing_away() -> None:
    one = stream(Rate(10, 1), 1000)
    assert one.ran(START - timedelta(days=365)) == 0
    assert one.accrued(START - timedelta(days=365)) == Money(0)
    later = one.stopped(START + timedelta(seconds=5), StreamState.PAUSED)
    back = replace(later, state=StreamState.ACTIVE, running_since=START + timedelta(seconds=5))
    assert back.accrued(START) == Money(50)


@pytest.mark.parametrize("zone", ZONES)
def test_53_every_day_of_two_years_is_as_long_as_it_is_in_utc(zone: str) -> None:
    """Days of 23, 24 and 25 hours, the 29th of February and skipped dates, from zoned times."""
    place, lengths = ZoneInfo(zone), set[int]()
    for day in range(731):
        midnight = datetime(2027, 3, 1, tzinfo=place) + timedelta(days=day)
        following = midnight + timedelta(days=1)
        hours = stream(Rate(3600, 3600), 10**9, since=midnight).accrued(following).units
        lengths.add(hours)
        assert hours == (_utc(following) - _utc(midnight)) // timedelta(seconds=1)
    assert 86_400 in lengths


def test_53_a_day_of_summer_time_has_23_or_25_hours_of_pay() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert _hours(datetime(2027, 3, 28, tzinfo=berlin), berlin) == 23
    assert _hours(datetime(2027, 10, 31, tzinfo=berlin), berlin) == 25
    assert _hours(datetime(2027, 6, 1, tzinfo=berlin), berlin) == 24


def test_53_a_leap_day_is_a_day() -> None:
    for year, days in ((2027, 1), (2028, 2), (2100, 1)):
        since = datetime(year, 2, 28, tzinfo=UTC)
        until = datetime(year, 3, 1, tzinfo=UTC)
        assert stream(Rate(1, 86_400), 100, since=since).accrued(until) == Money(days)


@pytest.mark.parametrize(
    "zone", ["UTC", "Pacific/Kiritimati", "EST5EDT,M3.2.0,M11.1.0", "no/where"]
)
def test_53_the_machines_time_zone_has_no_effect(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = stream(Rate(10_000, 1), 10**9)
    try:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert one.accrued(START + timedelta(days=200)) == Money(10**9)
        assert one.accrued(START + timedelta(hours=5)) == Money(180 * WHOLE)
        assert one.runs_out_at() == START + timedelta(seconds=100_000)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert os.environ.get("TZ") != zone


def test_rates_and_times_are_read_exactly() -> None:
    assert parse_rate("0.01/s") == Rate(10_000, 1)
    assert parse_rate("36/h") == Rate(36 * WHOLE, 3600)
    assert parse_rate("0.0001/90s") == Rate(100, 90)
    assert parse_rate("1/w") == Rate(WHOLE, 604_800)
    assert [parse_duration(text) for text in ("90s", "15m", "2h", "3d", "1w", "m")] == [
        *(90, 900, 7200, 259_200, 604_800, 60)
    ]
    said = ("0.01/s", "36/h", "0.0001/90s", "2/d", "5/w", "1/m")
    assert [parse_rate(text).in_words(CREDIT) for text in said] == [
        *("$0.01/s", "$36.00/h", "$0.0001/90s", "$2.00/d", "$5.00/w", "$1.00/m")
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "/s", "1/", "0/s", "-1/s", "1e3/s", "0.0000001/s", "1/0s", "1/y", "1/-1s"),
        *("١/s", "1/١s", "1/1.5h", "1/s/s", "nan/s", "1/ 1s", "1/99999999999s", f"{10**10}/s"),
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_rate(text)


def test_a_rate_of_nothing_or_over_no_time_cannot_be_made() -> None:
    for units, per in ((0, 1), (-1, 1), (1, 0), (1, LONGEST + 1), (BOUND + 1, 1)):
        with pytest.raises(InvalidAmount):
            Rate(units, per)


def test_terms_that_differ_in_anything_have_another_digest() -> None:
    terms = Terms("ada", "bob", Rate(1, 1), Money(5))
    others = [
        replace(terms, payer="eve"),
        replace(terms, payee="eve"),
        replace(terms, rate=Rate(2, 2)),
        replace(terms, fund=Money(6)),
        replace(terms, cap=Money(5)),
        replace(terms, ends_at=START),
        replace(terms, lasts_seconds=1),
        replace(terms, memo="x"),
    ]
    assert len({one.digest for one in [terms, *others]}) == 9


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _hours(midnight: datetime, place: tzinfo) -> int:
    following = (midnight + timedelta(days=1)).replace(tzinfo=place)
    return stream(Rate(1, 3600), 100, since=midnight).accrued(following).units
