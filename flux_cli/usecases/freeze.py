"""The kill switch: freezing and thawing the economy or one agent, and obeying it."""

from __future__ import annotations

from flux_cli.domain.agents import ECONOMY, Agent, Freeze, freeze_id
from flux_cli.errors import Fix, Frozen, NotFound
from flux_cli.usecases.ports import Deps, Reader


def set_frozen(deps: Deps, subject: str, *, frozen: bool, reason: str) -> Freeze:
    """Freeze or thaw `economy` or an agent by name; raises `NotFound` for an unknown agent."""
    with deps.store.begin() as tx:
        if subject != ECONOMY and tx.lookup(Agent, name=subject) is None:
            raise NotFound(f"no agent named {subject[:64]!r}", subject=subject[:64])
        flag = Freeze(freeze_id(subject), frozen, reason[:240], tx.now)
        kind = "economy" if subject == ECONOMY else "agent"
        tx.put(flag, f"{kind}.frozen" if frozen else f"{kind}.thawed")
    return flag


def is_frozen(reader: Reader, subject: str) -> bool:
    """Whether `economy`, or an agent, is frozen; a flag that is missing counts as frozen."""
    flag = reader.lookup(Freeze, id=freeze_id(subject))
    return flag is None or flag.frozen


def obey_freeze(reader: Reader, *agents: str) -> None:
    """Raise `Frozen` if the economy, or one of `agents`, is; called where a step would start."""
    for subject in (ECONOMY, *agents):
        if is_frozen(reader, subject):
            who = "the economy" if subject == ECONOMY else subject
            argv = ("flux", "thaw") if subject == ECONOMY else ("flux", "thaw", subject)
            raise Frozen(
                f"{who} is frozen; nothing was moved",
                subject=subject,
                fixes=(Fix("when it may go on", argv),),
            )
