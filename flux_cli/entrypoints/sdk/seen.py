"""Agents, payments and escrows of the domain as the SDK's objects, and refusals as its codes."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain import agents, escrows, intents
from flux_cli.domain.agents import AgentStatus
from flux_cli.domain.escrows import EscrowState
from flux_cli.domain.intents import IntentState
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.entrypoints.sdk.given import cents_of
from flux_cli.entrypoints.sdk.objects import (
    Agent,
    Escrow,
    EscrowStatus,
    PaymentIntent,
    PaymentResult,
    PaymentStatus,
    Policy,
    Wallet,
)
from flux_cli.usecases.agent_history import credit_of, noted, spent_of
from flux_cli.usecases.caps import Caps, caps_of
from flux_cli.usecases.gather_facts import newest_policy
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.wallets import Purse

KEYED, UNKEYED = "pay:", "sdk:"
"""How the engine's key of a payment begins, with the program's own key or with one of ours."""

CODES = {
    "economy_frozen": "AGENT_PAUSED",
    "agent_frozen": "AGENT_PAUSED",
    "agent_paused": "AGENT_PAUSED",
    "payee_not_allowed": "RECIPIENT_NOT_ALLOWED",
    "payee_denied": "RECIPIENT_NOT_ALLOWED",
    "self_payment": "RECIPIENT_NOT_ALLOWED",
    "below_minimum_balance": "AMOUNT_EXCEEDS_LIMIT",
    "owner_required": "APPROVAL_REQUIRED",
    "quorum_required": "APPROVAL_REQUIRED",
    "no_quorum": "APPROVAL_REQUIRED",
}
"""The SDK's code of the kernel's; caps have one code, and the rest their own in capitals."""

AWAITED = frozenset({"owner_required", "quorum_required"})
"""What an approval would answer: never why a payment was refused for good."""

NO_APPROVAL_YET = Refusal("owner_required", "it waits for approval")

STATUSES = {
    IntentState.DRAFT: PaymentStatus.REQUIRES_CONFIRMATION,
    IntentState.AWAITING_QUORUM: PaymentStatus.REQUIRES_APPROVAL,
    IntentState.AWAITING_OWNER: PaymentStatus.REQUIRES_APPROVAL,
    IntentState.APPROVED: PaymentStatus.REQUIRES_CONFIRMATION,
    IntentState.DENIED: PaymentStatus.FAILED_POLICY,
    IntentState.CAPTURED: PaymentStatus.COMPLETED,
    IntentState.CANCELLED: PaymentStatus.CANCELLED,
    IntentState.EXPIRED: PaymentStatus.CANCELLED,
    IntentState.UNKNOWN: PaymentStatus.REQUIRES_CONFIRMATION,
}

ESCROW_STATUSES = {
    EscrowState.COMPLETED: EscrowStatus.RELEASED,
    EscrowState.REJECTED: EscrowStatus.CANCELLED,
    EscrowState.EXPIRED: EscrowStatus.CANCELLED,
}
"""The ends; every other state still holds the money."""


def code_of(refusal: Refusal) -> str:
    """The SDK's code of one of the kernel's refusals."""
    cap = "AMOUNT_EXCEEDS_LIMIT" if refusal.code.endswith("_exceeded") else refusal.code.upper()
    return CODES.get(refusal.code, cap)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided of a payment: all that its status and its reason follow from."""

    state: IntentState
    refusals: tuple[Refusal, ...]


def first_refusal(intent: intents.PaymentIntent | Judged) -> Refusal | None:
    """Why the payment was not made, the most serious reason; None where it was."""
    final = [refusal for refusal in intent.refusals if refusal.code not in AWAITED]
    waits = intent.state in (IntentState.AWAITING_OWNER, IntentState.AWAITING_QUORUM)
    return next(iter((*final, *intent.refusals)), NO_APPROVAL_YET if waits else None)


