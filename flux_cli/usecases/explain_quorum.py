"""Why a vote went as it did: the count, each ballot, and what would have changed it."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.hearings import Hearing
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.quorum import SEATS, Ballot, Dossier, Rules, Tally, Vote, valid_ballots
from flux_cli.domain.what_if import variations
from flux_cli.usecases.brain_ports import BallotQuestion, Brain
from flux_cli.usecases.describe_run import (
    Document,
    decision_on,
    describe_fallback,
    describe_tally,
    shallow,
)
from flux_cli.usecases.ports import Reader

MOST_FLIPS = 4
"""How many single changes are told of one ballot."""


def explain_quorum(reader: Reader, intent: PaymentIntent, rules: Brain) -> Document:
    """Every ballot on a payment with the facts it rests on, and what would have changed it.

    `rules` answers for the seats' own rules: what one changed fact does to a ballot of rules is
    found by asking them again; what a model would have said nobody knows.
    """
    decision = decision_on(reader, intent)
    tally = None if decision is None else decision.tally
    hearing = reader.lookup(Hearing, request_digest=intent.request_digest)
    ballots = reader.find(Ballot, request_digest=intent.request_digest, limit=2 * len(SEATS))
    ballots.sort(key=lambda ballot: SEATS.index(ballot.seat))
    dossier = None if hearing is None else hearing.dossier
    return {
        "id": intent.id,
        "rule_fallback": describe_fallback(ballots),
        "run_id": intent.run_id,
        "state": intent.state,
        "amount": intent.amount,
        "purpose": intent.purpose,
        "tally": None if tally is None else describe_tally(tally),
        "would_change": None if tally is None else _margin(tally, ballots),
        "ballots": [_told(ballot, dossier, rules) for ballot in ballots],
        "dossier": None if dossier is None else describe_dossier(dossier),
    }


def describe_dossier(dossier: Dossier) -> Document:
    """What the seats were shown, as one document."""
    return shallow(dossier) | {
        "payees": [shallow(payee) for payee in dossier.payees],
        "prices": [shallow(line) for line in dossier.prices],
    }


def evidence_in(dossier: Dossier, evidence: str) -> object:
    """What a reason rests on: the dossier's field, or one of its payees or prices."""
    name, _, place = evidence.partition("[")
    found = describe_dossier(dossier).get(name)
    if not place or not isinstance(found, list):
        return found
    index = int(place.rstrip("]"))
    return found[index] if index < len(found) else None


def _told(ballot: Ballot, dossier: Dossier | None, rules: Brain) -> Document:
    reasons = [
        shallow(reason)
        | {"shown": None if dossier is None else evidence_in(dossier, reason.evidence)}
        for reason in ballot.reasons
    ]
    flips = [] if dossier is None else flips_of(ballot, dossier, rules)
    named: Document = {"reasons": reasons, "conditions": shallow(ballot.conditions)}
    return shallow(ballot) | named | {"would_flip": flips}


def flips_of(ballot: Ballot, dossier: Dossier, rules: Brain) -> list[Document]:
    """The smallest single changes that turn a ballot of rules; nothing of a model's."""
    if ballot.backend == "llm":
        return []
    flips: dict[str, Document] = {}
    for fact, change, changed in variations(dossier):
        if fact in flips:
            continue
        vote = rules.ask(BallotQuestion(ballot.seat, changed)).value.vote
        if (vote is Vote.YES) is not (ballot.vote is Vote.YES):
            flips[fact] = {"fact": fact, "change": change, "vote": vote}
    return list(flips.values())[:MOST_FLIPS]


def _margin(tally: Tally, ballots: Sequence[Ballot]) -> str:
    """What would have had to be different in the count."""
    if tally.outcome == "approved":
        spare = tally.yes - tally.needed
        if spare == 0:
            return "one YES fewer would have refused it"
        return f"it would have passed with {spare} YES fewer; a hard NO would have stopped it"
    if tally.outcome == "hard_no":
        against = _stopping(ballots, tally.rules, tally.request_digest)
        return f"nothing passes until {against} no longer says NO"
    if tally.outcome == "no_quorum":
        return "the seats that did not answer can be asked again"
    short = tally.needed - tally.yes
    if short <= 0:
        return f"what stood against it: {tally.why}"
    return f"{short} more YES would have passed it" + (
        "; the owner may still say yes" if tally.outcome == "split" else ""
    )


def _stopping(ballots: Sequence[Ballot], rules: Rules, request_digest: str) -> str:
    seats = [
        ballot.seat
        for ballot in valid_ballots(ballots, request_digest)
        if ballot.vote is Vote.NO and (ballot.hard or rules.of(ballot.seat).veto)
    ]
    return " and ".join(seats)
