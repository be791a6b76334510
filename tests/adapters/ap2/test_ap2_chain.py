"""A chain is believed when every signature, binding, disclosure and time in it holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from flux_cli.adapters.ap2.chain import Expected, read_chain
from flux_cli.adapters.ap2.faults import Fault
from tests.adapters.ap2.ap2_vectors import SINGLE_HOP, USER_ROOT
from tests.adapters.ap2.forge import (
    AGENT,
    CLOSED,
    NOW,
    OPEN,
    OTHER,
    USER,
    Hop,
    b64,
    chain,
    disclosure,
    jwk,
    leaf,
    root,
    sha,
)

MEANT = Expected("merchant", "n-1", NOW)


def refused(text: str, meant: Expected = MEANT, issuer: dict[str, Any] | None = None) -> Fault:
    with pytest.raises(Fault) as caught:
        read_chain(text, issuer or jwk(USER), meant)
    return caught.value


def test_the_references_own_vector_is_read_as_it_says() -> None:
    meant = Expected("merchant", "merchant-nonce-single", 1_785_268_700)
    opened, closed = read_chain(SINGLE_HOP, USER_ROOT, meant)
    assert opened["payment_amount"] == {"amount": 2500, "currency": "USD"}
    assert "payee" not in opened
    assert (closed["transaction_id"], closed["payee"]["name"]) == ("tx_single_hop", "Acme Store")


def test_every_byte_of_the_vector_is_needed() -> None:
    """Attack: any one character changed, anywhere in the references' chain."""
    meant = Expected("merchant", "merchant-nonce-single", 1_785_268_700)
    for place in range(0, len(SINGLE_HOP) - 1, 7):
        other = "A" if SINGLE_HOP[place] != "A" else "B"
        with pytest.raises(Fault):
            read_chain(SINGLE_HOP[:place] + other + SINGLE_HOP[place + 1 :], USER_ROOT, meant)


def test_a_true_chain_is_its_mandates() -> None:
    first = root().made()
    assert read_chain(chain(first, leaf(first).made()), jwk(USER), MEANT) == [OPEN, CLOSED]
    assert read_chain(first, jwk(USER), Expected("", "", NOW)) == [OPEN]


def test_a_chain_may_be_longer() -> None:
    first = root().made()
    middle = leaf(first, OPEN | {"cnf": {"jwk": jwk(OTHER)}})
    middle.typ = "kb+sd-jwt+kb"
    between = middle.made()
    last = leaf(between)
    last.key = OTHER
    found = read_chain(chain(chain(first, between), last.made()), jwk(USER), MEANT)
    assert [mandate["vct"] for mandate in found] == [OPEN["vct"], OPEN["vct"], CLOSED["vct"]]
    last.key = AGENT
    fault = refused(chain(chain(first, between), last.made()))
    assert (fault.code, fault.field) == ("ap2_signature", "hop[2].signature")


def changed(change: Callable[[Hop], None], *, of: str) -> str:
    """A chain of which one hop was changed and signed again."""
    begin = root()
    if of == "root":
        change(begin)
    first = begin.made()
    end = leaf(first)
    if of == "leaf":
        change(end)
    return chain(first, end.made())


def header(**given: Any) -> Callable[[Hop], None]:
    return lambda hop: hop.header.update(given)


def claims(**given: Any) -> Callable[[Hop], None]:
    return lambda hop: hop.claims.update(given)


def inside(**given: Any) -> Callable[[Hop], None]:
    return lambda hop: hop.claims["delegate_payload"][0].update(given)


def put(name: str, value: Any) -> Callable[[Hop], None]:
    return lambda hop: setattr(hop, name, value)


def without(name: str) -> Callable[[Hop], None]:
    def change(hop: Hop) -> None:
        del hop.claims[name]

    return change


