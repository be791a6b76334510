"""What stands before a front end: only this machine's programs may talk to it, and briefly."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from flux_cli.entrypoints.http.problem import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Log = Callable[..., None]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What is logged of a method; any other word is the client's own."""

HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names a loopback server has; any other was resolved by somebody else (DNS rebinding)."""


class Guard:
    """Checks Host and Origin, and logs each answer: method, route, status; never a value."""

    def __init__(self, app: ASGIApp, log: Log, most_body_bytes: int) -> None:
        self._app = app
        self._log = log
        self._most = most_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "there is no lifespan and no socket"
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        refused = _refused(scope, self._most)
        failure = ""
        try:
            if refused is None:
                await self._app(scope, receive, seen)
            else:
                await problem(*refused)(scope, receive, seen)
        except Exception as error:
            # The framework has answered 500 already. What is kept is where it happened: the
            # message of an error may hold what was sent.
            place = traceback.extract_tb(error.__traceback__)[-1]
            failure = f"{type(error).__name__} {place.name}:{place.lineno}"
        route = getattr(scope.get("route"), "path", "-")
        facts = {"error": failure} if failure else {}
        method = scope["method"] if scope["method"] in METHODS else "-"
        self._log("request", method=method, route=route, status=status, **facts)


def _refused(scope: Scope, most: int) -> tuple[int, str, str, str] | None:
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
    if len(hosts) != 1 or _without_port(hosts[0]) not in HOSTS:
        return 421, "wrong_host", "Wrong host", "ask for it as 127.0.0.1 or localhost"
    if any(name == b"origin" for name, _ in headers):
        return 403, "browser_refused", "Not for browsers", "no web page may use this"
    sizes = [int(value) for name, value in headers if name == b"content-length"]
    if max(sizes, default=0) > most:  # one that does not say is counted as it comes
        return 413, "body_too_large", "Too large", f"send at most {most} bytes"
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
