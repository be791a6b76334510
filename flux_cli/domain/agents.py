"""Agents: who may hold, spend and earn money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.errors import InvalidInput

ORCHESTRATOR = "orchestrator"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


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


def agent_name(text: str) -> str:
    """`text` if it can name an agent: 1–64 of `a–z 0–9 . _ -`, a letter or digit first."""
    if _NAME.fullmatch(text) is None or text == ECONOMY:
        raise InvalidInput(
            f"{text[:64]!r} cannot name an agent: use 1-64 of a-z, 0-9, '.', '_', '-'"
        )
    return text
