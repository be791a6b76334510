"""A vote counted again from the record: the same ballots, the same rules, the same outcome."""

from __future__ import annotations

from flux_cli.domain.canonical import digest
from flux_cli.domain.hearings import Hearing
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.quorum import SEATS, Ballot, count
from flux_cli.errors import Fix, LedgerCorrupt, WrongState
from flux_cli.usecases.brain_ports import BallotQuestion, Brain
from flux_cli.usecases.describe_run import Document, decision_on, describe_tally
from flux_cli.usecases.ports import Reader


def replay_quorum(reader: Reader, intent: PaymentIntent, rules: Brain) -> Document:
    """Count a payment's recorded ballots again by the recorded rules, and ask the rules again.

    Raises `LedgerCorrupt` where the count, or what the seats were shown, is not what was recorded,
    and `WrongState` for a payment the seats did not decide. That today's rules would vote otherwise
    is told and is no fault: rules are improved.
    """
    decision = decision_on(reader, intent)
    tally = None if decision is None else decision.tally
    if tally is None:
        raise WrongState(
            "the seats have not decided this payment: there is no count to repeat",
            subject=intent.id,
            fixes=(Fix("see what did", ("flux", "payments", "show", intent.id)),),
        )
    ballots = reader.find(Ballot, request_digest=intent.request_digest, limit=2 * len(SEATS))
    ballots.sort(key=lambda ballot: SEATS.index(ballot.seat))
    again = count(ballots, intent.request_digest, tally.needed, tally.rules)
    if again != tally:
        raise LedgerCorrupt(
            f"the recorded ballots count to {again.outcome} ({again.why}), and {tally.outcome}"
            f" ({tally.why}) is what was recorded",
            subject=intent.id,
            fixes=(Fix("look for more", ("flux", "verify")),),
        )
    hearing = reader.lookup(Hearing, request_digest=intent.request_digest)
    if hearing is not None:
        _same_facts(intent, hearing, ballots)
    return {
        "id": intent.id,
        "equal": True,
        "tally": describe_tally(again),
        "ballots": [_asked_again(ballot, hearing, rules) for ballot in ballots],
    }


def _same_facts(intent: PaymentIntent, hearing: Hearing, ballots: list[Ballot]) -> None:
    """Every seat was shown the dossier that was recorded, and it is unchanged."""
    shown = {ballot.dossier_digest for ballot in ballots} | {digest(hearing.dossier)}
    if shown != {hearing.dossier_digest}:
        raise LedgerCorrupt(
            "the recorded dossier is not what the seats were shown",
            subject=intent.id,
            fixes=(Fix("look for more", ("flux", "verify")),),
        )


def _asked_again(ballot: Ballot, hearing: Hearing | None, rules: Brain) -> Document:
    """A ballot, and whether the seat's rules of today cast the same one."""
    again = None
    if ballot.backend != "llm" and hearing is not None:
        now = rules.ask(BallotQuestion(ballot.seat, hearing.dossier)).value
        again = (now.vote, now.score, now.hard) == (ballot.vote, ballot.score, ballot.hard)
    return {
        "seat": ballot.seat,
        "vote": ballot.vote,
        "score": ballot.score,
        "backend": ballot.backend,
        "model": ballot.model,
        "rules_agree": again,
    }
