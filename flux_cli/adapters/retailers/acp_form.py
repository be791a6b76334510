"""ACP's JSON, as a shop writes it: line items, totals, messages, products, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flux_cli.domain.offers import Offer, minor_units

Json = dict[str, Any]
MOST_LINES = 500
MOST_OF_ONE = 100_000
MOST_CENTS = 10**11


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer without the HTTP."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that is not carried out: ACP's flat error."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        kind = "invalid_request" if status < 500 else "processing_error"
        again = {"Retry-After": "1"} if status == 409 else {}
        self.reply = Reply(status, {"type": kind, "code": code, "message": message}, again)
        if param is not None:
            self.reply.body["param"] = param


def lines_in(body: Json) -> dict[str, int]:
    """Packs by product, from `line_items`; a price is the shop's to say and is refused."""
    items = body["line_items"]
    if not isinstance(items, list) or not 0 < len(items) <= MOST_LINES:
        raise Refused(400, "invalid", f"line_items is a list of 1 to {MOST_LINES}", "$.line_items")
    lines: dict[str, int] = {}
    for number, item in enumerate(items):
        where = f"$.line_items[{number}]"
        if not isinstance(item, dict) or not isinstance(item.get("id"), str):
            raise Refused(400, "invalid", "a line item has an id", where)
        extra = sorted(set(item) - {"id", "quantity"})
        if extra:
            raise Refused(400, "invalid", "only id and quantity are taken", f"{where}.{extra[0]}")
        count = item.get("quantity")
        if type(count) is not int or not 1 <= count <= MOST_OF_ONE or item["id"] in lines:
            raise Refused(400, "invalid", "a quantity is 1 or more, a product once", where)
        lines[item["id"]] = count
    return lines


def amount_of_cents(value: Any) -> bool:
    """Whether it is whole cents, more than none, that a ledger can hold."""
    return type(value) is int and 0 < value <= MOST_CENTS


def line_of(offer: Offer, count: int, amount: int) -> Json:
    """A line item as it is priced."""
    return {
        "id": offer.sku,
        "item": {"id": offer.sku, "quantity": count},
        "title": offer.title,
        "unit_amount": minor_units(offer.price),
        "base_amount": amount,
        "discount": 0,
        "subtotal": amount,
        "tax": 0,
        "total": amount,
    }


def totals_of(goods: int, discount: int, shipping: int) -> list[Json]:
    """The totals of a session, in cents."""
    amounts = (
        ("items_base_amount", "Items", goods),
        ("items_discount", "Discount", discount),
        ("subtotal", "Subtotal", goods - discount),
        ("fulfillment", "Shipping", shipping),
        ("tax", "Tax (included)", 0),
        ("total", "Total", goods - discount + shipping),
    )
    return [{"type": kind, "display_text": text, "amount": n} for kind, text, n in amounts]


def amount_in(session: Json, kind: str) -> int:
    """One of a session's totals, in cents."""
    return next(int(one["amount"]) for one in session["totals"] if one["type"] == kind)


def total_of(session: Json) -> int:
    """What a session comes to, in cents."""
    return amount_in(session, "total")


def fulfillment_of(shipping: int, arrives: str) -> Json:
    """The one way a simulated shop delivers."""
    return {
        "type": "shipping",
        "id": "standard",
        "title": "Standard",
        "carrier": "Simulated Parcel",
        "latest_delivery_time": arrives,
        "subtotal": shipping,
        "tax": 0,
        "total": shipping,
    }


def problem_of(code: str, param: str, content: str) -> Json:
    """A message that says why a session cannot be paid."""
    return {"type": "error", "code": code, "param": param, "content": content}


def product_of(offer: Offer) -> Json:
    """The offer as a feed's variant."""
    return {
        "id": offer.sku,
        "title": offer.title,
        "categories": [{"value": offer.category, "taxonomy": "flux"}],
        "unit_count": offer.pack,
        "description": {"plain": offer.text},
        "price": {"amount": minor_units(offer.price), "currency": "USD"},
        "availability": {
            "available": offer.stock > 0,
            "status": "in_stock" if offer.stock else "out_of_stock",
        },
        "inventory_quantity": offer.stock,
        "delivery_days": offer.days,
        "rating": offer.rating,
    }
