"""The headers of x402 v2 as text and back; every field of its right type, the rest kept as it is.

Source: x402 specification v2 and its HTTP transport. A header is base64 of a JSON object.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from flux_cli.adapters.typed import convert
from flux_cli.domain.paywalls import VERSION, Demand, Demanded
from flux_cli.domain.settlements import Authorization
from flux_cli.usecases.web_ports import Claim, Signed

REQUIRED, SIGNATURE, RESPONSE = "PAYMENT-REQUIRED", "PAYMENT-SIGNATURE", "PAYMENT-RESPONSE"
LARGEST_HEADER = 64_000
MOST_ACCEPTS = 32


class Unreadable(ValueError):
    """A header that is not what the protocol says."""


class _Extra(msgspec.Struct, rename="camel"):
    name: str = ""
    version: str = ""
    asset_transfer_method: str = ""
    payment_flow: str = ""


class _Requirement(msgspec.Struct, rename="camel"):
    scheme: str
    network: str
    amount: str
    asset: str
    pay_to: str
    max_timeout_seconds: int
    extra: _Extra | None = None


class _Resource(msgspec.Struct):
    url: str


class _Required(msgspec.Struct, rename="camel"):
    x402_version: int = msgspec.field(name="x402Version")
    resource: _Resource
    accepts: list[_Requirement]
    error: str | None = None


class _Settled(msgspec.Struct, rename="camel"):
    success: bool
    transaction: str = ""
    error_reason: str | None = None


class _Words(msgspec.Struct, rename={"sender": "from"}):
    """An authorization as the wire has it: numbers in decimal."""

    sender: str
    to: str
    value: str
    validAfter: str  # noqa: N815 - the wire's own name
    validBefore: str  # noqa: N815
    nonce: str


class _Exact(msgspec.Struct):
    signature: str
    authorization: _Words


class _Payload(msgspec.Struct, rename="camel"):
    x402_version: int = msgspec.field(name="x402Version")
    accepted: dict[str, Any]
    payload: _Exact
    resource: _Resource | None = None


def read_required(text: str) -> Demanded:
    """A seller's demand. Raises `Unreadable`."""
    raw = _object(text)
    found = _typed(raw, _Required)
    if len(found.accepts) > MOST_ACCEPTS:
        raise Unreadable(f"a seller names at most {MOST_ACCEPTS} ways to be paid")
    accepts = tuple(
        demand_of(one, whole) for one, whole in zip(found.accepts, raw["accepts"], strict=True)
    )
    return Demanded(found.x402_version, found.resource.url, accepts, found.error or "")


def demand_of(found: _Requirement, whole: dict[str, Any]) -> Demand:
    """One requirement as the firewall judges it."""
    extra = found.extra or _Extra()
    return Demand(
        found.scheme,
        found.network,
        found.amount,
        found.asset,
        found.pay_to,
        found.max_timeout_seconds,
        extra.name,
        extra.version,
        extra.asset_transfer_method,
        extra.payment_flow,
        spelled(whole),
    )


def write_required(demand: dict[str, Any], url: str, error: str) -> str:
    """A seller's header that demands a payment for `url`."""
    said = {
        "x402Version": VERSION,
        "error": error,
        "resource": {"url": url},
        "accepts": [demand],
    }
    return _text(said)


def write_payment(payment: Signed) -> str:
    """A buyer's header."""
    signed = payment.authorization
    words = {
        "from": payment.payer,
        "to": payment.payee,
        "value": str(payment.units),
        "validAfter": str(signed.valid_after),
        "validBefore": str(signed.valid_before),
        "nonce": payment.nonce,
    }
    signature = f"{signed.r}{signed.s.removeprefix('0x')}{signed.v:02x}"
    said = {
        "x402Version": VERSION,
        "resource": {"url": payment.url},
        "accepted": msgspec.json.decode(payment.demand.whole),
        "payload": {"signature": signature, "authorization": words},
    }
    return _text(said)


def read_payment(text: str) -> Signed:
    """A buyer's payment; its demand is only what it says it accepted. Raises `Unreadable`."""
    raw = _object(text)
    found = _typed(raw, _Payload)
    if found.x402_version != VERSION:
        raise Unreadable("only x402 version 2 is spoken")
    words, signature = found.payload.authorization, found.payload.signature.removeprefix("0x")
    numbers = (words.value, words.validAfter, words.validBefore)
    if not all(text.isascii() and text.isdigit() and len(text) <= 78 for text in numbers):
        raise Unreadable("a number is decimal")
    try:
        v = bytes.fromhex(signature)[64]
    except (ValueError, IndexError):
        raise Unreadable("a signature is 65 bytes in hexadecimal") from None
    if len(signature) != 130 or len(words.nonce) != 66:
        raise Unreadable("a signature has 65 bytes and a nonce 32")
    r, s = "0x" + signature[:64], "0x" + signature[64:128]
    units, after, before = (int(text) for text in numbers)
    authorization = Authorization(v, r, s, after, before)
    demand = demand_of(_typed(found.accepted, _Requirement), found.accepted)
    url = "" if found.resource is None else found.resource.url
    return Signed(demand, url, words.sender, words.to, units, words.nonce.lower(), authorization)


def read_claim(text: str) -> Claim:
    """What a seller says became of a payment. Raises `Unreadable`."""
    found = _typed(_object(text), _Settled)
    return Claim(found.success, found.transaction, found.error_reason or "")


def write_claim(claim: Claim, payer: str, network: str) -> str:
    """A seller's header that says what became of a payment."""
    said: dict[str, Any] = {
        "success": claim.success,
        "payer": payer,
        "transaction": claim.tx_hash,
        "network": network,
    }
    if claim.reason:
        said["errorReason"] = claim.reason
    return _text(said)


def spelled(value: object) -> str:
    """JSON in one spelling: what is equal is the same text."""
    return msgspec.json.encode(value, order="deterministic").decode()


def _text(value: object) -> str:
    return base64.b64encode(msgspec.json.encode(value)).decode()


def _object(text: str) -> dict[str, Any]:
    if len(text) > LARGEST_HEADER:
        raise Unreadable("a header of more than 64,000 characters")
    try:
        found = msgspec.json.decode(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise Unreadable(f"not base64 of JSON: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable("not an object")
    return found


def _typed(value: Any, kind: Any) -> Any:
    try:
        return convert(value, kind)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from None
