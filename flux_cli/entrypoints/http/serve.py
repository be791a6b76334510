"""Serving on loopback until told to stop; what is being answered is finished."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from flux_cli.errors import InvalidInput

if TYPE_CHECKING:
    import uvicorn

    from flux_cli.entrypoints.http.guard import Guard

LOOPBACK = "127.0.0.1"
MOST_AT_ONCE = 64
SECONDS_TO_FINISH = 10


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes any that is free. Raises `InvalidInput`."""
    try:
        return socket.create_server((LOOPBACK, port), backlog=128)
    except OSError as error:
        raise InvalidInput(f"port {port}: {error.strerror}", param="--port") from error


def url_of(listening: socket.socket) -> str:
    """Where a listening socket is reached."""
    return f"http://{LOOPBACK}:{listening.getsockname()[1]}"


def server_of(app: Guard) -> uvicorn.Server:
    """A server that logs nothing itself: its lines would hold whatever path a client asks for."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )
    )


def serve(app: Guard, listening: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM, then finish what is being answered and close.

    The signal is raised again afterwards, for whoever started this.
    """
    with listening:
        server_of(app).run(sockets=[listening])
