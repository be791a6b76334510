"""Agents on a ledger: entered, found, listed, funded."""

from __future__ import annotations

from collections.abc import Mapping

from flux_cli.domain.agents import Agent as EngineAgent
from flux_cli.domain.journal import wallet
from flux_cli.entrypoints.sdk.given import LONGEST_MEMO, caps_from, json_of, money_of, text_of
from flux_cli.entrypoints.sdk.history import side_of
from flux_cli.entrypoints.sdk.objects import Agent, LedgerEntry, Policy, Wallet
from flux_cli.entrypoints.sdk.seen import see_agent, see_wallet
from flux_cli.usecases.agent_history import credit_of
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.notes import keep_note
from flux_cli.usecases.open_agent import name_fault, open_agent
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_agents import every_agent
from flux_cli.usecases.wallets import known_agent, purses


def register(
    deps: Deps, agent_id: str, metadata: Mapping[str, object] | None, policy: Policy | None
) -> Agent:
    """Enter an agent; see `AgentPaySDK.register_agent`."""
    caps, note = caps_from(policy or Policy()), json_of(metadata)
    name = (metadata or {}).get("name")
    shown = name if isinstance(name, str) and name.strip() else agent_id
    open_agent(deps, agent_id, caps, display_name=shown, note=note)
    return agent_of(deps, agent_id)


def agent_of(deps: Deps, agent_id: str) -> Agent:
    """The agent of exactly this id. Raises `NotFound`."""
    with deps.store.reading() as reader:
        return see_agent(reader, known_agent(reader, agent_id), purses(reader))


def exists(deps: Deps, agent_id: str) -> bool:
    """Whether an agent of exactly this id is registered."""
    if name_fault(agent_id):
        return False
    with deps.store.reading() as reader:
        return reader.lookup(EngineAgent, name=agent_id) is not None


def everybody(deps: Deps) -> list[Agent]:
    """Every agent in the ledger, by id."""
    with deps.store.reading() as reader:
        known = purses(reader)
        return [see_agent(reader, agent, known) for agent in every_agent(reader)]


def fund(deps: Deps, agent_id: str, cents: int, memo: str | None) -> LedgerEntry:
    """Put simulated money into an agent's wallet; see `AgentPaySDK.fund_agent`."""
    money, note = money_of(cents), text_of(memo, "memo", LONGEST_MEMO)
    funding = fund_agent(deps, agent_id, money, key=deps.ids.new("event"))
    if note:
        keep_note(deps, funding.entry.id, json_of({"memo": note}) or "")
    with deps.store.reading() as reader:
        return side_of(reader, funding.entry, wallet(agent_id))


def wallet_of(deps: Deps, agent_id: str) -> Wallet:
    """What the agent can spend, what is set aside for it, and both. Raises `NotFound`."""
    with deps.store.reading() as reader:
        known_agent(reader, agent_id)
        return see_wallet(credit_of(agent_id, purses(reader)))
