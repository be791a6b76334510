"""Mandates: what the owner allowed, which a child can only narrow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.tighten import longer


class MandateState(StrEnum):
    """Whether a mandate can still be spent from."""

    ACTIVE = "active"
    CLOSED = "closed"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Mandate:
    """What `holder` may spend: at most `total`, until `expires_at`, within these limits.

    A child's `total` is reserved from its parent when it is made; what it did not spend goes back
    when it ends. None is no limit of that kind; `payees` and `categories` are exact.

    `total = spent + reserved + left` always. `spent` is what its own payments and its children
    spent. `reserved` is what its own payments hold, what an active child may still spend
    (`total - spent`), and what an ended child's payments hold (`reserved`).
    """

    id: str
    key: str
    parent_id: str | None
    holder: str
    purpose: str
    total: Money
    spent: Money
    reserved: Money
    per_payment: Money | None
    limits: tuple[Limit, ...]
    payees: frozenset[str] | None
    categories: frozenset[str] | None
    state: MandateState
    created_at: datetime
    expires_at: datetime

    @property
    def left(self) -> Money:
        """What can still be spent or given to children."""
        return self.total - self.spent - self.reserved


def narrows(parent: Mandate, child: Mandate) -> tuple[Refusal, ...]:
    """Every way in which `child` is not tighter than `parent`, most serious first."""
    if child.total.asset != parent.total.asset:
        return (_wider("asset", f"the parent is in {parent.total.asset.code}"),)
    found = []
    if child.total > parent.left:
        message = "asked of what the parent has left"
        found.append(Refusal.over("mandate_total_exceeded", message, parent.left, child.total))
    if child.expires_at > parent.expires_at:
        found.append(_wider("expiry", "it would outlive its parent"))
    for name, wide, narrow in (
        ("payees", parent.payees, child.payees),
        ("categories", parent.categories, child.categories),
    ):
        if wide is not None and (narrow is None or not narrow <= wide):
            more = "any" if narrow is None else ", ".join(sorted(narrow - wide))
            found.append(_wider(name, f"not among the parent's {name}: {more}"))
    if parent.per_payment is not None:
        if child.per_payment is None:
            found.append(_wider("per_payment", "the parent caps each payment"))
        elif child.per_payment > parent.per_payment:
            code, message = "mandate_per_payment_wider", "the parent caps each payment"
            found.append(Refusal.over(code, message, parent.per_payment, child.per_payment))
    for limit in parent.limits:
        if not any(covers(own, limit) for own in child.limits):
            found.append(_wider("limit", f"nothing is as tight as the parent's {limit.window}"))
    return tuple(found)


def _wider(what: str, message: str) -> Refusal:
    return Refusal(f"mandate_{what}_wider", message)


def covers(narrow: Limit, wide: Limit) -> bool:
    """Whether whatever `wide` refuses, `narrow` refuses too.

    It does if it counts at least the same payments, over at least the same time, up to no more.
    """
    if narrow.scope is not wide.scope or narrow.only not in (None, wide.only):
        return False
    if narrow.below is not None and not _at_most(wide.below, narrow.below):
        return False
    within_amount = wide.amount is None or _at_most(narrow.amount, wide.amount)
    within_count = wide.count is None or (narrow.count is not None and narrow.count <= wide.count)
    over_as_long = longer(wide.window, narrow.window) is narrow.window
    return over_as_long and within_amount and within_count


def _at_most(amount: Money | None, most: Money) -> bool:
    return amount is not None and amount.asset == most.asset and amount <= most
