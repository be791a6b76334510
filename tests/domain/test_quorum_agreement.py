"""How alike voters are, in figures that can be worked out by hand."""

from __future__ import annotations

import pytest

from flux_cli.domain.agreement import Pair, effective_votes, hundredths, pairs
from flux_cli.domain.quorum import SEATS, Vote

WORDS = {"Y": Vote.YES, "N": Vote.NO, "A": Vote.ABSTAIN}


def cast(*rows: str) -> list[dict[str, Vote]]:
    """One request a row, one letter a seat; `-` is a seat that was silent."""
    return [
        {seat: WORDS[letter] for seat, letter in zip(SEATS, row, strict=True) if letter != "-"}
        for row in rows
    ]


def pair(found: tuple[Pair, ...], one: str, other: str) -> tuple[int | None, int | None]:
    (wanted,) = (each for each in found if (each.one, each.other) == (one, other))
    return wanted.percent, wanted.correlation


def test_two_seats_agree_as_often_as_they_say_the_same():
    found = pairs(cast("YYNYN", "NNYNN", "YYNAN", "NYYA-"))

    assert len(found) == 10
    assert pair(found, "cfo", "growth") == (75, 58)
    assert pair(found, "cfo", "risk") == (0, -100)
    assert pair(found, "cfo", "operations") == (50, 58)
    assert pair(found, "cfo", "data") == (33, None)


def test_nothing_is_said_of_seats_that_never_voted_together():
    found = pairs(cast("Y----", "-Y---"))

    assert pair(found, "cfo", "growth") == (None, None)
    assert effective_votes(found) is None


@pytest.mark.parametrize(
    ("rows", "effective"),
    [
        (("YYYYY", "NNNNN"), 100),
        (("YNYNY", "NYNYN"), 500),
        (("YYYYN", "NNNNY"), 278),
    ],
)
def test_five_voters_are_worth_what_their_correlation_leaves(rows, effective):
    assert effective_votes(pairs(cast(*rows))) == effective


@pytest.mark.parametrize(
    ("value", "words"), [(None, None), (0, "0.00"), (-7, "-0.07"), (313, "3.13"), (-105, "-1.05")]
)
def test_hundredths_are_written_whole(value, words):
    assert hundredths(value) == words