LEAF = [
    (header(alg="none"), "ap2_algorithm", "hop[1].header.alg"),
    (header(alg="HS256"), "ap2_algorithm", "hop[1].header.alg"),
    (header(alg="es256"), "ap2_algorithm", "hop[1].header.alg"),
    (header(alg=["ES256"]), "ap2_algorithm", "hop[1].header.alg"),
    (header(crit=["exp"]), "ap2_malformed", "hop[1].header.crit"),
    (put("key", USER), "ap2_signature", "hop[1].signature"),
    (put("key", OTHER), "ap2_signature", "hop[1].signature"),
    (put("typ", "dc+sd-jwt"), "ap2_binding", "hop[1].header.typ"),
    (put("typ", "kb+sd-jwt+kb"), "ap2_binding", "hop[1].cnf"),
    (put("typ", "JWT"), "ap2_binding", "hop[1].header.typ"),
    (claims(aud="another"), "ap2_audience", "hop[1].aud"),
    (claims(aud=["merchant"]), "ap2_binding", "hop[1].aud"),
    (claims(nonce="n-2"), "ap2_nonce", "hop[1].nonce"),
    (claims(nonce=""), "ap2_binding", "hop[1].nonce"),
    (without("nonce"), "ap2_binding", "hop[1].nonce"),
    (without("sd_hash"), "ap2_binding", "hop[1].sd_hash"),
    (claims(sd_hash=sha("another~")), "ap2_binding", "hop[1].sd_hash"),
    (claims(issuer_jwt_hash="x"), "ap2_binding", "hop[1].sd_hash"),
    (claims(iat=NOW + 3600), "ap2_not_yet", "hop[1].iat"),
    (claims(iat="now"), "ap2_binding", "hop[1].iat"),
    (claims(exp=NOW), "ap2_expired", "hop[1].exp"),
    (inside(exp=NOW), "ap2_expired", "hop[1].exp"),
    (inside(exp=1e12), "ap2_malformed", "hop[1].exp"),
    (inside(exp=True), "ap2_malformed", "hop[1].exp"),
    (inside(vct="mandate.payment"), "ap2_malformed", "hop[1].vct"),
    (inside(cnf={"jwk": jwk(OTHER)}), "ap2_binding", "hop[1].cnf"),
    (claims(delegate_payload=[CLOSED, CLOSED]), "ap2_malformed", "hop[1].delegate_payload"),
    (claims(_sd_alg="md5"), "ap2_algorithm", "hop[1]._sd_alg"),
]

ROOT = [
    (put("key", AGENT), "ap2_signature", "hop[0].signature"),
    (put("typ", "kb+sd-jwt"), "ap2_malformed", "hop[0].header.typ"),
    (inside(exp=NOW - 1), "ap2_expired", "hop[0].exp"),
    (inside(vct="mandate.payment.1"), "ap2_binding", "hop[0].vct"),
    (inside(cnf={}), "ap2_key", "hop[1].key"),
    (inside(cnf={"jwk": {"kty": "oct", "k": "AAAA"}}), "ap2_key", "hop[1].key"),
    (inside(cnf={"jwk": jwk(AGENT) | {"crv": "P-384"}}), "ap2_key", "hop[1].key"),
    (inside(cnf={"jwk": jwk(AGENT) | {"y": jwk(OTHER)["y"]}}), "ap2_key", "hop[1].key"),
    (inside(cnf={"jwk": jwk(AGENT) | {"d": "AAAA"}}), "ap2_key", "hop[1].key.d"),
]


@pytest.mark.parametrize(("change", "code", "field"), LEAF)
def test_a_false_last_mandate_is_refused_with_its_field(
    change: Callable[[Hop], None], code: str, field: str
) -> None:
    fault = refused(changed(change, of="leaf"))
    assert (fault.code, fault.field) == (code, field)


@pytest.mark.parametrize(("change", "code", "field"), ROOT)
def test_a_false_first_mandate_is_refused_with_its_field(
    change: Callable[[Hop], None], code: str, field: str
) -> None:
    fault = refused(changed(change, of="root"))
    assert (fault.code, fault.field) == (code, field)


def test_the_unsigned_token_of_old_is_refused() -> None:
    first = root().made()
    parts = leaf(first).made().split(".")
    none = b64(b'{"alg":"none","typ":"kb+sd-jwt"}')
    for signature in ("", b64(b"\0" * 64)):
        assert refused(chain(first, f"{none}.{parts[1]}.{signature}~")).code == "ap2_algorithm"


def test_a_signature_has_one_spelling() -> None:
    """The last character of 64 bytes has four bits that nothing reads."""
    first = root().made()
    token, last = first[:-2], first[-2]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(last) ^ 1]
    assert read_chain(f"{token}{last}~", jwk(USER), Expected("", "", NOW)) == [OPEN]
    fault = refused(f"{token}{other}~", Expected("", "", NOW))
    assert (fault.code, fault.field) == ("ap2_malformed", "hop[0].signature")


