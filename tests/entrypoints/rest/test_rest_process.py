"""The server as a process: killed, stopped, described, and absent from everything else."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

from flux_cli.entrypoints.rest import app
from flux_cli.entrypoints.rest.app import api, description
from tests.conftest import Ended
from tests.entrypoints.rest.client import Client
from tests.entrypoints.rest.process import Kills, listening, prepare, start

COMMITTED = Path(app.__file__).with_name("openapi.json")


def test_1_16_a_killed_server_loses_nothing_it_acknowledged_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    deps, key = prepare(tmp_path)
    kills = Kills(tmp_path, deps, key)
    kills.run(3, 7)

    assert kills.faults == []
    assert len(kills.acknowledged) == len(kills.wanted) > 0


def test_3_a_stopped_server_ends_its_feeds_and_says_goodbye(tmp_path: Path) -> None:
    deps, key = prepare(tmp_path)
    process, port = start(tmp_path / "ledger.db")
    listening(port, key)
    feed = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    feed.request("GET", "/v1/events?after=0", headers={"Authorization": f"Bearer {key}"})
    answer = feed.getresponse()
    assert (answer.status, answer.readline()) == (200, b"id: 1\n")
    body = {"from_agent": "alice", "to_agent": "bob", "amount": "1"}
    assert Client(port, key).post("/v1/payments", body).status == 201

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 0
    assert answer.read().endswith(b"\n\n")
    assert [fault for one in deps.store.verify() for fault in one.faults] == []


def test_the_committed_description_is_the_servers() -> None:
    """Made again by `flux serve --openapi flux_cli/entrypoints/rest/openapi.json`."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == description(api())


def test_the_description_is_written_to_a_file(flux: object, tmp_path: Path) -> None:
    ended: Ended = flux("serve", "--openapi", str(tmp_path / "api.json"))  # type: ignore[operator]
    assert (ended.code, ended.out) == (0, "")
    assert (tmp_path / "api.json").read_bytes() == COMMITTED.read_bytes()


def test_without_the_extra_it_says_how_to_get_it(flux: object, monkeypatch: object) -> None:
    from flux_cli.entrypoints.cli import serve

    monkeypatch.setattr(serve, "find_spec", lambda name: None)  # type: ignore[attr-defined]
    ended: Ended = flux("serve", "--no-input")  # type: ignore[operator]
    assert ended.code == 2
    assert "pip install 'flux-agents[server]'" in ended.err.replace('"', "'")


def test_the_plain_command_line_knows_nothing_of_the_server() -> None:
    """Nor does a command about keys need it."""
    code = (
        "import sys; from flux_cli.entrypoints.cli import app, keys, serve, pay;"
        "print([name for name in sys.modules if name.partition('.')[0] in"
        " ('fastapi', 'uvicorn', 'starlette', 'anyio') or '.entrypoints.rest' in name])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert found == "[]\n"
