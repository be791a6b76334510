"""Who comes in: a key for everything but the porch, so many requests a second, bodies in time."""

from __future__ import annotations

import re
import time
import uuid
from asyncio import timeout
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from flux_cli.domain.api_keys import ApiKey
from flux_cli.entrypoints.rest.problems import Refused, of_error
from flux_cli.errors import FluxError
from flux_cli.usecases.api_keys import is_use_noted, key_behind, note_use

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from flux_cli.usecases.ports import Deps

PORCH = frozenset({"/", "/health", "/openapi.json"})
"""What is answered to anybody."""

SLASH = "\x1f"
"""Stands for a slash that is part of a name in a path; no name has it itself."""

STRANGERS_A_SECOND = 50
MOST_BUCKETS = 10_000

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one server takes: requests a second of a key, a body's bytes and seconds, feeds."""

    rate: int = 500
    body_bytes: int = 64 * 1024
    body_seconds: float = 20.0
    feeds: int = 16
    feed_seconds: float = 3600.0


class Pace:
    """Lets each name have `rate` a second, and twice that at once."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, name: str, now: float) -> float:
        """Seconds until `name` may come again; 0 lets it in now."""
        full = 2.0 * self._rate
        left, since = self._buckets.get(name, (full, now))
        left = min(full, left + (now - since) * self._rate)
        if left < 1.0:
            return (1.0 - left) / self._rate
        if len(self._buckets) >= MOST_BUCKETS:
            self._buckets.clear()
        self._buckets[name] = (left - 1.0, now)
        return 0.0


class Door:
    """Finds the key behind each request, and refuses what has none; names every answer."""

    def __init__(self, app: ASGIApp, deps: Deps, limits: Limits) -> None:
        self._app = app
        self._deps = deps
        self._limits = limits
        self._pace = Pace(limits.rate)
        self._strangers = Pace(STRANGERS_A_SECOND)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request_id = _request_id(scope)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                name = (b"request-id", request_id.encode("ascii"))
                message["headers"] = [*message.get("headers", ()), name]
            await send(message)

        try:
            if scope["path"] not in PORCH:
                key = await self._let_in(scope)
                scope.setdefault("state", {})["key"] = key
        except Refused as refused:
            await refused.response()(scope, receive, named)
            return
        except FluxError as error:
            request: Request = None  # type: ignore[assignment]  # it is not looked at
            await (await of_error(request, error))(scope, receive, named)
            return
        scope["path"] = _path(scope)
        await self._app(scope, _in_time(receive, self._limits.body_seconds), named)

    async def _let_in(self, scope: Scope) -> ApiKey:
        now = time.monotonic()
        key = await run_in_threadpool(self._key, _bearer(scope))
        if key is None:
            _paced(self._strangers.wait("", now))
            raise Refused(401, "unauthorized", "send Authorization: Bearer and a key that is valid")
        _paced(self._pace.wait(key.id, now))
        return key

    def _key(self, text: str) -> ApiKey | None:
        key = key_behind(self._deps, text)
        if key is not None and not is_use_noted(self._deps, key):
            note_use(self._deps, key)
        return key


def _paced(seconds: float) -> None:
    if seconds > 0:
        detail = "too many requests; wait and repeat with the same key"
        raise Refused(429, "rate_limited", detail, retry_after=max(1, round(seconds)))


def _bearer(scope: Scope) -> str:
    """The key that was sent; "" where there is none, or more than one."""
    sent = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
    if len(sent) != 1:
        return ""
    scheme, _, key = sent[0].decode("latin-1").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name.lower() == b"request-id":
            text = str(value.decode("latin-1"))
            if _REQUEST_ID.fullmatch(text):
                return text
    return f"req_{uuid.uuid4().hex}"


def _path(scope: Scope) -> str:
    """The path decoded, where a slash that was sent as %2F stays part of its name."""
    raw = scope.get("raw_path")
    if not raw or b"%2f" not in raw.lower():
        return str(scope["path"])
    parts = raw.decode("ascii", "replace").split("?")[0].split("/")
    return "/".join(unquote(part, errors="replace").replace("/", SLASH) for part in parts)


def _in_time(receive: Receive, seconds: float) -> Receive:
    """`receive` that waits for a request's body only so long."""
    until = time.monotonic() + seconds
    complete = False

    async def received() -> Message:
        nonlocal complete
        if complete:
            return await receive()  # only the end of the connection is awaited now
        try:
            async with timeout(max(0.0, until - time.monotonic())):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "the body took too long") from None
        complete = not message.get("more_body", False)
        return message

    return received
