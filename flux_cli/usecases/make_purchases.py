"""Making a plan's purchases: each asked for by itself, and bought by a one-time card if approved.

Every step is found again by its key, so making them twice does only what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.card_network import Authorization, NetworkMessage, Presented
from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.money import CREDIT, Money, total
from flux_cli.domain.purchases import Purchase
from flux_cli.domain.quorum import LinePrice
from flux_cli.domain.runs import Run, step_key
from flux_cli.usecases.card_moves import end_card
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.merchant import Till, named_at
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Reader
from flux_cli.usecases.request_money import request_money

WAITING = (IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one purchase stands; each is None where it has not come so far."""

    purchase: Purchase
    intent: PaymentIntent | None
    card: Card | None
    authorization: Authorization | None
    message: NetworkMessage | None

    @property
    def word(self) -> str:
        """`planned`, `waiting`, `approved`, `bought`, `denied`, `declined`, or how it ended."""
        if self.intent is None:
            return "planned"
        if self.authorization is not None:
            return "bought"
        if self.message is not None and self.message.declined is not None:
            return "declined"
        return "waiting" if self.intent.state in WAITING else str(self.intent.state)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.word not in ("planned", "waiting", "approved")


def make_purchases(deps: Deps, run: Run, progress: Progress) -> list[Outcome]:
    """Ask for and make each purchase of the run's plan, in its order.

    A denial ends that purchase and no other. Raises `Frozen` before one that would start under a
    freeze.
    """
    assert run.plan is not None, "a run is planned before it buys"
    for purchase in run.plan.purchases:
        with deps.store.reading() as reader:
            obey_freeze(reader, run.requester)
            request = _money_request(reader, run, purchase)
        progress("asked", what=purchase.item, amount=purchase.amount)
        intent = request_money(deps, request, key=_key(run, purchase), progress=progress)
        if intent.state is IntentState.DENIED:
            progress("denied", what=purchase.item, reason=intent.refusals[0].code)
        elif intent.card_id is None:
            progress("waiting", payment=intent.id, state=intent.state)
        elif intent.state is IntentState.APPROVED:
            _buy(deps, run, purchase, intent, progress)
    with deps.store.reading() as reader:
        return outcomes(reader, run)


def _key(run: Run, purchase: Purchase) -> str:
    return step_key(run.id, purchase.id, "money")


def _money_request(reader: Reader, run: Run, purchase: Purchase) -> MoneyRequest:
    assert run.plan is not None, "a run is planned before it buys"
    budget = run.budget
    if budget is not None:
        # What others of this run were given counts; what this one was given is asked for again.
        given = [
            other.amount
            for other in reader.find(PaymentIntent, run_id=run.id)
            if other.key != _key(run, purchase)
            and other.state in (IntentState.APPROVED, IntentState.CAPTURED)
        ]
        budget = max(budget - total(given, CREDIT), Money(0))
    return MoneyRequest(
        requester=run.requester,
        amount=purchase.amount,
        shares=(Share(purchase.merchant, purchase.amount),),
        purpose=purchase.item,
        justification=purchase.justification,
        claimed_return=purchase.claimed_return,
        urgency=purchase.urgency,
        plan_digest=run.plan.digest,
        reference=run.id,
        escrowed=False,
        budget=budget,
        run_id=run.id,
        category=purchase.category,
        rail="card",
        capture_method=CaptureMethod.CARD,
        deliverables=(purchase.item,),
        prices=(LinePrice(purchase.item, purchase.amount, purchase.known_prices),),
        evidence=purchase.evidence,
    )


def _buy(
    deps: Deps, run: Run, purchase: Purchase, intent: PaymentIntent, progress: Progress
) -> None:
    """Pay at the merchant's till with the card; the network knows a repetition by its id."""
    assert intent.card_id is not None, "an approved purchase has its card"
    with deps.store.reading() as reader:
        card = reader.get(Card, intent.card_id)
    progress("approved", amount=intent.amount, yes=intent.yes, needed=intent.needed)
    progress("carded", card=f"{card.masked} SIMULATED", amount=card.limit)
    till = Till(deps, purchase.merchant, purchase.category)
    answer = till.charge(_presented(deps, card), purchase.amount, _receipt(run, purchase))
    if isinstance(answer, Authorization):
        progress("bought", what=purchase.item, merchant=purchase.merchant, amount=answer.captured)
        return
    progress("declined", what=purchase.item, merchant=purchase.merchant, reason=answer.reason)
    with deps.store.begin() as tx:
        card = tx.get(Card, card.id)
        if card.is_live:
            end_card(tx, card, CardState.CANCELLED)


def _presented(deps: Deps, card: Card) -> Presented:
    """The card's details as its issuer derives them; nobody looks at them and nothing keeps them.

    They go to the till in this process, so no reveal is used up and a crash can begin again.
    """
    number, _ = deps.card_numbers.number(card.id)
    return Presented(number, card.expiry, deps.card_numbers.cvv(number, card.expiry))


def _receipt(run: Run, purchase: Purchase) -> str:
    return f"{run.id}:{purchase.id}"


def outcomes(reader: Reader, run: Run) -> list[Outcome]:
    """How each purchase of the run's plan stands."""
    return [_outcome(reader, run, one) for one in (run.plan.purchases if run.plan else ())]


def _outcome(reader: Reader, run: Run, purchase: Purchase) -> Outcome:
    intent = reader.lookup(PaymentIntent, key=_key(run, purchase))
    card = reader.get(Card, intent.card_id) if intent and intent.card_id else None
    name = named_at(purchase.merchant, _receipt(run, purchase))
    message = reader.lookup(NetworkMessage, network_id=name)
    claim = message.authorization_id if message is not None else None
    authorization = reader.get(Authorization, claim) if claim else None
    return Outcome(purchase, intent, card, authorization, message)
