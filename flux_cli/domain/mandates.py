"""Mandates: what the owner allowed, which a child can only narrow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit


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
    when it ends. `total = spent + reserved + left` always: `reserved` is in holds and children.
    None is no limit of that kind; `payees` and `categories` are exact.
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