def said(refusal: Refusal) -> str:
    """The refusal in a sentence, with the two amounts that disagreed."""
    if refusal.limit is None or refusal.observed is None:
        return refusal.message
    if refusal.unit != "money":
        return f"{refusal.message}: {refusal.observed}, limit {refusal.limit} {refusal.unit}"
    return f"{refusal.message}: {Money(refusal.observed)}, limit {Money(max(refusal.limit, 0))}"


def status_of(intent: intents.PaymentIntent | Judged) -> PaymentStatus:
    """Where a payment stands; one there was no money for did not fail by policy."""
    refusal, status = first_refusal(intent), STATUSES[intent.state]
    if status is PaymentStatus.FAILED_POLICY and refusal and refusal.code == "insufficient_funds":
        return PaymentStatus.FAILED_FUNDS
    return status


def see_payment(reader: Reader, intent: intents.PaymentIntent) -> PaymentIntent:
    """A payment; of one with several payees the first is named."""
    refusal, status = first_refusal(intent), status_of(intent)
    done = status is PaymentStatus.COMPLETED
    return PaymentIntent(
        intent_id=intent.id,
        from_agent_id=intent.requester,
        to_agent_id=intent.shares[0].payee,
        amount=cents_of(intent.amount),
        status=status,
        idempotency_key=intent.key[len(KEYED) :] if intent.key.startswith(KEYED) else None,
        memo=intent.purpose or None,
        metadata=noted(reader, intent.id),
        created_at=intent.created_at,
        completed_at=intent.decided_at if done else None,
        failure_reason=said(refusal) if refusal and not done else None,
    )


def see_result(reader: Reader, intent: intents.PaymentIntent) -> PaymentResult:
    """What became of a payment: a success once it is paid."""
    seen = see_payment(reader, intent)
    if seen.status is PaymentStatus.COMPLETED:
        return PaymentResult(True, seen)
    refusal = first_refusal(intent)
    if refusal is None:
        return PaymentResult(False, seen, intent.state.upper(), f"the payment is {intent.state}")
    return PaymentResult(False, seen, code_of(refusal), said(refusal))


def see_escrow(escrow: escrows.Escrow) -> Escrow:
    """An escrow; one that is disputed is locked until the owner has decided."""
    status = ESCROW_STATUSES.get(escrow.state, EscrowStatus.LOCKED)
    return Escrow(
        escrow_id=escrow.id,
        from_agent_id=escrow.payer,
        to_agent_id=escrow.payee,
        amount=cents_of(escrow.amount),
        status=status,
        created_at=escrow.created_at,
        completed_at=None if status is EscrowStatus.LOCKED else escrow.updated_at,
        memo=escrow.memo,
    )


def see_wallet(purse: Purse) -> Wallet:
    """An agent's money."""
    total = purse.available + purse.set_aside
    return Wallet(cents_of(purse.available), cents_of(purse.set_aside), cents_of(total))


def see_agent(reader: Reader, agent: agents.Agent, known: dict[str, list[Purse]]) -> Agent:
    """An agent whole; `known` is what `purses` found. Without a policy it may spend nothing."""
    purse = credit_of(agent.name, known)
    spent = spent_of(purse)
    paused = agent.status is AgentStatus.PAUSED
    policy = newest_policy(reader, agent.name, CREDIT)
    nothing = Caps(per_payment=Money(0), paused=paused)
    caps = nothing if policy is None else caps_of(policy, paused=paused)
    return Agent(
        agent_id=agent.name,
        wallet=see_wallet(purse),
        policy=see_policy(caps),
        metadata=noted(reader, agent.id),
        display_name=agent.display_name,
        total_earned=cents_of(purse.earned),
        total_spent=cents_of(spent),
        net_profit=cents_of(purse.earned - spent),
    )


def see_policy(caps: Caps) -> Policy:
    """An agent's caps, in cents."""
    return Policy(
        max_per_transaction=_cents(caps.per_payment),
        daily_spend_cap=_cents(caps.per_day),
        require_human_approval_over=_cents(caps.owner_threshold),
        allowlist=caps.payees,
        paused=caps.paused,
    )


def _cents(money: Money | None) -> int | None:
    return None if money is None else cents_of(money)
