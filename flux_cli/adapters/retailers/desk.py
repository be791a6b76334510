"""A simulated shop's checkout desk: ACP-shaped sessions, orders and refunds, kept in files.

Agentic Commerce Protocol, 2026-01-30: sessions, delegated payment, orders. An order's cancellation
and return are extensions of ours. Amounts are integer cents; SIMULATED, no money moves here.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from flux_cli.adapters.retailers.acp_form import (
    Json,
    Refused,
    Reply,
    amount_in,
    fulfillment_of,
    line_of,
    lines_in,
    problem_of,
    product_of,
    total_of,
    totals_of,
)
from flux_cli.domain.canonical import digest, instant
from flux_cli.domain.negotiation import MOST_ROUNDS, agreed, seller_ask
from flux_cli.domain.offers import Offer, Retailer, minor_units

LONGEST_KEY = 255
LEAST_TO_NEGOTIATE = 3000
"""Cents of goods below which a shop does not bargain."""
SESSION_LIFETIME = timedelta(hours=24)


class Desk:
    """One shop's server. The same session, order and answer for the same key, across restarts."""

    def __init__(
        self,
        retailer: Retailer,
        sold_on: Callable[[date], Sequence[Offer]],
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        self.retailer = retailer
        self._sold_on = sold_on
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()

    def handle(self, method: str, path: str, key: str, body: Json) -> Reply:
        """Answer one request; `key` is its Idempotency-Key, "" where it has none."""
        parts = path.strip("/").split("/")
        try:
            with self._lock:
                if method == "GET":
                    return self._read(parts)
                if method != "POST":
                    raise Refused(405, "method_not_allowed", f"{method} is not answered here")
                if not 0 < len(key) <= LONGEST_KEY:
                    raise Refused(400, "idempotency_key_required", "send an Idempotency-Key")
                return self._write(parts, path, key, body)
        except Refused as refused:
            return refused.reply

    def _read(self, parts: list[str]) -> Reply:
        match parts:
            case ["feed", day]:
                return Reply(200, {"products": [product_of(o) for o in self._on(day)]})
            case ["checkout_sessions", session_id]:
                return Reply(200, self._load(session_id)["session"])
            case ["orders", order_id]:
                return Reply(200, self._told(self._load(_session_of(order_id))))
        raise Refused(404, "not_found", "there is nothing here")

    def _write(self, parts: list[str], path: str, key: str, body: Json) -> Reply:
        match parts:
            case ["checkout_sessions"]:
                session_id = "cs_" + _hash(self.retailer.name, key)
                book = self._book(session_id) or {"id": session_id, "calls": {}}
                do: Callable[[Json, Json], Reply] = self._create
            case ["checkout_sessions", session_id]:
                book, do = self._load(session_id), self._update
            case ["checkout_sessions", session_id, "complete"]:
                book, do = self._load(session_id), self._complete
            case ["checkout_sessions", session_id, "negotiate"]:
                book, do = self._load(session_id), self._negotiate
            case ["checkout_sessions", session_id, "cancel"]:
                book, do = self._load(session_id), self._cancel
            case ["agentic_commerce", "delegate_payment"]:
                allowance = body.get("allowance")
                named = allowance.get("checkout_session_id") if isinstance(allowance, dict) else ""
                book, do = self._load(str(named)), self._delegate
            case ["orders", order_id, ("cancel" | "return") as what]:
                book = self._load(_session_of(order_id))
                do = self._cancel_order if what == "cancel" else self._return_order
            case _:
                raise Refused(404, "not_found", "there is nothing here")
        return self._once(book, f"{path} {key}", body, do)

    def _once(self, book: Json, call: str, body: Json, do: Callable[[Json, Json], Reply]) -> Reply:
        """Carry a request out, or give the answer its key had before."""
        asked = digest(_whole(body))
        before = book["calls"].get(call)
        if before is not None:
            if before["asked"] != asked:
                raise Refused(422, "idempotency_conflict", "the key named another request")
            return Reply(before["status"], before["body"], {"Idempotent-Replayed": "true"})
        book["key"] = call
        reply = do(book, body)
        book["calls"][call] = {"asked": asked, "status": reply.status, "body": reply.body}
        self._keep(book)
        return reply

    def _create(self, book: Json, body: Json) -> Reply:
        for name in ("line_items", "currency", "capabilities"):
            if name not in body:
                raise Refused(400, "missing", f"{name} is required", f"$.{name}")
        if body["currency"] != "usd":
            raise Refused(400, "invalid", "this shop sells in usd", "$.currency")
        book["lines"] = lines_in(body)
        book["created"] = instant(self._now())
        book["session"] = self._session(book, "ready_for_payment")
        return Reply(201, book["session"])

    def _update(self, book: Json, body: Json) -> Reply:
        self._open(book)
        if "line_items" in body:
            book["lines"] = lines_in(body)
        book["session"] = self._session(book, "ready_for_payment")
        return Reply(200, book["session"])

    def _negotiate(self, book: Json, body: Json) -> Reply:
        """Answer an offer for the goods; what is agreed is the session's discount from then on."""
        self._open(book)
        offer, number = body.get("offer"), book.get("rounds", 0) + 1
        if type(offer) is not int or offer < 0:
            raise Refused(400, "invalid", "an offer is whole cents", "$.offer")
        listed = amount_in(book["session"], "items_base_amount")
        if number > MOST_ROUNDS or book.get("discount"):
            raise Refused(400, "invalid", "nothing more is negotiated")
        asked = seller_ask(listed, self._floor(book, listed), number)
        price = agreed(offer, asked)
        book["rounds"] = number
        if price is not None:
            book["discount"] = {"cents": max(0, listed - price), "of": listed}
            book["session"] = self._session(book, "ready_for_payment")
        told = {"round": number, "asked": asked, "agreed": price, "session": book["session"]}
        return Reply(200, told)

    def _floor(self, book: Json, listed: int) -> int:
        """The least it sells this basket for today, which it tells nobody: 0 to 6 % off."""
        day, basket = self._now().date().isoformat(), ",".join(sorted(book["lines"]))
        depth = int(_hash("floor", self.retailer.name, basket, day), 16) % 61
        return listed - listed * depth // 1000 if listed >= LEAST_TO_NEGOTIATE else listed

    def _delegate(self, book: Json, body: Json) -> Reply:
        """Keep an allowance: a token that is good for one payment of at most so much."""
        self._open(book)
        allowance = body["allowance"]
        most = allowance.get("max_amount")
        if allowance.get("reason") != "one_time" or type(most) is not int or most <= 0:
            raise Refused(400, "invalid", "an allowance is one_time, of cents", "$.allowance")
        if allowance.get("currency") != "usd":
            raise Refused(400, "invalid", "this shop sells in usd", "$.allowance.currency")
        if allowance.get("merchant_id") != self.retailer.name:
            raise Refused(400, "invalid", "it is for another shop", "$.allowance.merchant_id")
        token = "vt_" + _hash(book["key"])
        book.setdefault("allowances", {})[token] = most
        created = instant(self._now())
        return Reply(201, {"id": token, "created": created, "metadata": {"simulated": "true"}})

    def _complete(self, book: Json, body: Json) -> Reply:
        self._open(book)
        try:
            token = body["payment_data"]["instrument"]["credential"]["token"]
            most = book.get("allowances", {})[token]
        except (KeyError, TypeError):
            raise Refused(
                402, "payment_declined", "the payment is not known", "$.payment_data"
            ) from None
        session = self._session(book, "ready_for_payment")
        book["session"] = session
        if session["status"] != "ready_for_payment":
            return Reply(200, session)
        if total_of(session) > most:
            raise Refused(402, "payment_declined", "the total is more than the payment allows")
        order_id = _order_of(book["id"])
        book["session"] = session | {
            "status": "completed",
            "order": {
                "id": order_id,
                "checkout_session_id": book["id"],
                "permalink_url": f"https://{self.retailer.name}.example/orders/{order_id}",
            },
        }
        book["order"] = {"id": order_id, "at": instant(self._now()), "refunded": 0, "ended": ""}
        return Reply(200, book["session"])

    def _cancel(self, book: Json, _: Json) -> Reply:
        if book["session"]["status"] in ("completed", "canceled"):
            raise Refused(405, "invalid", f"the session is {book['session']['status']}")
        book["session"] = book["session"] | {"status": "canceled"}
        return Reply(200, book["session"])

    def _cancel_order(self, book: Json, _: Json) -> Reply:
        """Take back an order that has not left; all of it is refunded."""
        state = self._told(book)["status"]
        if state == "canceled":
            return Reply(200, self._told(book))
        if state not in ("created", "confirmed"):
            raise Refused(400, "invalid", f"the order is {state}; send it back instead")
        book["order"] |= {"ended": "canceled", "refunded": total_of(book["session"])}
        return Reply(200, self._told(book))

    def _return_order(self, book: Json, _: Json) -> Reply:
        """Take back what was delivered; the goods are refunded, the shipping is not."""
        state = self._told(book)["status"]
        if state != "delivered":
            raise Refused(400, "invalid", f"the order is {state}; only what arrived is sent back")
        session = book["session"]
        goods = amount_in(session, "subtotal")
        book["order"] |= {"refunded": goods}
        return Reply(200, self._told(book))

    def _open(self, book: Json) -> None:
        if book["session"]["status"] in ("completed", "canceled"):
            raise Refused(405, "invalid", f"the session is {book['session']['status']}")
        if self._now() - datetime.fromisoformat(book["created"]) > SESSION_LIFETIME:
            raise Refused(400, "expired", "the session is too old")

    def _on(self, day: str) -> Sequence[Offer]:
        try:
            return self._sold_on(date.fromisoformat(day))
        except ValueError:
            raise Refused(400, "invalid", "a day is written 2026-11-27") from None

    def _today(self) -> Sequence[Offer]:
        return self._sold_on(self._now().date())

    def _session(self, book: Json, status: str) -> Json:
        """The session as it is priced now: from the shop's own prices and stock."""
        today = {offer.sku: offer for offer in self._today()}
        lines, messages, goods, days = [], [], 0, 0
        for number, (sku, count) in enumerate(book["lines"].items()):
            offer = today.get(sku)
            where = f"$.line_items[{number}]"
            if offer is None or offer.stock < count:
                code = "out_of_stock" if offer is None or not offer.stock else "quantity_exceeded"
                left = 0 if offer is None else offer.stock
                messages.append(problem_of(code, where, f"{sku}: {left} left, {count} asked for"))
            if offer is None:
                continue
            amount = count * minor_units(offer.price)
            goods, days = goods + amount, max(days, offer.days)
            lines.append(line_of(offer, count, amount))
        if goods < minor_units(self.retailer.minimum):
            messages.append(
                problem_of("invalid", "$.line_items", f"orders start at {self.retailer.minimum}")
            )
        free = self.retailer.free_from
        shipping = minor_units(self.retailer.shipping)
        if free is not None and goods >= minor_units(free):
            shipping = 0
        arrives = (self._now().date() + timedelta(days=days)).isoformat()
        return {
            "id": book["id"],
            "status": "not_ready_for_payment" if messages else status,
            "currency": "usd",
            "line_items": lines,
            "totals": totals_of(goods, _discount(book, goods), shipping),
            "fulfillment_options": [fulfillment_of(shipping, arrives)],
            "fulfillment_option_id": "standard",
            "messages": messages,
            "links": [],
            "capabilities": {"payment": {"handlers": ["delegated_token"]}, "simulated": True},
        }

    def _told(self, book: Json) -> Json:
        """The order as the shop tells it today, with its events."""
        order = book.get("order")
        if order is None:
            raise Refused(404, "not_found", "there is no such order")
        placed = datetime.fromisoformat(order["at"])
        arrives = date.fromisoformat(
            book["session"]["fulfillment_options"][0]["latest_delivery_time"]
        )
        today = self._now().date()
        steps = [("created", placed.date()), ("confirmed", placed.date())]
        steps.append(("shipped", min(arrives, placed.date() + timedelta(days=1))))
        steps.append(("delivered", arrives))
        reached = [(name, day) for name, day in steps if day <= today or name == "created"]
        if not order["ended"] and arrives == placed.date():
            reached = reached[:2]  # nothing arrives in the minute it was bought
        status = order["ended"] or reached[-1][0]
        adjustments = []
        if order["refunded"]:
            adjustments.append(
                {"type": "refund", "status": "completed", "amount": order["refunded"]}
            )
        return {
            "id": order["id"],
            "checkout_session_id": book["id"],
            "permalink_url": book["session"]["order"]["permalink_url"],
            "status": status,
            "currency": "usd",
            "total": total_of(book["session"]),
            "amount_refunded": order["refunded"],
            "arrives": arrives.isoformat(),
            "tracking": "SIM" + _hash("tracking", order["id"])[:12].upper(),
            "events": [{"type": "order_update", "status": n, "on": d.isoformat()}
                       for n, d in reached],
            "adjustments": adjustments,
        }  # fmt: skip

    def _load(self, session_id: str) -> Json:
        book = self._book(session_id)
        if book is None:
            raise Refused(404, "not_found", "there is no such session")
        return book

    def _book(self, session_id: str) -> Json | None:
        """What is kept of a session, None where there is none; its name is a hash of ours."""
        if not session_id.startswith("cs_") or not session_id[3:].isalnum():
            return None
        path = self._folder / f"{session_id}.json"
        if not path.is_file():
            return None
        found: Json = json.loads(path.read_text(encoding="utf-8"))
        return found

    def _keep(self, book: Json) -> None:
        """Put the session's file in its place when all of it is on disk."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(dir=self._folder, prefix=".partial-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(book, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self._folder / f"{book['id']}.json")


def _discount(book: Json, goods: int) -> int:
    """What was agreed off this basket; a basket that costs something else is another basket."""
    off = book.get("discount")
    return int(off["cents"]) if off and off["of"] == goods else 0


def _whole(body: Json) -> object:
    """The body with its floats as text, so that it has a canonical form to be compared by."""
    return json.loads(json.dumps(body), parse_float=str, parse_constant=str)


def _order_of(session_id: str) -> str:
    return "or" + session_id[2:]


def _session_of(order_id: str) -> str:
    return "cs" + order_id[2:]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
