"""The owner's limits for one agent, versioned: a change is a new row, never an edit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.money import Money


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits in force; None is no limit of that kind, zero allows nothing.

    `number` counts this agent's policies from 1. `rolling_24h` counts what was spent and what is
    held. Above `approval_threshold` the quorum must pass, above `owner_threshold` the owner too.
    `payees` are exact ids; None allows every registered agent.
    """

    id: str
    agent: str
    number: int
    per_payment: Money | None
    rolling_24h: Money | None
    payees: frozenset[str] | None
    approval_threshold: Money
    owner_threshold: Money | None
    paused: bool
    set_at: datetime
