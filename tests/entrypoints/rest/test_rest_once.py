"""85: a key is carried out once, for one owner at one path, and answered the same ever after."""

from __future__ import annotations

import queue
import threading
from collections import Counter

from flux_cli.domain.api_keys import HOUSE, Scope
from flux_cli.entrypoints.rest.door import Limits
from flux_cli.usecases.api_keys import claim_agent
from tests.entrypoints.rest.client import Client, Reply
from tests.entrypoints.rest.conftest import Served, serve

PAY = {"from_agent": "alice", "to_agent": "bob", "amount": "1.50", "memo": "once"}


def balance(client: Client, name: str) -> str:
    return str(client.get(f"/v1/agents/{name}/wallet").json["available"]["decimal"])


def test_85_a_repetition_gets_the_first_answer(pair: Client) -> None:
    first = pair.post("/v1/payments", PAY, "same")
    again = pair.post("/v1/payments", PAY, "same")

    assert (first.status, "idempotent-replayed" in first.headers) == (201, False)
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.text == first.text
    assert balance(pair, "bob") == "1.500000"


def test_85_a_key_that_is_none_is_refused(pair: Client) -> None:
    for key, code in (
        ("", "idempotency_key_required"),
        ("x" * 256, "idempotency_key_invalid"),
        ("x" * 10_000, "idempotency_key_invalid"),
        ("a b", "idempotency_key_invalid"),
        ("caf\xe9", "idempotency_key_invalid"),
    ):
        reply = pair.post("/v1/payments", PAY, key)
        assert (reply.status, reply.code) == (400, code)
    assert balance(pair, "bob") == "0.000000"


def test_85_any_visible_key_will_do(pair: Client) -> None:
    for key in ("x", "x" * 255, "~!@#$%^&*()"):
        assert [pair.post("/v1/payments", PAY, key).status for _ in range(2)] == [201, 201]
    assert balance(pair, "bob") == "4.500000"


def test_85_another_request_under_the_same_key_is_refused(pair: Client) -> None:
    assert pair.post("/v1/payments", PAY, "same").status == 201
    for changed in (
        {"amount": "1.51"},
        {"to_agent": "alice"},
        {"memo": "x"},
        {"metadata": {"a": 1}},
    ):
        reply = pair.post("/v1/payments", PAY | changed, "same")
        assert (reply.status, reply.code) == (422, "idempotency_conflict")
    assert balance(pair, "bob") == "1.500000"


def test_85_a_key_means_another_thing_at_another_path_and_to_another_owner(
    served: Served, pair: Client
) -> None:
    other = served.client(Scope.ADMIN, owner="acme")
    for name in ("carl", "dora"):
        assert other.post("/v1/agents", {"name": name}).status == 201
    assert other.post("/v1/agents/carl/fund", {"amount": "5"}, "same").status == 201
    theirs = {"from_agent": "carl", "to_agent": "dora", "amount": "1.50"}

    made = [
        pair.post("/v1/payments", PAY, "same"),
        pair.post("/v1/escrows", PAY, "same"),
        pair.post("/v1/intents", PAY, "same"),
        other.post("/v1/payments", theirs, "same"),
    ]

    assert [reply.status for reply in made] == [201] * 4
    assert len({reply.json["id"] for reply in made}) == 4
    assert [reply.json.get("idempotency_key") for reply in made] == ["same", None, None, "same"]


def test_85_a_denial_is_repeated_and_not_judged_again(pair: Client) -> None:
    assert pair.put("/v1/agents/alice/policy", {"per_payment": "1"}).status == 200
    first = pair.post("/v1/payments", PAY, "same")
    again = pair.post("/v1/payments", PAY, "same")

    assert (first.status, first.code) == (403, "denied")
    assert first.json["payment"]["refusals"][0]["code"] == "per_payment_exceeded"
    assert (again.status, again.text) == (403, first.text)
    assert again.headers["idempotent-replayed"] == "true"


def test_16_85_raced_keys_are_carried_out_once(pair: Client) -> None:
    keys = [f"raced-{number}" for number in range(6)]
    seen: Counter[int] = Counter()
    lock = threading.Lock()

    def race(key: str) -> None:
        reply = pair.post("/v1/payments", PAY, key)
        while reply.status == 409:
            assert (reply.code, reply.headers["retry-after"]) == ("idempotency_in_flight", "1")
            reply = pair.post("/v1/payments", PAY, key)
        with lock:
            seen[reply.status] += 1

    threads = [threading.Thread(target=race, args=(key,)) for key in keys * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {201: 24}
    assert balance(pair, "bob") == "9.000000"


def test_85_what_is_in_flight_is_said_to_be(served: Served, pair: Client) -> None:
    """Of two, one is held up at the ledger's door; the other is told so at once."""
    replies: queue.Queue[Reply] = queue.Queue()

    def pay() -> None:
        replies.put(pair.post("/v1/payments", PAY, "same"))

    threads = [threading.Thread(target=pay) for _ in range(2)]
    with served.deps.store.begin():
        for thread in threads:
            thread.start()
        early = replies.get(timeout=25)
    late = replies.get(timeout=60)
    for thread in threads:
        thread.join()

    assert (early.status, early.code) == (409, "idempotency_in_flight")
    assert early.headers["retry-after"] == "1"
    assert late.status == 201


def test_an_agent_is_entered_once(pair: Client) -> None:
    first = pair.post("/v1/agents", {"name": "carl"}, "same")
    again = pair.post("/v1/agents", {"name": "carl"}, "same")
    other = pair.post("/v1/agents", {"name": "carl"}, "another")

    assert (first.status, again.status, again.text == first.text) == (201, 201, True)
    assert (other.status, other.code) == (409, "already_exists")


def test_16_two_servers_on_one_ledger_carry_a_key_out_once(served: Served, pair: Client) -> None:
    """Both have begun when the ledger's door opens: each has told a second comer that it has."""
    replies: queue.Queue[Reply] = queue.Queue()
    for second in serve(served.deps, Limits(rate=100_000)):
        clients = [pair, Client(second.port, pair.key)] * 2
        threads = [
            threading.Thread(target=lambda to: replies.put(to.post("/v1/payments", PAY, "same")),
                             args=(client,))
            for client in clients
        ]  # fmt: skip
        with served.deps.store.begin():
            for thread in threads:
                thread.start()
            early = [replies.get(timeout=25) for _ in range(2)]
        late = [replies.get(timeout=60) for _ in range(2)]
        for thread in threads:
            thread.join()

    assert [reply.code for reply in early] == ["idempotency_in_flight"] * 2
    assert [reply.status for reply in late] == [201, 201]
    assert late[0].text == late[1].text
    assert balance(pair, "bob") == "1.500000"


def test_1_an_agent_whose_server_died_half_way_is_entered_by_the_same_key_only(
    served: Served, admin: Client
) -> None:
    claim_agent(served.deps, "carl", HOUSE, "same")

    stranger = served.client(Scope.ADMIN, owner="acme").post("/v1/agents", {"name": "carl"}, "same")
    other = admin.post("/v1/agents", {"name": "carl"}, "another")
    again = admin.post("/v1/agents", {"name": "carl"}, "same")

    assert [reply.status for reply in (stranger, other, again)] == [409, 409, 201]
