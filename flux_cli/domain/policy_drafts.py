"""A policy that is written but not yet in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.policies import Policy


class DraftState(StrEnum):
    """What became of a draft."""

    OPEN = "open"
    PROMOTED = "promoted"


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A policy that would replace number `base` of its agent; it is in force once promoted."""

    id: str
    agent: str
    base: int
    policy: Policy
    state: DraftState
    created_at: datetime
