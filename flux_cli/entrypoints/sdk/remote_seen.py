"""What a server tells, as the SDK's objects; amounts in whole cents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from flux_cli.domain.escrows import EscrowState
from flux_cli.domain.intents import IntentState
from flux_cli.domain.money import Money
from flux_cli.domain.refusals import Refusal
from flux_cli.entrypoints.sdk.given import cents_of
from flux_cli.entrypoints.sdk.objects import (
    Agent,
    Escrow,
    EscrowStatus,
    LedgerEntry,
    PaymentIntent,
    PaymentResult,
    PaymentStatus,
    Policy,
    Row,
    Wallet,
)
from flux_cli.entrypoints.sdk.remote_wire import AUTO, Json
from flux_cli.entrypoints.sdk.seen import (
    ESCROW_STATUSES,
    Judged,
    code_of,
    first_refusal,
    said,
    status_of,
)
from flux_cli.usecases.agent_history import EntryType

ABOUT = ("object", "schema", "id")
"""What every object says about itself."""


def cents(money: Mapping[str, Any]) -> int:
    """An amount in whole cents."""
    return cents_of(Money(int(money["amount_minor"])))


def some_cents(money: Mapping[str, Any] | None) -> int | None:
    """An amount that may be absent."""
    return None if money is None else cents(money)


def moment(text: str) -> datetime:
    """A time as it was told."""
    return datetime.fromisoformat(text)


def see_agent(told: Json) -> Agent:
    """An agent."""
    policy = told["policy"]
    payees = policy["payees"]
    return Agent(
        agent_id=told["name"],
        wallet=see_wallet(told["wallet"]),
        policy=Policy(
            max_per_transaction=some_cents(policy["per_payment"]),
            daily_spend_cap=some_cents(policy["per_day"]),
            require_human_approval_over=some_cents(policy["owner_threshold"]),
            allowlist=None if payees is None else frozenset(payees),
            paused=policy["paused"],
        ),
        metadata=told["metadata"],
        display_name=told["display_name"],
        total_earned=cents(told["total_earned"]),
        total_spent=cents(told["total_spent"]),
        net_profit=cents(told["net_profit"]),
    )


def see_wallet(told: Json) -> Wallet:
    """An agent's money."""
    return Wallet(cents(told["available"]), cents(told["held"]), cents(told["total"]))


def see_side(told: Json) -> LedgerEntry:
    """One side of a movement."""
    return LedgerEntry(
        entry_id=told["id"],
        agent_id=told["agent"],
        delta_amount=cents(told["delta"]),
        entry_type=EntryType(told["entry_type"]),
        reference_id=told["reference_id"],
        balance_after=cents(told["balance_after"]),
        memo=told["memo"],
        created_at=moment(told["created_at"]),
        counterparty_id=told["counterparty"],
    )


def see_payment(told: Json) -> PaymentIntent:
    """A payment; of one with several payees the first is named."""
    judged = _judged(told)
    refusal, status = first_refusal(judged), status_of(judged)
    done = status is PaymentStatus.COMPLETED
    key = told["idempotency_key"]
    return PaymentIntent(
        intent_id=told["id"],
        from_agent_id=told["requester"],
        to_agent_id=told["shares"][0]["payee"],
        amount=cents(told["amount"]),
        status=status,
        idempotency_key=None if key is None or key.startswith(AUTO) else unquote(key),
        memo=told["purpose"] or None,
        metadata=told["metadata"],
        created_at=moment(told["created_at"]),
        completed_at=moment(told["decided_at"]) if done else None,
        failure_reason=said(refusal) if refusal and not done else None,
    )


def see_result(told: Json) -> PaymentResult:
    """What became of a payment: a success once it is paid."""
    seen, judged = see_payment(told), _judged(told)
    if seen.status is PaymentStatus.COMPLETED:
        return PaymentResult(True, seen)
    refusal = first_refusal(judged)
    if refusal is None:
        return PaymentResult(False, seen, judged.state.upper(), f"the payment is {judged.state}")
    return PaymentResult(False, seen, code_of(refusal), said(refusal))


def refusal_of(told: Json) -> Refusal | None:
    """Why a payment was not made, the most serious reason."""
    return first_refusal(_judged(told))


def _judged(told: Json) -> Judged:
    refusals = tuple(
        Refusal(
            one["code"],
            one["message"],
            one["limit"],
            one["observed"],
            one.get("unit", "money"),
        )
        for one in told["refusals"]
    )
    return Judged(IntentState(told["state"]), refusals)


def see_escrow(told: Json) -> Escrow:
    """An escrow; one that is disputed is locked until the owner has decided."""
    status = ESCROW_STATUSES.get(EscrowState(told["state"]), EscrowStatus.LOCKED)
    locked = status is EscrowStatus.LOCKED
    return Escrow(
        escrow_id=told["id"],
        from_agent_id=told["payer"],
        to_agent_id=told["payee"],
        amount=cents(told["amount"]),
        status=status,
        created_at=moment(told["created_at"]),
        completed_at=None if locked else moment(told["updated_at"]),
        memo=told["memo"],
    )


def see_card(told: Json) -> Row:
    """A card as it may be shown: its number masked, its CVV nowhere."""
    expires = moment(told["expires_at"])
    return {
        "card_id": told["id"],
        "card_number": told["number"],
        "last_four": told["last_four"],
        "expiry_date": f"{expires:%m/%y}",
        "agent_id": told["holder"],
        "purpose": told["purpose"],
        "amount": cents(told["limit"]),
        "spent": cents(told["spent"]),
        "remaining": cents(told["remaining"]),
        "status": told["state"],
        "transaction_id": told["intent_id"],
        "created_at": moment(told["issued_at"]).isoformat(),
        "expires_at": expires.isoformat(),
        "simulated": True,
    }


def see_summary(told: Json) -> Row:
    """A summary: its amounts in cents, its times as the SDK writes them."""
    return {name: _plain(name, value) for name, value in told.items() if name not in ABOUT}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [{key: _plain(key, one) for key, one in row.items()} for row in value]
    if isinstance(value, dict) and "amount_minor" in value:
        return cents(value)
    return moment(value).isoformat() if name == "timestamp" else value


def without_head(told: Json | None, names: Iterable[str] = ("object", "schema")) -> Row | None:
    """An object without what it says about itself."""
    if told is None:
        return None
    return {name: value for name, value in told.items() if name not in names}
