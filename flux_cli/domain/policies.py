"""The owner's limits for one agent, or for everybody; versioned: a change is a new row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flux_cli.domain.money import Money

EVERYBODY = "*"
"""The agent's name in the policy that holds for all of them."""


class Window(StrEnum):
    """A stretch of time up to now: rolling, or the calendar day in UTC."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    CALENDAR_DAY = "day"

    def start(self, now: datetime) -> datetime:
        """When the window that ends at `now` began; a payment at that instant is outside it."""
        if self is Window.CALENDAR_DAY:
            midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight - timedelta(microseconds=1)
        return now - _LENGTHS[self]

    @property
    def words(self) -> str:
        """As people say it, after `in`."""
        return _WORDS[self]


_LENGTHS = {
    Window.HOUR: timedelta(hours=1),
    Window.DAY: timedelta(hours=24),
    Window.WEEK: timedelta(days=7),
    Window.MONTH: timedelta(days=30),
}

_WORDS = {
    Window.HOUR: "an hour",
    Window.DAY: "24 hours",
    Window.WEEK: "7 days",
    Window.MONTH: "30 days",
    Window.CALENDAR_DAY: "this calendar day (UTC)",
}


class Scope(StrEnum):
    """Whose spending a limit adds up."""

    AGENT = "agent"
    """All that this agent spends."""

    PAYEE = "payee"
    """What this agent spends with one payee, each payee for itself."""

    CATEGORY = "category"
    """What this agent spends in one category, each category for itself."""

    DESTINATION = "destination"
    """What all agents together spend with one payee, by whatever wallet or card."""

    EVERYBODY = "everybody"
    """What all agents spend."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount`, and at most `count` payments, in a window, counted in a scope.

    None is no limit of that kind, zero allows nothing. `only` names the one payee or category it
    is for. With `below`, only payments of at most that size are counted and judged: many small
    ones under a larger cap (structuring). Holds count; refunds do not give room back.
    """

    window: Window
    amount: Money | None = None
    count: int | None = None
    scope: Scope = Scope.AGENT
    only: str | None = None
    below: Money | None = None

    def rule(self, what: str = "") -> str:
        """The stable name of its rule: `rolling_24h`, `payee_count_7d` with `what` the count."""
        window = "calendar_day" if self.window is Window.CALENDAR_DAY else self.window.value
        words = [
            "structuring" if self.below is not None else "",
            self.scope.value if self.scope is not Scope.AGENT else "",
            what,
        ]
        front = "_".join(word for word in words if word)
        if front:
            return f"{front}_{window}"
        return window if self.window is Window.CALENDAR_DAY else f"rolling_{window}"


@dataclass(frozen=True, slots=True)
class Hours:
    """When payments are allowed: ISO weekdays (1 is Monday) from minute to minute of a UTC day.

    `until_minute` is exclusive and at most 1440.
    """

    weekdays: frozenset[int]
    from_minute: int
    until_minute: int

    def include(self, now: datetime) -> bool:
        """Whether `now` is inside."""
        moment = now.astimezone(UTC)
        minute = moment.hour * 60 + moment.minute
        weekday = moment.isoweekday()
        return weekday in self.weekdays and self.from_minute <= minute < self.until_minute


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits in force for `agent`; None is no limit of that kind, zero allows nothing.

    `number` counts this agent's policies from 1. Above `approval_threshold` the quorum must pass,
    above `owner_threshold` the owner too. `payees`, `denied_payees`, `assets` and `rails` are
    exact ids; None allows every known one. `minimum_balance` must be left in the wallet.
    `least_return_percent` is of the amount, as the requester claims it. In `duplicate_window` the
    same payees, amount and purpose are paid once.
    """

    id: str
    agent: str
    number: int
    per_payment: Money | None
    limits: tuple[Limit, ...]
    payees: frozenset[str] | None
    denied_payees: frozenset[str]
    assets: frozenset[str] | None
    rails: frozenset[str] | None
    hours: tuple[Hours, ...]
    minimum_balance: Money | None
    approval_threshold: Money
    owner_threshold: Money | None
    require_justification: bool
    least_return_percent: int | None
    duplicate_window: Window | None
    paused: bool
    note: str
    set_at: datetime

    def names(self, payee: str) -> bool:
        """Whether the lists let this payee be paid."""
        listed = self.payees is None or payee in self.payees
        return listed and payee not in self.denied_payees
