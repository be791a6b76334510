"""Asking for a one-time card, seeing it masked, paying with it, and cancelling it. SIMULATED."""

from __future__ import annotations

from flux_cli.domain.card_network import Declined, Presented
from flux_cli.domain.cards import Card
from flux_cli.domain.intents import CaptureMethod, PaymentIntent, Share
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.sdk.given import LONGEST_MEMO, cap_of, cents_of, money_of, text_of
from flux_cli.entrypoints.sdk.objects import Row
from flux_cli.entrypoints.sdk.payments import quietly
from flux_cli.entrypoints.sdk.seen import first_refusal, said
from flux_cli.entrypoints.sdk.wording import CARD_DETAIL, MERCHANT, justified
from flux_cli.usecases import card_network as network
from flux_cli.usecases import cards as engine
from flux_cli.usecases.issue_card import open_card_network
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.view_payments import view_quorum
from flux_cli.usecases.wallets import known_agent


def request_card(
    deps: Deps,
    cents: int,
    purpose: str,
    justification: str,
    agent: str,
    expected_roi: int | str | None,
    urgency: str,
    budget_remaining: int | None,
) -> Row:
    """Ask for a card over an amount; see `AgentPaySDK.request_payment_card`."""
    amount = money_of(cents)
    reasons, expected_roi = justified(justification, expected_roi)
    with deps.store.reading() as reader:
        known_agent(reader, agent)
    request = MoneyRequest(
        requester=agent,
        amount=amount,
        shares=(Share(open_card_network(deps), amount),),
        purpose=text_of(purpose, "purpose", LONGEST_MEMO),
        justification=reasons,
        claimed_return=cap_of(expected_roi, "expected_roi"),
        urgency=Urgency(urgency.lower()),
        plan_digest="",
        reference="",
        escrowed=False,
        budget=cap_of(budget_remaining, "budget_remaining"),
        rail="card",
        capture_method=CaptureMethod.CARD,
        always_vote=True,
        deliverables=(purpose,),
    )
    intent = request_money(deps, request, key=f"card:{deps.ids.new('event')}", progress=quietly)
    with deps.store.reading() as reader:
        return _told(reader, intent)


def _told(reader: Reader, intent: PaymentIntent) -> Row:
    refusal = first_refusal(intent)
    card = None if intent.card_id is None else reader.get(Card, intent.card_id)
    votes = view_quorum(reader, intent)
    return {
        "approved": card is not None,
        "card": None if card is None else told_card(card),
        "denial_reason": said(refusal) if refusal is not None and card is None else None,
        "consensus_result": votes if votes["votes"] is not None else None,
        "transaction_id": intent.id,
    }


def told_card(card: Card) -> Row:
    """A card as it may be shown: its number masked, its CVV nowhere."""
    return {
        "card_id": card.id,
        "card_number": card.masked,
        "last_four": card.last_four,
        "expiry_date": f"{card.expires_at:%m/%y}",
        "agent_id": card.holder,
        "purpose": card.purpose,
        "amount": cents_of(card.limit),
        "spent": cents_of(card.spent),
        "remaining": cents_of(card.remaining),
        "status": card.state.value,
        "transaction_id": card.intent_id,
        "created_at": card.issued_at.isoformat(),
        "expires_at": card.expires_at.isoformat(),
        "simulated": True,
    }


def card_of(deps: Deps, card_id: str) -> Row | None:
    """The card of this id as it may be shown, or None."""
    with deps.store.reading() as reader:
        card = reader.lookup(Card, id=card_id)
    return None if card is None else told_card(card)


def charge(
    deps: Deps, number: str, cvv: str, expiry_date: str, cents: int, merchant_name: str
) -> Row:
    """Pay a merchant with a card at once; see `AgentPaySDK.charge_card`."""
    answer = network.charge(
        deps,
        Presented(
            text_of(number, "card_number", CARD_DETAIL),
            text_of(expiry_date, "expiry_date", CARD_DETAIL),
            text_of(cvv, "cvv", CARD_DETAIL),
        ),
        merchant=text_of(merchant_name, "merchant_name", MERCHANT),
        amount=money_of(cents),
        network_id=f"sdk:{deps.ids.new('event')}",
    )
    if isinstance(answer, Declined):
        return {"success": False, "transaction_id": None, "error": answer.told}
    return {"success": True, "transaction_id": answer.id, "error": None}


def cancel(deps: Deps, card_id: str) -> Row:
    """End a card; what is left on it goes back. Raises `NotFound`, `WrongState`."""
    return told_card(engine.cancel_card(deps, card_id))
