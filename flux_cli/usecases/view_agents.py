"""Agents with their money, their record and their limits, as any front end shows them."""

from __future__ import annotations

from flux_cli.domain.agents import Agent
from flux_cli.domain.marketplace import lower_bound
from flux_cli.domain.money import Asset, Money, total
from flux_cli.domain.policies import Policy
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.wallets import Purse, purses, purses_of


def agent_named(reader: Reader, text: str) -> Agent:
    """The agent of this name, or of this id; raises `NotFound`."""
    found = reader.lookup(Agent, name=text)
    if found is not None:
        return found
    try:
        return reader.resolve(Agent, text)
    except NotFound:
        raise NotFound(
            f"no agent named {text[:64]!r}",
            subject=text[:64],
            fixes=(Fix("see who there is", ("flux", "agents", "list")),),
        ) from None


def every_agent(reader: Reader) -> list[Agent]:
    """All agents, by name."""
    agents: list[Agent] = []
    after: str | None = None
    while page := reader.find(Agent, oldest_first=True, after=after):
        agents += page
        after = page[-1].id
    return sorted(agents, key=lambda agent: agent.name)


def describe_balances(reader: Reader, agents: list[Agent]) -> list[Document]:
    """The purse of each agent in each asset it has."""
    known = purses(reader)
    return [
        {"id": agent.id, "agent": agent.name} | purse.described()
        for agent in agents
        for purse in purses_of(agent.name, known)
    ]


def sums(reader: Reader) -> tuple[int, dict[Asset, Money]]:
    """(number of accounts, the sum of all of them in each asset); every sum is to be zero."""
    accounts = reader.accounts()
    assets = {account.balance.asset for account in accounts}
    return len(accounts), {
        asset: total([one.balance for one in accounts if one.balance.asset == asset], asset)
        for asset in sorted(assets, key=lambda asset: asset.code)
    }


def describe_agents(reader: Reader) -> list[Document]:
    """Every agent with its purses."""
    known = purses(reader)
    return [_agent(reader, one) | _money(one.name, known) for one in every_agent(reader)]


def describe_agent(reader: Reader, agent: Agent) -> Document:
    """One agent whole: its purses, its reputation, and its policy (None: it may not spend)."""
    record = reader.track_record(agent.name)
    policies = reader.find(Policy, agent=agent.name, limit=1)
    return (
        _agent(reader, agent)
        | _money(agent.name, purses(reader))
        | {
            "reputation": shallow(record)
            | {
                "quality": lower_bound(record.accepted, record.rejected),
                "reliability": lower_bound(record.on_time, record.late),
            },
            "policy": describe_policy(policy_of(reader, agent.name)) if policies else None,
        }
    )


def describe_policy(policy: Policy) -> Document:
    """A policy with its limits and hours."""
    return shallow(policy) | {
        "limits": [shallow(limit) for limit in policy.limits],
        "hours": [shallow(hours) for hours in policy.hours],
    }


def _money(agent: str, known: dict[str, list[Purse]]) -> Document:
    """The agent's CREDIT, or the first asset it has, and under `balances` all of them."""
    balances = [purse.described() for purse in purses_of(agent, known)]
    return {"agent": agent} | balances[0] | {"balances": balances}


def _agent(reader: Reader, agent: Agent) -> Document:
    return shallow(agent) | {"frozen": is_frozen(reader, agent.name)}
