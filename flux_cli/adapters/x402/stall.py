"""A small seller by HTTP 402: demands, checks a payment itself, has it sent, delivers once paid.

A payment is good only when the chain's own logs say so; one authorization buys one resource once,
and repeating it gives the same answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from flux_cli.adapters.x402 import wire
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.evidence import proof_of
from flux_cli.domain.money import Money
from flux_cli.domain.paywalls import DOMAIN, SCHEME
from flux_cli.domain.settlements import NO_HASH, Authorization
from flux_cli.signer import encoding
from flux_cli.usecases.settlement_ports import Chain
from flux_cli.usecases.web_ports import Claim, Signed

Relay = Callable[[Terms, str, Authorization], str]
"""Sends an authorization (terms, nonce, signature) in a transaction and gives its hash."""

PREFIX = "invalid_exact_evm_payload_"


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold at one path, and for how much USDC."""

    price: Money
    media: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Stall:
    """A seller of `goods` by their address, paid at `pay_to` over a chain.

    An authorization may take `timeout_seconds`; a block is waited for `wait_seconds`.
    """

    chain: Chain
    pay_to: str
    goods: Mapping[str, Goods]
    relay: Relay
    timeout_seconds: int = 120
    wait_seconds: float = 20
    _sold: dict[str, tuple[str, Reply]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, url: str, header: str | None) -> Reply:
        """The answer to one GET. Raises `ChainUnavailable`."""
        goods = self.goods.get(url)
        if goods is None:
            return Reply(404, {})
        if not header:
            return self._demanding(url, goods, "payment required")
        try:
            payment = wire.read_payment(header)
        except wire.Unreadable as error:
            return Reply(400, {}, str(error).encode())
        # One at a time: two copies of a payment are never sent twice.
        with self._lock:
            return self._sell(url, goods, payment)

    def demand(self, goods: Goods) -> dict[str, Any]:
        """How it wants to be paid."""
        return {
            "scheme": SCHEME,
            "network": self._network,
            "amount": str(goods.price.units),
            "asset": self.chain.token,
            "payTo": self.pay_to,
            "maxTimeoutSeconds": self.timeout_seconds,
            "extra": {"name": DOMAIN[0], "version": DOMAIN[1]},
        }

    @property
    def _network(self) -> str:
        return f"eip155:{self.chain.chain_id}"

    def _demanding(self, url: str, goods: Goods, error: str) -> Reply:
        return Reply(402, {wire.REQUIRED: wire.write_required(self.demand(goods), url, error)})

    def _sell(self, url: str, goods: Goods, payment: Signed) -> Reply:
        bought, reply = self._sold.get(payment.nonce, ("", None))
        if reply is not None and bought == self._named(url, payment):
            return reply
        try:
            terms = self._terms(payment)
        except ValueError:
            return self._failed(url, goods, payment, "invalid_payload")
        fault = self._fault(url, goods, payment, terms)
        if fault:
            return self._failed(url, goods, payment, fault)
        tx_hash = self.relay(terms, payment.nonce, payment.authorization)
        receipt = self._receipt(tx_hash)
        if receipt is None or proof_of(terms, payment.nonce, receipt) is None:
            return self._failed(url, goods, payment, "transaction_failed", tx_hash)
        claim = wire.write_claim(Claim(True, tx_hash, ""), payment.payer, self._network)
        headers = {wire.RESPONSE: claim, "content-type": goods.media}
        reply = Reply(200, headers, goods.body)
        self._sold[payment.nonce] = (self._named(url, payment), reply)
        return reply

    def _named(self, url: str, payment: Signed) -> str:
        """What a repetition must repeat exactly."""
        return wire.spelled([url, wire.write_payment(payment)])

    def _terms(self, payment: Signed) -> Terms:
        """What the authorization itself says, every address checked. Raises ValueError."""
        for address in (payment.payer, payment.payee):
            encoding.address_bytes(address)
        chain = (self.chain.chain_id, self.chain.token)
        return Terms(*chain, payment.payer, payment.payee, payment.units, NO_HASH, NO_HASH, 0)

    def _fault(self, url: str, goods: Goods, payment: Signed, terms: Terms) -> str:
        """Why it is not taken, in the protocol's words; nothing where it is."""
        signed, now = payment.authorization, int(time.time())
        if msgspec.json.decode(payment.demand.whole) != self.demand(goods):
            return "invalid_payment_requirements"
        if payment.url not in ("", url):
            return "invalid_payment_requirements"
        if payment.payee != self.pay_to:
            return f"{PREFIX}recipient_mismatch"
        if payment.units != goods.price.units:
            return f"{PREFIX}authorization_value_mismatch"
        if signed.valid_before <= now:
            return f"{PREFIX}authorization_valid_before"
        if signed.valid_after > now:
            return f"{PREFIX}authorization_valid_after"
        head = (terms.chain_id, terms.token, terms.payer, terms.payee, terms.units)
        digest = encoding.spelled_digest(
            *head, signed.valid_after, signed.valid_before, payment.nonce
        )
        if signed.v not in (27, 28) or not self.chain.is_by(digest, signed, payment.payer):
            return f"{PREFIX}signature"
        if self.chain.is_used(payment.payer, payment.nonce):
            return "invalid_exact_evm_nonce_already_used"
        if self.chain.balance(payment.payer) < payment.units:
            return "insufficient_funds"
        return ""

    def _receipt(self, tx_hash: str) -> Any:
        """The transaction's receipt, waited for as long as a block may take."""
        deadline = time.monotonic() + self.wait_seconds
        while (found := self.chain.receipt(tx_hash)) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def _failed(
        self, url: str, goods: Goods, payment: Signed, why: str, tx_hash: str = ""
    ) -> Reply:
        claim = wire.write_claim(Claim(False, tx_hash, why), payment.payer, self._network)
        refused = self._demanding(url, goods, why)
        return Reply(402, {**refused.headers, wire.RESPONSE: claim})
