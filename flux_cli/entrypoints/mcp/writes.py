"""What a session may ask for: payments, cards and carts, each judged like anybody's.

Every act is keyed, so a client that asks again for the same finds what it did.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from flux_cli.domain.cards import Card
from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.wishes import read_wish, with_flags
from flux_cli.entrypoints.mcp import asked, shapes
from flux_cli.entrypoints.mcp.reads import (
    Answer,
    Desk,
    money_request,
    own,
    payment_request,
    seen_cart,
    seen_payment,
)
from flux_cli.entrypoints.mcp.refused import Refused
from flux_cli.entrypoints.mcp.shapes import fitted
from flux_cli.errors import WrongState
from flux_cli.usecases.checkout import Moved, Terms, Undecided, checkout
from flux_cli.usecases.describe_run import describe_card
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.issue_card import open_card_network
from flux_cli.usecases.make_cart import Unfilled, Wish, make_cart
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.view_carts import describe_cart
from flux_cli.usecases.view_payments import summarise_payment


def request_payment(desk: Desk, wanted: asked.PaymentWanted) -> Answer:
    """Pay another agent now, if the mandate, the policy and, for large amounts, the seats allow."""
    request = payment_request(desk.scope, wanted)
    key = desk.scope.key("request_payment", wanted.idempotency_key)
    return seen_payment(_asked(desk, request, key))


def _asked(desk: Desk, request: MoneyRequest, key: str) -> PaymentIntent:
    """The decided intent; raises `Refused` where it is denied."""
    expire_due(desk.deps)
    intent = request_money(desk.deps, request, key=key, progress=desk.progress)
    if intent.state is IntentState.DENIED:
        raise denied(intent)
    return intent


def denied(intent: PaymentIntent) -> Refused:
    """A payment that was denied, with every reason and the most that would pass."""
    return Refused(
        intent.refusals[0].code,
        f"{intent.amount} was denied; nothing moved",
        subject=intent.id,
        refusals=intent.refusals,
        most=intent.most_that_would_pass,
        asset=intent.amount.asset,
    )


def request_card(desk: Desk, wanted: asked.CardWanted) -> Answer:
    """A SIMULATED one-time card over an amount; its money is set aside on it."""
    payee = wanted.merchant or open_card_network(desk.deps)
    request = money_request(desk.scope, wanted, payee, CaptureMethod.CARD, "card")
    request = replace(request, always_vote=True)
    intent = _asked(desk, request, desk.scope.key("request_card", wanted.idempotency_key))
    card = None
    if intent.card_id is not None:
        with desk.deps.store.reading() as reader:
            card = describe_card(reader.get(Card, intent.card_id))
    return fitted(shapes.CARDED, {"payment": summarise_payment(intent), "card": card})


def propose_cart(desk: Desk, wanted: asked.CartWanted) -> Answer:
    """The best cart for a wish over all trusted shops, kept; nothing is bought.

    The wish is read by rules, not by a model: it costs nothing however often it is asked.
    """
    scope, deps = desk.scope, desk.deps
    key = scope.key("propose_cart", wanted.idempotency_key)
    most = None if wanted.budget is None else asked.amount_of(wanted.budget, CREDIT, "budget")
    day = None if wanted.by is None else date.fromisoformat(wanted.by)
    with deps.store.reading() as reader:
        before = reader.lookup(Cart, key=key)
        today = reader.now.date() if before is None else before.created_at.date()
    spec = with_flags(read_wish(wanted.wish, today), most, day)
    spec = replace(spec, strategy=Strategy(wanted.strategy))
    wish = Wish(scope.agent, wanted.wish, spec)
    filled = make_cart(deps, wish, key=key, keep=True, progress=desk.progress)
    if isinstance(filled, Unfilled):
        fixes = tuple(one.say for one in filled.why.relaxations)
        raise Refused("no_cart", f"no cart: {filled.why.reason}", fixes=fixes)
    return seen_cart(filled.cart)


def buy_cart(desk: Desk, wanted: asked.CartToBuy) -> Answer:
    """Buy a cart exactly as it was seen; asked again it goes on where it ended.

    It is keyed by the cart and its version, so it is bought once.
    """
    scope, deps = desk.scope, desk.deps
    with deps.store.reading() as reader:
        cart = own(reader, scope, Cart, wanted.cart_id)
        _must_be_ours(reader, cart, scope.mandate_id)
    if cart.hash != wanted.hash:
        raise WrongState("the cart is another than you saw: get it again", subject=cart.id)
    expire_due(deps)
    terms = Terms(expected_hash=wanted.hash, mandate_id=scope.mandate_id)
    ended = checkout(deps, cart.id, terms, progress=desk.progress)
    if isinstance(ended, Moved):
        said = tuple(Refusal("cart_moved", f"{shop}: {what}") for shop, what in ended.changes)
        message = "the cart cannot be bought as it was made; nothing was bought"
        raise Refused("cart_moved", message, subject=cart.id, refusals=said)
    if isinstance(ended, Undecided):
        if ended.intent.state is IntentState.DENIED:
            raise denied(ended.intent)
        return _bought(ended.cart, ended.intent)
    with deps.store.reading() as reader:
        paid = None if ended.intent_id is None else reader.get(PaymentIntent, ended.intent_id)
    return _bought(ended, paid)


def _must_be_ours(reader: Reader, cart: Cart, mandate_id: str | None) -> None:
    """Raise `WrongState` for a purchase that was begun with other money than this mandate's."""
    if cart.state is CartState.OPEN or cart.intent_id is None:
        return
    if reader.get(PaymentIntent, cart.intent_id).mandate_id != mandate_id:
        raise WrongState("its purchase was begun outside this mandate", subject=cart.id)


def _bought(cart: Cart, intent: PaymentIntent | None) -> Answer:
    payment = None if intent is None else summarise_payment(intent)
    return fitted(shapes.BOUGHT, {"cart": describe_cart(cart), "payment": payment})
