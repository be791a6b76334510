"""Running the shipped rules on unknown integers: every path they can take, as formulas for Z3.

A number is a `Number`, a time a `Time`; where Python asks whether a comparison is true, the run
forks. `Money` is the real class, told for the while not to insist on `int`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import z3

from flux_cli.domain.intents import Spend
from flux_cli.domain.money import Money

MICROSECOND = timedelta(microseconds=1)


@dataclass
class Run:
    """One walk through the code: which way each question was answered, and under what condition."""

    answers: list[bool]
    conditions: list[z3.BoolRef] = field(default_factory=list)

    def answer(self, question: z3.BoolRef) -> bool:
        if len(self.conditions) == len(self.answers):
            self.answers.append(True)
        said = self.answers[len(self.conditions)]
        self.conditions.append(question if said else z3.Not(question))
        return said


NOW_RUNNING: list[Run] = []
MADE: list[z3.ArithRef] = []
"""Every number that arithmetic made, for the proof that none leaves int64."""


class Truth:
    def __init__(self, formula: z3.BoolRef) -> None:
        self.formula = formula

    def __bool__(self) -> bool:
        return NOW_RUNNING[-1].answer(self.formula)


def formula_of(value: Any) -> Any:
    return value.formula if isinstance(value, Number) else value


class Number:
    """An unknown integer; arithmetic makes others, comparing asks."""

    def __init__(self, formula: Any) -> None:
        self.formula = z3.Int(formula) if isinstance(formula, str) else formula

    def _made(self, formula: z3.ArithRef) -> Number:
        MADE.append(formula)
        return Number(formula)

    def __add__(self, other: Any) -> Number:
        return self._made(self.formula + formula_of(other))

    def __sub__(self, other: Any) -> Number:
        return self._made(self.formula - formula_of(other))

    def __mul__(self, other: Any) -> Number:
        return self._made(self.formula * formula_of(other))

    def __floordiv__(self, other: Any) -> Number:
        return Number(self.formula / formula_of(other))

    __radd__ = __add__
    __rmul__ = __mul__

    def __lt__(self, other: Any) -> Any:
        return Truth(self.formula < formula_of(other))

    def __le__(self, other: Any) -> Any:
        return Truth(self.formula <= formula_of(other))

    def __gt__(self, other: Any) -> Any:
        return Truth(self.formula > formula_of(other))

    def __ge__(self, other: Any) -> Any:
        return Truth(self.formula >= formula_of(other))

    def __eq__(self, other: object) -> Any:
        return Truth(self.formula == formula_of(other))

    __hash__ = object.__hash__


class Time(Number):
    """An unknown instant, in microseconds."""

    def __add__(self, other: Any) -> Time:
        return Time(self.formula + other // MICROSECOND)


class Asked(Spend):
    """A request whose digest need not be computed."""

    __slots__ = ()
    digest = property(lambda _: "digest")  # type: ignore[assignment]


@contextmanager
def unknown_money() -> Iterator[None]:
    """Let `Money` hold a `Number`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Money, "__post_init__", lambda _: None)
        yield


def walks(code: Callable[[], Any]) -> Iterator[tuple[z3.BoolRef, Any]]:
    """Every path through `code` that can be taken: its condition, and what it returns."""
    answers: list[bool] = []
    while True:
        run = Run(answers)
        NOW_RUNNING.append(run)
        try:
            result = code()
        finally:
            NOW_RUNNING.pop()
        condition = z3.And(*run.conditions)
        solver = z3.Solver()
        solver.add(condition)
        if solver.check() != z3.unsat:
            yield condition, result
        while answers and not answers[-1]:
            answers.pop()
        if not answers:
            return
        answers[-1] = False


def when(code: Callable[[], Any]) -> z3.BoolRef:
    """The formula that holds exactly where what `code` returns is true."""
    return z3.Or(*(condition for condition, so in walks(lambda: bool(code())) if so))


def refuses(rule: Callable[..., Any], spend: Spend, facts: Any) -> z3.BoolRef:
    """The formula that holds exactly where `rule` gives a refusal."""
    return when(lambda: [one for one in rule(spend, facts) if one.refusal])


def prove(claim: z3.BoolRef, *given: z3.BoolRef) -> None:
    """Fail with a counterexample unless `claim` follows."""
    solver = z3.Solver()
    solver.set("timeout", 40_000)
    solver.add(*given, z3.Not(claim))
    found = solver.check()
    assert found == z3.unsat, f"{found}: {solver.model() if found == z3.sat else 'no answer'}"
