"""Over HTTP on loopback: with the official client and its token, and without either."""

from __future__ import annotations

import http.client
import json
import stat
from pathlib import Path
from typing import Any

import anyio
from httpx2 import AsyncClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.entrypoints.mcp.programs import Process, running
from tests.entrypoints.mcp.session import BUYER, Scene, Session

LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
USUAL = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-06-18",
}


def url_of(process: Process) -> str:
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().strip()
    assert url, process.stderr.read()
    return url


def status(url: str, *, path: str = "/mcp", body: str = LIST, **headers: str | None) -> int:
    """What a bare HTTP request is answered with; a header given as None is left out."""
    host = url.removeprefix("http://").removesuffix("/mcp")
    connection = http.client.HTTPConnection(host, timeout=60)
    named = USUAL | {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in named.items() if value is not None}
    connection.request("POST", path, body.encode(), sent)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_the_official_client_pays_over_http_with_the_token(scene: Scene, tmp_path: Path) -> None:
    mandate = scene.mandate(100)
    ledger = tmp_path / "flux.db"
    asked = {"to": "researcher", "amount": "20", "purpose": "x", "idempotency_key": "k"}

    async def use(url: str, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        async with AsyncClient(headers=headers, timeout=60) as web:
            transport = streamable_http_client(url, http_client=web)
            async with Client(transport) as client:
                tools = (await client.list_tools()).tools
                return len(tools), (await Session(client).call("request_payment", **asked)).document

    with running(ledger, "--http", "--agent", BUYER, "--mandate", mandate.id) as process:
        url = url_of(process)
        kept = ledger.with_name(f"flux.db.mcp-{mandate.id}")
        tools, paid = anyio.run(use, url, kept.read_text().strip())
        process.terminate()
        assert process.wait(60) == 0
        assert process.stderr is not None
        told = process.stderr.read()

    assert (tools, paid["state"]) == (13, "captured")
    assert scene.balance("researcher") == 20
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text().strip() not in told


def test_120_121_122_whoever_has_no_token_or_comes_from_elsewhere_is_refused(
    scene: Scene, tmp_path: Path
) -> None:
    ledger = tmp_path / "flux.db"
    with running(ledger, "--http", "--agent", BUYER) as process:
        url = url_of(process)
        assert url.startswith("http://127.0.0.1:")
        (kept,) = tmp_path.glob("flux.db.mcp-*")
        token = kept.read_text().strip()
        right = f"Bearer {token}"

        assert status(url, Authorization=right) == 200
        for wrong in (None, "", "Bearer", f"Basic {token}", token, f"Bearer {token[:-1]}0x", "é"):
            assert status(url, Authorization=wrong) == 401
        assert status(url, path=f"/mcp?token={token}") == 401
        assert status(url, path="/", Authorization=right) == 404
        assert status(url, Authorization=right, Host="evil.example") == 421
        assert status(url, Authorization=right, Origin="http://127.0.0.1") == 403
        assert status(url, Authorization=right, body="{") == 400
        assert status(url, Authorization=right, body=" " * (1 << 19)) == 413
        assert status(url, Authorization=right, Content_Type="text/plain") == 400
        assert status(url, Authorization=right) == 200


def test_119_a_token_that_others_may_read_is_not_used(scene: Scene, tmp_path: Path) -> None:
    ledger, mandate = tmp_path / "flux.db", scene.mandate()
    kept = ledger.with_name(f"flux.db.mcp-{mandate.id}")
    kept.write_text("0" * 64 + "\n")
    kept.chmod(0o644)

    with running(ledger, "--http", "--agent", BUYER, "--mandate", mandate.id) as process:
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (2, "")
    assert "may be read by others" in err
