"""Whose money a session is about, and under which mandate; the owner says both at the start."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.agents import Agent
from flux_cli.domain.canonical import digest
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import CREDIT, Asset
from flux_cli.errors import Fix, InvalidInput, NotFound, WrongState
from flux_cli.usecases.ports import Deps, Reader


@dataclass(frozen=True, slots=True)
class Scope:
    """The one agent that a session acts for; without a mandate it only reads.

    `asset` is what it spends. Nothing a client sends can name another agent or mandate.
    """

    agent: str
    agent_id: str
    mandate_id: str | None
    asset: Asset

    @property
    def name(self) -> str:
        """What tells this session's scope from any other's: an id, fit for a file's name."""
        return self.mandate_id or self.agent_id

    def key(self, tool: str, key: str) -> str:
        """The engine's idempotency key for a client's: no other agent's key can be met with it."""
        return f"mcp:{digest([self.agent, tool, key])}"


def open_scope(deps: Deps, agent: str, mandate: str | None) -> Scope:
    """The scope that the owner names; `mandate` is an id, or its start.

    Raises `NotFound`, `InvalidInput` where another agent holds the mandate, and `WrongState`
    where it has ended.
    """
    with deps.store.reading() as reader:
        known = reader.lookup(Agent, name=agent)
        if known is None:
            raise NotFound(
                f"no agent named {agent[:64]!r}",
                subject=agent[:64],
                fixes=(Fix("see who there is", ("flux", "agents", "list")),),
            )
        if mandate is None:
            return Scope(known.name, known.id, None, CREDIT)
        held = reader.resolve(Mandate, mandate)
        _usable(reader, held, known.name)
    return Scope(known.name, known.id, held.id, held.total.asset)


def _usable(reader: Reader, mandate: Mandate, agent: str) -> None:
    if mandate.holder != agent:
        raise InvalidInput(
            f"{mandate.id} is held by {mandate.holder}, not by {agent}",
            subject=mandate.id,
            param="--mandate",
            fixes=(Fix("see whose they are", ("flux", "mandates", "list")),),
        )
    over = max(reader.now, reader.ledger_time) >= mandate.expires_at
    if mandate.state is not MandateState.ACTIVE or over:
        state = MandateState.EXPIRED if over else mandate.state
        fix = Fix("give it a new one", ("flux", "mandates", "create", agent, "TOTAL"))
        raise WrongState(f"the mandate is {state}", subject=mandate.id, fixes=(fix,))
