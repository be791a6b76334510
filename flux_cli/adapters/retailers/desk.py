"""A simulated shop's desk: ACP's sessions, carts, feeds, delegated payment and orders, in files.

Agentic Commerce Protocol, 2026-01-30 and 2026-04-17. Bargaining and taking an order back are
extensions of ours. Amounts are integer cents; SIMULATED, no money moves here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from flux_cli.adapters.retailers import cart_desk, feed_desk, order_desk
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
from flux_cli.adapters.retailers.allowance import allowance_in, metadata_in, permits
from flux_cli.adapters.retailers.books import Action, Books, hashed, named
from flux_cli.domain.canonical import instant
from flux_cli.domain.negotiation import MOST_ROUNDS, agreed, seller_ask
from flux_cli.domain.offers import Offer, Retailer, minor_units

LONGEST_KEY = 255
LEAST_TO_NEGOTIATE = 3000
"""Cents of goods below which a shop does not bargain."""
SESSION_LIFETIME = timedelta(hours=24)
OVER = ("completed", "canceled", "expired")


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
        self._books = Books(folder)
        self._now = now
        self._lock = threading.Lock()
        self._guard = threading.Lock()
        self._under_way = set[str]()

    def handle(self, method: str, path: str, key: str, body: Json) -> Reply:
        """Answer one request; `key` is its Idempotency-Key, "" where it has none."""
        parts = path.strip("/").split("/")
        try:
            match method:
                case "GET":
                    return self._read(parts)
                case "PUT" | "PATCH":
                    with self._lock, self._books.writing():
                        return self._replace(method, parts, body)
                case "POST":
                    if not 0 < len(key) <= LONGEST_KEY:
                        raise Refused(400, "idempotency_key_required", "send an Idempotency-Key")
                    with self._alone(f"{path} {key}"), self._lock, self._books.writing():
                        return self._write(parts, path, key, body)
            raise Refused(405, "method_not_allowed", f"{method} is not answered here")
        except Refused as refused:
            return refused.reply

    @contextmanager
    def _alone(self, call: str) -> Iterator[None]:
        """Carry out one request of a key at a time; raises `Refused` for a second one meanwhile."""
        with self._guard:
            if call in self._under_way:
                raise Refused(409, "idempotency_in_flight", "the key's first request is under way")
            self._under_way.add(call)
        try:
            yield
        finally:
            with self._guard:
                self._under_way.discard(call)

    def _read(self, parts: list[str]) -> Reply:
        match parts:
            case ["feed", day]:
                return Reply(200, {"products": [product_of(o) for o in self._on(day)]})
            case ["feeds", feed_desk.OWN]:
                return Reply(200, feed_desk.own_feed(self._now()))
            case ["feeds", feed_desk.OWN, "products"]:
                return Reply(200, feed_desk.own_products(self._today()))
            case ["feeds", feed_id]:
                return Reply(200, self._of("feed", feed_id)["feed"])
            case ["feeds", feed_id, "products"]:
                found = self._of("feed", feed_id)["products"]
                return Reply(200, {"products": list(found.values())})
            case ["carts", cart_id]:
                return Reply(200, self._told_cart(self._cart(cart_id)))
            case ["checkout_sessions", session_id]:
                return Reply(200, self._told_session(self._of("cs", session_id)))
            case ["orders", order_id]:
                book = self._of("cs", order_desk.session_of(order_id))
                return Reply(200, order_desk.told(book, self._now().date()))
        raise Refused(404, "not_found", "there is nothing here")

    def _replace(self, method: str, parts: list[str], body: Json) -> Reply:
        """What is the same however often it is asked for needs no key."""
        match method, parts:
            case "PUT", ["carts", cart_id]:
                book = self._cart(cart_id)
                reply = self._fill(book, body)
            case "PATCH", ["feeds", feed_id, "products"]:
                book = self._of("feed", feed_id)
                shop = self.retailer
                reply = feed_desk.upsert(book, body, shop.name, shop.days, self._now())
            case _:
                raise Refused(404, "not_found", "there is nothing here")
        self._books.keep(book)
        return reply

    def _write(self, parts: list[str], path: str, key: str, body: Json) -> Reply:
        name, call = self.retailer.name, f"{path} {key}"
        do: Action
        match parts:
            case ["checkout_sessions"]:
                book, do = self._new("cs", key), self._create
            case ["checkout_sessions", session_id]:
                book, do = self._of("cs", session_id), self._update
            case ["checkout_sessions", session_id, "complete"]:
                book, do = self._of("cs", session_id), self._complete
            case ["checkout_sessions", session_id, "negotiate"]:
                book, do = self._of("cs", session_id), self._negotiate
            case ["checkout_sessions", session_id, "cancel"]:
                book, do = self._of("cs", session_id), self._cancel
            case ["agentic_commerce", "delegate_payment"]:
                token = named("vt", name, key)
                book = self._books.find(token) or {"id": token, "calls": {}, "key": key}
                do = self._delegate
            case ["carts"]:
                book, do = self._new("cart", key), self._create_cart
            case ["carts", cart_id]:
                book, do = self._cart(cart_id), self._fill
            case ["carts", cart_id, "cancel"]:
                book, do = self._of("cart", cart_id), self._cancel_cart
            case ["feeds"]:
                book, do = self._new("feed", key), self._create_feed
            case ["orders", order_id, ("cancel" | "return") as what]:
                book = self._of("cs", order_desk.session_of(order_id))
                end = order_desk.cancel_order if what == "cancel" else order_desk.return_order
                today = self._now().date()

                def do(book: Json, _: Json) -> Reply:
                    return end(book, today)
            case _:
                raise Refused(404, "not_found", "there is nothing here")
        return self._books.once(book, call, body, do)

    def _new(self, prefix: str, key: str) -> Json:
        """The book that this key opens: the one it opened before, or an empty one."""
        book_id = named(prefix, self.retailer.name, key)
        return self._books.find(book_id) or {"id": book_id, "calls": {}}

    def _of(self, prefix: str, book_id: str) -> Json:
        """A book of one kind; raises `Refused`."""
        if not book_id.startswith(f"{prefix}_"):
            raise Refused(404, "not_found", "there is nothing of this id")
        return self._books.load(book_id)

    # Carts and feeds

    def _cart(self, cart_id: str) -> Json:
        return cart_desk.there(self._of("cart", cart_id), self._now())

    def _told_cart(self, book: Json) -> Json:
        return cart_desk.cart_of(book, self._session(book, "incomplete"))

    def _create_cart(self, book: Json, body: Json) -> Reply:
        cart_desk.fill(book, body, self._now())
        return Reply(201, self._told_cart(book))

    def _fill(self, book: Json, body: Json) -> Reply:
        cart_desk.fill(book, body, self._now())
        return Reply(200, self._told_cart(book))

    def _cancel_cart(self, book: Json, _: Json) -> Reply:
        cart_desk.there(book, self._now())
        last = self._told_cart(book)
        book["canceled"] = True
        return Reply(200, last)

    def _create_feed(self, book: Json, body: Json) -> Reply:
        return feed_desk.begin(book, body, self._now())

    # Sessions

    def _create(self, book: Json, body: Json) -> Reply:
        for name in ("line_items", "currency", "capabilities"):
            if name not in body:
                raise Refused(400, "missing", f"{name} is required", f"$.{name}")
        if body["currency"] != "usd":
            raise Refused(400, "invalid", "this shop sells in usd", "$.currency")
        if "cart_id" in body:
            cart = self._cart(str(body["cart_id"]))
            begun = self._books.find(cart.get("session", ""))
            if begun is not None and self._told_session(begun)["status"] not in OVER:
                return Reply(200, self._told_session(begun))
            self._books.keep(cart | {"session": book["id"]})
        book["lines"] = cart["lines"] if "cart_id" in body else lines_in(body)
        book["created"] = instant(self._now())
        book["session"] = self._session(book, "ready_for_payment")
        return Reply(201, book["session"])

    def _told_session(self, book: Json) -> Json:
        """The session; one that nobody paid in its time is expired. Raises `Refused`."""
        if "session" not in book:
            raise Refused(404, "not_found", "there is nothing of this id")
        session: Json = book["session"]
        age = self._now() - datetime.fromisoformat(book["created"])
        if session["status"] not in OVER and age > SESSION_LIFETIME:
            return session | {"status": "expired"}
        return session

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
        depth = int(hashed("floor", self.retailer.name, basket, day), 16) % 61
        return listed - listed * depth // 1000 if listed >= LEAST_TO_NEGOTIATE else listed

    def _delegate(self, book: Json, body: Json) -> Reply:
        """Keep an allowance: a token that is good for one payment of at most so much."""
        allowance = allowance_in(body, self.retailer.name, self._now())
        self._open(self._of("cs", str(allowance["checkout_session_id"])))
        book["allowance"] = allowance
        correlated = {"merchant_id": self.retailer.name, "idempotency_key": book["key"]}
        told = {
            "id": book["id"],
            "created": instant(self._now()),
            "expires_at": allowance["expires_at"],
            "metadata": metadata_in(body) | correlated | {"simulated": "true"},
        }
        return Reply(201, told)

    def _complete(self, book: Json, body: Json) -> Reply:
        self._open(book)
        try:
            token = self._books.find(body["payment_data"]["instrument"]["credential"]["token"])
        except (KeyError, TypeError):
            token = None
        if token is None or "allowance" not in token:
            raise Refused(402, "payment_declined", "the payment is not known", "$.payment_data")
        session = self._session(book, "ready_for_payment")
        book["session"] = session
        if session["status"] != "ready_for_payment":
            return Reply(200, session)
        permits(token["allowance"], book["id"], total_of(session), self._now())
        order_id = order_desk.order_of(book["id"])
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
        if self._told_session(book)["status"] in OVER:
            raise Refused(405, "invalid", f"the session is {book['session']['status']}")
        book["session"] = book["session"] | {"status": "canceled"}
        return Reply(200, book["session"])

    def _open(self, book: Json) -> None:
        status = self._told_session(book)["status"]
        if status == "expired":
            raise Refused(400, "expired", "the session is too old")
        if status in OVER:
            raise Refused(405, "invalid", f"the session is {status}")

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


def _discount(book: Json, goods: int) -> int:
    """What was agreed off this basket; a basket that costs something else is another basket."""
    off = book.get("discount")
    return int(off["cents"]) if off and off["of"] == goods else 0
