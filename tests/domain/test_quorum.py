"""Who may vote, how ballots are counted, and how many YES an amount needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest

from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import (
    SEATS,
    Ballot,
    BallotError,
    Bar,
    Conditions,
    Reason,
    Rules,
    Tally,
    Vote,
    count,
)

DIGEST = "digest-1"


def cast(
    seat: str, word: str, conditions: Conditions | None = None, digest: str = DIGEST
) -> Ballot:
    """A ballot from a word: yes, no, abstain, hard (a hard NO), or the name of an error."""
    vote = {"yes": Vote.YES, "abstain": Vote.ABSTAIN}.get(word, Vote.NO)
    error = BallotError(word) if word in set(BallotError) else None
    return Ballot(
        id=f"bal_{seat}",
        intent_id="pi_1",
        request_digest=digest,
        seat=seat,
        # A failed ballot that says YES is the dangerous one.
        vote=Vote.YES if error else vote,
        hard=word == "hard",
        score=70,
        confidence=50,
        risk=3,
        reasons=(Reason("code", "amount", "text"),),
        conditions=conditions or Conditions(),
        backend="rule",
        model="",
        error=error,
        cost=Money(0),
        tokens=0,
        latency_ms=1,
        dossier_digest="dossier-1",
        cast_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def ballots(words: str) -> list[Ballot]:
    """One ballot a seat in the order of `SEATS`; `-` is a seat that said nothing."""
    return [
        cast(seat, word) for seat, word in zip(SEATS, words.split(), strict=True) if word != "-"
    ]


# words, YES needed, outcome, then yes, no, abstain, missing
COUNTS = [
    ("yes yes yes yes yes", 3, "approved", 5, 0, 0, 0),
    ("yes yes yes no no", 3, "approved", 3, 2, 0, 0),
    ("yes yes yes no no", 4, "refused", 3, 2, 0, 0),
    ("yes yes yes yes no", 4, "approved", 4, 1, 0, 0),
    ("yes yes no no no", 3, "refused", 2, 3, 0, 0),
    ("no no no no no", 3, "refused", 0, 5, 0, 0),
    ("yes yes yes yes hard", 3, "hard_no", 4, 1, 0, 0),
    ("hard hard no no no", 3, "hard_no", 0, 5, 0, 0),
    ("yes yes yes abstain abstain", 3, "approved", 3, 0, 2, 0),
    ("yes yes abstain abstain abstain", 3, "refused", 2, 0, 3, 0),
    ("abstain abstain abstain abstain abstain", 3, "refused", 0, 0, 5, 0),
    ("yes yes yes - -", 3, "approved", 3, 0, 0, 2),
    ("yes yes - - -", 2, "no_quorum", 2, 0, 0, 3),
    ("- - - - -", 3, "no_quorum", 0, 0, 0, 5),
    ("yes yes abstain - -", 3, "refused", 2, 0, 1, 2),
    ("yes yes yes timeout transport", 3, "approved", 3, 0, 0, 2),
    ("yes yes timeout timeout timeout", 2, "no_quorum", 2, 0, 0, 3),
    ("yes yes refusal schema no", 3, "refused", 2, 1, 0, 2),
    ("timeout transport refusal schema cost_cap", 1, "no_quorum", 0, 0, 0, 5),
    ("hard yes - - -", 3, "no_quorum", 1, 1, 0, 3),
    ("hard yes yes - -", 2, "hard_no", 2, 1, 0, 2),
    ("no no no no no", 0, "refused", 0, 5, 0, 0),
    ("no no no no no", -1, "refused", 0, 5, 0, 0),
    ("yes no no no no", 0, "approved", 1, 4, 0, 0),
    ("yes yes yes yes yes", 6, "refused", 5, 0, 0, 0),
]


@pytest.mark.parametrize(("words", "needed", "outcome", "yes", "no", "abstain", "missing"), COUNTS)
def test_ballots_are_counted(words, needed, outcome, yes, no, abstain, missing):
    tally = count(ballots(words), DIGEST, needed)

    assert tally == Tally(
        request_digest=DIGEST,
        approved=outcome == "approved",
        outcome=outcome,
        yes=yes,
        no=no,
        abstain=abstain,
        missing=missing,
        needed=needed,
        conditions=Conditions(),
        why=tally.why,
        lineages=() if missing == 5 else ("rules",),
        rules=Rules(),
    )
    assert tally.why


def test_the_order_of_the_ballots_does_not_matter():
    tallies = {count(order, DIGEST, 3) for order in permutations(ballots("yes yes yes no abstain"))}

    assert len(tallies) == 1


@pytest.mark.parametrize("second", ["yes", "no", "hard", "timeout"])
def test_a_seat_that_votes_twice_has_no_vote(second):
    tally = count([*ballots("yes yes yes no -"), cast("cfo", second)], DIGEST, 3)

    assert (tally.outcome, tally.yes, tally.no, tally.missing) == ("refused", 2, 1, 2)


def test_the_same_ballot_shown_twice_has_no_vote_either():
    four = ballots("yes yes yes no -")

    assert count([*four, four[0]], DIGEST, 3).yes == 2


@pytest.mark.parametrize("seat", ["chairman", "CFO", "cfo ", "", "сfo"])
def test_a_sixth_voter_is_not_counted(seat):
    tally = count([*ballots("yes yes no no no"), cast(seat, "yes")], DIGEST, 3)

    assert (tally.outcome, tally.yes, tally.missing) == ("refused", 2, 0)


def test_a_strangers_hard_no_stops_nothing():
    assert count([*ballots("yes yes yes no no"), cast("chairman", "hard")], DIGEST, 3).approved


def test_a_ballot_for_another_request_is_not_counted():
    others = [cast(seat, "yes", digest="digest-2") for seat in SEATS]

    assert count(others, DIGEST, 3).outcome == "no_quorum"
    assert count([*ballots("yes yes yes no no"), *others], DIGEST, 3).yes == 3
    assert count(others, "digest-2", 3).approved


def test_hard_counts_only_with_a_no():
    odd = [replace(ballot, hard=True) for ballot in ballots("yes yes yes abstain abstain")]

    assert count(odd, DIGEST, 3).outcome == "approved"


def test_no_score_or_text_changes_the_count():
    loud = [
        replace(b, score=100, confidence=100, reasons=(Reason("x", "amount", "APPROVED 5/5"),))
        for b in ballots("no no no yes yes")
    ]

    assert count(loud, DIGEST, 3) == count(ballots("no no no yes yes"), DIGEST, 3)


FIFTY, FORTY = parse_money("50"), parse_money("40")
CONDITIONS = [
    ({}, Conditions()),
    ({"cfo": Conditions(max_amount=FIFTY)}, Conditions(max_amount=FIFTY)),
    (
        {"cfo": Conditions(max_amount=FIFTY), "risk": Conditions(max_amount=FORTY)},
        Conditions(max_amount=FORTY),
    ),
    (
        {
            "cfo": Conditions(max_amount=FIFTY),
            "risk": Conditions(require_escrow=True),
            "growth": Conditions(require_check=True),
            "operations": Conditions(human=True),
        },
        Conditions(max_amount=FIFTY, require_escrow=True, require_check=True, human=True),
    ),
    # The data seat says NO below, so what it asks for does not bind.
    ({"data": Conditions(max_amount=FORTY, human=True)}, Conditions()),
]


@pytest.mark.parametrize(("asked", "together"), CONDITIONS)
def test_the_conditions_of_every_yes_hold_together(asked, together):
    votes = dict(zip(SEATS, ["yes"] * 4 + ["no"], strict=True))
    given = [cast(seat, votes[seat], asked.get(seat)) for seat in SEATS]

    assert count(given, DIGEST, 3).conditions == together


@pytest.mark.parametrize("word", ["abstain", "hard", "timeout"])
def test_only_a_counted_yes_sets_conditions(word):
    given = [*ballots("yes yes yes yes -"), cast("data", word, Conditions(human=True))]

    assert count(given, DIGEST, 3).conditions == Conditions()


BARS = [
    ("250", "10000", 3),
    ("250.000001", "10000", 4),
    ("25", "100", 3),
    ("25.000001", "100", 4),
    ("250", "1000", 3),
    ("251", "1000000", 4),
    ("0", "0", 3),
    ("0.000001", "0", 4),
    ("120", "500", 3),
    ("120", "480", 3),
    ("120", "479.99", 4),
    ("120", "380", 4),
]


@pytest.mark.parametrize(("amount", "free", "needed"), BARS)
def test_a_large_amount_needs_one_yes_more(amount, free, needed):
    assert Bar().needed(parse_money(amount), parse_money(free)) == needed


def test_the_bar_is_the_owners_to_set():
    strict = Bar(2, 5, parse_money("10"), 50)

    assert strict.needed(parse_money("10"), parse_money("20")) == 2
    assert strict.needed(parse_money("10"), parse_money("19.99")) == 5
    assert strict.needed(parse_money("10.01"), parse_money("1000")) == 5


def test_an_overdrawn_requester_meets_the_higher_bar():
    assert Bar().needed(parse_money("1"), Money(-5)) == 4
