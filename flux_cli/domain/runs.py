"""Runs: one goal carried out, and the journal of its steps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.work import Artefact


class RunState(StrEnum):
    """How far a run has come; `completed`, `denied` and `failed` are ends."""

    PLANNING = "planning"
    REQUESTING = "requesting"
    WORKING = "working"
    COMPLETED = "completed"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document the run may read: its short name, absolute path and the hash it had at start."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Run:
    """One goal being carried out. All that a resume needs is here and in the run's contracts."""

    id: str
    key: str
    request_digest: str
    scenario: str
    goal: str
    brief: str
    sources: tuple[SourceFile, ...]
    requester: str
    purpose: str
    justification: str
    claimed_return: Money | None
    urgency: Urgency
    budget: Money | None
    seed: int
    strategy: Strategy
    out: str
    state: RunState
    plan: Plan | None
    intent_id: str | None
    card_id: str | None
    deliverables: tuple[Artefact, ...]
    error: str
    created_at: datetime
    finished_at: datetime | None
    rail: str = "simulated"
    """How what its hires earn leaves: within the ledger alone, or also over a chain."""


def step_key(run_id: str, task_id: str, stage: str, attempt: int = 0) -> str:
    """The one name of a step, which is also the idempotency key of the money it moves."""
    text = f"{run_id}|{task_id}|{stage}|{attempt}"
    return f"step:{hashlib.sha256(text.encode()).hexdigest()[:40]}"
