"""Five seats, the facts they see, the ballots they cast, and the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money

SEATS = ("cfo", "growth", "risk", "operations", "data")
"""The denominator is fixed: a seat that is silent still counts among the five."""


class Vote(StrEnum):
    """What a ballot says. Only this field counts; no text is ever read for a verdict."""

    YES = "YES"
    NO = "NO"
    ABSTAIN = "ABSTAIN"


class Urgency(StrEnum):
    """How soon the requester says it needs the money."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class BallotError(StrEnum):
    """Why a seat's ballot is missing or unusable; such a ballot is never a YES."""

    TIMEOUT = "timeout"
    TRANSPORT = "transport"
    REFUSAL = "refusal"
    SCHEMA = "schema"
    COST_CAP = "cost_cap"


@dataclass(frozen=True, slots=True)
class PayeeRecord:
    """What the ledger knows of one payee: its contracts so far, and what it was paid."""

    name: str
    allowed: bool
    settled: int
    rejected: int
    paid: Money
    share: Money
    """How much of the requested amount would go to this payee."""


@dataclass(frozen=True, slots=True)
class LinePrice:
    """One asked price beside the prices known for the same work."""

    item: str
    asked: Money
    known: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Dossier:
    """The facts of one request, built by code from the ledger; the seats see nothing else.

    `purpose` and `justification` are other parties' text: bounded, stripped, data only.
    `claimed_return` is what the requester says comes back, before any discount, or None.
    `slack_hours` is the time left until the deadline, `turnaround_hours` the p90 of the
    slowest chain of work; None where there is none. `accuracy_percent` is how much of its past
    claims the requester delivered, over `settled_claims` of them.
    """

    request_digest: str
    requester: str
    amount: Money
    purpose: str
    justification: str
    urgency: Urgency
    claimed_return: Money | None
    free_cash: Money
    reserved: Money
    budget_left: Money
    reserve_floor_percent: int
    payees: tuple[PayeeRecord, ...]
    escrowed: bool
    duplicates_7d: int
    same_payee_24h: int
    injections: tuple[str, ...]
    deliverables: tuple[str, ...]
    acceptance_checks: int
    slack_hours: int | None
    turnaround_hours: int | None
    prices: tuple[LinePrice, ...]
    settled_claims: int
    accuracy_percent: int
    evidence: tuple[str, ...]
    """What is attached that can be looked up: a plan hash, a quote id, a file name."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a ballot: a stable code, the dossier field it rests on, and its numbers."""

    code: str
    evidence: str
    text: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a YES asks for. Conditions of all YES ballots hold together."""

    max_amount: Money | None = None
    require_escrow: bool = False
    require_check: bool = False
    human: bool = False


@dataclass(frozen=True, slots=True)
class Opinion:
    """A brain's answer to `cast a ballot`: score 0–100, confidence 0–100, risk 1–10.

    `hard` marks a NO that no number of YES outweighs.
    """

    vote: Vote
    score: int
    confidence: int
    risk: int
    reasons: tuple[Reason, ...]
    conditions: Conditions = field(default_factory=Conditions)
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """One seat's recorded answer to one request; never changed, never asked for twice."""

    id: str
    intent_id: str
    request_digest: str
    seat: str
    vote: Vote
    hard: bool
    score: int
    confidence: int
    risk: int
    reasons: tuple[Reason, ...]
    conditions: Conditions
    backend: str
    """`rule`, `llm`, or `rule_fallback` where rules stood in for a model that did not answer."""
    model: str
    error: BallotError | None
    cost: Money
    tokens: int
    latency_ms: int
    dossier_digest: str
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class Bar:
    """How many YES pass: more for a large amount. Percent is of the requester's free cash.

    An amount in another asset than `large_amount` cannot be compared with it, and counts as large.
    """

    yes_needed: int = 3
    yes_needed_large: int = 4
    large_amount: Money = Money(250_000_000)  # noqa: RUF009 - immutable
    large_percent_of_free_cash: int = 25

    def needed(self, amount: Money, free_cash: Money) -> int:
        """The YES votes `amount` needs."""
        share_is_large = amount.units * 100 > free_cash.units * self.large_percent_of_free_cash
        is_large = amount.asset != self.large_amount.asset or amount > self.large_amount
        if is_large or share_is_large:
            return self.yes_needed_large
        return self.yes_needed


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of one request's ballots. `approved` is the only field that decides."""

    request_digest: str
    approved: bool
    outcome: str
    """`approved`, `refused`, `hard_no` or `no_quorum` (fewer than three valid ballots)."""
    yes: int
    no: int
    abstain: int
    missing: int
    needed: int
    conditions: Conditions


def count(ballots: Sequence[Ballot], request_digest: str, needed: int) -> Tally:
    """Count the ballots cast for exactly this request, one a seat, our seats only.

    A duplicate, a stranger's, a failed or another request's ballot is not counted; a seat
    without a counted ballot is missing..
    """
    by_seat: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        if ballot.seat in SEATS and ballot.request_digest == request_digest:
            by_seat.setdefault(ballot.seat, []).append(ballot)
    valid = [cast[0] for cast in by_seat.values() if len(cast) == 1 and cast[0].error is None]
    votes = [ballot.vote for ballot in valid]
    yes = votes.count(Vote.YES)
    if len(valid) < 3:
        outcome = "no_quorum"
    elif any(ballot.hard and ballot.vote is Vote.NO for ballot in valid):
        outcome = "hard_no"
    else:
        outcome = "approved" if yes >= max(needed, 1) else "refused"
    return Tally(
        request_digest=request_digest,
        approved=outcome == "approved",
        outcome=outcome,
        yes=yes,
        no=votes.count(Vote.NO),
        abstain=votes.count(Vote.ABSTAIN),
        missing=len(SEATS) - len(valid),
        needed=needed,
        conditions=_together([b.conditions for b in valid if b.vote is Vote.YES]),
    )


def _together(conditions: Sequence[Conditions]) -> Conditions:
    caps = [item.max_amount for item in conditions if item.max_amount is not None]
    return Conditions(
        max_amount=min(caps, key=lambda cap: cap.units) if caps else None,
        require_escrow=any(item.require_escrow for item in conditions),
        require_check=any(item.require_check for item in conditions),
        human=any(item.human for item in conditions),
    )
