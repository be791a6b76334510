"""What an agent asks for, and what can be looked up about it."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import LinePrice, Urgency


@dataclass(frozen=True, slots=True)
class MoneyRequest:
    """A request for money: who, how much, to whom, why, and the evidence that comes with it.

    `budget` is what the owner gave for this occasion, or None; `capture_method` is what follows on
    approval, and `hold_hours` how long a hold then lasts; `always_vote` asks the quorum whatever
    the amount; `slack_hours` is the time until the deadline and `turnaround_hours` the p90 of the
    slowest chain of work, None where none is set.
    """

    requester: str
    amount: Money
    shares: tuple[Share, ...]
    purpose: str
    justification: str
    claimed_return: Money | None
    urgency: Urgency
    plan_digest: str
    reference: str
    escrowed: bool
    budget: Money | None
    run_id: str | None = None
    category: str = "general"
    rail: str = "simulated"
    mandate_id: str | None = None
    capture_method: CaptureMethod = CaptureMethod.CARD
    hold_hours: int = 24
    always_vote: bool = False
    deliverables: tuple[str, ...] = ()
    acceptance_checks: int = 0
    slack_hours: int | None = None
    turnaround_hours: int | None = None
    prices: tuple[LinePrice, ...] = ()
    evidence: tuple[str, ...] = ()
