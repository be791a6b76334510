"""Agents on the web at a task: what they are sent, and what of their answers is taken."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.specialists.outside import agent
from flux_cli.adapters.specialists.outside.agent import Agent
from flux_cli.domain.outside import Allowed, url_fault
from flux_cli.domain.work import Assignment, Source, Submission
from flux_cli.errors import WorkFailed


@dataclass
class Web:
    """A server that answers every POST by `answer`, and keeps what it was sent."""

    answer: Callable[[BaseHTTPRequestHandler], None]
    got: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    port: int = 0
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/work"


@contextmanager
def web(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[Web]:
    made = Web(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            try:
                made.answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        made.closing.set()
        server.shutdown()
        server.server_close()


def sends(body: object, status: int = 200, **headers: str) -> Callable[..., None]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def file(path: str, **content: str) -> dict[str, Any]:
    return {"path": path, "media_type": "text/markdown"} | (content or {"text": "x"})


def asked(url: str, stage: Path, **limits: Any) -> Submission:
    table = stage.parent / "sales.csv"
    table.write_bytes(b"a,b\n1,2\n")
    source = Source("sales.csv", "", "1" * 64, str(table))
    stage.mkdir(exist_ok=True)
    return Agent(url, **limits).work(Assignment("t", "copy", "goal", "brief", (source,)), stage)


def test_an_agent_is_sent_the_task_with_its_files_and_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    raw = base64.b64encode(b"\x00\x01").decode()
    files = [file("copy.md", text="words"), file("pics/a.png", base64=raw)]
    with web(sends({"files": files, "summary": "here"})) as served:
        made = asked(served.url, tmp_path / "stage")

    ((headers, body),) = served.got
    assert "canary" not in json.dumps([headers, body])
    assert "authorization" not in headers
    assert body["sources"] == [
        {
            "name": "sales.csv",
            "sha256": "1" * 64,
            "base64": base64.b64encode(b"a,b\n1,2\n").decode(),
        }
    ]
    assert [(one.path, one.bytes) for one in made.artefacts] == [("copy.md", 5), ("pics/a.png", 2)]
    assert (tmp_path / "stage/pics/a.png").read_bytes() == b"\x00\x01"
    assert (made.summary, made.backend) == ("here", "outside")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (sends(b"", 500), "it gives no work (status 500)"),
        (sends(b"", 302, location="http://169.254.169.254/"), "it sends us elsewhere (status 302)"),
        (sends(b"x" * 3000), "it answered with more than 2000 bytes"),
        (sends(b"{}", content_encoding="gzip"), "its answer is compressed"),
        (sends(b"<html>"), "its answer is not one"),
        (sends({"files": []}), "its answer is not one"),
        (sends({"files": [file("a.md")], "price": "0"}), "its answer is not one"),
        (sends({"files": [file("a.md", text="x", base64="eA==")]}), "sent as text or as base64"),
        (sends({"files": [file("a.md", base64="?")]}), "a.md is no base64"),
        (sends({"files": [file("a.md"), file("A.md")]}), "it sent two files of one name"),
    ],
)
def test_an_answer_that_cannot_be_used_fails_the_work_and_says_why(
    answer: Callable[..., None], said: str, tmp_path: Path
) -> None:
    with web(answer) as served, pytest.raises(WorkFailed) as caught:
        asked(served.url, tmp_path / "stage", largest=2000)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        *("../flux.db", "/etc/passwd", "a/../../b", "..\\b", "c:/b", "a\x00b", "a%2e%2e/b"),
        *("con", "sub/NUL.md", "com1.png", "a.", "a ", "a//b", "./a", "a" * 300, "\u202eb"),
        "\x1b[2Jb",
    ],
)
def test_114_a_file_name_that_leads_out_or_is_none_everywhere_is_refused(
    path: str, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    with web(sends({"files": [file(path)]})) as served, pytest.raises(WorkFailed) as caught:
        asked(served.url, own / "stage")
    assert "is no place in the task's folder" in str(caught.value)
    assert sorted(one.name for one in own.rglob("*")) == ["sales.csv", "stage"]


def test_an_agent_that_never_ends_is_given_up_in_time(tmp_path: Path) -> None:
    def dribbles(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not served.closing.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    with web(dribbles) as served, pytest.raises(WorkFailed) as caught:
        asked(served.url, tmp_path / "stage", seconds=1.0)
    assert str(caught.value) == "it took longer than 1 s"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0"),
        *("::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "fe80::1%eth0"),
        *("2002:7f00:1::", "fc00::1", "224.0.0.1", "ff02::1", "::"),
    ],
)
def test_a_name_that_leads_inside_is_not_connected_to(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolves(*_: object, **__: object) -> list[Any]:
        return [(0, 0, 0, "", ("93.184.216.34", 0)), (0, 0, 0, "", (address, 0))]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolves)
    with pytest.raises(WorkFailed) as caught:
        asked("https://agents.example/work", tmp_path / "stage")
    assert str(caught.value).startswith(f"agents.example leads to {address}, ")


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere the second time it is asked for is asked for once."""
    times: list[str] = []

    async def address(host: str, port: int) -> str:
        times.append(host)
        return "127.0.0.1"

    monkeypatch.setattr(agent, "_address", address)
    with web(sends({"files": [file("a.md")]})) as served:
        made = asked(f"http://agents.example:{served.port}/work", tmp_path / "stage")
    assert times == ["agents.example"]
    assert served.got[0][0]["host"] == f"agents.example:{served.port}"
    assert len(made.artefacts) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("http://agents.example/", "https://me@agents.example/", "ftp://a.example", "https://"),
        *("https://a.example/?key=1", "https://a.example/#x", "https://A.example", "https://a b/"),
        *("http://127.0.0.1.evil.example/", "http://0x7f000001/", "https://a.example/\x1b"),
    ],
)
def test_an_address_in_clear_or_with_more_than_a_place_is_none(url: str) -> None:
    assert url_fault(url) is not None


def test_an_origin_lets_all_its_addresses_in_and_no_other() -> None:
    allowed = Allowed(urls=("https://a.example", "https://b.example/one"))
    for url in ("https://a.example", "https://a.example/x/y", "https://b.example/one"):
        assert allowed.names(url)
    for url in ("https://a.example:444/x", "https://b.example/two", "https://a.example.org/"):
        assert not allowed.names(url)
