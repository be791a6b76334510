"""How a seat turns what it found into an opinion: points, a vote, and reasons in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.domain.money import BOUND, Asset, Money
from flux_cli.domain.quorum import Conditions, Opinion, Reason, Vote

PASS_MARK = 60
"""The score from which a seat says YES."""

LONGEST_TEXT = 240
MOST_REASONS = 4
HARD_SCORE = 10
PERCENT_CEILING = 9_999
"""Beyond a hundredfold the exact ratio says nothing more, and would not fit a sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason and the points it moves the score by; a `hard` one makes the vote a hard NO."""

    points: int
    reason: Reason
    hard: bool = False


def found(points: int, code: str, evidence: str, text: str) -> Finding:
    """A finding that moves the score by `points`."""
    return Finding(points, Reason(code, evidence, text))


def forbidden(code: str, evidence: str, text: str) -> Finding:
    """A finding that no score outweighs."""
    return Finding(-100, Reason(code, evidence, text), hard=True)


def judge(start: int, findings: Sequence[Finding], conditions: Conditions) -> Opinion:
    """The opinion that `start` and the findings' points add up to; conditions bind a YES only.

    The reasons shown are those that speak most for the vote. Needs at least one finding.
    """
    hard = any(finding.hard for finding in findings)
    score = clamp(0, start + sum(finding.points for finding in findings), 100)
    if hard:
        score = min(score, HARD_SCORE)
    yes = score >= PASS_MARK and not hard
    ranked = sorted(findings, key=lambda finding: -finding.points if yes else finding.points)
    shown = [finding for finding in ranked if finding.points < 0] if hard else ranked
    return Opinion(
        vote=Vote.YES if yes else Vote.NO,
        score=score,
        confidence=95 if hard else min(95, 50 + abs(score - PASS_MARK)),
        risk=10 if hard else 1 + (100 - score) * 9 // 100,
        reasons=tuple(finding.reason for finding in shown[:MOST_REASONS]),
        conditions=conditions if yes else Conditions(),
        hard=hard,
    )


def abstain(code: str, evidence: str, text: str) -> Opinion:
    """The opinion of a seat that lacks the facts it judges by."""
    return Opinion(Vote.ABSTAIN, 50, 0, 5, (Reason(code, evidence, text),))


def clamp(low: int, value: int, high: int) -> int:
    """`value`, or the bound it is beyond."""
    return max(low, min(value, high))


def percent(part: int, whole: int) -> int:
    """`part` of `whole` in percent, rounded down, at most 9,999; of nothing, all or none."""
    if whole <= 0:
        return PERCENT_CEILING if part > 0 else 0
    return min(part * 100 // whole, PERCENT_CEILING)


def doubled_median(values: Sequence[int]) -> int:
    """Twice the median of at least one value, which is whole where the median may not be."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return 2 * ordered[middle]
    return ordered[middle - 1] + ordered[middle]


def counted(number: int, noun: str) -> str:
    """`number` and its regular noun, e.g. `1 payee` or `3 known prices`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def money_within_bound(units: int, asset: Asset) -> Money:
    """A sum of amounts as money; beyond what money can hold, the bound."""
    return Money(clamp(-BOUND, units, BOUND), asset)


def known_units(known: Sequence[Money]) -> list[int]:
    """The known prices as whole units."""
    return [price.units for price in known]


def quoted(name: str) -> str:
    """Another party's name, fit to stand in a sentence: printable, at most 40 characters."""
    return "".join(character for character in name if character.isprintable())[:40]
