"""Ending a run's card, and giving back what a hire did not cost."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.contracts import Contract
from flux_cli.domain.journal import EntryKind, card_account, escrow, transfer, wallet
from flux_cli.domain.runs import Run, step_key
from flux_cli.usecases.card_moves import end_card, settle_payment
from flux_cli.usecases.ports import Deps, Transaction


def close_card(deps: Deps, run: Run) -> None:
    """End a run's cards as used, or as cancelled where one never paid; once.

    A run has one, and another for each hire that took the place of one that failed.
    """
    with deps.store.begin() as tx:
        for card in tx.find(Card, run_id=run.id):
            if card.is_live:
                end_card(tx, card, CardState.USED if card.spent.units > 0 else CardState.CANCELLED)


def refund_hire(tx: Transaction, contract: Contract) -> None:
    """Escrow → the card it came from, or the holder's wallet once the card has ended.

    On a card it can be spent again for the run; in the wallet it is a refund, which gives no cap
    room.
    """
    assert contract.card_id is not None, "a funded contract has its card"
    card = tx.get(Card, contract.card_id)
    target = card_account(card.id) if card.is_live else wallet(card.holder)
    tx.post(
        transfer(
            step_key(contract.run_id, contract.task_id, "refund", contract.attempt),
            EntryKind.ESCROW_REFUND,
            escrow(contract.id),
            target,
            contract.price,
            memo=f"rejected: {contract.task_id}",
            reference=contract.id,
            run_id=contract.run_id,
        )
    )
    if card.is_live:
        card = replace(card, spent=card.spent - contract.price)
        tx.put(card, "card.refunded", run_id=contract.run_id)
    else:
        card = replace(card, refunded=card.refunded + contract.price)
        tx.put(card, "card.refunded", run_id=contract.run_id)
        settle_payment(tx, card)
