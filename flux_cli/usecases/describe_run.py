"""One run told whole: plan, decision, ballots, card, hires, entries, balances, deliverables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from flux_cli.domain.card_network import Authorization
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract
from flux_cli.domain.decisions import Decision
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.quorum import SEATS, Ballot, Tally
from flux_cli.domain.runs import Run
from flux_cli.domain.settlements import ARC
from flux_cli.usecases.make_purchases import Outcome, outcomes
from flux_cli.usecases.ports import EntryRecord, Reader
from flux_cli.usecases.run_errand import cart_of
from flux_cli.usecases.view_carts import describe_cart

Document = dict[str, object]


def describe_run(reader: Reader, run: Run) -> Document:
    """The run as one document of plain values, Money and times; front ends only lay it out."""
    purchases, cart = outcomes(reader, run), cart_of(reader, run)
    # The first asked for all the hires; a later one for the hire that took a failed one's place.
    asked = [] if purchases else reader.find(PaymentIntent, run_id=run.id, oldest_first=True)
    intent = next(iter(asked), None)
    entries = list(reversed(reader.entries(run_id=run.id, limit=1000)))
    contracts = reader.find(Contract, run_id=run.id, oldest_first=True)
    card = None if intent is None or intent.card_id is None else reader.get(Card, intent.card_id)
    return {
        "id": run.id,
        "scenario": run.scenario,
        "goal": run.goal,
        "state": run.state,
        "simulated": run.rail != ARC,
        "rail": run.rail,
        "requester": run.requester,
        "seed": run.seed,
        "strategy": run.strategy,
        "out": run.out,
        "budget": run.budget,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "error": run.error,
        "plan": _plan(run),
        "payment": None if intent is None else describe_payment(intent),
        "rule_fallback": [] if intent is None else describe_fallback(cast_on(reader, intent)),
        "decision": None if intent is None else describe_decision(reader, intent),
        "ballots": [] if intent is None else describe_ballots(reader, intent),
        "card": None if card is None else describe_card(card),
        "hires": [_hire(run, contract) for contract in contracts],
        "purchases": [_purchase(reader, one) for one in purchases],
        "cart": None if cart is None else describe_cart(cart),
        "entries": [describe_entry(entry) for entry in entries],
        "balances": _changes(entries),
        "deliverables": [shallow(artefact) for artefact in run.deliverables],
    }


def shallow(record: object) -> Document:
    """A flat dataclass as a document."""
    return {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]


def _plan(run: Run) -> Document | None:
    if run.plan is None:
        return None
    return {
        "digest": run.plan.digest,
        "tasks": [shallow(task) for task in run.plan.tasks],
        "purchases": [shallow(purchase) for purchase in run.plan.purchases],
        "errand": None if run.plan.errand is None else shallow(run.plan.errand),
    }


def _purchase(reader: Reader, one: Outcome) -> Document:
    """A purchase with its payment, its decision and ballots, its card and what was charged."""
    intent, message = one.intent, one.message
    return shallow(one.purchase) | {
        "outcome": one.word,
        "declined": message.declined if message is not None else None,
        "rule_fallback": [] if intent is None else describe_fallback(cast_on(reader, intent)),
        "payment": None if intent is None else describe_payment(intent),
        "decision": None if intent is None else describe_decision(reader, intent),
        "ballots": [] if intent is None else describe_ballots(reader, intent),
        "card": None if one.card is None else describe_card(one.card),
        "authorization": describe_authorization(one.authorization),
    }


def describe_authorization(authorization: Authorization | None) -> Document | None:
    """A merchant's claim on a card, marked simulated."""
    if authorization is None:
        return None
    document: Document = {"id": authorization.id, "simulated": True}
    return document | shallow(authorization) | {"open_amount": authorization.open_amount}


def describe_payment(intent: PaymentIntent) -> Document:
    """A payment intent with its refusals."""
    hidden = {"key", "shares", "refusals"}
    document = {name: value for name, value in shallow(intent).items() if name not in hidden}
    document["shares"] = [shallow(share) for share in intent.shares]
    document["refusals"] = [shallow(refusal) for refusal in intent.refusals]
    return document


