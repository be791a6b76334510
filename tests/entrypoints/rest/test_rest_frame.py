"""What every request goes through: keys, scopes, idempotency, limits."""

from __future__ import annotations

from tests.entrypoints.rest.client import Client


def test_a_payment_is_made_and_read(pair: Client) -> None:
    sent = {"from_agent": "alice", "to_agent": "bob", "amount": "12.50", "memo": "two interviews"}
    paid = pair.post("/v1/payments", sent, "k1")

    assert (paid.status, paid.json["state"]) == (201, "captured")
    assert paid.json["amount"]["decimal"] == "12.500000"
    assert paid.json["idempotency_key"] == "k1"
    read = pair.get(f"/v1/payments/{paid.json['id']}")
    assert (read.status, read.json) == (200, paid.json)
