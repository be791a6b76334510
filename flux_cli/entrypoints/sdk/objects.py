"""What the SDK takes and returns. Amounts are whole cents of CREDIT; times are in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.usecases.agent_history import EntryType


class PaymentStatus(StrEnum):
    """Where a payment stands."""

    REQUIRES_CONFIRMATION = "requires_confirmation"
    """Money is set aside and not yet paid, or the outcome is not known."""

    REQUIRES_APPROVAL = "requires_approval"
    """It waits for the owner, or for the quorum."""

    COMPLETED = "completed"
    FAILED_POLICY = "failed_policy"
    FAILED_FUNDS = "failed_funds"
    CANCELLED = "cancelled"


class EscrowStatus(StrEnum):
    """Whether an escrow still holds its money, and where it went."""

    LOCKED = "LOCKED"
    RELEASED = "RELEASED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits of one agent, in cents; None is no limit of that kind, zero allows nothing.

    `daily_spend_cap` is over any 24 hours. Above `require_human_approval_over` a payment waits for
    the owner. `allowlist` are the exact ids that may be paid; any set of them is taken.
    """

    max_per_transaction: int | None = None
    daily_spend_cap: int | None = None
    require_human_approval_over: int | None = None
    allowlist: set[str] | frozenset[str] | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Wallet:
    """An agent's money: `balance` is available, `hold` is set aside for it, `total` is both."""

    balance: int
    hold: int
    total: int


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as it was when it was asked for.

    `total_spent` is what left the wallet and did not come back; money that is set aside has left.
    """

    agent_id: str
    wallet: Wallet
    policy: Policy
    metadata: dict[str, object]
    display_name: str
    total_earned: int
    total_spent: int
    net_profit: int


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment as it was when it was asked for; `failure_reason` is a sentence."""

    intent_id: str
    from_agent_id: str
    to_agent_id: str
    amount: int
    status: PaymentStatus
    idempotency_key: str | None
    memo: str | None
    metadata: dict[str, object]
    created_at: datetime
    completed_at: datetime | None
    failure_reason: str | None


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """What became of a payment. `error_code` is stable, `error_message` is for people."""

    success: bool
    payment_intent: PaymentIntent | None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class Escrow:
    """Money of one agent that is locked for another."""

    escrow_id: str
    from_agent_id: str
    to_agent_id: str
    amount: int
    status: EscrowStatus
    created_at: datetime
    completed_at: datetime | None
    memo: str


@dataclass(frozen=True, slots=True)
class EscrowResult:
    """What became of an escrow. `error_code` is stable, `error_message` is for people."""

    success: bool
    escrow: Escrow | None
    error_code: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One side of a movement. `agent_id` is an agent's, or the name of an account of no agent.

    `delta_amount` is negative where money left; `reference_id` names the payment, escrow or card
    it belongs to, else the entry itself.
    """

    entry_id: str
    agent_id: str
    delta_amount: int
    entry_type: EntryType
    reference_id: str
    balance_after: int
    memo: str
    created_at: datetime
    counterparty_id: str | None


Row = Mapping[str, object]
"""A line of a summary: plain values under stable names."""
