"""Buying a cart from the command line: what is asked first, and how each outcome ends."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import CREDIT, total
from flux_cli.entrypoints.cli.cart_documents import cart_document
from flux_cli.entrypoints.cli.chain_payouts import code_of, over_chain_again
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.outcomes import refuse
from flux_cli.entrypoints.cli.payment_requests import (
    Rail,
    amount_or_nothing,
    refuse_above_maximum,
)
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.errors import Fix, WrongState
from flux_cli.usecases.checkout import Moved, OnFailure, Terms, Undecided, checkout
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.search_offers import Found
from flux_cli.usecases.view_payments import view_payment


class Failing(StrEnum):
    """What becomes of the other shops' parts where one shop fails."""

    REFUND_ALL = "refund-all"
    COMPLETE = "complete"


MaxIncrease = Annotated[
    str, typer.Option(metavar="USD", help="How much dearer it may have become; 0 stops and asks.")
]
OnFailing = Annotated[
    Failing, typer.Option("--on-failure", help="If one shop fails: take all back, or buy the rest.")
]


Negotiate = Annotated[
    bool, typer.Option("--negotiate", help="Bargain with each shop first (simulated).")
]


def terms_of(
    max_increase: str, on_failure: Failing, expected_hash: str = "", *, negotiate: bool = False
) -> Terms:
    """How to buy, from the options. Raises `InvalidAmount`."""
    return Terms(
        expected_hash=expected_hash,
        max_increase=amount_or_nothing(max_increase, CREDIT),
        on_failure=OnFailure(on_failure.value),
        negotiate=negotiate,
    )


def buy_cart(
    flux: Invocation,
    deps: Deps,
    cart: Cart,
    found: Found | None,
    terms: Terms,
    rail: Rail = Rail.SIMULATED,
) -> ExitCode:
    """Ask, buy, and tell what became of it; over a chain, pay the shops that sold there too."""
    refuse_above_maximum(flux, cart.total)
    flux.resume_with("flux", "carts", "checkout", cart.id)
    progress = run_progress(flux)
    chain = over_chain_again(flux, deps, cart, progress, rail=rail)
    if cart.state is CartState.OPEN:
        shops = ", ".join(leg.shop for leg in cart.legs)
        how = "simulated" if chain is None else "paid in USDC over the chain"
        if not flux.confirm(f"Buy all of it for {cart.total} at {shops} ({how})?"):
            flux.note(f"nothing is bought: flux carts checkout {cart.id} does it later")
            flux.show(cart_document(cart, found, for_people=flux.for_people))
            return ExitCode.OK
    if chain is not None and (waits := chain.before_cart(cart)) is not None:
        return waits
    ended = checkout(deps, cart.id, terms, progress=progress)
    after = ended if isinstance(ended, Cart) else ended.cart
    payout = None if chain is None else chain.after_cart(cart, after)
    if isinstance(ended, Moved):
        raise _moved(ended)
    if isinstance(ended, Undecided):
        return _undecided(flux, deps, ended, found)
    whole = _bought(flux, deps, ended, found)
    if chain is not None:
        again = ("flux", "carts", "checkout", cart.id)
        whole = chain.told(whole, payout, again)
    flux.show(whole)
    return code_of(payout, CODES.get(ended.state, ExitCode.OK))


def tell_cart(flux: Invocation, deps: Deps, cart: Cart, found: Found | None) -> ExitCode:
    """Show a cart with its orders and its payment, and end with what its state says."""
    flux.show(_bought(flux, deps, cart, found))
    return CODES.get(cart.state, ExitCode.OK)


def _bought(flux: Invocation, deps: Deps, cart: Cart, found: Found | None) -> Document:
    return cart_document(
        cart, found, for_people=flux.for_people, last=_last(cart), bought=True,
        payment=_payment(deps, cart),
    )  # fmt: skip


def _last(cart: Cart) -> str:
    back = total([order.refunded for order in cart.orders], cart.total.asset)
    if cart.state is CartState.BOUGHT and back.units:
        return f"{back} of it was given back, simulated"
    return LAST.get(cart.state, "")


LAST = {
    CartState.BOUGHT: "bought, simulated; `flux carts refund` gives a shop's part back",
    CartState.PARTLY: "bought in part; the rest of the money came back",
    CartState.FAILED: "nothing is bought; all of the money came back",
    CartState.BUYING: "a shop's answer is not known: its money is locked; check out again",
}
CODES = {
    CartState.PARTLY: ExitCode.TEMPORARY,
    CartState.FAILED: ExitCode.TEMPORARY,
    CartState.BUYING: ExitCode.PENDING,
}


def _undecided(flux: Invocation, deps: Deps, undecided: Undecided, found: Found | None) -> ExitCode:
    cart, intent = undecided.cart, undecided.intent
    whole = cart_document(
        cart, found, for_people=flux.for_people, payment=_payment(deps, cart, intent)
    )
    if intent.state is IntentState.DENIED:
        refuse(flux, intent, whole)
    flux.show(whole)
    flux.note(
        f"the payment is {intent.state}: once it is approved, flux carts checkout {cart.id} goes on"
    )
    return ExitCode.PENDING


def _moved(moved: Moved) -> WrongState:
    said = "; ".join(f"{shop}: {what}" for shop, what in moved.changes)
    cart = moved.cart.id
    return WrongState(
        f"the cart cannot be bought as it was made: {said}; nothing was bought",
        subject=cart,
        fixes=(
            Fix("solve again at today's prices", ("flux", "carts", "optimize", cart)),
            Fix("or say how much dearer it may be with --max-increase"),
        ),
    )


def _payment(
    deps: Deps, cart: Cart, intent: PaymentIntent | None = None
) -> Mapping[str, object] | None:
    """The payment with its decision and ballots, None where none was asked for."""
    with deps.store.reading() as reader:
        if intent is None and cart.intent_id is None:
            return None
        found = intent or reader.get(PaymentIntent, str(cart.intent_id))
        return view_payment(reader, found)
