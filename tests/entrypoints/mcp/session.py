"""A ledger with an economy, an owner who gives mandates, and the official MCP client on it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import anyio
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.journal import wallet
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import CREDIT, Asset, Money
from flux_cli.entrypoints.mcp.reads import Desk
from flux_cli.entrypoints.mcp.scope import open_scope
from flux_cli.entrypoints.mcp.server import mcp_server
from flux_cli.usecases.caps import Caps
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.mandates import MandateRequest, create_mandate
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.ports import Deps

DOLLAR = 1_000_000
BUYER, RIVAL = "buyer", "rival"
T = TypeVar("T")


@dataclass
class Answered:
    """What one call came back with: a document, or an error with its code."""

    document: Any
    error: Any

    @property
    def code(self) -> str | None:
        return None if self.error is None else self.error["code"]


@dataclass
class Session:
    """A client's side of one session."""

    client: Client

    async def call(self, tool: str, /, **arguments: Any) -> Answered:
        return answered(await self.client.call_tool(tool, arguments))

    async def failure(self, tool: str, /, **arguments: Any) -> MCPError:
        """The protocol error that a call ends with."""
        try:
            found = await self.call(tool, **arguments)
        except MCPError as error:
            return error
        raise AssertionError(found)


def answered(result: CallToolResult) -> Answered:
    """The document, which is also the text; an error is text alone."""
    (content,) = result.content
    document = json.loads(content.text)
    if result.is_error:
        assert result.structured_content is None
        return Answered(None, document["error"])
    assert result.structured_content == document
    return Answered(document, None)


@dataclass
class Scene:
    """The owner's side."""

    deps: Deps
    said: list[str] = field(default_factory=list)

    def mandate(self, total: int = 100, *, holder: str = BUYER, **more: Any) -> Mandate:
        """A mandate over this many dollars, for a week unless told otherwise."""
        terms = {"purpose": "errands", "lifetime": timedelta(days=7)} | more
        asset: Asset = terms.pop("asset", CREDIT)
        money = Money(total * 10**asset.exponent, asset)
        made = create_mandate(
            self.deps, MandateRequest(holder, money, **terms), key=self.deps.ids.new("event")
        )
        assert isinstance(made, Mandate)
        return made

    def now(self, mandate: Mandate) -> Mandate:
        with self.deps.store.reading() as reader:
            return reader.get(Mandate, mandate.id)

    def balance(self, agent: str) -> int:
        """What an agent can spend, in dollars."""
        with self.deps.store.reading() as reader:
            units = reader.balance(wallet(agent), CREDIT).units
        assert units % DOLLAR == 0
        return units // DOLLAR

    def desk(self, mandate: Mandate | None = None, agent: str = BUYER) -> Desk:
        def say(step: str, /, **facts: object) -> None:
            self.said.append(" ".join([step, *(f"{name}={fact}" for name, fact in facts.items())]))

        scope = open_scope(self.deps, agent, None if mandate is None else mandate.id)
        return Desk(self.deps, scope, say)

    def talk(
        self,
        body: Callable[[Session], Awaitable[T]],
        mandate: Mandate | None = None,
        *,
        agent: str = BUYER,
        mode: str = "auto",
    ) -> T:
        """Run a client's side against a server of this scope, in this process."""

        async def run() -> T:
            async with Client(mcp_server(self.desk(mandate, agent)), mode=mode) as client:
                return await body(Session(client))

        return anyio.run(run)

    def one(self, tool: str, mandate: Mandate | None = None, /, **arguments: Any) -> Answered:
        """One call in a session of its own."""
        return self.talk(lambda session: session.call(tool, **arguments), mandate)


@contextmanager
def opened(folder: Path) -> Iterator[Scene]:
    """A buyer and a rival with 500 each, no limit of their own; the ledger must verify after."""
    deps = open_flux(load_config({"ledger.path": str(folder / "flux.db")}, {}, folder))
    found_economy(deps)
    for agent in (BUYER, RIVAL):
        open_agent(deps, agent, Caps(), display_name=agent)
        fund_agent(deps, agent, Money(500 * DOLLAR), key=f"fund:{agent}")
    try:
        yield Scene(deps)
        findings = deps.store.verify()
        assert [fault for finding in findings for fault in finding.faults] == []
    finally:
        close_flux(deps)
