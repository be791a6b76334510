"""The dashboard in a browser: one page, one way in, nothing that writes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

SECONDS = 60


@pytest.fixture
def served(ledger) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URL of a dashboard that is served, and the process that serves it."""
    command = [sys.executable, "-m", "flux_cli", "tui", "--web", "--screen", "payments"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:  # fmt: skip
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.kill()


async def status(session: aiohttp.ClientSession, url: str, **headers: str) -> int:
    async with session.get(url, headers=headers) as answer:
        return answer.status


def test_only_who_has_the_whole_url_and_comes_from_its_page_gets_in(served):
    url, _ = served
    base, host = url.rsplit("/", 2)[0], url.split("/")[2]

    async def ask() -> list[int]:
        async with aiohttp.ClientSession() as session:
            return [
                await status(session, url),
                await status(session, f"{url}static/js/textual.js"),
                await status(session, f"{base}/"),
                await status(session, url[:-2] + "x/"),
                await status(session, url, Host="attacker.example"),
                await status(session, url, Origin="http://attacker.example"),
                await status(session, f"{url}ws", Connection="Upgrade", Upgrade="websocket"),
                await status(session, f"{url}ws", Connection="Upgrade", Upgrade="websocket",
                             Origin=f"https://{host}"),
            ]  # fmt: skip

    assert asyncio.run(ask()) == [200, 200, 404, 404, 421, 403, 403, 403]


def test_the_page_loads_nothing_from_anywhere_else(served):
    url, _ = served

    async def page() -> tuple[str, str]:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.text(), answer.headers["Content-Security-Policy"]

    text, policy = asyncio.run(page())
    assert "default-src 'none'" in policy
    assert "https://" not in text
    assert text.count("http://") == 0


def test_a_viewer_sees_the_ledger_cannot_write_and_its_process_ends_with_it(served, flux):
    url, server = served
    origin = "/".join(url.split("/")[:3])

    async def watch() -> None:
        at = url.replace("http", "ws", 1) + "ws?width=120&height=34"
        async with viewing(at, origin) as viewer:
            await seen(viewer, b"hiker interviews")
            await viewer.send_json(["stdin", "A"])
            await seen(viewer, b"this dashboard only reads")
            await viewer.send_json(["stdin", "e"])
            await seen(viewer, b"a browser only watches")

    asyncio.run(asyncio.wait_for(watch(), SECONDS))
    gone(server.pid)
    assert [one["state"] for one in flux("payments", "list", "--json").json()["data"]] == [
        "awaiting_owner", "captured"
    ]  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=str)
def test_every_viewer_s_process_ends_with_the_server(served, number):
    url, server = served
    origin = "/".join(url.split("/")[:3])

    async def watch() -> list[int]:
        at = url.replace("http", "ws", 1) + "ws?width=120&height=34"
        async with viewing(at, origin) as viewer:
            await seen(viewer, b"hiker interviews")
            children = children_of(server.pid)
            server.send_signal(number)
            return children

    viewers = asyncio.run(asyncio.wait_for(watch(), SECONDS))
    assert len(viewers) == 1
    end = time.monotonic() + SECONDS
    while any(is_running(viewer) for viewer in viewers):
        assert time.monotonic() < end
        time.sleep(0.1)


@asynccontextmanager
async def viewing(at: str, origin: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(at, headers={"Origin": origin}) as viewer,
    ):
        yield viewer


async def seen(viewer: aiohttp.ClientWebSocketResponse, text: bytes) -> None:
    got = b""
    while text not in got:
        message = await viewer.receive(SECONDS)
        assert message.type is aiohttp.WSMsgType.BINARY, message
        got += message.data


def children_of(parent: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(one) for one in listed.stdout.split()]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def gone(server: int) -> None:
    """Wait until the server has no viewer left."""
    end = time.monotonic() + SECONDS
    while children_of(server):
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.parametrize(
    "more", [("--allow-writes",), ("--snapshot", "x.svg"), ("--replay", "run_0")], ids=" ".join
)
def test_it_only_reads_and_only_shows(ledger, flux, more):
    ended = flux("tui", "--web", *more)
    assert ended.code == 2
    assert "--web" in ended.err


def test_who_only_reads_asks_no_brain(ledger, flux):
    assert flux("tui", "--brain", "offline").code == 2
