"""The protocol server: tools listed as they are, calls bounded, judged, and answered once."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import anyio
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as Listed

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli import crash
from flux_cli.entrypoints.mcp.asked import read, schema_of
from flux_cli.entrypoints.mcp.reads import Desk
from flux_cli.entrypoints.mcp.refused import Refused, told
from flux_cli.entrypoints.mcp.tools import INSTRUCTIONS, Tool, offered
from flux_cli.errors import FluxError

AT_ONCE = 8
"""Calls that are worked on at the same time."""

MOST_WAITING = 64
"""Calls taken and not answered; one more is told to come back."""

BUSY = Refused("busy", f"{MOST_WAITING} calls are not answered yet: ask later", retryable=True)


def mcp_server(desk: Desk) -> Server[Any]:
    """The server of one session, for any transport; it logs nothing of what a client sends."""
    silence()
    tools = {tool.name: tool for tool in offered(desk.scope)}
    counter = Counter(desk)

    async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[listed(tool) for tool in tools.values()])

    async def call_tool(_: Context, params: CallToolRequestParams) -> CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"unknown tool {visible(params.name)[:64]!r}")
        return await counter.answer(tool, params.arguments)

    server = Server[Any](
        "flux",
        version=version("flux-agents"),
        title="Flux",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    server.middleware.clear()  # what tracing would see is amounts and purposes
    return server


Context = ServerRequestContext[Any]


class Counter:
    """Where calls are counted in: a few at once, some waiting, the rest told to come back."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = anyio.CapacityLimiter(AT_ONCE)
        self._taken = 0

    async def answer(self, tool: Tool, arguments: dict[str, Any] | None) -> CallToolResult:
        """Carry out a call on a thread; one that was begun ends, whoever still waits for it."""
        if self._taken >= MOST_WAITING:
            return error_of(told(BUSY))
        self._taken += 1
        try:
            return await anyio.to_thread.run_sync(self._worked, tool, arguments, limiter=self._room)
        finally:
            self._taken -= 1

    def _worked(self, tool: Tool, arguments: dict[str, Any] | None) -> CallToolResult:
        try:
            found = tool.run(self._desk, read(tool.takes, arguments))
        except (FluxError, Refused) as refused:
            self._desk.progress("refused", tool=tool.name, code=refused.code)
            return error_of(told(refused))
        except Exception as error:
            return self._bug(tool, error)
        self._desk.progress("answered", tool=tool.name)
        return CallToolResult(content=[_text(found)], structured_content=found)

    def _bug(self, tool: Tool, error: Exception) -> CallToolResult:
        """What happened goes into a crash file for the owner; the client learns that it did."""
        try:
            kept = str(crash.record(error, "mcp", datetime.now(UTC)))
        except OSError as failed:
            kept = f"nowhere: {failed.strerror}"
        self._desk.progress("bug", tool=tool.name, kind=type(error).__name__, kept=kept)
        return error_of(told(Refused("bug", "a bug in flux; its owner finds it in a crash file")))


def listed(tool: Tool) -> Listed:
    """A tool as the protocol lists it."""
    return Listed(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schema_of(tool.takes),
        output_schema=tool.gives,
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=not tool.writes,
            destructive_hint=tool.spends,
            # Keyed, or only looking: asked again with the same arguments nothing more happens.
            idempotent_hint=True,
            open_world_hint=tool.outside,
        ),
    )


def error_of(document: Mapping[str, Any]) -> CallToolResult:
    """A refusal; its document is text, since the schema is of what was asked for."""
    return CallToolResult(content=[_text(document)], is_error=True)


def _text(document: Mapping[str, Any]) -> TextContent:
    return TextContent(type="text", text=json.dumps(document, ensure_ascii=False))


def silence() -> None:
    """Keep the library's log lines away: they hold what a client sent, as it sent it."""
    log = logging.getLogger("mcp")
    log.addHandler(logging.NullHandler())
    log.propagate = False
