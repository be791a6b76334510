"""Over stdin and stdout, as clients start it: with the official client, and with a rude one."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from tests.entrypoints.mcp.programs import Process, running, started
from tests.entrypoints.mcp.session import BUYER, Scene, Session

HELLO = {
    "jsonrpc": "2.0",
    "id": "hello",
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "rude", "version": "0"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
RUDE = [
    "",
    "{",
    "[]",
    "null",
    "\x1b]0;owned\x07",
    '{"jsonrpc": "2.0"}',
    '{"jsonrpc": "1.0", "id": 1, "method": "tools/call"}',
    '{"jsonrpc": "2.0", "id": NaN, "method": "tools/list"}',
    '{"jsonrpc": "2.0", "id": null, "method": "tools/call", "params": {"name": "get_balance"}}',
    '{"jsonrpc": "2.0", "id": 7.5, "method": "tools/list"}',
    '{"jsonrpc": "2.0", "id": 99, "result": {}}',
    '{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": [1]}}',
    "[" * 100_000,
    '{"jsonrpc": "2.0", "id": 8, "method": "tools/call", "params": {"name": "' + "x" * (2 << 20),
]
"""Each a line; whatever comes back for them, it is the protocol, and the session goes on."""


def said(process: Process, *messages: Any) -> None:
    assert process.stdin is not None
    for message in messages:
        process.stdin.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    process.stdin.flush()


def heard(process: Process, request_id: object) -> Any:
    """The answer to this request; every line before it must be the protocol too."""
    assert process.stdout is not None
    for line in process.stdout:
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        if message.get("id") == request_id:
            return message
    raise AssertionError("it has ended")


def call(request_id: object, tool: str, **arguments: object) -> dict[str, object]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def test_the_official_client_starts_it_lists_its_tools_and_pays(
    scene: Scene, tmp_path: Path
) -> None:
    mandate = scene.mandate(100)
    asked = {"to": "researcher", "amount": "20", "purpose": "x", "idempotency_key": "k"}

    async def use() -> tuple[int, Any, Any]:
        options = ("--agent", BUYER, "--mandate", mandate.id)
        async with Client(started(tmp_path / "flux.db", *options)) as client:
            session = Session(client)
            tools = (await client.list_tools()).tools
            paid = await session.call("request_payment", **asked)
            return len(tools), paid.document, (await session.call("get_balance")).document

    tools, paid, balance = anyio.run(use)

    assert tools == 13
    assert (paid["state"], paid["mandate_id"]) == ("captured", mandate.id)
    assert balance["mandate"]["left"]["decimal"] == "80.000000"
    assert (scene.balance(BUYER), scene.balance("researcher")) == (480, 20)


def test_128_malformed_messages_neither_end_it_nor_reach_its_stdout(
    scene: Scene, tmp_path: Path
) -> None:
    mandate = scene.mandate(30)
    pay = {"to": "researcher", "amount": "10", "purpose": "x"}
    with running(tmp_path / "flux.db", "--agent", BUYER, "--mandate", mandate.id) as process:
        said(process, HELLO)
        assert heard(process, "hello")["result"]["serverInfo"]["name"] == "flux"
        said(process, READY, *RUDE)
        for odd in ("resources/read", "completion/complete", "logging/setLevel", "flux/reveal"):
            said(process, {"jsonrpc": "2.0", "id": odd, "method": odd, "params": {}})
            assert "error" in heard(process, odd)
        said(process, {"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": 1}})
        assert heard(process, "a")["error"]["code"] == -32602
        calls = [call(n, "request_payment", **pay, idempotency_key=f"{n}") for n in range(9)]
        said(process, *calls)
        assert process.stdout is not None
        heard_all = [json.loads(process.stdout.readline()) for _ in calls]
        assert process.stdin is not None
        process.stdin.close()
        assert process.stdout.read() == ""
        assert process.wait(60) == 0
        assert process.stderr is not None
        told = process.stderr.read()

    assert {one["id"] for one in heard_all} == set(range(9))
    assert sum(not one["result"].get("isError") for one in heard_all) == 3
    assert told.count("step=dropped") == 1
    assert "Traceback" not in told
    assert "owned" not in told
    assert scene.balance("researcher") == 30


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_even_while_it_waits(
    scene: Scene, tmp_path: Path, stop: signal.Signals
) -> None:
    with running(tmp_path / "flux.db", "--agent", BUYER) as process:
        said(process, HELLO)
        heard(process, "hello")
        process.send_signal(stop)
        assert process.wait(60) == 0


def test_129_a_client_that_no_longer_listens_ends_it_quietly(scene: Scene, tmp_path: Path) -> None:
    mandate = scene.mandate()
    pay = {"to": "researcher", "amount": "10", "purpose": "x", "idempotency_key": "k"}
    with running(tmp_path / "flux.db", "--agent", BUYER, "--mandate", mandate.id) as process:
        said(process, HELLO)
        heard(process, "hello")
        assert process.stdout is not None
        process.stdout.close()
        said(process, call(1, "request_payment", **pay))
        assert process.wait(60) == 0
        assert process.stderr is not None
        told = process.stderr.read()

    assert "step=left who=client" in told
    assert scene.balance("researcher") == 10


def test_a_mandate_of_another_agents_starts_nothing(scene: Scene, tmp_path: Path) -> None:
    mandate = scene.mandate()
    with running(tmp_path / "flux.db", "--agent", "rival", "--mandate", mandate.id) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (2, "")
    assert "held by buyer, not by rival" in err
