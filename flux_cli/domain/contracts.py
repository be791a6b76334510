"""Contracts: one hire, its money in escrow, and the only moves it may make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money
from flux_cli.domain.work import Artefact, Check
from flux_cli.errors import WrongState


class ContractState(StrEnum):
    """Where one hire stands. The names map onto ERC-8183's job states."""

    DRAFT = "draft"
    QUOTING = "quoting"
    QUOTED = "quoted"
    PENDING_APPROVAL = "pending_approval"
    APPROVED = "approved"
    FUNDED = "funded"
    WORKING = "working"
    SUBMITTED = "submitted"
    REVISION = "revision"
    SETTLED = "settled"
    REFUSED = "refused"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


_S = ContractState

MOVES: dict[ContractState, frozenset[ContractState]] = {
    _S.DRAFT: frozenset({_S.QUOTING}),
    _S.QUOTING: frozenset({_S.QUOTED, _S.CANCELLED, _S.EXPIRED}),
    _S.QUOTED: frozenset({_S.PENDING_APPROVAL, _S.CANCELLED, _S.EXPIRED}),
    _S.PENDING_APPROVAL: frozenset({_S.APPROVED, _S.REFUSED}),
    _S.APPROVED: frozenset({_S.FUNDED, _S.CANCELLED, _S.EXPIRED}),
    _S.FUNDED: frozenset({_S.WORKING, _S.CANCELLED, _S.EXPIRED}),
    _S.WORKING: frozenset({_S.SUBMITTED, _S.EXPIRED, _S.REJECTED}),
    _S.SUBMITTED: frozenset({_S.SETTLED, _S.REVISION, _S.REJECTED, _S.EXPIRED}),
    _S.REVISION: frozenset({_S.WORKING, _S.EXPIRED}),
}
"""Every legal move; a state that is not a key is an end."""

MOST_REVISIONS = 2
MOST_HIRES = 3
"""How many providers a task is given to, one after the other, before it is given up."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate as it was ranked when the task was quoted; `parts` are out of 10,000."""

    provider: str
    quote: Money
    score: int
    parts: dict[str, int]
    ineligible: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    """One hire: `terms_hash` freezes trade, brief, price and acceptance when it is quoted.

    `units` is the size of the work as its trade measures it, which prices are compared by.
    `attempt` counts the hires of a run's task; a hire outside a run is of no run, and its money is
    in the escrow `escrow_id`.
    """

    id: str
    run_id: str
    task_id: str
    client: str
    provider: str
    listing_id: str
    trade: str
    units: int
    price: Money
    state: ContractState
    terms_hash: str
    ranking: tuple[Ranked, ...]
    card_id: str | None
    revisions: int
    artefacts: tuple[Artefact, ...]
    checks: tuple[Check, ...]
    summary: str
    backend: str
    deadline: datetime
    created_at: datetime
    updated_at: datetime
    attempt: int = 0
    escrow_id: str | None = None

    def move(self, state: ContractState, now: datetime) -> Contract:
        """The contract in its next state; raises `WrongState` for a move that is not legal."""
        if state not in MOVES.get(self.state, frozenset()):
            raise WrongState(f"a {self.state} contract cannot become {state}", subject=self.id)
        return replace(self, state=state, updated_at=now)
