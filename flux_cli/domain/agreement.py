"""How alike five voters are: five that always agree are one vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

from flux_cli.domain.quorum import SEATS, Vote

CORRELATED = 60
"""From this correlation, in hundredths, two seats are named as hardly two."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two seats over the requests both voted on: how often the same, and how correlated.

    `correlation` is of YES against anything else (phi), in hundredths; None where one of them
    never changed its mind, so that there is nothing to correlate.
    """

    one: str
    other: str
    together: int
    agreed: int
    correlation: int | None

    @property
    def percent(self) -> int | None:
        """How often they voted the same; None where they never voted together."""
        return None if self.together == 0 else self.agreed * 100 // self.together


def pairs(cast: Sequence[Mapping[str, Vote]]) -> tuple[Pair, ...]:
    """Every two of the five over the votes cast on many requests, one mapping a request."""
    found = []
    for one, other in combinations(SEATS, 2):
        both = [(votes[one], votes[other]) for votes in cast if one in votes and other in votes]
        agreed = sum(first is second for first, second in both)
        found.append(Pair(one, other, len(both), agreed, _correlation(both)))
    return tuple(found)


def _correlation(both: Sequence[tuple[Vote, Vote]]) -> int | None:
    yes = [(first is Vote.YES, second is Vote.YES) for first, second in both]
    one, other = sum(first for first, _ in yes), sum(second for _, second in yes)
    spread = one * (len(yes) - one) * other * (len(yes) - other)
    if spread == 0:
        return None
    shared = sum(first and second for first, second in yes)
    return round(100 * (len(yes) * shared - one * other) / sqrt(spread))


def effective_votes(found: Sequence[Pair]) -> int | None:
    """How many independent votes the five are worth, in hundredths: 5 / (1 + 4 × mean correlation).

    A negative mean counts as none; None where no pair could be correlated. Source: the design
    effect of a cluster, Kish, "Survey Sampling" (1965).
    """
    known = [pair.correlation for pair in found if pair.correlation is not None]
    if not known:
        return None
    mean = max(0.0, sum(known) / len(known) / 100)
    return round(100 * len(SEATS) / (1 + (len(SEATS) - 1) * mean))


def hundredths(value: int | None) -> str | None:
    """A number of hundredths as people write it: `-0.07`, `3.13`."""
    if value is None:
        return None
    whole, part = divmod(abs(value), 100)
    return f"{'-' if value < 0 else ''}{whole}.{part:02d}"
