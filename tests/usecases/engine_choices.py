"""Where choices come from, and the small ones that every step is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from engine_objects import Payment
from engine_sides import Sides

T = TypeVar("T")

PAYERS, PAYEES = ("ann", "ben"), ("pat", "sue", "ben", "ann")
LIVELY = 12
"""Steps are mostly about the latest few objects of a kind."""


class Chance(Protocol):
    """Where choices come from: a seed, or hypothesis."""

    def integer(self, least: int, most: int) -> int: ...


class Choices:
    """Choices for two sides, from `chance` alone, so a seed names them all."""

    def __init__(self, sides: Sides, chance: Chance) -> None:
        self.sides, self.model, self.chance = sides, sides.model, chance
        self.serial = 0
        self.at_edge = ""

    def pick(self, among: Sequence[T]) -> T:
        return among[self.chance.integer(0, len(among) - 1)]

    def often(self, percent: int) -> bool:
        return self.chance.integer(1, 100) <= percent

    def recent(self, among: Iterable[T]) -> T:
        return self.pick(list(among)[-LIVELY:])

    def key(self) -> str:
        self.serial += 1
        return f"k{self.serial}"

    def amount(self, bad: int = 4) -> int:
        if self.often(bad):
            return self.pick((0, -1, -7))
        return self.chance.integer(61, 700) if self.often(4) else self.chance.integer(1, 45)

    def part(self, most: int) -> int | None:
        """Of `most`: all, a part, exactly it, one too many, nothing."""
        choice = self.chance.integer(1, 12)
        if choice <= 3:
            return None
        return {4: most, 5: most + 1, 6: 0}.get(choice) or self.chance.integer(
            0 if choice == 6 else 1, max(1, most)
        )

    def payment(self, wanted: Callable[[Payment], bool]) -> Payment | None:
        """A payment, mostly one of those wanted."""
        payments = self.model.payments.values()
        if not payments or self.often(12):
            return self.recent(payments) if payments else None
        fit = [one for one in payments if wanted(one)]
        return self.recent(fit) if fit else None

    def own_name(self) -> str:
        return self.pick(("x", "y", "z"))
