"""Giving back what one shop of a bought cart sold: canceled before it leaves, or sent back."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.carts import Cart, LegOrder, LegState
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.orders import OrderState, ShopOrder
from flux_cli.errors import InvalidAmount, NotFound, ShopFailed, WrongState
from flux_cli.kernel.corrections import Correction, correct
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.correct_payment import correction_facts, record_correction
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.search_offers import shops_known


def return_order(deps: Deps, cart_id: str, shop_name: str) -> Cart | Denied:
    """The cart with that shop's money back: all of it before it leaves, the goods once delivered.

    The refund needs the kernel's leave and the shop's wallet has to have it. Asked again it gives
    nothing twice. Raises `NotFound`, `WrongState` for what was not paid or is on its way,
    `ShopFailed`.
    """
    with deps.store.reading() as reader:
        cart = reader.get(Cart, cart_id)
        shops = {shop.retailer.name: shop for shop in shops_known(deps, reader)}
    order = _order_of(cart, shop_name)
    if order.refunded.units:
        return cart
    if order.state is not LegState.PAID:
        raise WrongState(f"{order.shop} was not paid: its part is {order.state}", subject=cart.id)
    shop = shops.get(shop_name)
    told = None if shop is None else shop.order(order.session_id)
    if shop is None or told is None:
        raise ShopFailed(f"{shop_name} does not know the order", subject=shop_name)
    if told.state is OrderState.DELIVERED and not told.refunded.units:
        told = shop.send_back(told, key=f"{cart.id}:return")
    elif told.state is not OrderState.CANCELED and not told.refunded.units:
        told = shop.cancel(told, key=f"{cart.id}:return")
    return _refund(deps, cart_id, order, told)


def _order_of(cart: Cart, shop: str) -> LegOrder:
    for order in cart.orders:
        if order.shop == shop:
            return order
    names = ", ".join(order.shop for order in cart.orders) or "nobody"
    raise NotFound(f"nothing of it was ordered at {shop[:40]!r}: {names} has orders", subject=shop)


def _refund(deps: Deps, cart_id: str, order: LegOrder, told: ShopOrder) -> Cart | Denied:
    back = told.refunded
    if not 0 < back.units <= order.paid.units:
        raise InvalidAmount(f"{order.shop} gives back {back} of the {order.paid} it was paid")
    with deps.store.begin() as tx:
        cart = tx.get(Cart, cart_id)
        now = _order_of(cart, order.shop)
        if now.refunded.units:
            return cart
        assert cart.intent_id is not None, "what was paid was approved"
        intent = tx.get(PaymentIntent, cart.intent_id)
        key = f"{cart.id}:refund:{order.shop}"
        ask = Correction(
            purpose="refund",
            key=key,
            amount=back,
            allowance=now.paid - now.refunded,
            **correction_facts(tx, intent, order.shop),
        )
        verdict = correct(ask)
        decision_id = record_correction(deps, tx, intent, ask, verdict)
        if isinstance(verdict, Denied):
            return verdict
        tx.post(
            transfer(
                key,
                EntryKind.REFUND,
                wallet(order.shop),
                wallet(cart.buyer),
                back,
                memo=f"order {order.order_id} returned"[:120],
                decision_id=decision_id,
                reference=intent.id,
                run_id=cart.run_id,
            )
        )
        given = replace(now, refunded=back, problem=_said(told, now.paid, back))
        orders = tuple(given if one.shop == order.shop else one for one in cart.orders)
        refunded = replace(cart, orders=orders, updated_at=tx.now)
        tx.put(refunded, "cart.refunded", run_id=cart.run_id)
    return refunded


def _said(told: ShopOrder, paid: Money, back: Money) -> str:
    kept = paid - back
    if told.state is OrderState.CANCELED:
        return "canceled before it left"
    return f"sent back; {kept} of shipping was kept" if kept.units else "sent back"
