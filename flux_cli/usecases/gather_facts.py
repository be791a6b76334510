"""The facts of one request for the kernel, read from the ledger in one view."""

from __future__ import annotations

from flux_cli.domain.agents import ECONOMY, Agent, AgentStatus
from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import PaymentIntent, Spend
from flux_cli.domain.journal import wallet
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.policies import EVERYBODY, Limit, Policy
from flux_cli.domain.quorum import Tally
from flux_cli.domain.tighten import tighten
from flux_cli.errors import NotFound
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.ports import Reader

DEEPEST = 16
"""The longest line of mandates that is followed; the kernel refuses what does not reach a root."""


def gather_facts(
    reader: Reader, intent: PaymentIntent, tally: Tally | None, *, owner_approved: bool = False
) -> Facts:
    """Everything the kernel may rest on, in one view of the ledger.

    Raises `NotFound` for an unknown agent or mandate, and for an agent without a policy.
    """
    spend, asset = intent.spend, intent.amount.asset
    agent = reader.lookup(Agent, name=spend.requester)
    if agent is None:
        raise NotFound(f"no agent named {spend.requester!r}", subject=spend.requester)
    known = frozenset(
        share.payee for share in spend.shares if reader.lookup(Agent, name=share.payee)
    )
    policy = policy_of(reader, spend.requester)
    mandates = mandates_of(reader, spend.mandate_id)
    limits = [*policy.limits, *(limit for mandate in mandates for limit in mandate.limits)]
    return Facts(
        now=reader.now,
        ledger_time=reader.ledger_time,
        economy_frozen=is_frozen(reader, ECONOMY),
        agent_frozen=is_frozen(reader, spend.requester),
        agent_active=agent.status is AgentStatus.ACTIVE,
        policy=policy,
        available=reader.balance(wallet(spend.requester), asset),
        used=tuple(used for limit in dict.fromkeys(limits) for used in _used(reader, limit, spend)),
        mandates=mandates,
        budget_left=intent.budget_left,
        known_payees=known,
        duplicates=_duplicates(reader, spend, policy),
        tally=tally,
        owner_approved=owner_approved,
    )


def policy_of(reader: Reader, agent: str) -> Policy:
    """The agent's policy in force, tightened by everybody's.

    Raises `NotFound` where the agent has none of its own, so it spends nothing.
    """
    own = reader.find(Policy, agent=agent, limit=1)
    if not own:
        raise NotFound(f"{agent} has no policy, so it may spend nothing", subject=agent)
    everybodys = reader.find(Policy, agent=EVERYBODY, limit=1)
    return tighten(everybodys[0], own[0]) if everybodys else own[0]


def mandates_of(reader: Reader, mandate_id: str | None) -> tuple[Mandate, ...]:
    """The mandate and those above it, up to the root; raises `NotFound`."""
    line: list[Mandate] = []
    while mandate_id is not None and len(line) < DEEPEST:
        line.append(reader.get(Mandate, mandate_id))
        mandate_id = line[-1].parent_id
    return tuple(line)


def _used(reader: Reader, limit: Limit, spend: Spend) -> list[Used]:
    found = []
    for subject, part in parts(limit, spend):
        amount, count = reader.used(limit, spend.requester, subject, part.asset)
        found.append(Used(limit, subject, amount, count))
    return found


def _duplicates(reader: Reader, spend: Spend, policy: Policy) -> int:
    if policy.duplicate_window is None:
        return 0
    return reader.duplicates(spend, policy.duplicate_window.start(reader.now))
