"""A seat that was asked again has the vote it gave, once."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.quorum import BallotError, Vote, count, valid_ballots
from tests.domain.test_quorum import DIGEST, ballots, cast

FAILED = cast("cfo", "timeout")


def test_a_vote_after_a_failed_one_counts() -> None:
    again = replace(cast("cfo", "yes"), id="bal_again", attempt=2)
    tally = count([FAILED, *ballots("- yes yes no no"), again], DIGEST, 3)

    assert (tally.outcome, tally.yes, tally.missing) == ("approved", 3, 0)


def test_two_votes_of_a_seat_are_none_whichever_attempt_they_are_of() -> None:
    for vote in (Vote.YES, Vote.NO):
        again = replace(cast("cfo", "yes"), id="bal_again", vote=vote, attempt=2)
        assert valid_ballots([cast("cfo", "yes"), again], DIGEST) == ()


def test_two_ballots_of_one_attempt_are_no_vote() -> None:
    assert valid_ballots([FAILED, replace(cast("cfo", "yes"), id="bal_other")], DIGEST) == ()


def test_a_failure_after_a_failure_is_no_vote_and_rules_in_its_place_are_one() -> None:
    again = replace(FAILED, id="bal_again", attempt=2)
    stands_in = replace(again, backend="rule_fallback", error=BallotError.SCHEMA)

    assert valid_ballots([FAILED, again], DIGEST) == ()
    assert valid_ballots([FAILED, stands_in], DIGEST) == (stands_in,)
