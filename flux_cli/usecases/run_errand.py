"""A run's errand: its wish understood, made into a cart and bought, once.

Every step is found again by its key, so doing it twice does only what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from flux_cli.domain.canonical import canonical
from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.purchases import Errand
from flux_cli.domain.runs import Run, step_key
from flux_cli.domain.shopping import ShoppingSpec, document_of_spec
from flux_cli.domain.wishes import read_wish, with_flags
from flux_cli.domain.work import Artefact
from flux_cli.usecases.checkout import Moved, Terms, Undecided, checkout
from flux_cli.usecases.make_cart import Change, Unfilled, Wish, change_cart, make_cart
from flux_cli.usecases.ports import Deps, Progress, Reader

SOLVED_AGAIN = 2
"""How often a cart whose prices moved is solved again, within the same budget and day."""


@dataclass(frozen=True, slots=True)
class NotBought:
    """The errand is over and was not done as wished; `why` in words."""

    why: str


def run_errand(deps: Deps, run: Run, progress: Progress) -> Cart | Undecided | NotBought:
    """Buy what the run's errand asks for; a cart that is still being bought is not over.

    Nobody is there to be asked, so a cart whose prices moved is solved again: the budget and the
    day are the owner's limits and hold. Raises `Frozen`, and `ShopFailed` before anything is
    bought.
    """
    wish = Wish(run.requester, _errand(run).wish, spec_of(run), run.id)
    key = step_key(run.id, "", "cart")
    filled = make_cart(deps, wish, key=key, keep=True, progress=progress)
    for _ in range(1 + SOLVED_AGAIN):
        if isinstance(filled, Unfilled):
            return NotBought(f"no cart: {filled.why.reason}")
        ended = checkout(deps, filled.cart.id, Terms(), progress=progress)
        if isinstance(ended, Undecided):
            return ended
        if isinstance(ended, Cart):
            return _done(ended)
        filled = change_cart(deps, ended.cart.id, Change(), progress=progress)
    assert isinstance(ended, Moved), "every other end has been told"
    return NotBought("; ".join(f"{shop}: {what}" for shop, what in ended.changes))


def _done(cart: Cart) -> Cart | NotBought:
    if cart.state is CartState.FAILED:
        return NotBought(f"nothing of {cart.id} is bought; all of the money came back")
    if cart.state is CartState.PARTLY:
        return NotBought(f"{cart.id} is bought only in part; the rest of the money came back")
    return cart


def _errand(run: Run) -> Errand:
    errand = run.plan.errand if run.plan is not None else None
    assert errand is not None, "only a run with an errand comes here"
    return errand


def spec_of(run: Run) -> ShoppingSpec:
    """What the errand's wish was understood as on the day the run began; always the same."""
    errand, day = _errand(run), run.created_at.date()
    deadline = None if errand.days is None else day + timedelta(days=errand.days)
    spec = with_flags(read_wish(errand.wish, day), run.budget, deadline)
    return replace(spec, strategy=run.strategy)


def cart_of(reader: Reader, run: Run) -> Cart | None:
    """The cart of the run's errand, if it has one yet."""
    return reader.lookup(Cart, key=step_key(run.id, "", "cart"))


def errand_files(deps: Deps, run: Run) -> list[Artefact]:
    """The list as it was understood and the receipt, written beside the run's reports."""
    with deps.store.reading() as reader:
        cart = cart_of(reader, run)
    if cart is None:
        return []
    spec = canonical(document_of_spec(cart.spec)).encode()
    files = [("spec.json", "application/json", spec), *deps.reports.receipt(cart)]
    return [
        deps.workspace.write(Path(run.out), name, content, media_type)
        for name, media_type, content in files
    ]
