"""A server that speaks Chat Completions, well or badly, model by model, and counts who asked."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

MARK = re.compile(r'"call" with the text "([0-9a-f]+)"')


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    model: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def facts(self) -> dict[str, Any]:
        """The document of the question."""
        document: dict[str, Any] = json.loads(self.body["messages"][1]["content"])
        return document

    @property
    def quoted(self) -> dict[str, Any]:
        """Other parties' text, wherever this call put it."""
        return next(value for name, value in self.facts.items() if name.startswith("quoted_"))

    @property
    def form(self) -> str:
        """How the answer's form was asked for: json_schema, json_object or text."""
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def mark(self) -> str | None:
        """What an answer in free text has to bear."""
        found = MARK.search(self.body["messages"][0]["content"])
        return found[1] if found else None


Behaviour = Callable[["Handler", Asked], None]
"""Answers one request."""


def ballot(vote: str = "YES", **changes: Any) -> dict[str, Any]:
    """A sound ballot; `changes` replace its fields, `...` takes one out."""
    form: dict[str, Any] = {
        "vote": vote,
        "score": 80 if vote == "YES" else 30,
        "confidence": 70,
        "risk": 3,
        "reasons": [{"code": "other", "evidence": "FIRST", "text": f"I say {vote}."}],
        "conditions": {
            "max_amount": None,
            "require_escrow": False,
            "require_check": False,
            "human": False,
        },
    } | changes
    return {name: value for name, value in form.items() if value is not ...}


def votes(
    vote: str = "YES", usage: Any = (1000, 100), wait: float = 0, **changes: Any
) -> Behaviour:
    """Fill in the form, after `wait` seconds."""

    def answer(handler: Handler, asked: Asked) -> None:
        time.sleep(wait)
        if len(asked.body["messages"]) < 2:
            handler.complete("ok", usage)  # no question, only whether anybody is there
            return
        form = ballot(vote, **changes)
        # The first fact of the seat that asks, so that one form fits all seats.
        text = json.dumps(form).replace('"FIRST"', json.dumps(next(iter(asked.facts["facts"]))))
        if asked.mark:
            text = json.dumps(json.loads(text) | {"call": asked.mark})
        handler.complete(text, usage)

    return answer


def says(content: Any, **message: Any) -> Behaviour:
    """Answer with this text, whatever was asked."""

    def answer(handler: Handler, asked: Asked) -> None:
        handler.complete(content, **message)

    return answer


def raw(body: bytes, **headers: str) -> Behaviour:
    """Status 200 with these bytes."""

    def answer(handler: Handler, asked: Asked) -> None:
        handler.reply(200, body, **headers)

    return answer


def status(code: int, **headers: str) -> Behaviour:
    """Fail with a status; `retry_after="2"` becomes a header."""

    def answer(handler: Handler, asked: Asked) -> None:
        handler.reply(code, b'{"error": {"message": "no, and here is sk-canary"}}', **headers)

    return answer


def stalls(handler: Handler, asked: Asked) -> None:
    """Say nothing until the server closes."""
    handler.chat.closing.wait()


def dribbles(handler: Handler, asked: Asked) -> None:
    """A byte of the body now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    _trickle(handler)


def dribbles_headers(handler: Handler, asked: Asked) -> None:
    """A byte of a header now and then, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _trickle(handler)


def _trickle(handler: Handler) -> None:
    while not handler.chat.closing.wait(0.02):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def cuts(handler: Handler, asked: Asked) -> None:
    """Promise more than is sent."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"choices": [{"mess')
    handler.wfile.flush()
    handler.close_connection = True


def hangs_up(handler: Handler, asked: Asked) -> None:
    """Close without a word."""
    handler.close_connection = True


def floods(handler: Handler, asked: Asked) -> None:
    """Ten megabytes of a well-formed beginning."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
    try:
        for _ in range(1000):
            handler.wfile.write(b" " * 10_000)
            handler.chat.sent += 10_000
    except OSError:
        handler.close_connection = True


@dataclass
class ChatServer:
    """`with ChatServer(gpt=votes("NO")) as chat:` — each model's behaviours in turn, the last
    for good; a model that is not named votes YES. Names may have `_` for what is not a letter.
    """

    behaviours: dict[str, Behaviour | Sequence[Behaviour]] = field(default_factory=dict)
    other: Behaviour = field(default_factory=votes)
    asked: list[Asked] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.closing = threading.Event()
        self._lock = threading.Lock()
        chat = self

        class Bound(Handler):
            pass

        Bound.chat = chat
        self._server = _Server(("127.0.0.1", 0), Bound)

    @property
    def base_url(self) -> str:
        """What to configure as a provider."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def host(self) -> str:
        """What ballots record."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def counts(self) -> Counter[str]:
        """How often each model was asked."""
        with self._lock:
            return Counter(asked.model for asked in self.asked)

    def next(self, asked: Asked) -> Behaviour:
        """Count the request, and say what to do with it."""
        with self._lock:
            before = sum(one.model == asked.model for one in self.asked)
            self.asked.append(asked)
        behaviour = self.behaviours.get(asked.model, self.other)
        if callable(behaviour):
            return behaviour
        return behaviour[min(before, len(behaviour) - 1)]

    def __enter__(self) -> ChatServer:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64


class Handler(BaseHTTPRequestHandler):
    """Reads a request, and does with it what its model does."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    chat: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(body["model"], body, headers | {":path": self.path})
        try:
            self.chat.next(asked)(self, asked)
        except OSError:
            self.close_connection = True  # whoever asked has given up

    def complete(self, content: Any, usage: Any = (1000, 100), **message: Any) -> None:
        """A completion with this content; `finish_reason` and message fields by name."""
        finish = message.pop("finish_reason", "stop")
        choice = {"index": 0, "finish_reason": finish}
        choice["message"] = {"role": "assistant", "content": content} | message
        document: dict[str, Any] = {"id": "c1", "object": "chat.completion", "choices": [choice]}
        if isinstance(usage, tuple):
            given, made = usage
            document["usage"] = {"prompt_tokens": given, "completion_tokens": made}
        elif usage is not None:
            document["usage"] = usage
        self.reply(200, json.dumps(document).encode())

    def reply(self, code: int, body: bytes, **headers: str) -> None:
        """A whole response, written at once."""
        lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing to the terminal."""
