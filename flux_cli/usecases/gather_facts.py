"""The facts of one request for the kernel, read from the ledger in one view."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.agents import ECONOMY, Agent, AgentStatus
from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import PaymentIntent, Spend
from flux_cli.domain.journal import wallet
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import CREDIT, Asset, Money
from flux_cli.domain.policies import EVERYBODY, Limit, Policy
from flux_cli.domain.quorum import Tally
from flux_cli.domain.tighten import tighten
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.ports import Reader

DEEPEST = 16
"""The longest line of mandates that is followed; the kernel refuses what does not reach a root."""


def gather_facts(
    reader: Reader,
    intent: PaymentIntent,
    tally: Tally | None,
    *,
    owner_approved: bool = False,
    policy: Policy | None = None,
) -> Facts:
    """Everything the kernel may rest on, in one view of the ledger; `policy` stands in for the
    agent's own where one is only tried.

    Raises `NotFound` for an unknown agent or mandate, and for an agent without a policy.
    """
    spend, asset = intent.spend, intent.amount.asset
    agent = reader.lookup(Agent, name=spend.requester)
    if agent is None:
        raise NotFound(f"no agent named {spend.requester!r}", subject=spend.requester)
    known = frozenset(
        share.payee for share in spend.shares if reader.lookup(Agent, name=share.payee)
    )
    policy = policy_of(reader, spend.requester, asset, policy)
    if intent.always_vote:
        policy = replace(policy, approval_threshold=Money(0, asset))
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


def policy_of(
    reader: Reader, agent: str, asset: Asset = CREDIT, own: Policy | None = None
) -> Policy:
    """The agent's policy in force for an asset, tightened by everybody's for it.

    `own` stands in for the agent's. Raises `NotFound` where the agent has none, so that it spends
    nothing of that asset.
    """
    own = own or newest_policy(reader, agent, asset)
    if own is None:
        raise NotFound(
            f"{agent} has no policy for {asset.code}, so it may spend none",
            subject=agent,
            fixes=(Fix("give it one", ("flux", "policy", "set", agent, "FILE")),),
        )
    everybodys = newest_policy(reader, EVERYBODY, asset)
    return tighten(everybodys, own) if everybodys else own


def newest_policy(reader: Reader, agent: str, asset: Asset) -> Policy | None:
    """The agent's own policy whose amounts are in `asset`; one policy counts one asset."""
    found = reader.find(Policy, agent=agent, approval_threshold_asset=asset.code, limit=1)
    return found[0] if found else None


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
