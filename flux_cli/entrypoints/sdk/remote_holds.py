"""Escrows and cards over HTTP: what each SDK method asks, and makes of the answer."""

from __future__ import annotations

from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.sdk.given import LONGEST_MEMO, cap_of, money_of, text_of
from flux_cli.entrypoints.sdk.objects import Escrow, EscrowResult, EscrowStatus, Row
from flux_cli.entrypoints.sdk.remote_asks import (
    PAGE,
    REFUSED,
    agent_path,
    decimal,
    header_key,
    nobody,
    part,
    payment_in,
    post,
    rows,
)
from flux_cli.entrypoints.sdk.remote_seen import (
    refusal_of,
    see_card,
    see_escrow,
    without_head,
)
from flux_cli.entrypoints.sdk.remote_wire import Ask, Json, Talk, Told, raise_problem
from flux_cli.entrypoints.sdk.seen import code_of, said
from flux_cli.entrypoints.sdk.wording import (
    CARD_DETAIL,
    MERCHANT,
    ROLES,
    justified,
    once_approved,
    role_of,
)

# Escrows


def create_escrow(
    from_agent: str,
    to_agent: str,
    amount: int,
    memo: str | None = None,
    idempotency_key: str | None = None,
) -> Talk[EscrowResult]:
    """See `AgentPaySDK.create_escrow`."""
    body: Json = {
        "from_agent": from_agent,
        "to_agent": to_agent,
        "amount": decimal(money_of(amount)),
        "memo": text_of(memo, "memo", LONGEST_MEMO),
    }
    key = header_key(idempotency_key)
    if missing := nobody(from_agent, to_agent):
        return EscrowResult(False, None, *missing)
    told = yield post("/v1/escrows", body, key)
    if told.status == 422 and from_agent == to_agent:
        return EscrowResult(False, None, "RECIPIENT_NOT_ALLOWED", f"{from_agent} would pay itself")
    if told.code == "frozen":
        return EscrowResult(False, None, "AGENT_PAUSED", told.detail)
    if told.code == "not_found" or told.code in REFUSED:
        return EscrowResult(False, None, REFUSED.get(told.code, "NO_POLICY"), told.detail)
    payment = payment_in(told)
    if payment is not None:
        refusal = refusal_of(payment)
        assert refusal is not None, "what is not approved was refused or waits"
        message = said(refusal)
        if payment["state"] == "awaiting_owner":
            message += once_approved(payment["id"], idempotency_key or key)
        return EscrowResult(False, None, code_of(refusal), message)
    raise_problem(told)
    if told.replayed:
        return EscrowResult(True, (yield from get_escrow(told.body["id"])))
    return EscrowResult(True, see_escrow(told.body))


def release_escrow(escrow_id: str) -> Talk[EscrowResult]:
    """See `AgentPaySDK.release_escrow`."""
    return (yield from _ended(escrow_id, "release"))


def cancel_escrow(escrow_id: str) -> Talk[EscrowResult]:
    """See `AgentPaySDK.cancel_escrow`."""
    return (yield from _ended(escrow_id, "cancel"))


def _ended(escrow_id: str, how: str) -> Talk[EscrowResult]:
    told = yield post(f"/v1/escrows/{part(escrow_id)}/{how}", {})
    if told.status == 404:
        return EscrowResult(False, None, "ESCROW_NOT_FOUND", f"no escrow {escrow_id[:64]!r}")
    if told.code in ENDINGS and isinstance(told.body.get("escrow"), dict):
        now = see_escrow(told.body["escrow"])
        return EscrowResult(False, now, ENDINGS[told.code], told.detail)
    raise_problem(told)
    return EscrowResult(True, see_escrow(told.body))


ENDINGS = {"frozen": "AGENT_PAUSED", "wrong_state": "ESCROW_NOT_LOCKED"}
"""Why an escrow does not end."""