def hiding() -> tuple[Hop, list[str]]:
    """A root that hides its payee list's one payee and the mandate itself."""
    payee = disclosure({"id": "m-1", "name": "Cat Store"})
    allowed = {"type": "payment.allowed_payees", "allowed": [{"...": sha(payee)}]}
    mandate = disclosure(OPEN | {"constraints": [allowed]})
    hop = root()
    hop.claims = {"delegate_payload": [{"...": sha(mandate)}], "_sd_alg": "sha-256"}
    return hop, [payee, mandate]


def test_what_is_hidden_is_shown_by_its_disclosure_only() -> None:
    hop, shown = hiding()
    hop.disclosures = shown
    first = hop.made()
    [opened, _] = read_chain(chain(first, leaf(first).made()), jwk(USER), MEANT)
    assert opened["constraints"][0]["allowed"] == [{"id": "m-1", "name": "Cat Store"}]
    hop.disclosures = shown[1:]
    first = hop.made()
    [opened, _] = read_chain(chain(first, leaf(first).made()), jwk(USER), MEANT)
    assert opened["constraints"][0]["allowed"] == []


def test_a_disclosure_cannot_be_dropped_after_it_was_signed_for() -> None:
    hop, shown = hiding()
    hop.disclosures = shown
    end = leaf(hop.made()).made()
    hop.disclosures = shown[1:]
    fault = refused(chain(hop.made(), end))
    assert (fault.code, fault.field) == ("ap2_binding", "hop[1].sd_hash")


def test_a_disclosure_that_was_touched_repeated_or_added_is_refused() -> None:
    hop, shown = hiding()
    evil = disclosure({"id": "evil", "name": "Cat Store"})
    for wrong in ([evil, shown[1]], [*shown, shown[0]], [*shown, evil], [shown[0], ""]):
        hop.disclosures = wrong
        first = hop.made()
        assert refused(chain(first, leaf(first).made())).code == "ap2_disclosure", wrong


SHAPES: list[tuple[list[str], dict[str, Any]]] = [
    ([disclosure("exp", NOW + 9**9)], {"exp": NOW + 60}),
    ([disclosure("_sd", [])], {}),
    ([disclosure("...", 1)], {}),
    ([b64(b'["salt", "a"]')], {}),
    ([b64(b'{"salt": 1}')], {}),
    ([b64(b'["salt", "a", {"b": 1, "b": 2}]')], {}),
    ([b64(b"not json")], {}),
]


@pytest.mark.parametrize(("shown", "beside"), SHAPES)
def test_a_disclosure_that_is_none_is_refused(shown: list[str], beside: dict[str, Any]) -> None:
    hop = root()
    hop.claims |= {"_sd": [sha(one) for one in shown]} | beside
    hop.disclosures = shown
    first = hop.made()
    assert refused(chain(first, leaf(first).made())).code in ("ap2_disclosure", "ap2_malformed")


def test_a_digest_is_there_once() -> None:
    one = disclosure("note", "x")
    hop = root()
    hop.claims |= {"_sd": [sha(one), sha(one)]}
    hop.disclosures = [one]
    assert refused(hop.made(), Expected("", "", NOW)).code == "ap2_disclosure"


def test_a_name_is_there_once_wherever_it_is() -> None:
    text = json.dumps({"delegate_payload": [CLOSED]})
    twice = text.replace('"amount": 2500', '"amount": 1, "amount": 2500')
    hop = root()
    hop.text = twice
    fault = refused(hop.made(), Expected("", "", NOW))
    assert (fault.code, fault.message) == ("ap2_malformed", "the name is there twice")


def test_numbers_without_end_nan_and_depth_are_no_json() -> None:
    for value in ("NaN", "Infinity", "1e999999999", "9" * 400, "[" * 100_000 + "]" * 100_000):
        hop = root()
        hop.text = json.dumps({"delegate_payload": [CLOSED], "x": 0}).replace(
            '"x": 0', f'"x": {value}'
        )
        assert refused(hop.made(), Expected("", "", NOW)).code == "ap2_malformed"


def test_a_lone_open_mandate_is_bound_to_nobody() -> None:
    fault = refused(root().made())
    assert (fault.code, fault.field) == ("ap2_binding", "hop[0]")


def test_what_is_no_token_is_refused() -> None:
    first = root().made()
    for wrong in ("", "~", "~~", "a.b~", "a.b.c~", first + "~~", first[:-1] + "=~",
                  first + "x.y.z", "é" + first, "~".join([first] * 40), "x" * 300_000):  # fmt: skip
        with pytest.raises(Fault):
            read_chain(wrong, jwk(USER), MEANT)
