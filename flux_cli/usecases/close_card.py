"""Closing a run's card: what is left goes back to the wallet, and the intent is captured."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, transfer, wallet
from flux_cli.domain.runs import Run, step_key
from flux_cli.usecases.draw_mandate import settle
from flux_cli.usecases.ports import Deps


def close_card(deps: Deps, run: Run) -> None:
    """Release the card's remainder and end it as used, or cancelled if it never paid; once."""
    assert run.card_id is not None, "a working run has its card"
    with deps.store.begin() as tx:
        card = tx.get(Card, run.card_id)
        if card.state is not CardState.ACTIVE:
            return
        left = card.remaining
        if left.units > 0:
            tx.post(
                transfer(
                    step_key(run.id, "", "release"),
                    EntryKind.RELEASE,
                    card_account(card.id),
                    wallet(card.holder),
                    left,
                    memo="not spent",
                    reference=card.id,
                    run_id=run.id,
                )
            )
        state = CardState.USED if card.spent.units > 0 else CardState.CANCELLED
        closed = replace(card, released=card.released + left, state=state)
        tx.put(closed, f"card.{state}", run_id=run.id)
        intent = tx.get(PaymentIntent, card.intent_id)
        captured = replace(
            intent,
            captured=card.spent,
            released=closed.released,
            state=IntentState.CAPTURED if card.spent.units > 0 else IntentState.CANCELLED,
        )
        tx.put(captured, f"payment.{captured.state}", run_id=run.id)
        if intent.mandate_id is not None:
            settle(tx, intent.mandate_id, captured=card.spent, released=closed.released)
