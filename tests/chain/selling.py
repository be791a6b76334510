"""A seller by HTTP 402 on the local chain, and the ways its answers can go wrong."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

import paying
import rig

from flux_cli.adapters.chain.encoding import payment_call
from flux_cli.adapters.x402.stall import Goods, Reply, Stall
from flux_cli.bootstrap_web import open_stall
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.settlements import Authorization
from flux_cli.entrypoints.stall.serve import stall_server
from flux_cli.usecases.settlement_ports import Chain

PRICE = Money(50_000, USDC)
BODY = b'{"forecast": "rain"}'
Twist = Callable[[Reply, str | None], Reply | None]
"""What becomes of an answer on its way, given the header that paid; None loses it."""


@dataclass
class Shop:
    """A running stall: `twist` meddles with its answers, `headers` are the payments it was sent."""

    server: ThreadingHTTPServer
    stall: Stall | None = None
    twist: Twist | None = None
    headers: list[str] = field(default_factory=list)
    sent: int = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.base}/weather"

    @property
    def other(self) -> str:
        return f"{self.base}/news"


def relay_on(chain: rig.LocalChain, shop: Shop) -> Callable[[Terms, str, Authorization], str]:
    """Send an authorization from the node's own account, which pays the gas."""

    def relay(terms: Terms, nonce: str, signed: Authorization) -> str:
        shop.sent += 1
        data = "0x" + payment_call(terms, nonce, signed).hex()
        call = {"from": chain.relayer, "to": terms.token, "data": data, "gas": hex(300_000)}
        return str(chain("eth_sendTransaction", call))

    return relay


class Lost(Exception):
    """Raised in the handler, it ends the connection without an answer."""


@contextmanager
def selling(chain: rig.LocalChain, reader: Chain) -> Iterator[Shop]:
    """A stall that sells two things for the same price, paid at the merchant acme's address."""
    shop: Shop

    def answer(url: str, header: str | None) -> Reply:
        assert shop.stall is not None
        if header:
            shop.headers.append(header)
        reply = shop.stall.answer(url, header)
        if shop.twist is not None:
            twisted = shop.twist(reply, header)
            if twisted is None:
                raise Lost
            return twisted
        return reply

    server = stall_server(answer)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    shop = Shop(server)
    goods = Goods(PRICE, "application/json", BODY)
    both = {shop.url: goods, shop.other: goods}
    shop.stall = open_stall(reader, paying.MERCHANTS["acme"], both, relay_on(chain, shop))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()


def spoken(header: str) -> dict[str, Any]:
    """What a header of the protocol says."""
    found: dict[str, Any] = json.loads(base64.b64decode(header))
    return found


def demanding(change: Callable[[dict[str, Any]], None]) -> Twist:
    """A seller whose first demand is changed by `change`."""

    def twist(reply: Reply, header: str | None) -> Reply:
        if header or reply.status != 402:
            return reply
        said = spoken(reply.headers["PAYMENT-REQUIRED"])
        change(said)
        text = base64.b64encode(json.dumps(said).encode()).decode()
        return Reply(402, {"PAYMENT-REQUIRED": text})

    return twist
