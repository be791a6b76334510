"""Decisions: the kernel's verdicts as they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Tally
from flux_cli.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Decision:
    """One verdict on one request; a `permit` lets one entry leave one wallet, until it expires."""

    id: str
    intent_id: str
    request_digest: str
    requester: str
    verdict: str
    amount: Money
    policy_version: int
    refusals: tuple[Refusal, ...]
    tally: Tally | None
    made_at: datetime
    expires_at: datetime
