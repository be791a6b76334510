"""Asking a brain what a wish wants: its list is bound by what the rules read, and paid for."""

from __future__ import annotations

from datetime import date

from flux_cli.domain.carts import Cart
from flux_cli.domain.free_text import bounded
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.domain.wishes import read_wish
from flux_cli.usecases.brain_ports import WishQuestion
from flux_cli.usecases.charge_ballots import charge_brain
from flux_cli.usecases.make_cart import LONGEST_WISH
from flux_cli.usecases.ports import Deps, Progress


def ask_wish(
    deps: Deps, buyer: str, words: str, today: date, *, key: str, progress: Progress
) -> ShoppingSpec:
    """The list a wish asks for; what its cart was made from where the key names one already.

    Raises `InvalidInput` for a wish that names nothing the shops sell.
    """
    with deps.store.reading() as reader:
        before = reader.lookup(Cart, key=key)
    if before is not None and before.wish == bounded(words, LONGEST_WISH):
        return before.spec
    answered = deps.brain.ask(WishQuestion(words, today, read_wish(words, today)))
    if answered.error is not None:
        progress("no_list", model=answered.model, error=answered.error)
    if answered.cost.units:
        with deps.store.begin() as tx:
            why = charge_brain(
                tx,
                buyer,
                answered.cost,
                to=f"{answered.model}@{answered.host}",
                key=f"{deps.ids.new('event')}:wish",
                memo=f"shopping list, {answered.tokens} tokens",
                run_id=None,
            )
        if why is not None:
            progress("unpaid", cost=answered.cost, what="the shopping list", why=why)
    return answered.value
