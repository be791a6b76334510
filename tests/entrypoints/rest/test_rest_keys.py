"""Who is let in, and what each key may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from flux_cli.adapters.store.reader import SqliteReader
from flux_cli.domain.api_keys import ApiKey, Environment, Scope, read_key, spell_key
from flux_cli.usecases import api_keys
from flux_cli.usecases.api_keys import KeyRequest, create_key, revoke_key, rotate_key
from tests.entrypoints.rest.client import Client, Reply
from tests.entrypoints.rest.conftest import Served

READS = (
    "/v1/agents", "/v1/agents/alice", "/v1/agents/alice/wallet", "/v1/agents/alice/history",
    "/v1/payments", "/v1/cards", "/v1/streams", "/v1/runs", "/v1/carts", "/v1/settlements",
    "/v1/events?follow=false", "/v1/ledger/entries?agent=alice", "/v1/wallets", "/v1/nothing",
)  # fmt: skip

WRITES: tuple[tuple[str, str, dict[str, object], Scope], ...] = (
    ("POST", "/v1/agents", {"name": "eve"}, Scope.ADMIN),
    ("POST", "/v1/agents/alice/fund", {"amount": "1"}, Scope.ADMIN),
    ("PUT", "/v1/agents/alice/policy", {"per_payment": "1"}, Scope.ADMIN),
    ("POST", "/v1/agents/alice/pause", {}, Scope.ADMIN),
    ("POST", "/v1/agents/alice/unpause", {}, Scope.ADMIN),
    ("POST", "/v1/payments/pi_0/approve", {}, Scope.ADMIN),
    ("POST", "/v1/payments/pi_0/deny", {}, Scope.ADMIN),
    (
        "POST", "/v1/payments",
        {"from_agent": "alice", "to_agent": "bob", "amount": "1"}, Scope.PAY,
    ),
    ("POST", "/v1/payments/pi_0/capture", {}, Scope.PAY),
    ("POST", "/v1/payments/pi_0/cancel", {}, Scope.PAY),
    ("POST", "/v1/payments/pi_0/refunds", {}, Scope.PAY),
    ("POST", "/v1/escrows", {"from_agent": "alice", "to_agent": "bob", "amount": "1"}, Scope.PAY),
    ("POST", "/v1/escrows/esc_0/release", {}, Scope.PAY),
    ("POST", "/v1/escrows/esc_0/cancel", {}, Scope.PAY),
    (
        "POST", "/v1/streams",
        {"from_agent": "alice", "to_agent": "bob", "rate": "1/h", "fund": "1"}, Scope.PAY,
    ),
    ("POST", "/v1/streams/str_0/close", {}, Scope.PAY),
    ("POST", "/api/execute_payment", {"cart_id": "cart_0"}, Scope.PAY),
    (
        "POST", "/v1/intents",
        {"from_agent": "alice", "to_agent": "bob", "amount": "1"}, Scope.PROPOSE,
    ),
    ("POST", "/api/orchestrate", {"prompt": "snacks"}, Scope.PROPOSE),
    ("POST", "/v1/cards", {"agent": "alice", "amount": "1", "purpose": "x"}, Scope.CARDS),
    ("POST", "/v1/cards/card_0/cancel", {}, Scope.CARDS),
    (
        "POST", "/v1/cards/charge",
        {"number": "4", "cvv": "1", "expiry": "01/30", "amount": "1", "merchant_name": "x"},
        Scope.CARDS,
    ),
)  # fmt: skip
"""Every route that writes, but streams' siblings, with what it needs."""


def unnamed(reply: Reply) -> tuple[int, dict[str, str], str]:
    """An answer without what is never the same: its own id and the second it was given in."""
    kept = {k: v for k, v in reply.headers.items() if k not in ("request-id", "date")}
    return reply.status, kept, reply.text


def bad_keys(served: Served) -> dict[str, str | None]:
    """A key in every state that opens nothing."""
    good = served.key(Scope.ADMIN)
    revoked = served.key(Scope.ADMIN)
    parts = read_key(revoked)
    assert parts is not None
    revoke_key(served.deps, parts[0])
    expired, text = create_key(served.deps, KeyRequest(scopes=frozenset({Scope.ADMIN})))
    with served.deps.store.begin() as tx:
        tx.put(replace(expired, expires_at=expired.created_at), "api_key.rotated")
    return {
        "none": None,
        "empty": "",
        "prose": "let me in",
        "mistyped": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "other secret": f"{good[:40]}{'0' * 52}{good[-7:]}",
        "live for test": good.replace("flux_test_", "flux_live_"),
        "long": "flux_test_" + "0" * 5000,
        "not ASCII": "flux_test_\xe9",
        "revoked": revoked,
        "expired": text,
    }


def test_120_a_key_that_opens_nothing_is_told_nothing(served: Served, pair: Client) -> None:
    seen = set()
    for name, key in bad_keys(served).items():
        client = Client(served.port, key)
        for path in READS:
            reply = client.get(path)
            while reply.status == 429:  # strangers are let ask only so often
                reply = client.get(path)
            assert (reply.status, reply.code) == (401, "unauthorized"), (name, path)
            seen.add(str(unnamed(reply)))
    assert len(seen) == 1


