"""99, 124: an owner's key sees and touches its own agents' things; a key of one agent only its."""

from __future__ import annotations

import pytest

from flux_cli.domain.api_keys import Scope
from tests.entrypoints.rest.client import Client
from tests.entrypoints.rest.conftest import Served


@pytest.fixture
def acme(served: Served) -> Client:
    """Another owner's key; its `carl` has 100.00, `dora` nothing."""
    client = served.client(Scope.ADMIN, owner="acme")
    for name in ("carl", "dora"):
        assert client.post("/v1/agents", {"name": name}).status == 201
    assert client.post("/v1/agents/carl/fund", {"amount": "100"}).status == 201
    return client


@pytest.fixture
def theirs(pair: Client) -> dict[str, str]:
    """The ids of one object of every kind of the house."""
    pay = {"from_agent": "alice", "to_agent": "bob", "amount": "1"}
    card = {"agent": "alice", "amount": "1", "purpose": "API credits", "justification": "to test",
            "expected_return": "5"}  # fmt: skip
    stream = {"from_agent": "alice", "to_agent": "bob", "rate": "1/h", "fund": "1"}
    wish = {"prompt": "snacks for 20 people", "budget": "60"}
    held = pair.post("/v1/payments", pay | {"capture": False}).json["id"]
    cart = pair.post("/api/orchestrate", wish).json["id"]
    entry = pair.get("/v1/ledger/entries?agent=alice").json["data"][0]["id"]
    return {
        "payments": held,
        "escrows": pair.post("/v1/escrows", pay).json["id"],
        "streams": pair.post("/v1/streams", stream).json["id"],
        "cards": pair.post("/v1/cards", card).json["card"]["id"],
        "carts": cart,
        "ledger/entries": entry,
    }


UNKNOWN = {
    "payments": "pi_", "escrows": "esc_", "streams": "str_", "cards": "card_", "carts": "cart_",
    "ledger/entries": "ent_",
}  # fmt: skip

ACTS = (
    "payments/{}/capture", "payments/{}/cancel", "payments/{}/refunds", "payments/{}/approve",
    "payments/{}/deny", "escrows/{}/release", "escrows/{}/cancel", "streams/{}/pause",
    "streams/{}/resume", "streams/{}/settle", "streams/{}/close", "cards/{}/cancel",
)  # fmt: skip


def test_124_what_is_anothers_is_as_unknown(acme: Client, theirs: dict[str, str]) -> None:
    for kind, known in theirs.items():
        unknown = UNKNOWN[kind] + "0" * 26
        paths = [f"{kind}/{{}}", *(act for act in ACTS if act.startswith(f"{kind}/"))]
        for path in paths:
            method = "GET" if path == f"{kind}/{{}}" else "POST"
            body = None if method == "GET" else {}
            found = acme.send(method, f"/v1/{path.format(known)}", body)
            nothing = acme.send(method, f"/v1/{path.format(unknown)}", body)
            assert found.status == 404, (path, found.text)
            assert found.text == nothing.text
    references = [acme.get(f"/v1/ledger/references/{one}") for one in theirs.values()]
    assert {reply.text for reply in references} == {acme.get("/v1/ledger/references/x").text}
    bought = acme.post("/api/execute_payment", {"cart_id": theirs["carts"]})
    assert bought.text == acme.post("/api/execute_payment", {"cart_id": "cart_0"}).text
    quorum = acme.get(f"/v1/quorum/{theirs['payments']}")
    assert quorum.text == acme.get("/v1/quorum/pi_0").text


def test_124_lists_hold_the_owners_own(acme: Client, pair: Client, theirs: dict[str, str]) -> None:
    for kind in ("payments", "cards", "streams", "carts", "runs", "settlements"):
        assert acme.get(f"/v1/{kind}").json["data"] == [], kind
        assert acme.get(f"/v1/{kind}?agent=alice").json["data"] == [], kind
    assert [one["name"] for one in acme.get("/v1/agents").json["data"]] == ["carl", "dora"]
    assert [one["agent"] for one in acme.get("/v1/wallets").json["data"]] == ["carl", "dora"]
    names = {one["name"] for one in pair.get("/v1/agents?limit=100").json["data"]}
    assert {"alice", "bob", "orchestrator"} <= names
    assert not {"carl", "dora"} & names


