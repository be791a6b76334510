"""The dashboard in a browser on this machine: read-only, behind a path nobody can guess."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest
from secrets import token_urlsafe
from socket import socket

from aiohttp import web
from textual_serve.server import Server

MOST_VIEWERS = 8
"""How many may watch at once; each has a process of its own."""

SECONDS_TO_FINISH = 3
LONGEST_MESSAGE_BYTES = 1 << 20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><title>flux</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="static/css/xterm.css">
<link rel="stylesheet" href="style.css">
<script src="static/js/textual.js"></script>
</head>
<body>
<p class="ended">This view has ended: reload the page to watch again.</p>
<div id="terminal" class="textual-terminal" data-session-websocket-url="{socket}"
 data-font-size="15"></div>
</body>
</html>
"""
_STYLE = """html, body { margin: 0; height: 100%; background: #121212; color: #e0e0e0; }
.textual-terminal { width: 100vw; height: 100vh; }
.ended { display: none; font: 15px monospace; padding: 1em; }
body.-closed .ended { display: block; }
body.-closed .textual-terminal { display: none; }
"""


class Dashboards:
    """Serves the page and, to each that opens it, a read-only dashboard of its own."""

    def __init__(self, command: Sequence[str], listening: socket) -> None:
        self._listening = listening
        self._token = token_urlsafe(24)
        self._hosts = [
            f"{name}:{listening.getsockname()[1]}" for name in ("127.0.0.1", "localhost")
        ]
        self._viewers = 0
        # The shell becomes the dashboard, whose parent is then this process.
        self._server = Server(f"exec {shlex.join(command)}")

    @property
    def url(self) -> str:
        """Where it is watched: who has this line may watch."""
        return f"http://{self._hosts[0]}/{self._token}/"

    def serve(self) -> None:
        """Answer until SIGINT or SIGTERM; every viewer's process ends with it."""
        # It would write to the terminal what a client sent; a session that fails just ends.
        logging.getLogger("textual-serve").setLevel(logging.CRITICAL)
        web.run_app(
            self.app(),
            sock=self._listening,
            access_log=None,
            print=None,
            shutdown_timeout=SECONDS_TO_FINISH,
        )

    def app(self) -> web.Application:
        """The routes behind the guard."""
        inside = web.Application()
        inside.add_routes([
            web.get("/", self._page),
            web.get("/style.css", self._style),
            web.get("/ws", self._watch),
            web.static("/static", self._server.statics_path),
        ])  # fmt: skip
        outside = web.Application(
            middlewares=[self._guarded], client_max_size=LONGEST_MESSAGE_BYTES
        )
        outside.add_subapp(f"/{self._token}", inside)
        return outside

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Only this machine's own page, by its whole path, gets an answer."""
        hosts, origins = request.headers.getall("Host", []), request.headers.getall("Origin", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return web.Response(status=421, text="ask for it as 127.0.0.1\n")
        given = request.path.partition("/")[2].partition("/")[0]
        if not compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            return web.Response(status=404, text="nothing is here\n")
        own = f"http://{hosts[0].lower()}"
        wants_socket = "Upgrade" in request.headers
        if any(origin != own for origin in origins) or (wants_socket and not origins):
            return web.Response(status=403, text="another page may not use this\n")
        response = await handler(request)
        if not response.prepared:
            response.headers.update(self._headers(hosts[0]))
        return response

    def _headers(self, host: str) -> dict[str, str]:
        return {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' "
            f"'unsafe-inline'; img-src 'self' data:; connect-src ws://{host}; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def _page(self, request: web.Request) -> web.Response:
        address = f"ws://{request.headers['Host']}/{self._token}/ws"
        return web.Response(text=_PAGE.format(socket=address), content_type="text/html")

    async def _style(self, _request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css")

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        """One viewer's dashboard, until the page is left."""
        if self._viewers >= MOST_VIEWERS:
            return web.Response(status=503, text=f"{MOST_VIEWERS} are watching already\n")
        self._viewers += 1
        try:
            return await self._server.handle_websocket(request)
        finally:
            self._viewers -= 1
