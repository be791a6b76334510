"""Agents: who may hold, spend and earn money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ORCHESTRATOR = "orchestrator"


class AgentKind(StrEnum):
    """What an agent is in the economy for."""

    ORCHESTRATOR = "orchestrator"
    SPECIALIST = "specialist"
    BUYER = "buyer"
    MERCHANT = "merchant"


class AgentStatus(StrEnum):
    """Whether an agent may spend."""

    ACTIVE = "active"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Agent:
    """An economic actor. `name` is its exact, immutable id in policies and accounts."""

    id: str
    name: str
    display_name: str
    kind: AgentKind
    trades: tuple[str, ...]
    status: AgentStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Freeze:
    """The kill switch of `freeze:economy` or `freeze:<agent>`."""

    id: str
    frozen: bool
    reason: str
    changed_at: datetime


ECONOMY = "economy"
"""The subject of the freeze that stops everyone."""


def freeze_id(subject: str) -> str:
    """The id of the kill switch of `economy`, or of an agent by name."""
    return f"freeze:{subject}"
