"""What the SDK says the same way on a ledger and over HTTP, and the bounds of what it takes."""

from __future__ import annotations

from flux_cli.entrypoints.sdk.given import LONGEST_MEMO, text_of
from flux_cli.entrypoints.sdk.objects import PaymentResult
from flux_cli.usecases.card_network import LONGEST_NAME

KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
ROLES = ("payer", "payee")
CARD_DETAIL = 64
MERCHANT = LONGEST_NAME


def as_transaction(
    result: PaymentResult, from_agent: str, to_agent: str, cents: int, purpose: str
) -> dict[str, object]:
    """A payment told as a transaction; raises `ValueError` where there is none."""
    intent = result.payment_intent
    if intent is None:
        raise ValueError(result.error_message)
    told: dict[str, object] = {
        "transaction_id": intent.intent_id,
        "from_agent": from_agent,
        "to_agent": to_agent,
        "amount": cents,
        "status": "completed" if result.success else "failed",
        "timestamp": (intent.completed_at or intent.created_at).isoformat(),
        "purpose": purpose,
    }
    return told if result.success else told | {"error": result.error_message}


def once_approved(intent_id: str, key: str) -> str:
    """How an escrow that waits for the owner is made afterwards."""
    return f"; after approve_payment({intent_id!r}) create it again with idempotency_key={key!r}"


def role_of(role: str | None) -> None:
    """Raise `ValueError` unless it is a side of an escrow, or None for both."""
    if role is not None and role not in ROLES:
        raise ValueError(f"role is one of {', '.join(ROLES)}, or None, not {role!r}")


def justified(justification: str, expected_roi: int | str | None) -> tuple[str, int | None]:
    """(reasons, cents that should come back): a return in words is a reason."""
    reasons = text_of(justification, "justification", LONGEST_MEMO)
    if isinstance(expected_roi, str):
        reasons, expected_roi = f"{reasons} Expected return: {expected_roi}".strip(), None
    return text_of(reasons, "justification with expected_roi", LONGEST_MEMO), expected_roi
