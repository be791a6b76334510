"""What a card's steps move: each is part of the transaction of the step it belongs to."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.card_network import MOST_OPEN, Authorization, AuthorizationState
from flux_cli.domain.cards import Card, CardState, CardUsage
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.runs import step_key
from flux_cli.usecases.draw_mandate import settle
from flux_cli.usecases.ports import Transaction


def set_aside(tx: Transaction, card: Card, claim: Authorization, key: str) -> Card:
    """Move a new authorisation's amount from the card into its own account."""
    _move(tx, card, EntryKind.HOLD, card.id, card_account(claim.id), claim.amount, key, claim)
    return replace(card, authorised=card.authorised + claim.amount)


def pay(
    tx: Transaction, card: Card, claim: Authorization, amount: Money, key: str, *, held: bool
) -> Card:
    """Pay the card's payee, from what is `held` for the claim or from the card itself."""
    assert card.payee is not None, "a card on the network has a payee"
    source = claim.id if held else card.id
    _move(tx, card, EntryKind.CAPTURE, source, wallet(card.payee), amount, key, claim)
    authorised = card.authorised - amount if held else card.authorised
    return replace(card, authorised=authorised, spent=card.spent + amount)


def let_go(
    tx: Transaction, card: Card, claim: Authorization, amount: Money, key: str
) -> tuple[Card, Authorization]:
    """Give `amount` of what is held for a claim back to the card; once that has ended, to its
    holder.
    """
    target = card_account(card.id) if card.is_live else wallet(card.holder)
    _move(tx, card, EntryKind.RELEASE, claim.id, target, amount, key, claim)
    back = Money(0, amount.asset) if card.is_live else amount
    return (
        replace(card, authorised=card.authorised - amount, released=card.released + back),
        replace(claim, released=claim.released + amount),
    )


def take(tx: Transaction, card: Card, claim: Authorization, key: str) -> Card:
    """Use a single-use card up for one claim; whatever else is open on it is reversed."""
    if card.usage is not CardUsage.SINGLE_USE or card.taken_by is not None:
        return card
    for other in open_on(tx, card):
        if other.id != claim.id:
            void_key = f"{key}:void:{other.id}"
            card, other = let_go(tx, card, other, other.open_amount, void_key)
            voided = replace(other, state=AuthorizationState.REVERSED)
            tx.put(voided, "authorization.reversed", run_id=card.run_id)
    return replace(card, taken_by=claim.id)


def open_on(tx: Transaction, card: Card) -> list[Authorization]:
    """The card's authorisations that have money set aside."""
    return tx.find(
        Authorization, card_id=card.id, state=AuthorizationState.OPEN.value, limit=MOST_OPEN
    )


def keep(tx: Transaction, card: Card, event: str) -> Card:
    """Record a card after a step, and its payment with it; one that is used up ends here."""
    over = card.remaining.units == 0 or card.taken_by is not None
    if card.is_live and over and card.authorised.units == 0:
        return end_card(tx, card, CardState.USED)
    tx.put(card, event, run_id=card.run_id)
    settle_payment(tx, card)
    return card


def end_card(tx: Transaction, card: Card, state: CardState) -> Card:
    """End a card: what is left on it goes back; what is authorised stays until that ends too."""
    left = card.remaining
    if left.units > 0:
        key = step_key(card.id, "", "release")
        _move(tx, card, EntryKind.RELEASE, card.id, wallet(card.holder), left, key, None)
    ended = replace(card, released=card.released + left, state=state)
    tx.put(ended, f"card.{state}", run_id=card.run_id)
    settle_payment(tx, ended)
    return ended


def settle_payment(tx: Transaction, card: Card) -> None:
    """Bring the card's payment, and its mandate, to what the card has paid and given back."""
    intent = tx.get(PaymentIntent, card.intent_id)
    state = intent.state
    if not card.is_live and card.authorised.units == 0:
        state = IntentState.CAPTURED if card.spent.units > 0 else IntentState.CANCELLED
    settled = replace(
        intent, captured=card.spent, released=card.released, refunded=card.refunded, state=state
    )
    if settled == intent:
        return
    event = "refunded" if card.refunded != intent.refunded else "captured"
    if state is not IntentState.CAPTURED and card.spent == intent.captured:
        event = "cancelled" if state is IntentState.CANCELLED else "released"
    tx.put(settled, f"payment.{event}", run_id=card.run_id)
    if intent.mandate_id is not None:
        captured, released = card.spent - intent.captured, card.released - intent.released
        settle(tx, intent.mandate_id, captured=captured, released=released)


def _move(
    tx: Transaction,
    card: Card,
    kind: EntryKind,
    source: str,
    target: str,
    amount: Money,
    key: str,
    claim: Authorization | None,
) -> None:
    """Post one move out of the account of a card or of an authorisation on it."""
    tx.post(
        transfer(
            key,
            kind,
            card_account(source),
            target,
            amount,
            memo="not spent" if claim is None else claim.merchant,
            reference=card.id if claim is None else claim.id,
            run_id=card.run_id,
        )
    )
