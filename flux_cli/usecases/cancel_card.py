"""Cancelling a card that belongs to no run: what is left on it goes back to its holder."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, transfer, wallet
from flux_cli.domain.runs import step_key
from flux_cli.errors import WrongState
from flux_cli.usecases.draw_mandate import settle
from flux_cli.usecases.ports import Deps


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
        left = card.remaining
        assert left.units > 0, "an active card has something left"
        tx.post(
            transfer(
                step_key(card.id, "", "release"),
                EntryKind.RELEASE,
                card_account(card.id),
                wallet(card.holder),
                left,
                memo="card cancelled",
                reference=card.id,
            )
        )
        ended = replace(card, released=card.released + left, state=CardState.CANCELLED)
        tx.put(ended, "card.cancelled")
        intent = tx.get(PaymentIntent, card.intent_id)
        state = IntentState.CAPTURED if card.spent.units > 0 else IntentState.CANCELLED
        settled = replace(intent, captured=card.spent, released=ended.released, state=state)
        tx.put(settled, f"payment.{state}")
        if intent.mandate_id is not None:
            settle(tx, intent.mandate_id, captured=card.spent, released=ended.released)
    return ended
