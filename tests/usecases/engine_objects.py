"""The objects of the reference model: plain integers and lists, nothing of the engine's.

A mandate's books are added up from the payments and children below it each time.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
TOLERANCE = 2 * SECOND
LENGTHS = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
BY_LENGTH = ("1h", "day", "24h", "7d", "30d")
OWNER_WAITS = DAY
SWEPT_AT_ONCE = 100

Answer = tuple[Any, ...]


class Refused(Exception):
    """The step fails with this code and leaves no trace."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Cap(NamedTuple):
    """A limit of a policy or a mandate."""

    window: str
    amount: int | None
    count: int | None
    scope: str
    only: str | None
    below: int | None

    def code(self, front: str, what: str = "") -> str:
        shown = "calendar_day" if self.window == "day" else self.window
        words = ["structuring"] if self.below is not None else []
        words += [self.scope] if self.scope != "agent" else []
        words += [what] if what else []
        if words:
            return front + "_".join([*words, shown]) + "_exceeded"
        return front + (shown if shown == "calendar_day" else f"rolling_{shown}") + "_exceeded"


@dataclass(frozen=True)
class Rules:
    """A policy; None is no rule of that kind."""

    per_payment: int | None = None
    caps: tuple[Cap, ...] = ()
    payees: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    minimum: int | None = None
    owner_above: int | None = None
    once_in: str | None = None
    paused: bool = False


@dataclass
class Mandate:
    key: str
    holder: str
    total: int
    ends: int
    parent: Mandate | None
    per_payment: int | None
    caps: tuple[Cap, ...]
    payees: frozenset[str] | None
    made_at: int
    state: str = "active"
    children: list[Mandate] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)

    @property
    def said(self) -> Answer:
        """What a key names."""
        above = None if self.parent is None else self.parent.key
        shape = (self.per_payment, self.caps, self.payees, self.ends)
        return (self.holder, self.total, above, *shape)

    @property
    def spent(self) -> int:
        own = sum(one.captured for one in self.payments)
        return own + sum(child.spent for child in self.children)

    @property
    def reserved(self) -> int:
        own = sum(one.on_hold for one in self.payments)
        return own + sum(
            child.total - child.spent if child.state == "active" else child.reserved
            for child in self.children
        )

    @property
    def left(self) -> int:
        return self.total - self.spent - self.reserved

    def below(self) -> list[Mandate]:
        return [self, *(one for child in self.children for one in child.below())]

    def line(self) -> list[Mandate]:
        return [self, *(self.parent.line() if self.parent else [])]


@dataclass
class Payment:
    key: Any
    body: Answer
    payer: str
    amount: int
    shares: tuple[tuple[str, int], ...]
    purpose: str
    category: str
    reference: str
    manual: bool
    hold_hours: int
    mandate: Mandate | None
    state: str = "draft"
    codes: frozenset[str] = frozenset()
    permitted_at: int | None = None
    ends: int = 0
    captured: int = 0
    released: int = 0
    refunded: int = 0
    late: bool = False
    locks: bool = False
    given_back: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def on_hold(self) -> int:
        return self.amount - self.captured - self.released if self.state == "approved" else 0

    @property
    def answer(self) -> Answer:
        if self.state == "denied":
            return ("denied", self.codes)
        return (self.state, self.captured, self.released, self.refunded)


@dataclass
class Escrow:
    key: str
    payer: str
    payee: str
    judge: str
    amount: int
    ends: int
    state: str = "funded"
    released: int = 0
    refunded: int = 0
    work: str | None = None
    objection: tuple[str, str] | None = None

    @property
    def locked(self) -> int:
        return self.amount - self.released - self.refunded

    @property
    def answer(self) -> Answer:
        return (self.state, self.released, self.refunded)


@dataclass
class Stream:
    key: str
    payer: str
    payee: str
    units: int
    seconds: int
    funded: int
    cap: int | None
    ends: int | None
    since: int | None
    payments: list[Payment]
    state: str = "active"
    ran: int = 0
    paid: int = 0
    returned: int = 0

    def ran_until(self, now: int) -> int:
        if self.since is None:
            return self.ran
        return self.ran + max(0, (now if self.ends is None else min(now, self.ends)) - self.since)

    def owed(self, now: int) -> int:
        most = self.funded if self.cap is None else min(self.funded, self.cap)
        earned = self.ran_until(now) * self.units // (self.seconds * SECOND)
        return min(most, earned) - self.paid

    @property
    def answer(self) -> Answer:
        return (self.state, self.funded, self.paid, self.returned)


def smallest(one: int | None, other: int | None) -> int | None:
    known = [number for number in (one, other) if number is not None]
    return min(known, default=None)


def largest(one: int | None, other: int | None) -> int | None:
    known = [number for number in (one, other) if number is not None]
    return max(known, default=None)


def common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def longest(one: str | None, other: str | None) -> str | None:
    if one is None or other is None:
        return other if one is None else one
    if {one, other} == {"1h", "day"}:
        return "24h"
    return max(one, other, key=BY_LENGTH.index)


def is_daily(cap: Cap) -> bool:
    return cap.amount is not None and cap == Cap("24h", cap.amount, None, "agent", None, None)


def tighter(cap: Cap, than: Cap) -> bool:
    """Whether a cap of the same kind lets no more through."""
    amount = than.amount is None or (cap.amount is not None and cap.amount <= than.amount)
    count = than.count is None or (cap.count is not None and cap.count <= than.count)
    return amount and count


def replaced(cap: Cap) -> Cap:
    """The cap's kind: a child's cap stands in place of its parent's of the same kind."""
    return cap._replace(amount=None, count=None)
