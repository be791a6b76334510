"""Serving until told to stop: what is being answered is finished, and feeds are ended."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from uvicorn import Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from flux_cli.entrypoints.http.serve import server_of

if TYPE_CHECKING:
    from flux_cli.entrypoints.http.guard import Guard

MOST_AT_ONCE = 256
THREADS = 64
"""So many requests are with the use cases at once; their writes share commits."""

SECONDS_TO_ASK = 10.0
"""How long a connection may take until its first request is whole up to its body."""


class Prompt(H11Protocol):
    """Hangs up on connections that never get round to asking."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._late = self.loop.call_later(SECONDS_TO_ASK, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """There is nobody to wait for."""
        self._late.cancel()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if self.cycle is None:
            self.transport.abort()


class RestServer(Server):
    """Tells the feeds when it is to end: they would go on for ever."""

    def __init__(self, app: Guard, leaving: threading.Event) -> None:
        config = server_of(app).config
        config.limit_concurrency = MOST_AT_ONCE
        config.http = Prompt
        super().__init__(config)
        self._leaving = leaving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is being answered."""
        self._leaving.set()
        await super().shutdown(sockets)


def answer(app: Guard, leaving: threading.Event, listening: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, which is raised again afterwards."""
    with listening:
        run(RestServer(app, leaving), listening)


def run(server: Server, listening: socket.socket) -> None:
    """Serve on a listening socket until the server is told to exit."""

    async def serving() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await server.serve(sockets=[listening])

    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(serving())
