"""A simulated shop's carts: items before there is a checkout, with estimated totals.

Agentic Commerce Protocol, carts. A cart is there or it is not; it has no payment and no status.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flux_cli.adapters.retailers.acp_form import Json, Refused, lines_in
from flux_cli.domain.canonical import instant

CART_LIFETIME = timedelta(hours=24)


def fill(book: Json, body: Json, now: datetime) -> None:
    """Put these items, and no others, into a cart."""
    if "line_items" not in body:
        raise Refused(400, "missing", "line_items is required", "$.line_items")
    book["lines"] = lines_in(body)
    book.setdefault("created", instant(now))


def there(book: Json, now: datetime) -> Json:
    """The cart, if it is still there; raises `Refused`."""
    gone = book.get("canceled") or now - datetime.fromisoformat(book["created"]) > CART_LIFETIME
    if gone:
        raise Refused(404, "not_found", "there is no such cart")
    return book


def cart_of(book: Json, session: Json) -> Json:
    """A cart as it is told; `session` is how the shop would price its items now."""
    created = datetime.fromisoformat(book["created"])
    return {
        "id": book["id"],
        "line_items": session["line_items"],
        "currency": session["currency"],
        "totals": session["totals"],
        "messages": session["messages"],
        "expires_at": instant(created + CART_LIFETIME),
    }
