"""Asking the five what they think of a request that nobody makes; only its cost is recorded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import Money, total
from flux_cli.domain.quorum import SEATS, Ballot, Dossier, Tally, count
from flux_cli.usecases.brain_ports import BallotQuestion
from flux_cli.usecases.cast_ballots import ask_seat
from flux_cli.usecases.charge_ballots import brain_allowance, charge_asking
from flux_cli.usecases.describe_run import Document, describe_fallback, describe_tally, shallow
from flux_cli.usecases.dossier import build_dossier
from flux_cli.usecases.explain_quorum import describe_dossier
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress
from flux_cli.usecases.request_money import draft_intent


@dataclass(frozen=True, slots=True)
class Asked:
    """What the seats said of a request that was not made."""

    intent: PaymentIntent
    dossier: Dossier
    ballots: tuple[Ballot, ...]
    tally: Tally
    charged: Money


def ask_quorum(deps: Deps, request: MoneyRequest, progress: Progress) -> Asked:
    """The five ballots on a request and their count, by the facts of now.

    The kernel is not asked: what the owner's policy says of it is `check_payment`'s to tell.
    Nothing is written but what models cost, which the requester pays: what cannot be charged is
    told to `progress`.
    """
    with deps.store.reading() as reader:
        intent = draft_intent(deps, reader, request, "ask")
        dossier = build_dossier(reader, deps.settings, intent, request)
        free_cash = reader.balance(wallet(intent.requester), intent.amount.asset)
        allowance = brain_allowance(reader, intent.requester)
    needed = deps.settings.bar.needed(intent.amount, free_cash)

    def ask(seat: str) -> Ballot:
        question = BallotQuestion(seat, dossier, allowance=allowance)
        return ask_seat(deps, intent, question, f"bal_{seat}")

    with ThreadPoolExecutor(max_workers=len(SEATS)) as voters:
        ballots = tuple(voters.map(ask, SEATS))
    rules = replace(deps.settings.rules, bar=deps.settings.bar)
    tally = count(ballots, intent.request_digest, needed, rules)
    charged = charge_asking(deps, intent.requester, ballots, progress)
    return Asked(intent, dossier, ballots, tally, charged)


def describe_asked(asked: Asked) -> Document:
    """What the seats said, as one document; the ballots have no ids, for nobody keeps them."""
    intent, tally = asked.intent, asked.tally
    return {
        "rule_fallback": describe_fallback(asked.ballots),
        "requester": intent.requester,
        "amount": intent.amount,
        "shares": [shallow(share) for share in intent.shares],
        "purpose": intent.purpose,
        "outcome": tally.outcome,
        "votes": f"{tally.yes}/{len(SEATS)}",
        "tally": describe_tally(tally),
        "ballots": [_ballot(ballot) for ballot in asked.ballots],
        "dossier": describe_dossier(asked.dossier),
        "recorded": False,
        "cost": total([ballot.cost for ballot in asked.ballots]),
        "charged": asked.charged,
        "simulated": True,
    }


def _ballot(ballot: Ballot) -> Document:
    of_a_record = ("id", "intent_id", "cast_at")
    kept = {name: value for name, value in shallow(ballot).items() if name not in of_a_record}
    named: Document = {
        "reasons": [shallow(reason) for reason in ballot.reasons],
        "conditions": shallow(ballot.conditions),
    }
    return kept | named
