"""Escrows: money locked between two agents until it is accepted, given back, or decided on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money
from flux_cli.errors import WrongState


class EscrowState(StrEnum):
    """Where an escrow stands: ERC-8183's job states, and `disputed`, in which all of it waits.

    That standard's Open is before there is an escrow here: its payment is not yet approved.
    """

    FUNDED = "funded"
    SUBMITTED = "submitted"
    DISPUTED = "disputed"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"


_S = EscrowState

MOVES: dict[EscrowState, frozenset[EscrowState]] = {
    _S.FUNDED: frozenset({_S.SUBMITTED, _S.DISPUTED, _S.REJECTED, _S.EXPIRED}),
    # To itself: other work is handed in, or a part is released.
    _S.SUBMITTED: frozenset({_S.SUBMITTED, _S.DISPUTED, _S.COMPLETED, _S.REJECTED, _S.EXPIRED}),
    _S.DISPUTED: frozenset({_S.COMPLETED, _S.REJECTED}),
}
"""Every legal move; a state that is not a key is an end, and at an end nothing is locked."""

MOST_MILESTONES = 100


class MilestoneState(StrEnum):
    """What became of a milestone's money; `split` where a dispute gave each side a part."""

    PENDING = "pending"
    RELEASED = "released"
    REFUNDED = "refunded"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A part of the work and the part of the money that is for it."""

    name: str
    amount: Money
    state: MilestoneState


@dataclass(frozen=True, slots=True)
class Dispute:
    """Who objected before the escrow's end, and why."""

    by: str
    reason: str
    raised_at: datetime


@dataclass(frozen=True, slots=True)
class Escrow:
    """Money of `payer` for `payee`, which `evaluator` alone accepts or rejects.

    `amount = released + refunded + locked` always. Milestones, where there are any, add up to
    `amount`. `deliverable_hash` is the SHA-256 of what was handed in. From `expires_at` on the
    money is only given back, unless a dispute was raised before. `key` names it for a retry.
    """

    id: str
    key: str
    state: EscrowState
    payer: str
    payee: str
    evaluator: str
    amount: Money
    released: Money
    refunded: Money
    memo: str
    milestones: tuple[Milestone, ...]
    deliverable_hash: str | None
    dispute: Dispute | None
    intent_id: str
    expires_at: datetime
    created_at: datetime
    updated_at: datetime

    @property
    def locked(self) -> Money:
        """What is still in its account."""
        return self.amount - self.released - self.refunded

    def is_due(self, now: datetime) -> bool:
        """Whether its time is over and nobody has objected or ended it."""
        return now >= self.expires_at and _S.EXPIRED in MOVES.get(self.state, frozenset())

    def move(self, state: EscrowState, now: datetime) -> Escrow:
        """The escrow in its next state; raises `WrongState` for a move that is not legal."""
        if state not in MOVES.get(self.state, frozenset()):
            raise WrongState(f"a {self.state} escrow cannot become {state}", subject=self.id)
        return replace(self, state=state, updated_at=now)

    def release(self, amount: Money, names: frozenset[str], now: datetime) -> Escrow:
        """`amount` accepted and paid, for the milestones called `names`; the last of it completes.

        Raises `WrongState`.
        """
        assert 0 < amount.units <= self.locked.units, "no more is released than is locked"
        if self.state is not _S.SUBMITTED:
            raise WrongState(f"nothing of a {self.state} escrow is released", subject=self.id)
        state = _S.COMPLETED if amount == self.locked else _S.SUBMITTED
        return replace(
            self.move(state, now),
            released=self.released + amount,
            milestones=self._settled(MilestoneState.RELEASED, names),
        )

    def give_back(self, state: EscrowState, now: datetime) -> Escrow:
        """All that is locked goes back to the payer; raises `WrongState`."""
        return replace(
            self.move(state, now),
            refunded=self.refunded + self.locked,
            milestones=self._settled(MilestoneState.REFUNDED),
        )

    def resolve(self, to_payee: Money, now: datetime) -> Escrow:
        """The dispute decided: `to_payee` is paid and the rest goes back; raises `WrongState`."""
        assert 0 <= to_payee.units <= self.locked.units, "no more is decided on than is locked"
        if self.state is not _S.DISPUTED:
            raise WrongState(f"a {self.state} escrow has no open dispute", subject=self.id)
        if to_payee.units == 0:
            return self.give_back(_S.REJECTED, now)
        rest = self.locked - to_payee
        told = MilestoneState.SPLIT if rest.units else MilestoneState.RELEASED
        return replace(
            self.move(_S.COMPLETED, now),
            released=self.released + to_payee,
            refunded=self.refunded + rest,
            milestones=self._settled(told),
        )

    def _settled(
        self, state: MilestoneState, names: frozenset[str] | None = None
    ) -> tuple[Milestone, ...]:
        return tuple(
            replace(one, state=state)
            if one.state is MilestoneState.PENDING and (names is None or one.name in names)
            else one
            for one in self.milestones
        )
