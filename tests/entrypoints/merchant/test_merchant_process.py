"""`flux merchant serve` as a process of its own, and a client process that only knows HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.entrypoints.cli.card_desk import MAIN, Desk, Flux, details

CLIENT = """
import json, sys, urllib.error, urllib.request
url, card, key = sys.argv[1:]
body = {"card": json.load(open(card)), "amount_minor": 5_000_000}
request = urllib.request.Request(
    url + "/v1/charges", json.dumps(body).encode(),
    {"Content-Type": "application/json", "Idempotency-Key": key},
)
try:
    answer = urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    answer = error
print(json.dumps([answer.status, json.load(answer)]))
"""
"""As the README shows it: nothing of ours is imported."""


@pytest.fixture
def desk(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return Desk(flux, home)


@contextmanager
def merchant(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A merchant's URL and its process."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "merchant", "serve", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()


def bought(url: str, card: Path, key: str) -> tuple[int, dict]:
    """What a client process got for trying to buy for $5."""
    argv = [sys.executable, "-I", "-c", CLIENT, url, str(card), key]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    status, body = json.loads(done.stdout)
    return status, body


def test_a_separate_client_buys_with_a_revealed_card_and_is_declined_the_second_time(
    desk: Desk,
) -> None:
    card = desk.issue()
    file = desk.reveal(card)
    with merchant("--name", "api-hub") as (url, process):
        assert url.startswith("http://127.0.0.1:")
        first, again, other = (bought(url, file, key) for key in ("one", "one", "two"))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert (first[0], first[1]["status"], first[1]["merchant"]) == (201, "captured", "api-hub")
    assert again == first
    assert (other[0], other[1]["reason"]) == (402, "already_used")
    assert desk.shown(card)["spent"]["amount_minor"] == 5_000_000
    assert (out, process.returncode) == ("", 0)
    assert err.splitlines() == [
        "api-hub sells for SIMULATED cards; Ctrl-C stops it",
        "step=request method=POST route=/v1/charges status=201",
        "step=request method=POST route=/v1/charges status=201",
        "step=request method=POST route=/v1/charges status=402",
        "stopped; every request that was taken is answered",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_was_taken_is_answered_before_it_stops(desk: Desk, number: int) -> None:
    known = details(desk.reveal(desk.issue()))
    body = json.dumps({"card": known, "amount_minor": 5_000_000}).encode()
    head = (
        "POST /v1/charges HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: k\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with merchant() as (url, process):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 20) as client:
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the body now
            process.send_signal(number)
            refuses_new(port)
            client.sendall(body)
            answer = client.recv(4096)
        assert process.wait(30) == 0

    # The card is locked to another merchant, and that is what it was told.
    assert answer.startswith(b"HTTP/1.1 402 ")


def refuses_new(port: int) -> None:
    """Return once nobody listens at the port any more."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError("it still takes new connections")


def test_it_listens_on_loopback_only(desk: Desk) -> None:
    with merchant() as (url, process):
        port = int(url.rpartition(":")[2])
        sockets = Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]
        six = Path(f"/proc/{process.pid}/net/tcp6").read_text().splitlines()[1:]
        rows = [line.split() for line in (*sockets, *six)]
        at = [row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[-1], 16) == port]

        assert at == [f"0100007F:{port:04X}"]


def test_a_port_that_is_taken_is_a_usage_error(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = desk.flux("merchant", "serve", "--port", port)

    assert refused.code == 2
    assert "Address already in use" in refused.err


@pytest.mark.parametrize("missing", ["fastapi", "uvicorn"])
def test_without_its_extra_it_says_how_to_install_it(
    desk: Desk, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    refused = desk.flux("merchant", "serve")

    assert refused.code == 2
    assert "pip install 'flux-agents[server]'" in refused.err


@pytest.mark.parametrize("option", [("--name", ""), ("--name", "a\x1bb"), ("--category", "")])
def test_a_merchant_has_a_visible_name(desk: Desk, option: tuple[str, str]) -> None:
    assert desk.flux("merchant", "serve", *option).code == 2


def test_118_no_card_is_in_a_process_list(desk: Desk) -> None:
    file = desk.reveal(desk.issue())
    secrets = [details(file)["number"].encode()]
    with merchant("--name", "api-hub") as (url, process):
        assert bought(url, file, "k")[0] == 201
        place = Path(f"/proc/{process.pid}")
        seen = place.joinpath("cmdline").read_bytes() + place.joinpath("environ").read_bytes()

    assert str(os.environ["HOME"]).encode() in seen
    assert not any(secret in seen for secret in secrets)
