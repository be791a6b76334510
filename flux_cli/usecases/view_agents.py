"""Agents with their money, their record and their limits, as any front end shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flux_cli.domain.agents import Agent
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract
from flux_cli.domain.journal import held, wallet
from flux_cli.domain.marketplace import lower_bound
from flux_cli.domain.money import CREDIT, Asset, Money, total
from flux_cli.domain.policies import Policy
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.ports import Reader


@dataclass(frozen=True, slots=True)
class Purse:
    """One agent's CREDIT: in its wallet, set aside in its name, and what came and went."""

    available: Money
    held: Money
    earned: Money
    spent: Money
    transactions: int

    def described(self) -> Document:
        """The amounts with their sums."""
        return {
            "available": self.available,
            "held": self.held,
            "total": self.available + self.held,
            "earned": self.earned,
            "spent": self.spent,
            "net": self.earned - self.spent,
            "transactions": self.transactions,
        }


def agent_named(reader: Reader, text: str) -> Agent:
    """The agent of this name, or of this id; raises `NotFound`."""
    found = reader.lookup(Agent, name=text)
    if found is not None:
        return found
    try:
        return reader.resolve(Agent, text)
    except NotFound as error:
        raise NotFound(
            f"no agent named {text[:64]!r}",
            subject=text[:64],
            fixes=(Fix("see who there is", ("flux", "agents", "list")),),
        ) from error


def every_agent(reader: Reader) -> list[Agent]:
    """All agents, by name."""
    agents: list[Agent] = []
    after: str | None = None
    while page := reader.find(Agent, oldest_first=True, after=after):
        agents += page
        after = page[-1].id
    return sorted(agents, key=lambda agent: agent.name)


def set_aside(reader: Reader) -> dict[str, Money]:
    """What is reserved for each agent: its holds, what its cards hold, the escrow it funded."""
    aside: dict[str, Money] = {}
    for account in reader.accounts():
        kind, _, name = account.name.partition(":")
        if account.balance.asset != CREDIT or account.balance.units == 0:
            continue
        if kind == "card":
            name = reader.get(Card, name).holder
        elif kind == "escrow":
            name = reader.get(Contract, name).client
        elif account.name != held(name):
            continue
        aside[name] = aside.get(name, Money(0)) + account.balance
    return aside


def purse_of(reader: Reader, agent: str, aside: Mapping[str, Money]) -> Purse:
    """What one agent has and had; `aside` is what `set_aside` found."""
    earned, spent, transactions = reader.flows(agent, CREDIT)
    available = reader.balance(wallet(agent), CREDIT)
    return Purse(available, aside.get(agent, Money(0)), earned, spent, transactions)


def describe_balances(reader: Reader, agents: list[Agent]) -> list[Document]:
    """The purse of each agent."""
    aside = set_aside(reader)
    return [
        {"id": agent.id, "agent": agent.name} | purse_of(reader, agent.name, aside).described()
        for agent in agents
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
    """Every agent with its purse."""
    agents = every_agent(reader)
    purses = describe_balances(reader, agents)
    return [_agent(reader, one) | purse for one, purse in zip(agents, purses, strict=True)]


def describe_agent(reader: Reader, agent: Agent) -> Document:
    """One agent whole: its purse, its reputation, and the policy in force (None: may not spend)."""
    record = reader.track_record(agent.name)
    policies = reader.find(Policy, agent=agent.name, limit=1)
    return (
        _agent(reader, agent)
        | describe_balances(reader, [agent])[0]
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


def _agent(reader: Reader, agent: Agent) -> Document:
    return shallow(agent) | {"frozen": is_frozen(reader, agent.name)}
