"""One HTTP exchange with a Flux server: where to, with what, how often, and what came back."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flux_cli import errors

T = TypeVar("T")
Json = dict[str, Any]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
AUTO = "sdk-auto-"
"""How a key that nobody chose begins: it is never shown as the program's own."""

LARGEST_ANSWER = 20_000_000
MOST_SECONDS_TO_WAIT = 30.0

_KEY = re.compile(r"flux_(?:test|live)_[A-Za-z0-9_-]{8,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `key` is its Idempotency-Key, which every repetition carries."""

    method: str
    path: str
    body: Json | None = None
    key: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that is no failure of the wire: its status, its object, whether it is a replay."""

    status: int
    body: Json
    replayed: bool = False

    @property
    def code(self) -> str:
        """The problem's stable code; "" where there is no problem."""
        return str(self.body.get("code", "")) if self.status >= 400 else ""

    @property
    def detail(self) -> str:
        """The problem in words."""
        return str(self.body.get("detail", ""))


Talk = Generator[Ask, Told, T]
"""What one SDK method asks and is told, and what it makes of it; no bytes move in it."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is, and the key for it, which no representation shows."""

    url: str
    api_key: str = field(repr=False)
    timeout: float = 30.0
    attempts: int = 5

    def __post_init__(self) -> None:
        if not isinstance(self.api_key, str) or not _KEY.fullmatch(self.api_key):
            raise ValueError("api_key is a key as `flux keys create` told it: flux_test_… or …live")
        _checked(self.url)

    def headers(self, ask: Ask) -> dict[str, str]:
        """What goes with a request."""
        found = {"Authorization": f"Bearer {self.api_key}", "Accept": "application/json"}
        if ask.body is not None:
            found |= {"Content-Type": "application/json", "Idempotency-Key": ask.key}
        return found

    def address(self, ask: Ask) -> str:
        """The whole address of a request."""
        return self.url.rstrip("/") + ask.path


class Again(Exception):
    """A request that may be repeated with its key; `after` seconds, where the server said."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


def own_key() -> str:
    """A key for a call that has none: it is the same for every repetition of it."""
    return f"{AUTO}{uuid.uuid4().hex}"


def again(error: Exception) -> bool | float:
    """Whether a failure may be met by a repetition, and after how long."""
    import httpx2

    if isinstance(error, Again):
        return True if error.after is None else error.after
    return isinstance(error, httpx2.TransportError)


def read_answer(status: int, headers: Mapping[str, str], data: bytes) -> Told:
    """An answer; raises `Again` where the server says to repeat, `FluxError` for no answer."""
    if 300 <= status < 400:
        raise errors.ServerFailed("the server sent us elsewhere; the key goes nowhere else")
    try:
        body = json.loads(data) if len(data) <= LARGEST_ANSWER else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        if status in (502, 503, 504):
            raise Again(f"the server answers {status}", _seconds(headers))
        raise errors.ServerFailed(f"the server answers {status} with what is no JSON object")
    told = Told(status, body, headers.get("Idempotent-Replayed", "") == "true")
    if status in (429, 502, 503, 504) or told.code == "idempotency_in_flight":
        raise Again(told.detail, _seconds(headers))
    return told


def raise_problem(told: Told) -> None:
    """Raise what a problem means in Python; nothing where there is none.

    What Python's own code would refuse is a `ValueError`, what the key may not a
    `PermissionError`, and the rest the `FluxError` of the same code.
    """
    if told.status < 400:
        return
    kind = _errors().get(told.code)
    if told.status in (401, 403):
        raise PermissionError(f"{told.detail or 'the server refuses'} ({told.code or told.status})")
    if told.status in (400, 404, 413, 415, 422) or told.code in ("wrong_state", "already_exists"):
        cause = (kind or errors.InvalidInput)(told.detail)
        raise ValueError(told.detail or f"the server answers {told.status}") from cause
    raise (kind or errors.ServerFailed)(told.detail or f"the server answers {told.status}")


def unanswered(error: Exception) -> errors.FluxError:
    """The failure of a call that was repeated often enough."""
    if isinstance(error, Again):
        return errors.ServerFailed(f"the server does not get to it: {error}")
    return errors.ServerFailed(f"the server does not answer: {type(error).__name__}")


def carry(talk: Talk[T], send: Callable[[Ask], Told]) -> T:
    """Carry a talk on to its end, one request after the other."""
    try:
        ask = next(talk)
        while True:
            ask = talk.send(send(ask))
    except StopIteration as end:
        result: T = end.value
        return result


def _errors() -> dict[str, type[errors.FluxError]]:
    """The failures by their code."""
    known = [one for one in vars(errors).values() if isinstance(one, type)]
    found = [one for one in known if issubclass(one, errors.FluxError)]
    return {one.code: one for one in found}


def _seconds(headers: Mapping[str, str]) -> float | None:
    """How long the server asks to wait, within reason."""
    text = headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        return None
    return min(float(text), MOST_SECONDS_TO_WAIT)


def _checked(url: str) -> None:
    """Raise `ValueError` for an address a key should not be sent to."""
    if not isinstance(url, str) or not url.isascii() or any(one <= " " for one in url):
        raise ValueError("base_url is an address such as https://flux.example")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url is an address such as https://flux.example")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("base_url has no name, password, query or fragment in it")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("base_url is https, but for this machine itself: the key is secret")