def test_120_a_key_in_the_address_opens_nothing(served: Served, pair: Client) -> None:
    key = served.key(Scope.ADMIN)
    for path in (f"/v1/agents?api_key={key}", f"/v1/agents?access_token={key}"):
        assert Client(served.port).get(path).status == 401
    assert key not in str(served.log)


def test_120_each_scope_opens_its_routes_and_no_other(served: Served, pair: Client) -> None:
    clients = {scope: served.client(scope) for scope in Scope if scope is not Scope.ADMIN}
    for method, path, body, needed in WRITES:
        for scope, client in clients.items():
            reply = client.send(method, path, body)
            refused = (reply.status, reply.json.get("code")) == (403, "scope_missing")
            assert refused is (scope is not needed), (path, scope, reply.text)
    for scope, client in clients.items():
        assert client.get("/v1/agents").status == (200 if scope is Scope.READ else 403)


def test_120_every_text_costs_the_same_to_refuse(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up, a hash and a whole comparison each; `bench/rest.py --timings` has the seconds."""
    good, other = served.key(Scope.READ), served.key(Scope.READ)
    work: list[str] = []

    def noted(name: str, real: Callable[..., Any]) -> None:
        def does(*given: Any, **named: Any) -> Any:
            work.append(name)
            return real(*given, **named)

        monkeypatch.setattr(api_keys, name, does)

    noted("compare_digest", api_keys.compare_digest)
    noted("_hash", api_keys._hash)
    looked = SqliteReader.lookup

    def lookup(self: SqliteReader, kind: type, **equal: Any) -> Any:
        work.append(f"lookup {kind.__name__}")
        return looked(self, kind, **equal)

    monkeypatch.setattr(SqliteReader, "lookup", lookup)
    body = "0" * 26 + good[36:-7]
    texts = {
        "good": good,
        "unknown": spell_key(Environment.TEST, f"key_{'0' * 26}", good[36:-7]),
        "wrong secret": spell_key(Environment.TEST, f"key_{good[10:36]}", other[36:-7]),
        "mistyped": f"flux_test_{body}0000000",
        "no key": "x",
        "none": "",
    }
    for name, text in texts.items():
        work.clear()
        assert (api_keys.key_behind(served.deps, text) is not None) is (name == "good")
        assert work == ["lookup ApiKey", "_hash", "compare_digest"], name


def test_a_key_is_kept_as_a_hash_only(served: Served, pair: Client) -> None:
    key = served.key(Scope.READ)
    assert Client(served.port, key).get("/v1/agents").status == 200
    secret = key[36:-7]
    for file in served.deps.store.path.parent.glob("ledger.db*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes(), file


def test_a_rotated_key_opens_for_the_overlap(served: Served, pair: Client) -> None:
    old = served.key(Scope.READ)
    parts = read_key(old)
    assert parts is not None
    _, new = rotate_key(served.deps, parts[0], timedelta(hours=1))
    assert [Client(served.port, key).get("/v1/agents").status for key in (old, new)] == [200, 200]

    parts = read_key(new)
    assert parts is not None
    _, newest = rotate_key(served.deps, parts[0], timedelta(0))
    opened = [Client(served.port, key).get("/v1/agents").status for key in (old, new, newest)]
    assert opened == [200, 401, 200]


def test_a_use_is_noted_once_for_many(served: Served, pair: Client) -> None:
    key = served.key(Scope.READ)
    parts = read_key(key)
    assert parts is not None
    for _ in range(5):
        assert Client(served.port, key).get("/v1/agents").status == 200
    with served.deps.store.reading() as reader:
        kept = reader.get(ApiKey, parts[0])
        uses = [one for one in reader.events() if one.kind == "api_key.used"]
    assert kept.last_used_at is not None
    assert len([one for one in uses if one.subject == kept.id]) == 1


def test_98_no_key_loosens_a_policy(pair: Client) -> None:
    tight = {"per_payment": "10", "per_day": "20", "payees": ["bob"]}
    assert pair.put("/v1/agents/alice/policy", tight).status == 200
    before = pair.get("/v1/agents/alice").json

    for policy in (
        {},
        {"per_payment": "11"},
        {"per_payment": "10", "per_day": "21"},
        {"per_payment": "10", "per_day": "20", "payees": None},
        {"per_payment": "10", "per_day": "20", "payees": ["bob", "eve"]},
    ):
        reply = pair.put("/v1/agents/alice/policy", policy)
        assert (reply.status, reply.code) == (403, "owner_required")
        assert pair.get("/v1/agents/alice").json == before


def test_98_84_no_route_is_for_keys_freezes_or_reveals(admin: Client) -> None:
    paths = admin.get("/openapi.json").json["paths"]
    words = ("reveal", "freeze", "thaw", "key", "mandate", "config", "withdraw", "owner")
    assert [path for path in paths if any(word in path for word in words)] == []