def decision_on(reader: Reader, intent: PaymentIntent) -> Decision | None:
    """What decided an intent; refunds and late captures have decisions of their own."""
    if intent.decision_id is not None:
        return reader.get(Decision, intent.decision_id)
    found = reader.find(Decision, intent_id=intent.id, verdict="denied", limit=1)
    return found[0] if found else None


def describe_decision(reader: Reader, intent: PaymentIntent) -> Document | None:
    """The kernel's verdict on an intent: its permit, or its latest denial."""
    decision = decision_on(reader, intent)
    if decision is None:
        return None
    document = shallow(decision)
    document["refusals"] = [shallow(refusal) for refusal in decision.refusals]
    document["tally"] = None if decision.tally is None else describe_tally(decision.tally)
    return document


def describe_tally(tally: Tally) -> Document:
    """A count with the rules it was made by; `diverse` says if two lineages or more answered."""
    bar = tally.rules.bar
    rules = shallow(tally.rules) | {
        "seats": [shallow(rule) for rule in tally.rules.seats],
        "bar": shallow(bar) | {"bands": [shallow(band) for band in bar.bands]},
    }
    named: Document = {"conditions": shallow(tally.conditions), "rules": rules}
    return shallow(tally) | named | {"diverse": tally.diverse}


def describe_ballots(reader: Reader, intent: PaymentIntent) -> list[Document]:
    """Every ballot cast on an intent, in the order of the seats."""
    return [
        shallow(ballot)
        | {
            "reasons": [shallow(reason) for reason in ballot.reasons],
            "conditions": shallow(ballot.conditions),
        }
        for ballot in cast_on(reader, intent)
    ]


def describe_fallback(ballots: Sequence[Ballot]) -> list[Document]:
    """The seats whose rules voted in the place of a model, each with what its model did wrong."""
    return [
        {"seat": ballot.seat, "model": ballot.model, "error": ballot.error}
        for ballot in ballots
        if ballot.backend == "rule_fallback"
    ]


def cast_on(reader: Reader, intent: PaymentIntent) -> list[Ballot]:
    """Every ballot cast on an intent, in the order of the seats."""
    cast = reader.find(Ballot, intent_id=intent.id, limit=2 * len(SEATS))
    return sorted(cast, key=lambda ballot: SEATS.index(ballot.seat))


def describe_card(card: Card) -> Document:
    """A card as it may be shown: masked, and marked simulated."""
    hidden = {"key", "prefix", "last_four", "fingerprint"}
    document: Document = {"id": card.id, "number": card.masked, "simulated": True}
    document |= {name: value for name, value in shallow(card).items() if name not in hidden}
    return document | {"remaining": card.remaining, "locked": card.locked}


def _hire(run: Run, contract: Contract) -> Document:
    titles = {task.id: task.title for task in run.plan.tasks} if run.plan else {}
    return {
        "id": contract.id,
        "task": contract.task_id,
        "title": titles.get(contract.task_id, contract.task_id),
        "agent": contract.provider,
        "trade": contract.trade,
        "price": contract.price,
        "attempt": contract.attempt,
        "state": contract.state,
        "checks": [shallow(check) for check in contract.checks],
        "files": len(contract.artefacts),
        "summary": contract.summary,
        "backend": contract.backend,
        "revisions": contract.revisions,
        "terms_hash": contract.terms_hash,
        "ranking": [shallow(ranked) for ranked in contract.ranking],
    }


def describe_entry(record: EntryRecord) -> Document:
    """One entry with its postings."""
    entry = record.entry
    return {
        "id": record.id,
        "seq": record.seq,
        "kind": entry.kind,
        "key": entry.key,
        "memo": entry.memo,
        "reference": entry.reference,
        "run_id": entry.run_id,
        "decision_id": entry.decision_id,
        "recorded_at": record.recorded_at,
        "postings": [shallow(posting) for posting in entry.postings],
    }


def _changes(entries: list[EntryRecord]) -> list[Document]:
    """What the run changed in each agent's wallet, largest loss first."""
    changes: dict[str, Money] = {}
    for record in entries:
        for posting in record.entry.postings:
            kind, _, name = posting.account.partition(":")
            if kind == "wallet" and posting.amount.asset == CREDIT:
                changes[name] = changes.get(name, Money(0)) + posting.amount
    ordered = sorted(changes.items(), key=lambda item: (item[1].units, item[0]))
    return [{"agent": name, "change": change} for name, change in ordered]
