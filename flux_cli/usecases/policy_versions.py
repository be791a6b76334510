"""The life of a policy: drafted, promoted, set, rolled back; every version is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flux_cli.domain.agents import Agent
from flux_cli.domain.money import Asset
from flux_cli.domain.policies import EVERYBODY, Policy
from flux_cli.domain.policy_changes import Change, changes
from flux_cli.domain.policy_document import policy_from
from flux_cli.domain.policy_drafts import DraftState, PolicyDraft
from flux_cli.errors import Fix, NotFound, WrongState
from flux_cli.usecases.gather_facts import newest_policy
from flux_cli.usecases.ports import Deps, Reader, Transaction


@dataclass(frozen=True, slots=True)
class Revision:
    """A policy that would come into force, what it replaces, and what that changes.

    `loosens` is whether anything becomes possible that was not: only the owner may do that. A
    first policy loosens, since an agent without one spends nothing; everybody's first only
    tightens.
    """

    old: Policy | None
    new: Policy
    changes: tuple[Change, ...]

    @property
    def loosens(self) -> bool:
        """Whether anything becomes possible that was not."""
        if self.old is None:
            return self.new.agent != EVERYBODY
        return any(change.loosens for change in self.changes)


def revise(deps: Deps, reader: Reader, agent: str, document: Mapping[str, object]) -> Revision:
    """What a document would change; nothing is written.

    Raises `InvalidPolicy`, and `NotFound` for an unknown agent.
    """
    known_subject(reader, agent)
    policy_id = deps.ids.new("policy")
    drafted = policy_from(document, agent, id=policy_id, number=1, set_at=reader.now)
    return _revision(reader, drafted)


def draft_policy(deps: Deps, agent: str, document: Mapping[str, object]) -> PolicyDraft:
    """Keep a policy to be promoted later; it limits nothing and allows nothing until then."""
    with deps.store.begin() as tx:
        revision = revise(deps, tx, agent, document)
        base = 0 if revision.old is None else revision.old.number
        draft = PolicyDraft(
            deps.ids.new("policy_draft"), agent, base, revision.new, DraftState.OPEN, tx.now
        )
        tx.put(draft, "policy.drafted")
    return draft


def put_in_force(deps: Deps, revision: Revision) -> Policy:
    """Make a revision the policy in force, with the next number.

    Whoever calls has asked the owner where it loosens. Raises `WrongState` if the policy it was
    compared with is no longer the one in force.
    """
    with deps.store.begin() as tx:
        return _set(tx, revision)


def promotion(reader: Reader, draft: PolicyDraft) -> Revision:
    """What promoting a draft would change.

    Raises `WrongState` if it was promoted, or if the policy has changed since it was drafted.
    """
    revision = _revision(reader, draft.policy)
    fixes = (Fix("see what would change now", ("flux", "policy", "diff", draft.agent, draft.id)),)
    if draft.state is DraftState.PROMOTED:
        raise WrongState("this draft is in force already", subject=draft.id)
    if (revision.old.number if revision.old else 0) != draft.base:
        raise WrongState("the policy has changed since then", subject=draft.id, fixes=fixes)
    return revision


def promote(deps: Deps, draft_id: str) -> Policy:
    """Put a draft in force; whoever calls has asked the owner where it loosens.

    Raises `NotFound`, `WrongState`.
    """
    with deps.store.begin() as tx:
        draft = tx.get(PolicyDraft, draft_id)
        policy = _set(tx, promotion(tx, draft))
        tx.put(replace(draft, state=DraftState.PROMOTED), "policy.promoted")
    return policy


def rolled_back(deps: Deps, reader: Reader, agent: str, number: int) -> Revision:
    """What going back to an earlier version would change; it becomes the next version."""
    known_subject(reader, agent)
    earlier = reader.lookup(Policy, agent=agent, number=number)
    if earlier is None:
        raise NotFound(
            f"{agent} has no policy number {number}",
            subject=agent,
            fixes=(Fix("see which there are", ("flux", "policy", "history", agent)),),
        )
    again = replace(earlier, id=deps.ids.new("policy"), note=f"back to {number}", set_at=reader.now)
    return _revision(reader, again, earlier.approval_threshold.asset)


def history(reader: Reader, agent: str) -> list[Policy]:
    """Every policy the agent has had, newest first; raises `NotFound` for an unknown agent."""
    known_subject(reader, agent)
    return reader.find(Policy, agent=agent)


def known_subject(reader: Reader, agent: str) -> None:
    """Raise `NotFound` unless `agent` is one, or everybody."""
    if agent != EVERYBODY and reader.lookup(Agent, name=agent) is None:
        raise NotFound(
            f"no agent named {agent[:64]!r}",
            subject=agent[:64],
            fixes=(Fix("see who there is", ("flux", "agents", "list")),),
        )


def _revision(reader: Reader, drafted: Policy, asset: Asset | None = None) -> Revision:
    old = newest_policy(reader, drafted.agent, asset or drafted.approval_threshold.asset)
    newest = reader.find(Policy, agent=drafted.agent, limit=1)
    number = newest[0].number + 1 if newest else 1
    new = replace(drafted, number=number)
    return Revision(old, new, changes(old, new) if old is not None else ())


def _set(tx: Transaction, revision: Revision) -> Policy:
    now = _revision(tx, revision.new)
    if now.old != revision.old:
        raise WrongState(
            "the policy has changed meanwhile: look at it and try again", subject=revision.new.agent
        )
    policy = replace(now.new, set_at=tx.now)
    tx.put(policy, "policy.set")
    return policy
