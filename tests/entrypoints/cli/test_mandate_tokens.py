"""`flux mandates export` and `verify`: AP2 tokens for others, and others' tokens checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.adapters.ap2 import forge
from tests.adapters.ap2.forge import AGENT, OTHER, USER, jwk, sha

Flux = Callable[..., Any]


@pytest.fixture
def desk(flux: Flux, home: Path) -> Flux:
    assert flux("init").code == 0
    for name, key in (("agent", AGENT), ("user", USER), ("other", OTHER)):
        (home / "work" / f"{name}.jwk").write_text(json.dumps(jwk(key)))
    return flux


def mandate(desk: Flux, *more: str) -> str:
    given = ("mandates", "create", "orchestrator", "100", "--purpose", "x", "--expires-in", "7d")
    return str(desk(*given, *more, "-q").out.strip())


def exported(desk: Flux, *argv: str) -> dict[str, Any]:
    ended = desk("mandates", "export", *argv, "--holder", "agent.jwk", "--json")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = ended.json()
    return found


def closing(token: str, amount: object, payee: str = "researcher") -> str:
    """What the agent signs on top of an open mandate: one payment."""
    closed = forge.CLOSED | {
        "payee": {"id": payee, "name": payee},
        "payment_amount": {"amount": amount, "currency": "USD"},
    }
    for name in ("iat", "exp"):
        del closed[name]
    hop = forge.leaf(token, closed)
    hop.claims["iat"] = 1_700_000_000
    return forge.chain(token, hop.made())


def verified(desk: Flux, text: str, issuer: object, *more: str) -> Any:
    Path("chain.txt").write_text(text + "\n")
    Path("issuer.jwk").write_text(json.dumps(issuer))
    given = ("--issuer", "issuer.jwk", "--audience", "merchant", "--nonce", "n-1")
    return desk(
        "mandates", "verify", "chain.txt", *given, "--transaction", "tx", "--spent", "0",
        "--uses", "0", *more, "--json",
    )  # fmt: skip


def test_a_mandate_is_exported_and_never_allows_more_than_it_does(desk: Flux) -> None:
    limits = ("--per-payment", "20.999999", "--payee", "researcher", "--limit", "24h=15.50")
    told = exported(desk, mandate(desk, *limits))
    assert told["checkout_mandate"] is None
    assert told["unsaid"] == ["the time of the limit in 24h"]
    for amount, payee, code in (
        (1550, "researcher", 0),
        (1551, "researcher", 3),
        (1550, "content-writer", 3),
        (15.5, "researcher", 3),
    ):
        ended = verified(desk, closing(told["payment_mandate"], amount, payee), told["issuer"])
        assert ended.code == code, ended.out
    spent = closing(told["payment_mandate"], 1550)
    assert verified(desk, spent, told["issuer"], "--spent", "8450").code == 0
    assert verified(desk, spent, told["issuer"], "--spent", "8451").code == 3


def test_a_false_token_is_refused_with_the_field(desk: Flux) -> None:
    told = exported(desk, mandate(desk))
    good = closing(told["payment_mandate"], 100)
    ended = verified(desk, good, jwk(OTHER))
    assert (ended.code, ended.json()["error"]["code"]) == (3, "ap2_signature")
    assert "hop[0].signature" in ended.json()["error"]["message"]
    ended = verified(desk, good, told["issuer"], "--nonce", "another")
    assert "hop[1].nonce" in ended.json()["error"]["message"]
    ended = verified(desk, closing(told["payment_mandate"], 1.5), told["issuer"])
    assert "payment_amount.amount" in ended.json()["error"]["message"]
    rules = [row["rule"] for row in ended.json()["error"]["refusals"]]
    assert rules == ["ap2_amount", "ap2_amount", "ap2_amount"]


def test_a_cart_binds_the_payment_to_its_items(desk: Flux) -> None:
    wish = {"needs": [{"name": "tea", "category": "tea", "quantity": 50}]}
    Path("wish.json").write_text(json.dumps(wish))
    cart = desk("buy", "--spec", "wish.json", "--yes", "--json").json()["id"]
    told = exported(desk, mandate(desk), "--cart", cart)
    checkout = told["checkout_mandate"]
    digest = sha(checkout.removesuffix("~"))
    chain = closing(told["payment_mandate"], 100)
    assert verified(desk, chain, told["issuer"]).code == 3
    assert verified(desk, chain, told["issuer"], "--checkout", digest).code == 0
    Path("chain.txt").write_text(checkout)
    shown = desk("mandates", "verify", "chain.txt", "--issuer", "issuer.jwk", "--json").json()
    [opened] = shown["mandates"]
    assert opened["vct"] == "mandate.checkout.open.1"
    assert [one["type"] for one in opened["constraints"]] == [
        "checkout.allowed_merchants",
        "checkout.line_items",
    ]


def test_the_owners_key_is_private_and_the_same_the_next_time(desk: Flux, home: Path) -> None:
    first, second = exported(desk, mandate(desk)), exported(desk, mandate(desk))
    assert first["issuer"] == second["issuer"]
    [file] = home.rglob("*.ap2.pem")
    assert file.stat().st_mode & 0o777 == 0o600
    assert "d" not in first["issuer"]


def test_a_key_that_cannot_be_used_is_refused(desk: Flux) -> None:
    man = mandate(desk)
    secret = AGENT.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = AGENT.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for data, code in (
        (public, 0),
        (secret, 2),
        (b"", 2),
        (b"{}", 2),
        (json.dumps(jwk(AGENT) | {"d": "AAAA"}).encode(), 2),
    ):
        Path("key").write_bytes(data)
        assert desk("mandates", "export", man, "--holder", "key", "--json").code == code
    assert desk("mandates", "export", man, "--holder", "nowhere").code == 5


def test_what_is_over_is_not_exported(desk: Flux) -> None:
    man = mandate(desk)
    desk("mandates", "revoke", man)
    assert desk("mandates", "export", man, "--holder", "agent.jwk").code == 8
