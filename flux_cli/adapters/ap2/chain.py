"""A chain of mandates: each signed with the key that the one before it names, down to the last.

AP2 v0.2 and draft-gco-oauth-delegate-sd-jwt-00: segments are joined by `~~`.
"""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.adapters.ap2.es256 import checked, read_jwk
from flux_cli.adapters.ap2.faults import Fault
from flux_cli.adapters.ap2.sd_jwt import LONGEST_TOKEN, Parts, disclosed, hashed, split
from flux_cli.adapters.ap2.strict_json import Json

OPEN = frozenset({"mandate.checkout.open.1", "mandate.payment.open.1"})
CLOSED = frozenset({"mandate.checkout.1", "mandate.payment.1"})
ROOT_TYPES = frozenset({"dc+sd-jwt", "vc+sd-jwt", "sd-jwt", "example+sd-jwt"})
BINDING_TYPES = {"kb+sd-jwt+kb": True, "kb-sd-jwt+kb": True, "kb+sd-jwt": False, "kb-sd-jwt": False}
"""Whether a bound mandate names the key of the next one."""

MOST_HOPS = 8
SKEW = 60
"""Seconds by which two clocks may differ."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the last hop has to say to be meant for us now; "" is not compared."""

    audience: str
    nonce: str
    now: int


def read_chain(text: str, issuer: Json, expected: Expected) -> list[Json]:
    """Every mandate of a chain that the issuer's key began, first to last. Raises `Fault`."""
    text = text.strip()
    if len(text) > LONGEST_TOKEN:
        raise Fault("malformed", "token", f"a chain has at most {LONGEST_TOKEN} characters")
    segments = text.split("~~")
    if len(segments) > MOST_HOPS:
        raise Fault("malformed", "token", f"a chain has at most {MOST_HOPS} mandates")
    jwk: object = issuer
    before: Parts | None = None
    mandates: list[Json] = []
    for number, segment in enumerate(segments):
        field = f"hop[{number}]"
        parts, last = split(segment, field), number == len(segments) - 1
        typ, payload = checked(parts.token, read_jwk(jwk, f"{field}.key"), field)
        payload = disclosed(payload, parts, field)
        mandate = _mandate(payload, field)
        if before is None:
            if typ not in ROOT_TYPES:
                raise Fault("malformed", f"{field}.header.typ", f"{typ[:40]!r} begins no chain")
        else:
            _bound(typ, payload, before, mandate, field, last=last)
        _in_time(payload, field, expected.now)
        _in_time(mandate, field, expected.now)
        if not last and mandate["vct"] not in OPEN:
            raise Fault("binding", f"{field}.vct", "a closed mandate ends its chain")
        if last and before is not None:
            _meant(payload, expected, field)
        cnf = mandate.get("cnf", payload.get("cnf"))
        jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
        before = parts
        mandates.append(mandate)
    if before is not None and len(mandates) == 1 and (expected.audience or expected.nonce):
        raise Fault("binding", "hop[0]", "nobody has signed for this audience: it is not bound")
    return mandates


def _mandate(payload: Json, field: str) -> Json:
    """The one mandate of a token: in `delegate_payload`, or the payload itself."""
    inside = payload.get("delegate_payload", [payload])
    if not isinstance(inside, list) or len(inside) != 1 or not isinstance(inside[0], dict):
        raise Fault("malformed", f"{field}.delegate_payload", "it holds one mandate, shown")
    mandate: Json = inside[0]
    if mandate.get("vct") not in OPEN | CLOSED:
        raise Fault("malformed", f"{field}.vct", f"{str(mandate.get('vct'))[:60]!r} is not known")
    return mandate


def _bound(
    typ: str, payload: Json, before: Parts, mandate: Json, field: str, *, last: bool
) -> None:
    names_next = BINDING_TYPES.get(typ)
    if names_next is None:
        raise Fault("binding", f"{field}.header.typ", f"{typ[:40]!r} is no bound mandate")
    if names_next is not isinstance(mandate.get("cnf"), dict):
        wanted = "names" if names_next else "names no"
        raise Fault("binding", f"{field}.cnf", f"a {typ} {wanted} next key")
    if names_next is last:
        raise Fault("binding", f"{field}.header.typ", "the last mandate, and only it, is final")
    ours = {"sd_hash": hashed(before.whole), "issuer_jwt_hash": hashed(before.token)}
    named = [name for name in ours if name in payload]
    if len(named) != 1:
        raise Fault("binding", f"{field}.sd_hash", "exactly one of sd_hash and issuer_jwt_hash")
    if payload[named[0]] != ours[named[0]]:
        raise Fault("binding", f"{field}.{named[0]}", "it was signed for another mandate")
    for name in ("aud", "nonce"):
        if not isinstance(payload.get(name), str) or not payload[name]:
            raise Fault("binding", f"{field}.{name}", "a bound mandate says it, as text")
    if type(payload.get("iat")) is not int:
        raise Fault("binding", f"{field}.iat", "a bound mandate says when it was signed")


def _meant(payload: Json, expected: Expected, field: str) -> None:
    for name, wanted, code in (
        ("aud", expected.audience, "audience"),
        ("nonce", expected.nonce, "nonce"),
    ):
        if wanted and payload[name] != wanted:
            raise Fault(code, f"{field}.{name}", "it was signed for another")


def _in_time(claims: Json, field: str, now: int) -> None:
    for name in ("iat", "nbf", "exp"):
        if name in claims and (type(claims[name]) is not int or claims[name] < 0):
            raise Fault("malformed", f"{field}.{name}", "a time is whole seconds")
    if claims.get("iat", 0) > now + SKEW or claims.get("nbf", 0) > now + SKEW:
        raise Fault("not_yet", f"{field}.iat", "it is from the future")
    if "exp" in claims and claims["exp"] <= now:
        raise Fault("expired", f"{field}.exp", "its time is over")
