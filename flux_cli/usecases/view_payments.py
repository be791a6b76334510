"""Payments with the ballots and the decision that settled them."""

from __future__ import annotations

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.quorum import SEATS
from flux_cli.domain.runs import Run
from flux_cli.domain.settled_claims import SettledClaim
from flux_cli.errors import NotFound
from flux_cli.usecases.describe_run import (
    Document,
    cast_on,
    describe_ballots,
    describe_decision,
    describe_fallback,
    describe_payment,
)
from flux_cli.usecases.ports import Reader


def find_payment(reader: Reader, text: str) -> PaymentIntent:
    """The payment with this id, or the one that the run with this id asked for.

    Raises `NotFound` for an unknown id and for a run that has not asked for money.
    """
    try:
        return reader.resolve(PaymentIntent, text)
    except NotFound:
        pass
    try:
        run = reader.resolve(Run, text)
    except NotFound as error:
        raise NotFound(f"no payment or run {text[:64]!r}", subject=text[:64]) from error
    asked = reader.find(PaymentIntent, run_id=run.id, limit=1)
    if not asked:
        raise NotFound(f"{run.id} has not asked for money", subject=run.id)
    return asked[0]


def summarise_payment(intent: PaymentIntent) -> Document:
    """A payment with its votes as a fraction; None where nobody was asked."""
    asked = intent.yes + intent.no + intent.abstain > 0
    votes = f"{intent.yes}/{len(SEATS)}" if asked else None
    return describe_payment(intent) | {"votes": votes}


def view_payment(reader: Reader, intent: PaymentIntent) -> Document:
    """A payment whole: its refusals, its ballots and the kernel's decision."""
    claim = reader.lookup(SettledClaim, intent_id=intent.id)
    return summarise_payment(intent) | {
        "returned": None if claim is None else claim.returned,
        "decision": describe_decision(reader, intent),
        "ballots": describe_ballots(reader, intent),
    }


def view_quorum(reader: Reader, intent: PaymentIntent) -> Document:
    """How the seats voted on a payment."""
    decision = describe_decision(reader, intent)
    return {
        "id": intent.id,
        "rule_fallback": describe_fallback(cast_on(reader, intent)),
        "run_id": intent.run_id,
        "state": intent.state,
        "amount": intent.amount,
        "purpose": intent.purpose,
        "votes": summarise_payment(intent)["votes"],
        "tally": None if decision is None else decision["tally"],
        "ballots": describe_ballots(reader, intent),
    }
