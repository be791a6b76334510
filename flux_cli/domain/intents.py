"""Payment intents: a wish to pay, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from flux_cli.domain.canonical import digest
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.refusals import Refusal


class IntentState(StrEnum):
    """Where a payment intent stands; only `approved` ones have money set aside."""

    DRAFT = "draft"
    AWAITING_QUORUM = "awaiting_quorum"
    AWAITING_OWNER = "awaiting_owner"
    APPROVED = "approved"
    DENIED = "denied"
    CAPTURED = "captured"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


RAILS_OUTSIDE = frozenset({"arc"})
"""The rails on which what was approved stays on hold until a chain has settled it."""


class CaptureMethod(StrEnum):
    """What follows on approval."""

    AUTOMATIC = "automatic"
    """The payees are paid at once."""

    MANUAL = "manual"
    """The money is held until it is captured, cancelled or expires."""

    ESCROW = "escrow"
    """The money is held until it is locked in an escrow or a stream."""

    CARD = "card"
    """The money is put on a one-time card."""


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a payment that goes to one payee, named by its exact id."""

    payee: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Spend:
    """Exactly what is judged: every field is in the digest that leave to spend is bound to.

    `key` is the request's own: another request for the same is another spend, and is voted on anew.

    `category` is the kind of thing bought; `rail` how the money would leave; `mandate_id` what it
    is spent under. `plan_digest` is the plan or cart the money is for; `reference` the owner's own
    name of the occasion (a run), which tells a deliberate repetition from a duplicate.
    """

    requester: str
    amount: Money
    shares: tuple[Share, ...]
    purpose: str
    justification: str
    claimed_return: Money | None
    category: str
    rail: str
    mandate_id: str | None
    plan_digest: str
    reference: str
    escrowed: bool
    key: str

    @property
    def digest(self) -> str:
        """What a ballot, a decision and a permit name this request by."""
        return _digest(self)


def payment_step(intent_id: str, step: str) -> str:
    """The one key of a movement of a payment's money. Later payments' keys sort later, so that a
    large ledger's index of keys grows at its end.
    """
    return f"step:{intent_id}:{step}"


@lru_cache(maxsize=256)
def _digest(spend: Spend) -> str:
    """Asked for again wherever a request is judged, counted, permitted and kept."""
    return digest(spend)


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A wish to pay and its state. `key` makes a retry find it instead of making another.

    `amount = captured + released + what is still held` once it is approved; `refunded` is of what
    was captured. `always_vote` asks the quorum whatever the amount. `late` says that a capture came
    after the hold had expired.
    """

    id: str
    key: str
    state: IntentState
    requester: str
    amount: Money
    shares: tuple[Share, ...]
    purpose: str
    justification: str
    claimed_return: Money | None
    urgency: Urgency
    category: str
    rail: str
    mandate_id: str | None
    plan_digest: str
    reference: str
    escrowed: bool
    capture_method: CaptureMethod
    hold_hours: int
    always_vote: bool
    request_digest: str
    budget_left: Money | None
    run_id: str | None
    decision_id: str | None
    card_id: str | None
    yes: int
    no: int
    abstain: int
    needed: int
    refusals: tuple[Refusal, ...]
    most_that_would_pass: Money | None
    captured: Money
    released: Money
    refunded: Money
    late: bool
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    asked_until: datetime | None = None
    """Until when the seats' models may answer; None where no model was asked."""

    @property
    def on_hold(self) -> Money:
        """What is still set aside for it and not on a card."""
        if self.state is not IntentState.APPROVED or self.card_id is not None:
            return Money(0, self.amount.asset)
        return self.amount - self.captured - self.released

    @property
    def settles_outside(self) -> bool:
        """Whether its money leaves by a chain: then only a settlement captures or releases it."""
        return self.rail in RAILS_OUTSIDE

    @property
    def spend(self) -> Spend:
        """The request as it is judged."""
        return Spend(
            self.requester,
            self.amount,
            self.shares,
            self.purpose,
            self.justification,
            self.claimed_return,
            self.category,
            self.rail,
            self.mandate_id,
            self.plan_digest,
            self.reference,
            self.escrowed,
            self.key,
        )
