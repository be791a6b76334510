"""Mandates as anybody else would make them, true and false: not one line of ours is used."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NOW = 1_800_000_000
USER = ec.generate_private_key(ec.SECP256R1())
AGENT = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sha(text: str) -> str:
    return b64(hashlib.sha256(text.encode()).digest())


def jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    x, y = (b64(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def token(key: ec.EllipticCurvePrivateKey, header: dict[str, Any], payload: str) -> str:
    text = f"{b64(json.dumps(header).encode())}.{b64(payload.encode())}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def disclosure(*parts: object) -> str:
    return b64(json.dumps(["salt" * 5, *parts]).encode())


PAYEE = {"id": "m-1", "name": "Cat Store"}
RANGE = {"type": "payment.amount_range", "currency": "USD", "max": 5000}
OPEN = {
    "vct": "mandate.payment.open.1",
    "constraints": [RANGE, {"type": "payment.allowed_payees", "allowed": [PAYEE]}],
    "cnf": {"jwk": jwk(AGENT)},
    "iat": NOW - 10,
    "exp": NOW + 3600,
}
CLOSED = {
    "vct": "mandate.payment.1",
    "transaction_id": "tx",
    "payee": PAYEE,
    "payment_amount": {"amount": 2500, "currency": "USD"},
    "payment_instrument": {"id": "card-1", "type": "card"},
    "iat": NOW - 5,
    "exp": NOW + 600,
}


@dataclass
class Hop:
    """One token before it is signed; what a forger changes is changed here."""

    key: ec.EllipticCurvePrivateKey
    typ: str
    claims: dict[str, Any]
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "ES256"})
    disclosures: list[str] = field(default_factory=list)
    text: str = ""
    """The payload's JSON, where it is not what the claims give."""

    def made(self) -> str:
        payload = self.text or json.dumps(self.claims)
        signed = token(self.key, {"typ": self.typ} | self.header, payload)
        return "~".join((signed, *self.disclosures, ""))


def root(mandate: dict[str, Any] | None = None, **changed: Any) -> Hop:
    claims = {"delegate_payload": [(mandate or OPEN) | changed], "_sd_alg": "sha-256"}
    return Hop(USER, "dc+sd-jwt", claims)


def leaf(before: str, mandate: dict[str, Any] | None = None, **changed: Any) -> Hop:
    claims = {
        "delegate_payload": [(mandate or CLOSED) | changed],
        "iat": NOW - 5,
        "aud": "merchant",
        "nonce": "n-1",
        "sd_hash": sha(before),
    }
    return Hop(AGENT, "kb+sd-jwt", claims)


def chain(first: str, second: str) -> str:
    """Two segments as they travel: the first one's last tilde is the first of the two."""
    return f"{first}~{second}"