def test_124_anothers_agents_are_neither_paid_nor_spent(acme: Client, pair: Client) -> None:
    for body in (
        {"from_agent": "alice", "to_agent": "carl", "amount": "1"},
        {"from_agent": "carl", "to_agent": "alice", "amount": "1"},
    ):
        for path, extra in (
            ("/v1/payments", {}), ("/v1/intents", {}), ("/v1/escrows", {}),
        ):  # fmt: skip
            assert acme.post(path, body | extra).status == 404
        stream = {name: value for name, value in body.items() if name != "amount"}
        assert acme.post("/v1/streams", stream | {"rate": "1/h", "fund": "1"}).status == 404
    unknown = acme.get("/v1/agents/nobody")
    for path in ("", "/wallet", "/history", "/stats", "/summary", "/earnings", "/escrows"):
        assert acme.get(f"/v1/agents/alice{path}").text == unknown.text
    for path, body in (("fund", {"amount": "1"}), ("pause", {}), ("unpause", {})):
        assert acme.post(f"/v1/agents/alice/{path}", body).text == unknown.text
    assert acme.put("/v1/agents/alice/policy", {}).text == unknown.text
    assert acme.post("/v1/cards", {"agent": "alice", "amount": "1", "purpose": "x"}).status == 404
    wish = {"prompt": "snacks for 20 people", "agent": "orchestrator"}
    assert acme.post("/api/orchestrate", wish).status == 404
    assert pair.get("/v1/agents/alice").json["status"] == "active"


def test_124_events_tell_an_owner_its_own(
    acme: Client, pair: Client, theirs: dict[str, str]
) -> None:
    heard = acme.get("/v1/events?after=0&follow=false").text
    mine = pair.get("/v1/events?after=0&follow=false").text
    assert not any(one in heard for one in theirs.values() if not one.startswith("ent_"))
    assert "freeze:carl" in heard
    assert "carl" not in mine
    assert theirs["payments"] in mine
    for word in ("api_key", "api_reply", "note."):
        assert word not in heard + mine


def test_99_a_key_of_one_agent_spends_no_others_money(served: Served, pair: Client) -> None:
    assert pair.post("/v1/agents/bob/fund", {"amount": "5"}).status == 201
    bobs = served.client(Scope.PAY, Scope.READ, Scope.CARDS, agent="bob")
    held = pair.post(
        "/v1/payments",
        {"from_agent": "alice", "to_agent": "bob", "amount": "1", "capture": False},
    ).json["id"]
    escrow = pair.post(
        "/v1/escrows", {"from_agent": "alice", "to_agent": "bob", "amount": "1"}
    ).json["id"]

    stolen = {"from_agent": "alice", "to_agent": "bob", "amount": "1"}
    assert bobs.post("/v1/payments", stolen).code == "payer_not_found"
    # Bob sees what concerns him, and yet only Alice's side captures, cancels or releases it.
    assert bobs.get(f"/v1/payments/{held}").status == 200
    assert bobs.get(f"/v1/escrows/{escrow}").status == 200
    for path in (f"payments/{held}/capture", f"escrows/{escrow}/release"):
        assert bobs.post(f"/v1/{path}").status == 404
    paid = bobs.post("/v1/payments", {"from_agent": "bob", "to_agent": "alice", "amount": "2"})
    assert paid.status == 201
    assert [one["name"] for one in bobs.get("/v1/agents").json["data"]] == ["bob"]


def test_124_a_card_of_anothers_is_no_card(served: Served, acme: Client, pair: Client) -> None:
    """Whoever has its details pays with it at a merchant; with another owner's key it is none."""
    from flux_cli.usecases.cards import reveal_card

    wanted = {"agent": "alice", "amount": "5", "purpose": "API credits", "justification": "test",
              "expected_return": "50"}  # fmt: skip
    card = pair.post("/v1/cards", wanted).json["card"]["id"]
    shown = reveal_card(served.deps, card)
    details = {"number": shown.number, "cvv": shown.cvv, "expiry": shown.expiry,
               "amount": "5", "merchant_name": "api-hub"}  # fmt: skip

    wrong = details | {"cvv": "000" if shown.cvv != "000" else "001"}
    unknown = acme.post("/v1/cards/charge", details | {"number": "4242420000000000"})
    assert acme.post("/v1/cards/charge", details).text == unknown.text
    for _ in range(10):  # which would lock it, were they tries on it
        assert acme.post("/v1/cards/charge", wrong).text == unknown.text
    charged = pair.post("/v1/cards/charge", details, "buy")
    assert (charged.status, charged.json["captured"]["decimal"]) == (201, "5.000000")
    assert pair.post("/v1/cards/charge", details, "buy").text == charged.text
    again = pair.post("/v1/cards/charge", details)
    assert (again.status, again.code, again.json["reason"]) == (402, "declined", "already_used")
