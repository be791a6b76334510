"""Carts, offers and shops as plain documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from flux_cli.domain.carts import Alternative, Cart
from flux_cli.domain.offers import Retailer
from flux_cli.domain.ranking import OFFER_WEIGHTS, Ranked
from flux_cli.domain.shopping import document_of_spec
from flux_cli.usecases.cart_board import dollars
from flux_cli.usecases.relax_wish import Unfillable
from flux_cli.usecases.search_offers import Found


def describe_cart(cart: Cart) -> dict[str, object]:
    """A cart whole: what is bought where, its proof, and what it was made from."""
    return {
        "id": cart.id,
        "state": cart.state,
        "number": cart.number,
        "hash": cart.hash,
        "buyer": cart.buyer,
        "wish": cart.wish,
        "strategy": cart.strategy,
        "priced_on": cart.day.isoformat(),
        "total": cart.total,
        "arrives": cart.arrives.isoformat(),
        "lines": _lines(cart),
        "legs": _legs(cart),
        "orders": _orders(cart),
        "dropped": [{"need": one.need, "reason": one.reason} for one in cart.dropped],
        "proof": _proof(cart),
        "pins": [{"need": n, "offer": f"{shop}/{sku}"} for n, shop, sku in cart.choice.pins],
        "excluded": list(cart.choice.excluded),
        "spec": document_of_spec(cart.spec),
        "trace": [
            {
                "stage": stage.name,
                "brain": stage.brain,
                "said": stage.said,
                "latency_ms": stage.latency_ms,
            }
            for stage in cart.trace
        ],
        "payment_id": cart.intent_id,
        "simulated": True,
        "created_at": cart.created_at,
        "updated_at": cart.updated_at,
    }


def describe_found(found: Found, cart_strategy: str) -> dict[str, object]:
    """Who was searched and every offer that fits, with its score part by part."""
    weights = next(w for s, w in OFFER_WEIGHTS.items() if s == cart_strategy)
    return {
        "searched": {
            "products": found.searched,
            "shops": [{"shop": one.name, "trust": one.trust} for one in found.retailers],
            "skipped": [{"shop": name, "reason": why} for name, why in found.skipped],
            "notes": list(found.notes),
        },
        "weights": dict(weights),
        "offers": [
            {"need": need.name, "place": place, **describe_offer(one)}
            for need, ranked in zip(found.needs, found.ranked, strict=True)
            for place, one in enumerate(ranked, 1)
        ],
    }


def describe_offer(one: Ranked) -> dict[str, object]:
    """One offer with the parts of its score."""
    offer = one.offer
    return {
        "offer": offer.ref,
        "title": offer.title,
        "price": offer.price,
        "pack": offer.pack,
        "unit_price": offer.unit_price,
        "stock": offer.stock,
        "days": offer.days,
        "score": one.score,
        "fit": one.fit,
        "price_part": one.price,
        "speed": one.speed,
        "trust": one.trust,
        "rating": one.rating,
    }


def describe_unfillable(why: Unfillable) -> dict[str, object]:
    """Why there is no cart, and what would make one."""
    return {
        "reason": why.reason,
        "relaxations": [{"say": one.say, "option": list(one.option)} for one in why.relaxations],
    }


def describe_retailer(retailer: Retailer, products: int, on: date) -> dict[str, object]:
    """A shop's terms; `products` are those it sells on that day."""
    known = {field.name: getattr(retailer, field.name) for field in fields(retailer)}
    return known | {"products": products, "on": on.isoformat(), "simulated": True}


def _alternatives(found: Sequence[Alternative], cart: Cart) -> list[dict[str, object]]:
    """Each beside the cart: `more` is what it costs above it."""
    return [
        {
            "name": one.name,
            "total": one.total,
            "more": None if one.total is None else one.total - cart.total,
            "note": one.note,
        }
        for one in found
    ]


def _lines(cart: Cart) -> list[dict[str, object]]:
    return [
        {
            "need": line.need,
            "offer": line.ref,
            "title": line.title,
            "packs": line.count,
            "units": line.units,
            "price": line.price,
            "total": line.total,
            "shop": line.shop,
            "days": line.days,
        }
        for line in cart.lines
    ]


def _legs(cart: Cart) -> list[dict[str, object]]:
    return [
        {
            "shop": leg.shop,
            "goods": leg.goods,
            "shipping": leg.shipping,
            "total": leg.total,
            "arrives": leg.arrives.isoformat(),
        }
        for leg in cart.legs
    ]


def _orders(cart: Cart) -> list[dict[str, object]]:
    return [
        {
            "shop": order.shop,
            "state": order.state,
            "order": order.order_id,
            "session": order.session_id,
            "quoted": order.quoted,
            "paid": order.paid,
            "refunded": order.refunded,
            "arrives": order.arrives.isoformat(),
            "tracking": order.tracking,
            "link": order.link,
            "problem": order.problem,
            "discount": order.discount,
            "rounds": [
                {"offered": dollars(one.offered), "asked": dollars(one.asked)}
                for one in order.rounds
            ],
        }
        for order in cart.orders
    ]


def _proof(cart: Cart) -> dict[str, object]:
    return {
        "status": cart.proof.status,
        "gap": cart.proof.gap,
        "mode": cart.proof.mode,
        "offers": cart.proof.offers,
        "shops": cart.proof.shops,
        "frontier": [{"days": point.days, "total": point.total} for point in cart.proof.frontier],
        "baselines": _alternatives(cart.proof.baselines, cart),
        "what_ifs": _alternatives(cart.proof.what_ifs, cart),
        "binding": list(cart.proof.binding),
    }
