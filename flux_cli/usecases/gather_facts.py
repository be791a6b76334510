"""The facts of one request for the kernel, read from the ledger in one view."""

from __future__ import annotations

from datetime import timedelta

from flux_cli.domain.agents import ECONOMY, Agent, AgentStatus
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import wallet
from flux_cli.domain.policies import Policy
from flux_cli.domain.quorum import Tally
from flux_cli.errors import NotFound
from flux_cli.kernel.facts import Facts
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.ports import Reader


def gather_facts(reader: Reader, intent: PaymentIntent, tally: Tally | None) -> Facts:
    """Everything the kernel may rest on, in one view of the ledger."""
    asset = intent.amount.asset
    agent = reader.lookup(Agent, name=intent.requester)
    if agent is None:
        raise NotFound(f"no agent named {intent.requester!r}", subject=intent.requester)
    known = frozenset(
        share.payee for share in intent.shares if reader.lookup(Agent, name=share.payee)
    )
    return Facts(
        now=reader.now,
        ledger_time=reader.ledger_time,
        economy_frozen=is_frozen(reader, ECONOMY),
        agent_frozen=is_frozen(reader, intent.requester),
        agent_active=agent.status is AgentStatus.ACTIVE,
        policy=policy_of(reader, intent.requester),
        available=reader.balance(wallet(intent.requester), asset),
        spent_24h=reader.spent_since(intent.requester, reader.now - timedelta(hours=24), asset),
        budget_left=intent.budget_left,
        known_payees=known,
        tally=tally,
    )


def policy_of(reader: Reader, agent: str) -> Policy:
    """The agent's policy in force; raises `NotFound` where it has none, so it spends nothing."""
    newest = reader.find(Policy, agent=agent, limit=1)
    if not newest:
        raise NotFound(f"{agent} has no policy, so it may spend nothing", subject=agent)
    return newest[0]
