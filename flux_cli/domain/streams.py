"""Streams: money per second from one agent to another, counted in whole microseconds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flux_cli.domain.canonical import digest
from flux_cli.domain.money import BOUND, CREDIT, Asset, Money, parse_money
from flux_cli.errors import InvalidAmount, InvalidInput

MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
"""Microseconds."""

LONGEST = 10 * 366 * 86_400
"""The most seconds that a time given in words may be."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds in each unit of time; a day is 24 hours, whatever clocks on walls do."""

_DURATION = re.compile(r"([0-9]{0,9})([smhdw])", re.ASCII)


class StreamState(StrEnum):
    """Whether a stream accrues: only an active one does."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Rate:
    """`units` of the asset's smallest unit in every `per_seconds`, an exact fraction."""

    units: int
    per_seconds: int

    def __post_init__(self) -> None:
        if not 0 < self.units <= BOUND or not 0 < self.per_seconds <= LONGEST:
            raise InvalidAmount(f"{self.units} units in {self.per_seconds} s is no rate")

    def in_words(self, asset: Asset) -> str:
        """The rate for people, e.g. `$36.00/h`, `$0.01/90s`."""
        for name in "wdhm":
            if self.per_seconds == UNITS[name]:
                return f"{Money(self.units, asset)}/{name}"
        seconds = "" if self.per_seconds == 1 else self.per_seconds
        return f"{Money(self.units, asset)}/{seconds}s"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a stream is asked for with; all of it is in the digest that leave is given for.

    `cap` is the most it may ever pay. It ends at `ends_at`, or `lasts_seconds` after it was opened;
    with neither it runs until it is closed.
    """

    payer: str
    payee: str
    rate: Rate
    fund: Money
    cap: Money | None = None
    ends_at: datetime | None = None
    lasts_seconds: int | None = None
    memo: str = ""

    @property
    def digest(self) -> str:
        """What the seats and the kernel know these terms by."""
        return digest(self)

    def end(self, opened_at: datetime) -> datetime | None:
        """When a stream opened then ends by itself."""
        if self.lasts_seconds is None:
            return self.ends_at
        return opened_at + timedelta(seconds=self.lasts_seconds)


@dataclass(frozen=True, slots=True)
class Stream:
    """Money that `payee` earns with time. `funded = paid + returned + locked` always.

    It runs while it is active. `ran_before` is how many microseconds it ran until `running_since`
    (None: it does not run); with the rate that is the exact accrual, so a pause rounds nothing.
    Time that ran after the money was gone counts: a top-up pays for it.
    """

    id: str
    key: str
    state: StreamState
    payer: str
    payee: str
    rate: Rate
    funded: Money
    paid: Money
    returned: Money
    ran_before: int
    running_since: datetime | None
    cap: Money | None
    ends_at: datetime | None
    memo: str
    intent_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def locked(self) -> Money:
        """What is in the stream's account."""
        return self.funded - self.paid - self.returned

    @property
    def most(self) -> Money:
        """The most it can pay as it is funded now."""
        return self.funded if self.cap is None else min(self.funded, self.cap)

    def ran(self, now: datetime) -> int:
        """Microseconds it has run by `now`; a clock that was set back takes nothing away."""
        if self.running_since is None:
            return self.ran_before
        until = now if self.ends_at is None else min(now, self.ends_at)
        # Two times of one zone are subtracted as clocks on walls show them, except in UTC.
        since, until = self.running_since.astimezone(UTC), until.astimezone(UTC)
        return self.ran_before + max(0, (until - since) // MICROSECOND)

    def accrued(self, now: datetime) -> Money:
        """All it has earned the payee by `now`, paid or not: whole units, rounded down."""
        exact = self.ran(now) * self.rate.units // (self.rate.per_seconds * SECOND)
        return Money(min(self.most.units, exact), self.funded.asset)

    def owed(self, now: datetime) -> Money:
        """What has accrued by `now` and is not yet paid."""
        return self.accrued(now) - self.paid

    def runs_out_at(self) -> datetime | None:
        """When all it can pay will have accrued; None where it stops before, or does not run."""
        if self.running_since is None:
            return None
        needed = -(-self.most.units * self.rate.per_seconds * SECOND // self.rate.units)
        missing = max(0, needed - self.ran_before)
        since = self.running_since.astimezone(UTC)
        last = datetime.max.replace(tzinfo=UTC) if self.ends_at is None else self.ends_at
        if missing > (last.astimezone(UTC) - since) // MICROSECOND:
            return None
        return since + missing * MICROSECOND

    def stopped(self, now: datetime, state: StreamState) -> Stream:
        """The stream as it no longer runs, the exact time it ran kept."""
        return replace(
            self, state=state, ran_before=self.ran(now), running_since=None, updated_at=now
        )


def parse_duration(text: str) -> int:
    """Seconds in `90s`, `15m`, `2h`, `3d` or `1w`; `h` alone is one. Raises `InvalidInput`."""
    match = _DURATION.fullmatch(text)
    seconds = int(match.group(1) or "1") * UNITS[match.group(2)] if match else 0
    if not 0 < seconds <= LONGEST:
        raise InvalidInput(f"{text[:40]!r} is not a time: write 90s, 15m, 2h, 3d or 1w")
    return seconds


def parse_rate(text: str, asset: Asset = CREDIT) -> Rate:
    """Read `0.01/s`, `36/h` or `0.0001/90s`. Raises `InvalidAmount` where it is not exact."""
    amount, slash, time = text.partition("/")
    units = parse_money(amount, asset).units if slash else 0
    if units == 0:
        raise InvalidAmount(f"{text[:40]!r} is not a rate: write 0.01/s, 36/h or 0.0001/90s")
    return Rate(units, parse_duration(time))