def get_escrow(escrow_id: str) -> Talk[Escrow | None]:
    """See `AgentPaySDK.get_escrow`."""
    told = yield Ask("GET", f"/v1/escrows/{part(escrow_id)}")
    if told.status in (404, 422):
        return None
    raise_problem(told)
    return see_escrow(told.body)


def list_agent_escrows(
    agent_id: str, role: str | None = None, status: EscrowStatus | str | None = None
) -> Talk[list[Escrow]]:
    """See `AgentPaySDK.list_agent_escrows`."""
    role_of(role)
    wanted = None if status is None else EscrowStatus(status.upper())
    found: dict[str, Escrow] = {}
    for one_role in ROLES if role is None else (role,):
        query = {"role": one_role, "limit": str(PAGE)}
        try:
            path = agent_path(agent_id, "/escrows")
            listed = yield from rows(path, query, agent_id)
        except ValueError:  # nobody of this name has any
            return []
        found |= {one["id"]: see_escrow(one) for one in listed}
    in_order = [found[escrow_id] for escrow_id in sorted(found, reverse=True)]
    return [one for one in in_order if wanted is None or one.status is wanted]


# Cards


def request_payment_card(
    amount: int,
    purpose: str,
    justification: str,
    agent_id: str = "sdk-agent",
    expected_roi: int | str | None = None,
    urgency: str = "Medium",
    budget_remaining: int | None = None,
) -> Talk[Row]:
    """See `AgentPaySDK.request_payment_card`."""
    money = money_of(amount)
    reasons, claimed = justified(justification, expected_roi)
    body: Json = {
        "agent": agent_id,
        "amount": decimal(money),
        "purpose": text_of(purpose, "purpose", LONGEST_MEMO),
        "justification": reasons,
        "expected_return": _some(cap_of(claimed, "expected_roi")),
        "urgency": Urgency(urgency.lower()).value,
        "budget_remaining": _some(cap_of(budget_remaining, "budget_remaining")),
    }
    agent_path(agent_id)
    told = yield post("/v1/cards", body)
    if told.status == 404:
        raise ValueError(f"no agent named {agent_id!r}")
    if told.code != "denied":
        raise_problem(told)
    payment, card = told.body["payment"], told.body.get("card")
    refusal = refusal_of(payment)
    return {
        "approved": card is not None,
        "card": None if card is None else see_card(card),
        "denial_reason": said(refusal) if refusal is not None and card is None else None,
        "consensus_result": without_head(told.body.get("quorum")),
        "transaction_id": payment["id"],
    }


def _some(money: Money | None) -> str | None:
    return None if money is None else decimal(money)


def get_card_details(card_id: str) -> Talk[Row | None]:
    """See `AgentPaySDK.get_card_details`."""
    told = yield Ask("GET", f"/v1/cards/{part(card_id)}")
    if told.status in (404, 422):
        return None
    raise_problem(told)
    return see_card(told.body)


def charge_card(
    card_number: str, cvv: str, expiry_date: str, amount: int, merchant_name: str
) -> Talk[Row]:
    """See `AgentPaySDK.charge_card`."""
    body: Json = {
        "number": text_of(card_number, "card_number", CARD_DETAIL),
        "expiry": text_of(expiry_date, "expiry_date", CARD_DETAIL),
        "cvv": text_of(cvv, "cvv", CARD_DETAIL),
        "merchant_name": text_of(merchant_name, "merchant_name", MERCHANT),
        "amount": decimal(money_of(amount)),
    }
    told: Told = yield post("/v1/cards/charge", body)
    if told.code == "declined":
        return {"success": False, "transaction_id": None, "error": told.body.get("reason")}
    raise_problem(told)
    return {"success": True, "transaction_id": told.body["id"], "error": None}


def cancel_card(card_id: str) -> Talk[Row]:
    """See `AgentPaySDK.cancel_card`."""
    told = yield post(f"/v1/cards/{part(card_id)}/cancel", {})
    if told.status == 404:
        raise ValueError(f"no card {card_id!r}")
    raise_problem(told)
    return see_card(told.body)
