"""Speaking the protocol on stdin and stdout, for the program that started us."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from threading import Thread
from typing import Any, BinaryIO, cast

import anyio
from anyio.lowlevel import EventLoopToken, current_token
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server import Server
from mcp.server.stdio import stdio_server

from flux_cli.usecases.ports import Progress

LONGEST_LINE = 1 << 20
"""Of a message, in bytes; what is longer is read past and not answered."""


def serve_stdio(server: Server[Any], progress: Progress) -> None:
    """Answer until stdin ends, or SIGINT or SIGTERM; calls that were begun end first.

    While it serves, what anything else prints goes to stderr: stdout carries only the protocol.
    """
    try:
        anyio.run(_serve, server, progress)
    except* (BrokenPipeError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        progress("left", who="client")  # what it asked for is done; nobody hears the answer


async def _serve(server: Server[Any], progress: Progress) -> None:
    send, receive = anyio.create_memory_object_stream[str](0)
    told = (_private_stdin(), send, current_token(), progress)
    Thread(target=_read, args=told, daemon=True).start()
    async with anyio.create_task_group() as group:
        group.start_soon(_stop_when_told, group.cancel_scope)
        lines = cast("anyio.AsyncFile[str]", Lines(receive))
        async with stdio_server(stdin=lines) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
        group.cancel_scope.cancel()


async def _stop_when_told(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return


def _private_stdin() -> BinaryIO:
    """stdin for us alone: whatever else in this process reads it finds nothing.

    It is never closed: a thread of ours may still wait in it, and closing would wait for that.
    """
    ours = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return os.fdopen(ours, "rb", closefd=False)


class Lines:
    """Lines as they come, in the form that the library reads them in."""

    def __init__(self, lines: MemoryObjectReceiveStream[str]) -> None:
        self._lines = lines

    def __aiter__(self) -> AsyncIterator[str]:
        return aiter(self._lines)


def _read(
    stdin: BinaryIO,
    send: MemoryObjectSendStream[str],
    token: EventLoopToken,
    progress: Progress,
) -> None:
    """Hand on line by line, each when the one before was taken, so a flood waits in the pipe."""
    try:
        while line := stdin.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                while line and not line.endswith(b"\n"):
                    line = stdin.readline(LONGEST_LINE)
                progress("dropped", message="longer than it may be", most_bytes=LONGEST_LINE)
                continue
            text = line.decode("utf-8", errors="replace")
            anyio.from_thread.run(send.send, text, token=token)
        anyio.from_thread.run_sync(send.close, token=token)
    except (anyio.RunFinishedError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return  # nobody listens any more
