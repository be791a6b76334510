"""Speaking the protocol over HTTP on this machine, to whoever has the session's token."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from flux_cli.entrypoints.http.guard import Guard
from flux_cli.entrypoints.http.problem import problem
from flux_cli.entrypoints.http.serve import server_of
from flux_cli.errors import Fix, InvalidInput, StorageFailed
from flux_cli.usecases.exports import Exports

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from flux_cli.entrypoints.http.guard import Log

PATH = "/mcp"
MOST_BODY_BYTES = 1 << 18
TOKEN_BYTES = 32
_TOKEN = re.compile(r"[0-9a-f]{64}")


def token_at(path: Path, exports: Exports) -> str:
    """The session's token: 256 random bits in a 0600 file, made when it is first asked for.

    Raises `InvalidInput` for a file that others may read or that holds something else, and
    `StorageFailed`.
    """
    if not path.exists():
        with exports.file(path, replace=False) as file:
            file.write(secrets.token_hex(TOKEN_BYTES) + "\n")
    try:
        text, mode = path.read_text(encoding="ascii").strip(), path.stat().st_mode & 0o077
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"cannot read {path}", subject=str(path)) from error
    if mode or not _TOKEN.fullmatch(text):
        fault = "may be read by others" if mode else "holds no token"
        fix = Fix("remove it: a new one is made, and clients need it", ("rm", str(path)))
        raise InvalidInput(f"{path} {fault}", subject=str(path), fixes=(fix,))
    return text


class Bearer:
    """Lets through what comes with the token, to the one path there is."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._known = _digest(token.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a wrong token and none at all cost and say the same."""
        presented = [value for name, value in scope["headers"] if name == b"authorization"]
        kind, _, token = presented[0].partition(b" ") if len(presented) == 1 else (b"", b"", b"")
        known = hmac.compare_digest(_digest(token.strip()), self._known)
        if not known or kind.lower() != b"bearer":
            refused = problem(401, "not_authenticated", "Not authenticated", "give the token")
            refused.headers["WWW-Authenticate"] = "Bearer"
            await refused(scope, receive, send)
        elif scope["path"] != PATH:
            await problem(404, "not_found", "Not found", f"there is only {PATH}")(
                scope, receive, send
            )
        else:
            await self._app(scope, receive, send)


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def serve_http(server: Server[Any], token: str, listening: socket.socket, log: Log) -> None:
    """Answer until SIGINT or SIGTERM, finish what is being answered, and close."""
    with listening:
        anyio.run(_serve, server, token, listening, log)


async def _serve(server: Server[Any], token: str, listening: socket.socket, log: Log) -> None:
    sessions = StreamableHTTPSessionManager(
        server, json_response=True, stateless=True, max_request_body_size=MOST_BODY_BYTES
    )
    guarded = Guard(Bearer(sessions.handle_request, token), log, MOST_BODY_BYTES)
    async with sessions.run():
        await server_of(guarded).serve(sockets=[listening])
