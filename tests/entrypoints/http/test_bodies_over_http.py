"""Shops over HTTP: only this machine's programs are answered, and no body is endless."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from flux_cli.entrypoints.http.serve import listen, server_of
from flux_cli.entrypoints.retailers.app import MOST_BODY_BYTES, retailers_app


@pytest.fixture
def port() -> Iterator[int]:
    """Where a shop is served that says how many items it was sent."""

    def desk(
        method: str, path: str, key: str, body: Mapping[str, Any]
    ) -> tuple[int, Mapping[str, Any], Mapping[str, str]]:
        return 200, {"items": len(body.get("items", ()))}, {}

    listening = listen(0)
    server = server_of(retailers_app({"shop": desk}, lambda step, /, **facts: None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(20)
    listening.close()


def send(port: int, body: Any, *, chunked: bool = False, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/shop/checkout_sessions", body, headers, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, json.load(answer)
    finally:
        connection.close()


def test_a_shop_takes_a_long_order(port: int) -> None:
    order = json.dumps({"items": ["x" * 90] * 1000}).encode()

    assert len(order) > 90_000
    assert send(port, order) == (200, {"items": 1000})


def test_a_shop_reads_no_endless_body(port: int) -> None:
    said, document = send(port, b"[" * (MOST_BODY_BYTES + 1))
    assert (said, document["code"]) == (413, "body_too_large")

    pieces = iter([b"[" * 100_000] * 11)
    said, document = send(port, pieces, chunked=True)
    assert (said, document["message"]) == (400, f"a body is at most {MOST_BODY_BYTES} bytes")


def test_a_shop_answers_this_machines_programs_only(port: int) -> None:
    assert send(port, b"{}", Host="shop.example")[0] == 421
    assert send(port, b"{}", Origin="http://shop.example")[0] == 403
