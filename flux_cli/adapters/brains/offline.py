"""The brain that needs no model: each seat answers by its own rules, plans by templates."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar, cast

from flux_cli.adapters.brains.planner import propose
from flux_cli.adapters.brains.seats import cfo, data, growth, operations, risk
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Dossier, Opinion
from flux_cli.usecases.brain_ports import (
    Answered,
    BallotQuestion,
    PictureQuestion,
    PlanQuestion,
    Question,
    WishQuestion,
    WordsQuestion,
)

A = TypeVar("A")

VOTES: Final[dict[str, Callable[[Dossier], Opinion]]] = {
    "cfo": cfo.vote,
    "growth": growth.vote,
    "risk": risk.vote,
    "operations": operations.vote,
    "data": data.vote,
}
"""The rules of each seat in `quorum.SEATS`."""


class OfflineBrain:
    """Answers without a network or a cost; the same question always gets the same answer."""

    def ask(self, question: Question[A]) -> Answered[A]:
        """Raises `CannotPlan` for a goal no template fits."""
        began = time.perf_counter_ns()
        value, model = self._answer(question)
        took = (time.perf_counter_ns() - began) // 1_000_000
        return Answered(cast(A, value), "rule", model, Money(0), 0, took)

    def _answer(self, question: Question[A]) -> tuple[object, str]:
        if isinstance(question, BallotQuestion):
            return self.opinion(question.seat, question.dossier), f"rules/{question.seat}"
        if isinstance(question, WishQuestion):
            return question.read, "rules/wishes"
        if isinstance(question, WordsQuestion | PictureQuestion):
            return {}, f"rules/{question.trade}"
        assert isinstance(question, PlanQuestion), "a question of a kind nobody answers"
        return propose(question), "rules/planner"

    def opinion(self, seat: str, dossier: Dossier) -> Opinion:
        """What `seat`, one of `quorum.SEATS`, makes of the dossier."""
        assert seat in VOTES, f"{seat!r} is not a seat"
        return VOTES[seat](dossier)
