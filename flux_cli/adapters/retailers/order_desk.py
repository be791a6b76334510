"""A simulated shop's orders: where one stands today, taken back, sent back.

The states of an order and of its fulfilment are ACP's; cancelling and returning over HTTP are ours.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flux_cli.adapters.retailers.acp_form import Json, Refused, Reply, amount_in, total_of
from flux_cli.adapters.retailers.books import hashed

FULFILMENT = {
    "created": "pending",
    "confirmed": "processing",
    "shipped": "shipped",
    "completed": "delivered",
    "canceled": "canceled",
}
"""Where the parcel is, by the state of its order."""


def order_of(session_id: str) -> str:
    """The id of a session's order."""
    return "or" + session_id[2:]


def session_of(order_id: str) -> str:
    """The id of an order's session."""
    return "cs" + order_id[2:]


def told(book: Json, today: date) -> Json:
    """The order as the shop tells it today, with its events; raises `Refused`."""
    order = book.get("order")
    if order is None:
        raise Refused(404, "not_found", "there is no such order")
    placed = datetime.fromisoformat(order["at"]).date()
    arrives = date.fromisoformat(book["session"]["fulfillment_options"][0]["latest_delivery_time"])
    steps = [("created", placed), ("confirmed", placed)]
    steps.append(("shipped", min(arrives, placed + timedelta(days=1))))
    steps.append(("completed", arrives))
    reached = [(name, day) for name, day in steps if day <= today or name == "created"]
    if not order["ended"] and arrives == placed:
        reached = reached[:2]  # nothing arrives in the minute it was bought
    status = order["ended"] or reached[-1][0]
    events = [{"type": "order_update", "status": n, "on": d.isoformat()} for n, d in reached]
    events[0]["type"] = "order_create"
    tracking = "SIM" + hashed("tracking", order["id"])[:12].upper()
    refund = {"type": "refund", "status": "completed", "amount": order["refunded"]}
    return {
        "id": order["id"],
        "checkout_session_id": book["id"],
        "permalink_url": book["session"]["order"]["permalink_url"],
        "status": status,
        "fulfillments": [
            {"type": "shipping", "status": FULFILMENT[status], "tracking_number": tracking}
        ],
        "currency": "usd",
        "total": total_of(book["session"]),
        "amount_refunded": order["refunded"],
        "arrives": arrives.isoformat(),
        "tracking": tracking,
        "events": events,
        "adjustments": [refund] if order["refunded"] else [],
    }


def cancel_order(book: Json, today: date) -> Reply:
    """Take back an order that has not left; all of it is refunded."""
    state = told(book, today)["status"]
    if state not in ("created", "confirmed", "canceled"):
        raise Refused(400, "invalid", f"the order is {state}; send it back instead")
    if state != "canceled":
        book["order"] |= {"ended": "canceled", "refunded": total_of(book["session"])}
    return Reply(200, told(book, today))


def return_order(book: Json, today: date) -> Reply:
    """Take back what was delivered; the goods are refunded, the shipping is not."""
    state = told(book, today)["status"]
    if state != "completed":
        raise Refused(400, "invalid", f"the order is {state}; only what arrived is sent back")
    book["order"] |= {"refunded": amount_in(book["session"], "subtotal")}
    return Reply(200, told(book, today))
