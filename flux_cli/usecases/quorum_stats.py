"""What the votes so far say of the voters: how alike, how sure, how dear, how needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.domain.agreement import CORRELATED, Pair, effective_votes, hundredths, pairs
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import CREDIT, Asset, Money, total
from flux_cli.domain.quorum import SEATS, Ballot, Tally, Vote, valid_ballots
from flux_cli.usecases.describe_run import Document, decision_on
from flux_cli.usecases.ports import Reader

QUORUM_CODES = ("quorum_refused", "quorum_hard_no", "quorum_amount_exceeded", "escrow_required")
"""The refusals that are the seats' doing: without them policy alone would have let it pass."""

PASSED = (IntentState.APPROVED, IntentState.CAPTURED)
CONFIDENCES = ((0, 49), (50, 59), (60, 69), (70, 79), (80, 89), (90, 100))
PAGE = 200
MOST_VOTES = 2000


@dataclass(frozen=True, slots=True)
class Voted:
    """One payment the seats decided: what they said, and how it was counted."""

    intent: PaymentIntent
    tally: Tally
    ballots: tuple[Ballot, ...]


def quorum_stats(reader: Reader, asset: Asset = CREDIT, agent: str | None = None) -> Document:
    """The figures of the latest votes on amounts of one asset, at most 2,000 of them."""
    voted = _voted(reader, asset, agent)
    cast = [{ballot.seat: ballot.vote for ballot in one.ballots} for one in voted]
    found = pairs(cast)
    ballots = [ballot for one in voted for ballot in one.ballots]
    effective = effective_votes(found)
    return {
        "votes": len(voted),
        "currency": asset.code,
        "since": min((one.intent.created_at for one in voted), default=None),
        "outcomes": _outcomes(voted),
        "seats": [_seat(seat, voted) for seat in SEATS],
        "agreement": [_pair(pair) for pair in found],
        "effective_votes": hundredths(effective),
        "correlated": [
            f"{pair.one} and {pair.other}"
            for pair in found
            if pair.correlation is not None and pair.correlation >= CORRELATED
        ],
        "lineages": sorted({name for one in voted for name in one.tally.lineages}),
        "fewer_than_two_lineages": sum(not one.tally.diverse for one in voted),
        "calibration": _calibration(voted),
        "cost": _cost(voted, ballots, asset),
        "policy_alone": _policy_alone(voted, asset),
    }


def _voted(reader: Reader, asset: Asset, agent: str | None) -> list[Voted]:
    """Decided payments with ballots, newest first."""
    found: list[Voted] = []
    before: str | None = None
    while len(found) < MOST_VOTES:
        # Every seat has a ballot of every vote, so one seat's lead to all that were voted on.
        page = reader.find(Ballot, limit=PAGE, before=before, seat=SEATS[0], attempt=1)
        for first in page:
            intent = reader.get(PaymentIntent, first.intent_id)
            if intent.amount.asset != asset or agent not in (None, intent.requester):
                continue
            decision = decision_on(reader, intent)
            if decision is not None and decision.tally is not None:
                ballots = reader.find(
                    Ballot, request_digest=intent.request_digest, limit=2 * len(SEATS)
                )
                valid = valid_ballots(ballots, intent.request_digest)
                found.append(Voted(intent, decision.tally, valid))
        if len(page) < PAGE:
            break
        before = page[-1].id
    return found[:MOST_VOTES]


def _outcomes(voted: Sequence[Voted]) -> dict[str, int]:
    words = ("approved", "refused", "hard_no", "split", "no_quorum")
    return {word: sum(one.tally.outcome == word for one in voted) for word in words}


def _seat(seat: str, voted: Sequence[Voted]) -> Document:
    """How one seat votes, and how often it was on the side that carried the day."""
    mine = [(one, ballot) for one in voted for ballot in one.ballots if ballot.seat == seat]
    votes = [ballot.vote for _, ballot in mine]
    sides = [_with_the_outcome(*both) for both in mine if both[1].vote is not Vote.ABSTAIN]
    return {
        "seat": seat,
        "yes": votes.count(Vote.YES),
        "no": votes.count(Vote.NO),
        "abstain": votes.count(Vote.ABSTAIN),
        "missing": len(voted) - len(mine),
        "hard": sum(ballot.hard for _, ballot in mine),
        "decisive": sum(_is_decisive(one, ballot) for one, ballot in mine),
        "with_the_outcome_percent": _percent(sides.count(True), len(sides)),
    }


def _with_the_outcome(one: Voted, ballot: Ballot) -> bool:
    return (ballot.vote is Vote.YES) is one.tally.approved


def _is_decisive(one: Voted, ballot: Ballot) -> bool:
    """Whether it was a YES without which the request would not have passed."""
    is_last = one.tally.approved and one.tally.yes == one.tally.needed
    return is_last and ballot.vote is Vote.YES


def _pair(pair: Pair) -> Document:
    return {
        "seats": f"{pair.one}-{pair.other}",
        "one": pair.one,
        "other": pair.other,
        "together": pair.together,
        "agreed_percent": pair.percent,
        "correlation": hundredths(pair.correlation),
    }


def _calibration(voted: Sequence[Voted]) -> list[Document]:
    """Of the ballots that were so sure, how many were on the side of the outcome."""
    sure = [
        (ballot.confidence, _with_the_outcome(one, ballot))
        for one in voted
        for ballot in one.ballots
        if ballot.vote is not Vote.ABSTAIN
    ]
    rows: list[Document] = []
    for low, high in CONFIDENCES:
        right = [was for confidence, was in sure if low <= confidence <= high]
        if right:
            share = _percent(sum(right), len(right))
            words = f"{low}-{high} %"
            rows.append({"confidence": words, "ballots": len(right), "with_the_outcome": share})
    return rows


def _cost(voted: Sequence[Voted], ballots: Sequence[Ballot], asset: Asset) -> Document:
    """What the voting cost, in CREDIT, beside what it let pass."""
    spent = total([ballot.cost for ballot in ballots], CREDIT)
    approved = total([one.intent.amount for one in voted if one.intent.state in PASSED], asset)
    per_dollar = None
    if asset == CREDIT and approved.units > 0:
        per_dollar = Money(spent.units * 10**CREDIT.exponent // approved.units, CREDIT)
    return {
        "votes": spent,
        "tokens": sum(ballot.tokens for ballot in ballots),
        "approved": approved,
        "per_dollar_approved": per_dollar,
    }


def _policy_alone(voted: Sequence[Voted], asset: Asset) -> Document:
    """What would have passed had nobody been asked: only the seats stood against it."""
    stopped = [
        one.intent
        for one in voted
        if one.intent.state is IntentState.DENIED
        and one.intent.refusals
        and all(refusal.code in QUORUM_CODES for refusal in one.intent.refusals)
    ]
    passed = [one.intent for one in voted if one.intent.state in PASSED]
    return {
        "would_have_passed": len(passed) + len(stopped),
        "stopped_by_the_quorum": len(stopped),
        "amount_stopped": total([intent.amount for intent in stopped], asset),
    }


def _percent(part: int, whole: int) -> int | None:
    return None if whole == 0 else part * 100 // whole
