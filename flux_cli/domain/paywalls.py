"""A seller's demand over HTTP 402, and the firewall that nothing of it passes unjudged.

What a seller writes is data: the chain, the token, its signing domain, the payee's address and
the longest validity all come from the owner's side, and a demand that differs is refused.
Source: x402 v2, scheme `exact` on EVM by EIP-3009.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import Authorization

VERSION = 2
SCHEME = "exact"
DOMAIN = ("USDC", "2")
"""The name and version that USDC on Arc signs under; no seller may name others."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One way a seller would be paid. `amount` is its own text; `whole` all it said, as JSON."""

    scheme: str
    network: str
    amount: str
    asset: str
    pay_to: str
    timeout_seconds: int
    name: str
    version: str
    method: str
    flow: str
    whole: str


@dataclass(frozen=True, slots=True)
class Demanded:
    """What a seller's 402 says: its protocol version, the address it sells, ways to pay for it.

    `error` is why it did not take a payment.
    """

    protocol: int
    url: str
    accepts: tuple[Demand, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Wall:
    """What the owner allows: merchants by id with checksummed addresses, and the price's cap."""

    url: str
    chain_id: int
    token: str
    merchants: Mapping[str, str]
    most: Money
    longest_seconds: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A demand that the firewall let through, as our own side reads it."""

    demand: Demand
    merchant: str
    amount: Money


class WebState(StrEnum):
    """How far a payment for a web address has come."""

    ASKED = "asked"
    """The seller's demand is kept; nothing is signed."""

    SIGNED = "signed"
    """The header is kept, and may have been sent."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """The seller did not take the payment; until it expires it may still use it."""


@dataclass(frozen=True, slots=True)
class WebPayment:
    """One thing bought by HTTP 402.

    `key` is its payment intent's. `header` is the one payment that is ever sent for it, kept
    before it is sent. `status` is the last HTTP answer to that, 0 where there was none.
    """

    id: str
    key: str
    state: WebState
    url: str
    requester: str
    payee: str
    amount: Money
    demand: Demand
    settlement_id: str | None
    authorization: Authorization | None
    header: str
    status: int
    body_sha256: str
    reason: str
    created_at: datetime
    changed_at: datetime

    @property
    def resource_hash(self) -> str:
        """What the approval and the nonce are bound to beside price and payee."""
        return resource_hash(self.url)


def resource_hash(url: str) -> str:
    """What names a resource: its method and address, hashed."""
    return hashlib.sha256(f"GET {url}".encode()).hexdigest()


def choose(demanded: Demanded, wall: Wall) -> Passed | tuple[Refusal, ...]:
    """The first demand that passes every rule; else why the nearest does not, every reason."""
    if demanded.protocol != VERSION:
        said = "only x402 version 2 is spoken"
        return (Refusal("x402_version", said, VERSION, demanded.protocol, "count"),)
    if demanded.url != wall.url:
        return (Refusal("wrong_resource", "the seller asks to be paid for another address"),)
    if not demanded.accepts:
        return (Refusal("nothing_accepted", "the seller names no way to be paid"),)
    found: list[tuple[Refusal, ...]] = []
    for demand in demanded.accepts:
        refusals = judge(demand, wall)
        if not refusals:
            merchant = _merchant(demand, wall)
            assert merchant is not None, "the rule on the payee has passed"
            return Passed(demand, merchant, Money(int(demand.amount), wall.most.asset))
        found.append(refusals)
    return min(found, key=lambda refusals: len(refusals))


def judge(demand: Demand, wall: Wall) -> tuple[Refusal, ...]:
    """Every rule's refusal of one demand."""
    said = (rule(demand, wall) for rule in RULES)
    return tuple(refusal for refusal in said if refusal is not None)


def _scheme(demand: Demand, _: Wall) -> Refusal | None:
    named = (demand.scheme, demand.method or "eip3009", demand.flow or "authorization")
    if named == (SCHEME, "eip3009", "authorization"):
        return None
    return Refusal("wrong_scheme", "only an exact amount by EIP-3009 is paid, never an allowance")


def _network(demand: Demand, wall: Wall) -> Refusal | None:
    if demand.network == f"eip155:{wall.chain_id}":
        return None
    return Refusal("wrong_chain", f"only chain eip155:{wall.chain_id} is paid on")


def _asset(demand: Demand, wall: Wall) -> Refusal | None:
    if demand.asset.lower() == wall.token.lower():
        return None
    return Refusal("wrong_token", f"only the token {wall.token} is paid")


def _domain(demand: Demand, _: Wall) -> Refusal | None:
    if (demand.name, demand.version) == DOMAIN:
        return None
    said = "the token's signing domain is USDC version 2, and the seller names another"
    return Refusal("spoofed_domain", said)


def _payee(demand: Demand, wall: Wall) -> Refusal | None:
    if _merchant(demand, wall) is not None:
        return None
    return Refusal("payee_not_allowed", "the address to be paid is no whitelisted merchant's")


def _price(demand: Demand, wall: Wall) -> Refusal | None:
    text = demand.amount
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 15) or text[0] == "0":
        return Refusal("malformed_amount", "an amount is a whole number of units above nothing")
    if int(text) <= wall.most.units:
        return None
    asked = Money(int(text), wall.most.asset)
    return Refusal.over("max_amount_exceeded", "the seller asks for more", wall.most, asked)


def _validity(demand: Demand, wall: Wall) -> Refusal | None:
    seconds, most = demand.timeout_seconds, wall.longest_seconds
    if 0 < seconds <= most:
        return None
    said = "the payment would be valid for too long, or for no time"
    return Refusal("valid_too_long", said, most, seconds, "seconds")


RULES = (_scheme, _network, _asset, _domain, _payee, _price, _validity)
"""Most serious first."""


def _merchant(demand: Demand, wall: Wall) -> str | None:
    """Whose address it is: all of it, and where it is in mixed case, in EIP-55's."""
    for merchant, address in wall.merchants.items():
        if demand.pay_to in (address, address.lower()):
            return merchant
    return None
