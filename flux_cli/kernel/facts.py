"""All that a verdict may rest on, gathered by the caller in one read of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit, Policy
from flux_cli.domain.quorum import Tally


@dataclass(frozen=True, slots=True)
class Used:
    """What `limit` has already counted for `subject`: gross, holds included, refunds not off.

    The subject is a payee, a category, the requester, or `*` for everybody.
    """

    limit: Limit
    subject: str
    amount: Money
    count: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of the world for one request. Freeze flags are None when they cannot be read.

    `policy` is the agent's, already tightened by the economy's. `ledger_time` is the latest time
    the ledger has recorded. `mandates` are the one spent from and those above it, up to the root;
    `budget_left` is what the run has left. `duplicates` were permitted in the duplicate window.
    """

    now: datetime
    ledger_time: datetime
    economy_frozen: bool | None
    agent_frozen: bool | None
    agent_active: bool
    policy: Policy
    available: Money
    used: tuple[Used, ...]
    mandates: tuple[Mandate, ...]
    budget_left: Money | None
    known_payees: frozenset[str]
    duplicates: int
    tally: Tally | None = None
    owner_approved: bool = False

    @property
    def moment(self) -> datetime:
        """The time that expiries and hours are judged by: what was recorded has passed."""
        return max(self.now, self.ledger_time)
