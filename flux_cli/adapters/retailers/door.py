"""Buying at one shop in ACP, in process or over HTTP: every answer is checked before it counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote as quoted
from urllib.request import ProxyHandler, Request, build_opener

from flux_cli.adapters.retailers.acp_form import Json, Reply
from flux_cli.adapters.retailers.feed import read_rows
from flux_cli.domain.canonical import instant
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import Money
from flux_cli.domain.negotiation import MOST_ROUNDS, Round, buyer_offer
from flux_cli.domain.offers import Offer, Retailer, from_minor, minor_units
from flux_cli.domain.orders import Leave, OrderState, Quote, QuoteLine, ShopOrder
from flux_cli.errors import InvalidInput, ShopFailed, ShopRefused

Transport = Callable[[str, str, str, Json], Reply]
"""(method, path, idempotency key, body) to an answer."""

_STATES = {
    "created": OrderState.CREATED,
    "confirmed": OrderState.CONFIRMED,
    "manual_review": OrderState.CREATED,
    "processing": OrderState.CONFIRMED,
    "shipped": OrderState.SHIPPED,
    "completed": OrderState.DELIVERED,
    "canceled": OrderState.CANCELED,
}
"""ACP's states of an order; any other is an answer that cannot be read."""

LARGEST_ANSWER = 30_000_000
TIMEOUT_SECONDS = 20
NOTHING = Money(0)


