"""Changing an agent's limits, or whether it spends at all; only the owner loosens."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.agents import Agent, AgentStatus
from flux_cli.domain.money import CREDIT
from flux_cli.domain.policies import Policy
from flux_cli.domain.policy_changes import changes
from flux_cli.errors import NotFound
from flux_cli.usecases.caps import Caps, with_caps
from flux_cli.usecases.gather_facts import newest_policy
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.wallets import known_agent


def change_caps(deps: Deps, name: str, caps: Caps, *, as_owner: bool) -> tuple[str, ...]:
    """Put these caps in place of the agent's, and leave the rest of its policy as it is.

    Where the caller is not the owner and the change would loosen something, nothing is changed
    and the policy's parts that it would loosen are returned. `caps.paused` is the agent's status;
    a policy that pauses it goes on doing so. Raises `NotFound` for an unknown agent, or one
    without a policy.
    """
    with deps.store.begin() as tx:
        agent, policy = known_agent(tx, name), own_policy(tx, name)
        changed = replace(
            with_caps(policy, caps),
            id=deps.ids.new("policy"),
            number=tx.find(Policy, agent=name, limit=1)[0].number + 1,
            set_at=tx.now,
        )
        differences = changes(policy, changed)
        status = AgentStatus.PAUSED if caps.paused else AgentStatus.ACTIVE
        loosened = [change.key for change in differences if change.loosens]
        if agent.status is AgentStatus.PAUSED and status is AgentStatus.ACTIVE:
            loosened.append("paused")
        if loosened and not as_owner:
            return tuple(loosened)
        if differences:
            tx.put(changed, "policy.set")
        if status is not agent.status:
            tx.put(replace(agent, status=status), f"agent.{status}")
    return ()


def set_paused(deps: Deps, name: str, *, paused: bool) -> Agent:
    """Let an agent spend, or not; whoever lets it spend again has made sure it is the owner.

    Raises `NotFound`.
    """
    status = AgentStatus.PAUSED if paused else AgentStatus.ACTIVE
    with deps.store.begin() as tx:
        agent = known_agent(tx, name)
        if agent.status is status:
            return agent
        changed = replace(agent, status=status)
        tx.put(changed, f"agent.{status}")
    return changed


def own_policy(reader: Reader, name: str) -> Policy:
    """The agent's own policy for CREDIT; raises `NotFound` where it has none, so spends none."""
    found = newest_policy(reader, name, CREDIT)
    if found is None:
        raise NotFound(f"{name} has no policy, so it may spend nothing", subject=name)
    return found
