"""The shops' parts of an approved cart: bought side by side, made good, and settled to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from flux_cli.domain.carts import Cart, CartState, LegOrder, LegState, Stage, by_shop
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import EntryKind, transfer, wallet
from flux_cli.domain.journal import escrow as escrow_account
from flux_cli.domain.money import Money, total
from flux_cli.domain.orders import Leave, OrderState, Quote, QuoteLine, ShopOrder
from flux_cli.errors import ShopFailed
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Deps, Progress, Transaction
from flux_cli.usecases.shops import Shop

ASKED_AGAIN = 2
"""How often a shop that gives no sound answer is asked again with the same key."""


def buy_legs(deps: Deps, cart: Cart, shops: Mapping[str, Shop], progress: Progress) -> Cart:
    """Buy at every shop that has not answered yet, all at once; each answer is kept as it comes.

    The same keys buy nothing twice. A shop whose answer is not known stays `unknown`. Raises
    `Frozen` before anything is bought.
    """
    open_ones = [
        order for order in cart.orders if order.state in (LegState.QUOTED, LegState.UNKNOWN)
    ]
    with deps.store.reading() as reader:
        begun = reader.now
        if open_ones:
            obey_freeze(reader, cart.buyer)
        assert cart.intent_id is not None, "a cart that is bought was approved"
        until = reader.get(PaymentIntent, cart.intent_id).expires_at
    with ThreadPoolExecutor(max_workers=max(1, len(open_ones))) as buyers:
        asked = [
            buyers.submit(_buy, cart, order, shops.get(order.shop), until) for order in open_ones
        ]
        for answer in asked:
            order = answer.result()
            _keep_leg(deps, cart.id, order)
            progress("leg", shop=order.shop, state=order.state.value, why=order.problem or "-")
    with deps.store.begin() as tx:
        now = tx.get(Cart, cart.id)
        if not open_ones or now.state is not CartState.BUYING:
            return now
        said = ", ".join(f"{one.shop} {one.state.value}" for one in now.orders)
        took = int((tx.now - begun).total_seconds() * 1000)
        stage = Stage("act: buy", "code", said, took)
        bought = replace(now, trace=(*now.trace, stage), updated_at=tx.now)
        tx.put(bought, "cart.legs_bought", run_id=cart.run_id)
    return bought


def _buy(cart: Cart, order: LegOrder, shop: Shop | None, until: datetime) -> LegOrder:
    """One shop's part: paid once, then asked what it has, and held against what was quoted.

    The shop may take what it quoted and no more, and no longer than the money was held for it.
    """
    if shop is None:
        return replace(order, state=LegState.UNKNOWN, problem="the shop is gone")
    packs = by_shop(cart.lines)[order.shop]
    leave = Leave(order.quoted, cart.intent_id or "", until)
    problem = ""
    for _ in range(1 + ASKED_AGAIN):
        try:
            told = shop.order(order.session_id)
            if told is None:
                quote, key = _quote(cart, order, packs), f"{cart.id}:{cart.number}:pay"
                answer = shop.pay(quote, leave, key=key)
                if isinstance(answer, Quote):
                    said = "; ".join(answer.problems) or "it was not sold"
                    return replace(order, state=LegState.FAILED, problem=said[:200])
                # What it says in the moment of paying is one thing; what it has, another.
                told = shop.order(order.session_id) or answer
            return _judged(order, told)
        except ShopFailed as failure:
            problem = failure.message[:200]
            if not failure.retryable:
                return _refused(order, shop, problem)
    return replace(order, state=LegState.UNKNOWN, problem=problem)


def _refused(order: LegOrder, shop: Shop, problem: str) -> LegOrder:
    """A shop that said no has no order; one that has one all the same is held to it."""
    try:
        told = shop.order(order.session_id)
    except ShopFailed as failure:
        return replace(order, state=LegState.UNKNOWN, problem=failure.message[:200])
    if told is not None:
        return _judged(order, told)
    return replace(order, state=LegState.FAILED, problem=problem)


def _judged(order: LegOrder, told: ShopOrder) -> LegOrder:
    """An order, accepted only for what was quoted and by the day that was quoted."""
    known = replace(
        order,
        order_id=told.id,
        arrives=told.arrives,
        tracking=told.tracking,
        link=told.link,
        problem="",
    )
    if told.state is OrderState.CANCELED:
        return replace(known, state=LegState.TAKEN_BACK, problem="the shop canceled it")
    if told.total > order.quoted:
        said = f"the order is over {told.total}, the quote was {order.quoted}"
        return replace(known, state=LegState.FAILED, problem=said)
    if order.order_id and order.order_id != told.id:
        return replace(known, state=LegState.FAILED, problem="there is a second order")
    # It may have become cheaper since the quote; only that is paid.
    return replace(known, state=LegState.BOUGHT, quoted=told.total)


def settle_legs(
    deps: Deps, cart: Cart, shops: Mapping[str, Shop], progress: Progress, *, refund_all: bool
) -> Cart:
    """Pay the shops that sold, take back what has to be, and give back all that is left.

    Where one shop failed and `refund_all`, the others' orders are taken back too; one that cannot
    be is paid. Nothing is settled while a shop's outcome is unknown.
    """
    with deps.store.reading() as reader:
        begun = reader.now
    cart = _take_back(deps, cart, shops, progress, refund_all=refund_all)
    if any(order.state is LegState.UNKNOWN for order in cart.orders):
        return cart
    with deps.store.begin() as tx:
        now = tx.get(Cart, cart.id)
        if now.state is not CartState.BUYING:
            return now
        orders, left = _settle(tx, now)
        paid = total([order.paid for order in orders], now.total.asset)
        state = _ended(orders)
        said = f"{paid} paid, {left} came back; every order read again"
        took = int((tx.now - begun).total_seconds() * 1000)
        settled = replace(
            now,
            state=state,
            orders=tuple(orders),
            locked=Money(0, now.total.asset),
            trace=(*now.trace, Stage("verify", "code", said, took)),
            updated_at=tx.now,
        )
        tx.put(settled, f"cart.{state}", run_id=cart.run_id)
    progress("settled", paid=paid, back=left, state=state.value)
    return settled


def _settle(tx: Transaction, cart: Cart) -> tuple[list[LegOrder], Money]:
    """Pay each shop that sold, and give the rest back: the legs as paid, and what came back."""
    orders, left = [], cart.locked
    for order in cart.orders:
        if order.state is not LegState.BOUGHT:
            orders.append(order)
            continue
        tx.post(
            transfer(
                f"{cart.id}:pay:{order.shop}",
                EntryKind.ESCROW_RELEASE,
                escrow_account(cart.id),
                wallet(order.shop),
                order.quoted,
                memo=f"order {order.order_id}"[:120],
                reference=cart.intent_id,
                run_id=cart.run_id,
            )
        )
        left = left - order.quoted
        orders.append(replace(order, state=LegState.PAID, paid=order.quoted))
    if left.units:
        tx.post(
            transfer(
                f"{cart.id}:back",
                EntryKind.ESCROW_REFUND,
                escrow_account(cart.id),
                wallet(cart.buyer),
                left,
                memo="not bought",
                reference=cart.intent_id,
                run_id=cart.run_id,
            )
        )
    return orders, left


def _take_back(
    deps: Deps, cart: Cart, shops: Mapping[str, Shop], progress: Progress, *, refund_all: bool
) -> Cart:
    """Cancel what must not stay: every failed order, and with `refund_all` every other one."""
    broken = any(o.state in (LegState.FAILED, LegState.TAKEN_BACK) for o in cart.orders)
    unknown = any(order.state is LegState.UNKNOWN for order in cart.orders)
    for order in cart.orders:
        failed = order.state is LegState.FAILED and order.order_id
        others = order.state is LegState.BOUGHT and refund_all and broken and not unknown
        if not failed and not others:
            continue
        shop = shops.get(order.shop)
        taken = order if shop is None else _cancelled(cart, order, shop)
        _keep_leg(deps, cart.id, taken)
        progress("taken_back", shop=taken.shop, state=taken.state.value, why=taken.problem or "-")
    with deps.store.reading() as reader:
        return reader.get(Cart, cart.id)


def _cancelled(cart: Cart, order: LegOrder, shop: Shop) -> LegOrder:
    """The leg without its order; as it was, with the reason, where the shop does not take it."""
    key = f"{cart.id}:{cart.number}:cancel"
    problem = ""
    for _ in range(1 + ASKED_AGAIN):
        try:
            told = shop.order(order.session_id)
            if told is None:
                return replace(order, state=LegState.TAKEN_BACK)
            if told.state is not OrderState.CANCELED:
                told = shop.cancel(told, key=key)
            if told.state is OrderState.CANCELED:
                return replace(order, state=LegState.TAKEN_BACK)
            problem = f"the order stays {told.state.value}"
        except ShopFailed as failure:
            problem = failure.message[:200]
    return replace(order, problem=f"not taken back: {problem}"[:200])


def _ended(orders: list[LegOrder]) -> CartState:
    paid = sum(order.state is LegState.PAID for order in orders)
    if paid == len(orders):
        return CartState.BOUGHT
    return CartState.PARTLY if paid else CartState.FAILED


def _keep_leg(deps: Deps, cart_id: str, order: LegOrder) -> None:
    with deps.store.begin() as tx:
        now = tx.get(Cart, cart_id)
        before = next(one for one in now.orders if one.shop == order.shop)
        if now.state is not CartState.BUYING or before == order:
            return
        orders = tuple(order if one.shop == order.shop else one for one in now.orders)
        kept = replace(now, orders=orders, updated_at=tx.now)
        tx.put(kept, f"cart.leg_{order.state}", run_id=now.run_id)


def _quote(cart: Cart, order: LegOrder, packs: Mapping[str, int]) -> Quote:
    """The session that was quoted, as far as paying it needs to know it."""
    lines = tuple(line for line in cart.lines if line.shop == order.shop)
    nothing = Money(0, order.quoted.asset)
    return Quote(
        shop=order.shop,
        session_id=order.session_id,
        lines=tuple(QuoteLine(sku, count, nothing, nothing) for sku, count in packs.items()),
        goods=total([line.total for line in lines], order.quoted.asset),
        discount=nothing,
        shipping=nothing,
        total=order.quoted,
        arrives=order.arrives,
    )