class Door:
    """One shop, spoken to through a transport. What it says about itself is not believed: its
    name, trust and terms are the owner's."""

    def __init__(self, retailer: Retailer, transport: Transport) -> None:
        self._retailer = retailer
        self._send = transport

    @property
    def retailer(self) -> Retailer:
        """The shop's terms as the owner knows them."""
        return self._retailer

    def offers(self, day: date) -> Sequence[Offer]:
        """Everything it sells on a day. Raises `ShopFailed`."""
        reply = self._send("GET", f"/feed/{day.isoformat()}", "", {})
        products = reply.body.get("products")
        if reply.status != 200 or not isinstance(products, list):
            raise self._failed("sends no products")
        if not all(isinstance(product, dict) for product in products):
            raise self._failed("sends products that are no objects")
        try:
            return read_rows(
                enumerate(products, 1), self._retailer.name, self._retailer.days
            ).offers
        except InvalidInput as error:
            raise self._failed(error.message) from error

    def quote(self, packs: Mapping[str, int], *, key: str) -> Quote:
        """Open a session for packs of products. Raises `ShopFailed`."""
        items = [{"id": sku, "quantity": count} for sku, count in sorted(packs.items())]
        body: Json = {"line_items": items, "currency": "usd", "capabilities": {}}
        reply = self._send("POST", "/checkout_sessions", key, body)
        if reply.status != 201:
            raise self._refused(reply)
        # A retried key gets the answer of its first time: ask what the session costs now.
        session_id = str(reply.body.get("id"))
        update = self._send("POST", f"/checkout_sessions/{quoted(session_id)}", f"{key}:priced", {})
        if update.status != 200:
            raise self._refused(update)
        return self._quote(update.body, packs)

    def negotiate(self, quote: Quote, *, key: str) -> tuple[Quote, tuple[Round, ...]]:
        """Bargain over a session's goods: the session as it is then, and every round.

        Nothing counts but what the session says afterwards. Raises `ShopFailed`.
        """
        listed, rounds = minor_units(quote.goods), list[Round]()
        packs = {line.sku: line.count for line in quote.lines}
        path = f"/checkout_sessions/{quoted(quote.session_id)}/negotiate"
        for number in range(1, MOST_ROUNDS + 1):
            offer = buyer_offer(listed, number)
            reply = self._send("POST", path, f"{key}:{number}", {"offer": offer})
            asked = reply.body.get("asked")
            if reply.status != 200 or type(asked) is not int:
                raise self._refused(reply)
            rounds.append(Round(offer, asked))
            if reply.body.get("agreed") is not None:
                return self._quote(reply.body.get("session", {}), packs), tuple(rounds)
        return quote, tuple(rounds)

    def pay(self, quote: Quote, leave: Leave, *, key: str) -> ShopOrder | Quote:
        """Pay a session within a leave; the session again where it cannot be paid."""
        allowance = {
            "reason": "one_time",
            "max_amount": minor_units(leave.most),
            "currency": "usd",
            "checkout_session_id": quote.session_id,
            "merchant_id": self._retailer.name,
            "expires_at": instant(leave.until),
        }
        body: Json = {"allowance": allowance, "metadata": {"hold": leave.hold}}
        token = self._send("POST", "/agentic_commerce/delegate_payment", f"{key}:leave", body)
        if token.status != 201:
            raise self._refused(token)
        payment = {
            "handler_id": "delegated_token",
            "instrument": {
                "type": "card",
                "credential": {"type": "token", "token": token.body.get("id")},
            },
        }
        path = f"/checkout_sessions/{quoted(quote.session_id)}/complete"
        reply = self._send("POST", path, key, {"payment_data": payment})
        if reply.status != 200:
            raise self._refused(reply)
        packs = {line.sku: line.count for line in quote.lines}
        now = self._quote(reply.body, packs)
        if reply.body.get("status") != "completed":
            return now
        order = self.order(quote.session_id)
        if order is None or order.total != now.total:
            raise self._failed("completed a session and has no such order")
        return order

    def order(self, session_id: str) -> ShopOrder | None:
        """The order of a session, None where it was not paid. Raises `ShopFailed`."""
        session = self._send("GET", f"/checkout_sessions/{quoted(session_id)}", "", {})
        if session.status == 404:
            return None
        if session.status != 200:
            raise self._refused(session)
        named = session.body.get("order")
        if session.body.get("status") != "completed" or not isinstance(named, dict):
            return None
        reply = self._send("GET", f"/orders/{quoted(str(named.get('id')))}", "", {})
        if reply.status != 200:
            raise self._refused(reply)
        return self._order(reply.body, session_id)

    def cancel(self, order: ShopOrder, *, key: str) -> ShopOrder:
        """Take an order back before it leaves. Raises `ShopFailed`."""
        return self._end(order, "cancel", key)

    def send_back(self, order: ShopOrder, *, key: str) -> ShopOrder:
        """Return what was delivered. Raises `ShopFailed`."""
        return self._end(order, "return", key)

    def _end(self, order: ShopOrder, what: str, key: str) -> ShopOrder:
        reply = self._send("POST", f"/orders/{quoted(order.id)}/{what}", key, {})
        if reply.status != 200:
            raise self._refused(reply)
        return self._order(reply.body, order.session_id)

    def _quote(self, session: Json, packs: Mapping[str, int]) -> Quote:
        """A session as a quote, if its numbers agree with each other and with what was asked."""
        try:
            totals = {one["type"]: _cents(one["amount"]) for one in session["totals"]}
            lines = tuple(
                QuoteLine(
                    sku=str(one["item"]["id"]),
                    count=_cents(one["item"]["quantity"]),
                    price=_dollars(_cents(one["unit_amount"])),
                    total=_dollars(_cents(one["total"])),
                )
                for one in session["line_items"]
            )
            goods, off = totals["items_base_amount"], totals.get("items_discount", 0)
            shipping, whole = totals["fulfillment"], totals["total"]
            arrives = max(
                date.fromisoformat(one["latest_delivery_time"])
                for one in session["fulfillment_options"]
            )
            problems = tuple(bounded(str(one["content"]), 200) for one in session["messages"])
            session_id = str(session["id"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._failed("sends a session that cannot be read") from error
        asked = {line.sku: line.count for line in lines}
        if not problems and (len(asked) != len(lines) or asked != dict(packs)):
            raise self._failed("quotes another basket than was asked for")
        summed = sum(minor_units(line.total) for line in lines)
        each = all(line.count * line.price.units == line.total.units for line in lines)
        if summed != goods or goods - off + shipping != whole or not each:
            raise self._failed("sends a total that is not the sum of its parts")
        return Quote(
            shop=self._retailer.name,
            session_id=session_id,
            lines=lines,
            goods=_dollars(goods),
            discount=_dollars(off),
            shipping=_dollars(shipping),
            total=_dollars(whole),
            arrives=arrives,
            problems=problems,
        )

    def _order(self, told: Json, session_id: str) -> ShopOrder:
        try:
            return ShopOrder(
                shop=self._retailer.name,
                id=bounded(str(told["id"]), 64),
                session_id=session_id,
                state=_STATES[told["status"]],
                total=_dollars(_cents(told["total"])),
                refunded=_dollars(_cents(told["amount_refunded"])),
                arrives=date.fromisoformat(told["arrives"]),
                tracking=bounded(str(told["tracking"]), 64),
                link=bounded(str(told["permalink_url"]), 200),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._failed("sends an order that cannot be read") from error

    def _refused(self, reply: Reply) -> ShopFailed:
        said = bounded(str(reply.body.get("message", "")), 200)
        why = f"{self._retailer.name} answers {reply.status}: {said}"
        # What a client did wrong, or a payment that is declined, stays so; 409 is in flight.
        kind = ShopRefused if 400 <= reply.status < 500 and reply.status != 409 else ShopFailed
        return kind(why, subject=self._retailer.name)

    def _failed(self, why: str) -> ShopFailed:
        return ShopFailed(f"{self._retailer.name} {why}", subject=self._retailer.name)


def over_http(base: str, name: str) -> Transport:
    """A transport to a shop's server; `base` is its address. Raises `ShopFailed`."""
    opener = build_opener(ProxyHandler({}))  # the loopback is never behind a proxy

    def send(method: str, path: str, key: str, body: Json) -> Reply:
        data = json.dumps(body).encode() if method == "POST" else None
        headers = {"Content-Type": "application/json", "API-Version": "2026-04-17"}
        if key:
            headers["Idempotency-Key"] = key
        request = Request(  # noqa: S310 - the owner's own address, checked by the caller
            f"{base.rstrip('/')}/{name}{path}", data=data, headers=headers, method=method
        )
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Reply(answer.status, _object(answer.read(LARGEST_ANSWER), name))
        except HTTPError as error:
            with error:
                return Reply(error.code, _object(error.read(LARGEST_ANSWER), name))
        except (URLError, OSError, HTTPException) as error:
            raise ShopFailed(f"{name} does not answer: {error}", subject=name) from error

    return send


def _object(data: bytes, name: str) -> Json:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ShopFailed(f"{name} answers what is no JSON object", subject=name)
    return found


def _cents(value: Any) -> int:
    """A whole number that is not negative; raises `ValueError`."""
    if type(value) is not int or value < 0:
        raise ValueError("an amount is whole cents")
    return value


def _dollars(cents: int) -> Money:
    return from_minor(cents, NOTHING)
