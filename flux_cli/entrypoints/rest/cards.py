"""Cards: asked for, seen masked, paid with, cancelled. SIMULATED; no route tells a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path
from starlette.responses import Response

from flux_cli.domain.canonical import canonical
from flux_cli.domain.card_network import Declined, DeclineReason, Presented
from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import CaptureMethod, IntentState, Share
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.rest import forms
from flux_cli.entrypoints.rest.call import (
    WAITS,
    Answer,
    Call,
    IdempotencyKey,
    MayRead,
    MayUseCards,
    denied,
    listed,
    room,
    shown,
    told,
)
from flux_cli.entrypoints.rest.outs import (
    AuthorizationOut,
    CardOut,
    CardRequestOut,
    PageOf,
    problems,
)
from flux_cli.entrypoints.rest.pages import After, AgentName, Limit, page
from flux_cli.entrypoints.rest.payments import WAITING, quietly, tell_payment
from flux_cli.entrypoints.rest.problems import Refused
from flux_cli.usecases import card_network as network
from flux_cli.usecases import cards as engine
from flux_cli.usecases.describe_run import Document, describe_authorization, describe_card
from flux_cli.usecases.issue_card import open_card_network, prepare_cards
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.view_cards import view_card
from flux_cli.usecases.view_payments import view_quorum

if TYPE_CHECKING:
    from flux_cli.domain.intents import PaymentIntent

router = room("/v1", "cards")

CardId = Annotated[str, Path(min_length=1, max_length=64)]
UNKNOWN = "invalid_details"
"""What the network says of a card that is not there, or of any detail that is wrong."""

ASKED: dict[int | str, dict[str, Any]] = {
    202: {"description": "it waits for the owner or the quorum", "model": CardRequestOut},
    **problems(403, 404, 422),
}


@router.post("/cards", status_code=201, response_model=CardRequestOut, responses=ASKED)
def request_card(form: forms.CardForm, call: MayUseCards, key: IdempotencyKey) -> Response:
    """Ask for a SIMULATED one-time card; the policy judges it, and the quorum votes on it."""
    with call.deps.store.reading() as reader:
        call.own(reader, form.agent, (form.agent,), "agent")

    def carry_out(engine_key: str) -> Answer:
        request = _request(form, open_card_network(call.deps))
        intent = request_money(call.deps, request, key=f"card:{engine_key}", progress=quietly)
        return _outcome(call, intent)

    return call.once(key, form, carry_out)


def _request(form: forms.CardForm, payee: str) -> MoneyRequest:
    amount = forms.money(form.amount)
    return MoneyRequest(
        requester=form.agent,
        amount=amount,
        shares=(Share(payee, amount),),
        purpose=form.purpose,
        justification=form.justification,
        claimed_return=forms.some_money(form.expected_return),
        urgency=Urgency(form.urgency),
        plan_digest="",
        reference="",
        escrowed=False,
        budget=forms.some_money(form.budget_remaining),
        rail="card",
        capture_method=CaptureMethod.CARD,
        always_vote=True,
        deliverables=(form.purpose,),
    )


def _outcome(call: Call, intent: PaymentIntent) -> Answer:
    with call.deps.store.reading() as reader:
        votes = view_quorum(reader, intent)
        card = None if intent.card_id is None else reader.get(Card, intent.card_id)
        document = {
            "card": None if card is None else _told(card),
            "payment": told("payment", tell_payment(call, reader, intent)),
            "quorum": None if votes["votes"] is None else told("quorum", votes),
        }
    if intent.state is IntentState.DENIED:
        said = "; ".join(refusal.message for refusal in intent.refusals)
        return denied("denied", said or "it was denied", **document)
    status = WAITS if intent.state in WAITING else 201
    return Answer(status, told("card_request", document))


@router.get("/cards", response_model=PageOf[CardOut])
def list_cards(
    call: MayRead,
    limit: Limit = 20,
    after: After = None,
    agent: AgentName = None,
    status: CardState | None = None,
) -> Response:
    """List cards, masked, newest first."""
    with call.deps.store.reading() as reader:
        found, following = page(
            call, reader, Card, lambda one: (one.holder,), limit, after, holder=agent, state=status
        )
    return listed([_told(one) for one in found], following)


@router.get("/cards/{card_id}", response_model=CardOut, responses=problems(404))
def show_card(card_id: CardId, call: MayRead) -> Response:
    """Show a card, masked, with its latest authorisations and what was declined."""
    with call.deps.store.reading() as reader:
        card = reader.lookup(Card, id=card_id)
        seen = call.own(reader, card, () if card is None else (card.holder,), "card")
        return shown(_told(seen) | view_card(reader, seen))


@router.post("/cards/charge", status_code=201, response_model=AuthorizationOut,
             responses=problems(402, 422))  # fmt: skip
def charge(form: forms.ChargeForm, call: MayUseCards, key: IdempotencyKey) -> Response:
    """Pay a merchant with a card whose details are known. SIMULATED."""
    presented = Presented(form.number, form.expiry, form.cvv)
    prepare_cards(call.deps)
    with call.deps.store.reading() as reader:
        # Somebody else's card is as unknown as one that is not there, and no try on it counts.
        fingerprint = call.deps.card_numbers.fingerprint(form.number)
        card = reader.lookup(Card, fingerprint=fingerprint)
        if card is None or not call.sight.sees(reader, card.holder):
            raise _declined(UNKNOWN)

    def carry_out(engine_key: str) -> Answer:
        answer = network.charge(
            call.deps,
            presented,
            merchant=form.merchant_name,
            amount=forms.money(form.amount),
            network_id=f"rest:{engine_key}",
        )
        if isinstance(answer, Declined):
            if answer.reason is DeclineReason.DUPLICATE_TRANSACTION:
                raise Refused(422, "idempotency_conflict", answer.message)
            raise _declined(answer.told)
        return Answer(201, told("authorization", describe_authorization(answer) or {}))

    # A plain hash of a card could be guessed from; this one needs the card secret.
    sealed = call.deps.card_numbers.seal(canonical(form.model_dump()))
    return call.once(key, form, carry_out, said=sealed)


def _declined(reason: str) -> Refused:
    return Refused(402, "declined", "the card does not pay", {"reason": reason})


@router.post("/cards/{card_id}/cancel", response_model=CardOut, responses=problems(404, 409))
def cancel(
    card_id: CardId, form: forms.Nothing, call: MayUseCards, key: IdempotencyKey
) -> Response:
    """End a card and give back what is left on it."""
    with call.deps.store.reading() as reader:
        card = reader.lookup(Card, id=card_id)
        call.own(reader, card, () if card is None else (card.holder,), "card")
    return call.once(
        key, form, lambda _: Answer(200, _told(engine.cancel_card(call.deps, card_id)))
    )


def _told(card: Card) -> Document:
    return told("card", describe_card(card) | {"last_four": card.last_four})
