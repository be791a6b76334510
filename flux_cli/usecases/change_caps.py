"""Changing an agent's limits, or whether it spends at all; only the owner loosens."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.agents import Agent, AgentStatus
from flux_cli.domain.policies import Policy
from flux_cli.errors import NotFound
from flux_cli.usecases.caps import Caps, caps_of, loosened, with_caps
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.wallets import known_agent


def change_caps(deps: Deps, name: str, caps: Caps, *, as_owner: bool) -> tuple[str, ...]:
    """Put these caps in place of the agent's, and leave the rest of its policy as it is.

    What the change would loosen, for the owner to allow, is returned where the caller is not the
    owner, and then nothing is changed. `caps.paused` is the agent's status; a policy that pauses
    it goes on doing so. Raises `NotFound` for an unknown agent, or one without a policy.
    """
    with deps.store.begin() as tx:
        agent = known_agent(tx, name)
        policy = own_policy(tx, name)
        old = caps_of(policy, paused=agent.status is AgentStatus.PAUSED)
        found = loosened(old, caps)
        if found and not as_owner:
            return found
        if replace(caps, paused=old.paused) != old:
            changed = replace(
                with_caps(policy, caps),
                id=deps.ids.new("policy"),
                number=policy.number + 1,
                set_at=tx.now,
            )
            tx.put(changed, "policy.set")
        status = AgentStatus.PAUSED if caps.paused else AgentStatus.ACTIVE
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
    """The agent's own policy in force; raises `NotFound` where it has none, so spends nothing."""
    found = reader.find(Policy, agent=name, limit=1)
    if not found:
        raise NotFound(f"{name} has no policy, so it may spend nothing", subject=name)
    return found[0]
