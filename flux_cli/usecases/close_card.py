"""Ending a card: what is left on it goes back to its holder, and its payment is settled."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, transfer, wallet
from flux_cli.domain.runs import Run, step_key
from flux_cli.errors import WrongState
from flux_cli.usecases.draw_mandate import settle
from flux_cli.usecases.ports import Deps, Transaction


def close_card(deps: Deps, run: Run) -> None:
    """End a run's card as used, or as cancelled if it never paid; once."""
    assert run.card_id is not None, "a working run has its card"
    with deps.store.begin() as tx:
        card = tx.get(Card, run.card_id)
        if card.state is CardState.ACTIVE:
            state = CardState.USED if card.spent.units > 0 else CardState.CANCELLED
            _end(tx, card, state, step_key(run.id, "", "release"))


def cancel_card(deps: Deps, card_id: str) -> Card:
    """End a card that can still pay; a cancelled one stays as it is.

    Raises `NotFound`, and `WrongState` for a run's card, which its run ends, and for any other.
    """
    with deps.store.begin() as tx:
        card = tx.get(Card, card_id)
        if card.state is CardState.CANCELLED:
            return card
        if card.state is not CardState.ACTIVE or card.run_id is not None:
            whose = "a run's" if card.run_id is not None else card.state
            raise WrongState(f"the card is {whose} and cannot be cancelled", subject=card.id)
        return _end(tx, card, CardState.CANCELLED, step_key(card.id, "", "release"))


def _end(tx: Transaction, card: Card, state: CardState, key: str) -> Card:
    left = card.remaining
    if left.units > 0:
        tx.post(
            transfer(
                key,
                EntryKind.RELEASE,
                card_account(card.id),
                wallet(card.holder),
                left,
                memo="not spent",
                reference=card.id,
                run_id=card.run_id,
            )
        )
    ended = replace(card, released=card.released + left, state=state)
    tx.put(ended, f"card.{state}", run_id=card.run_id)
    intent = tx.get(PaymentIntent, card.intent_id)
    paid = IntentState.CAPTURED if card.spent.units > 0 else IntentState.CANCELLED
    settled = replace(intent, captured=card.spent, released=ended.released, state=paid)
    tx.put(settled, f"payment.{paid}", run_id=card.run_id)
    if intent.mandate_id is not None:
        settle(tx, intent.mandate_id, captured=card.spent, released=ended.released)
    return ended
