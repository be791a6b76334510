"""121, 122: only this machine's programs, bounded in bytes, time, number and rate."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flux_cli.bootstrap import close_flux
from flux_cli.domain.api_keys import Scope
from flux_cli.entrypoints.rest.door import Limits, Pace
from tests.entrypoints.rest.client import Client
from tests.entrypoints.rest.conftest import Served, open_ledger, serve

PAY = {"from_agent": "alice", "to_agent": "bob", "amount": "1"}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Served]:
    """A server that waits a second for a body, serves one feed and ten requests a second."""
    deps = open_ledger(tmp_path)
    for one in serve(deps, Limits(rate=10, body_seconds=1.0, feeds=1)):
        yield one
        assert one.faults() == []
    close_flux(deps)


def test_121_only_loopback_is_listened_on(served: Served) -> None:
    found = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[1].endswith(f":{served.port:04X}") and line.split()[3] == "0A"
    ]
    assert found == [f"0100007F:{served.port:04X}"]


def test_121_another_name_for_this_machine_is_refused(pair: Client) -> None:
    for host in ("flux.example", "127.0.0.1.evil.example", "", "localhost.", "0"):
        assert pair.post("/v1/payments", PAY, Host=host).status in (400, 421)
    assert pair.get("/v1/payments", Host=f"localhost:{pair.port}").json["data"] == []


def test_121_no_page_in_a_browser_may_ask(pair: Client) -> None:
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{pair.port}"):
        reply = pair.post("/v1/payments", PAY, Origin=origin)
        assert (reply.status, reply.code) == (403, "browser_refused")
        assert not [name for name in reply.headers if name.startswith("access-control")]
    assert pair.send("OPTIONS", "/v1/payments").status == 405
    assert "set-cookie" not in pair.get("/v1/agents").headers
    # What a form can send without asking first is no request either.
    form = pair.send("POST", "/v1/payments", "from_agent=alice", Content_Type="text/plain")
    assert form.status == 422
    assert pair.get("/v1/payments").json["data"] == []


def test_122_a_large_body_is_refused_before_it_is_read(pair: Client) -> None:
    body = b'{"from_agent": "' + b"x" * 70_000 + b'"}'
    reply = pair.send("POST", "/v1/payments", body)
    assert (reply.status, reply.code) == (413, "body_too_large")

    connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=60)
    headers = {"Authorization": f"Bearer {pair.key}", "Idempotency-Key": "k",
               "Content-Type": "application/json"}  # fmt: skip
    connection.request(
        "POST", "/v1/payments", iter([b"[" * 8000] * 12), headers, encode_chunked=True
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_115_122_bombs_are_no_requests(pair: Client) -> None:
    bomb = gzip.compress(b"[" * 10_000_000)[:60_000]
    for body in (b"[" * 60_000, b'{"a":' * 10_000, bomb, b"\xff\xfe", b"", b"null", b"1e999"):
        reply = pair.send("POST", "/v1/payments", body, Content_Encoding="gzip")
        assert reply.status in (400, 422), reply.text


def test_122_a_slow_body_is_given_up(strict: Served) -> None:
    key = strict.key(Scope.ADMIN)
    with socket.create_connection(("127.0.0.1", strict.port), timeout=60) as slow:
        slow.sendall(
            b"POST /v1/agents HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: k\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n"
            b"Authorization: Bearer " + key.encode() + b'\r\n\r\n{"name":'
        )
        answer = slow.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_122_a_flood_of_headers_is_refused(pair: Client) -> None:
    with socket.create_connection(("127.0.0.1", pair.port), timeout=60) as flood:
        flood.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        try:
            for number in range(200_000):
                flood.sendall(b"x-%d: %s\r\n" % (number, b"y" * 100))
            said = b""
        except OSError:
            said = b"hung up"
        said = said or flood.recv(1000)
    assert said == b"hung up" or b" 4" in said[:15]
    assert pair.get("/health").status == 200


def test_122_many_connections_are_turned_away_and_the_ledger_stays(
    served: Served, pair: Client
) -> None:
    crowd = []
    for _ in range(400):
        try:
            crowd.append(socket.create_connection(("127.0.0.1", served.port), timeout=60))
        except OSError:
            break
    crowded = pair.get("/health").status
    for one in crowd:
        one.close()
    assert crowded in (200, 503)
    reply = pair.get("/health")
    while reply.status == 503:  # it takes a moment to see that they have gone
        reply = pair.get("/health")
    assert pair.post("/v1/payments", PAY).status == 201


def test_122_a_key_comes_in_so_many_times_a_second(strict: Served) -> None:
    client = strict.client(Scope.READ)
    replies = [client.get("/v1/agents") for _ in range(60)]
    refused = [reply for reply in replies if reply.status == 429]
    assert {reply.status for reply in replies} <= {200, 429}
    for reply in refused:
        assert (reply.code, int(reply.headers["retry-after"]) >= 1) == ("rate_limited", True)


def test_122_the_pace_of_one_is_not_anothers() -> None:
    pace = Pace(10)
    waits = [pace.wait("a", 100.0) for _ in range(21)]
    assert waits[:20] == [0.0] * 20
    assert waits[20] == pytest.approx(0.1)
    assert pace.wait("b", 100.0) == 0.0
    assert pace.wait("a", 100.11) == 0.0
    assert pace.wait("a", 100.11) > 0.0


def test_122_feeds_are_few(strict: Served) -> None:
    client = strict.client(Scope.READ)
    opened = threading.Event()

    def follow() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", strict.port, timeout=60)
        connection.request(
            "GET", "/v1/events?after=0", headers={"Authorization": f"Bearer {client.key}"}
        )
        answer = connection.getresponse()
        assert answer.status == 200
        answer.readline()
        opened.set()
        while not done.wait(0.05):
            pass
        connection.close()

    done = threading.Event()
    first = threading.Thread(target=follow)
    first.start()
    assert opened.wait(60)
    second = client.get("/v1/events?follow=false")
    done.set()
    first.join()
    assert (second.status, second.code) == (429, "rate_limited")
