"""All that a verdict may rest on, gathered by the caller in one read of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.money import Money
from flux_cli.domain.policies import Policy
from flux_cli.domain.quorum import Tally


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of the world for one request. Freeze flags are None when they cannot be read.

    `spent_24h` is gross: all that was captured or is held in the last 24 hours, refunds not
    taken off. `ledger_time` is the latest time the ledger has recorded.
    """

    now: datetime
    ledger_time: datetime
    economy_frozen: bool | None
    agent_frozen: bool | None
    agent_active: bool
    policy: Policy
    available: Money
    spent_24h: Money
    budget_left: Money | None
    known_payees: frozenset[str]
    tally: Tally | None = None
    owner_approved: bool = False
