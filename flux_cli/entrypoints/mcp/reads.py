"""What a session may look at: its agent's own money and objects, and the market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flux_cli.domain.cards import Card
from flux_cli.domain.carts import Cart
from flux_cli.domain.intents import CaptureMethod, PaymentIntent, Share
from flux_cli.domain.journal import wallet
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.text import visible
from flux_cli.entrypoints.mcp import asked, shapes
from flux_cli.entrypoints.mcp.scope import Scope
from flux_cli.entrypoints.mcp.shapes import fitted
from flux_cli.errors import NotFound
from flux_cli.usecases.check_payment import check_payment, describe_judgement
from flux_cli.usecases.describe_run import (
    Document,
    describe_ballots,
    describe_card,
    describe_decision,
)
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, EntryRecord, Progress, Reader
from flux_cli.usecases.search_market import describe_candidate, formula
from flux_cli.usecases.search_market import search_market as find_listings
from flux_cli.usecases.view_carts import describe_cart
from flux_cli.usecases.view_mandates import describe_mandate
from flux_cli.usecases.view_payments import summarise_payment
from flux_cli.usecases.wallets import purses, purses_of

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every tool works with: the ledger, whose session it is, and where steps are told."""

    deps: Deps
    scope: Scope
    progress: Progress


class Own(Protocol):
    """An object that has an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Own)

OWNER_FIELD: dict[type, str] = {PaymentIntent: "requester", Card: "holder", Cart: "buyer"}
NOUN: dict[type, str] = {PaymentIntent: "payment", Card: "card", Cart: "cart"}


def own(reader: Reader, scope: Scope, kind: type[T], object_id: str) -> T:
    """The agent's own object of exactly this id; raises `NotFound`.

    Another agent's is as unknown as one that is not there: same words, nothing more looked at.
    """
    found = reader.lookup(kind, id=object_id)
    if found is None or getattr(found, OWNER_FIELD[kind]) != scope.agent:
        raise NotFound(f"no {NOUN[kind]} {visible(object_id)[:64]!r}", subject=visible(object_id))
    return found


def get_balance(desk: Desk, _: asked.Nothing) -> Answer:
    """The agent's money in each currency, and what its mandate still allows."""
    scope = desk.scope
    with desk.deps.store.reading() as reader:
        known = purses_of(scope.agent, purses(reader))
        mandate = None if scope.mandate_id is None else reader.get(Mandate, scope.mandate_id)
    document: Document = {
        "agent": scope.agent,
        "balances": [purse.described() for purse in known],
        "mandate": None if mandate is None else describe_mandate(mandate),
    }
    return fitted(shapes.BALANCE, document)


def get_statement(desk: Desk, page: asked.StatementAsked) -> Answer:
    """What came into the agent's wallet and went, newest first."""
    account = wallet(desk.scope.agent)
    with desk.deps.store.reading() as reader:
        entries = reader.entries(account=account, before=page.before, limit=page.limit + 1)
        balance = reader.balance(account, desk.scope.asset)
    shown = entries[: page.limit]
    document: Document = {
        "agent": desk.scope.agent,
        "balance": balance,
        "lines": [line for entry in shown for line in _lines(entry, account)],
        "next": shown[-1].seq if len(entries) > page.limit else None,
    }
    return fitted(shapes.STATEMENT, document)


def _lines(record: EntryRecord, account: str) -> list[Document]:
    """An entry as the wallet saw it: a line for each currency it moved there."""
    entry, postings = record.entry, record.entry.postings
    return [
        {
            "id": record.id,
            "at": record.recorded_at,
            "kind": entry.kind,
            "amount": mine.amount,
            "others": [
                leg.account
                for leg in postings
                if leg.amount.asset == mine.amount.asset
                and (leg.amount.units > 0) is not (mine.amount.units > 0)
            ],
            "memo": entry.memo,
            "reference": entry.reference,
        }
        for mine in postings
        if mine.account == account
    ]


def list_payments(desk: Desk, page: asked.PaymentsAsked) -> Answer:
    """The agent's payments, newest first."""
    equal = {} if page.state is None else {"state": page.state}
    with desk.deps.store.reading() as reader:
        found = reader.find(
            PaymentIntent,
            requester=desk.scope.agent,
            before=page.before,
            limit=page.limit + 1,
            **equal,
        )
    shown = found[: page.limit]
    rows = [summarise_payment(intent) for intent in shown]
    following = shown[-1].id if len(found) > page.limit else None
    return fitted(shapes.PAYMENTS, {"payments": rows, "next": following})


def get_payment(desk: Desk, named: asked.PaymentNamed) -> Answer:
    """Where one payment stands."""
    with desk.deps.store.reading() as reader:
        return seen_payment(own(reader, desk.scope, PaymentIntent, named.payment_id))


def seen_payment(intent: PaymentIntent) -> Answer:
    """A payment as a client sees it."""
    return fitted(shapes.PAYMENT, summarise_payment(intent))


def explain_payment(desk: Desk, named: asked.PaymentNamed) -> Answer:
    """Why a payment was decided as it was: the kernel's verdict and each seat's ballot."""
    with desk.deps.store.reading() as reader:
        intent = own(reader, desk.scope, PaymentIntent, named.payment_id)
        decision = describe_decision(reader, intent)
        ballots = describe_ballots(reader, intent)
    document: Document = {
        "payment": summarise_payment(intent),
        "verdict": None if decision is None else decision["verdict"],
        "policy_version": None if decision is None else decision["policy_version"],
        "votes_needed": intent.needed,
        "ballots": ballots,
    }
    return fitted(shapes.EXPLANATION, document)


def check(desk: Desk, wanted: asked.PaymentAsked) -> Answer:
    """What every rule says of a payment now; nothing is written and no seat is asked."""
    request = payment_request(desk.scope, wanted)
    return fitted(shapes.JUDGEMENT, describe_judgement(check_payment(desk.deps, request)))


def payment_request(scope: Scope, wanted: asked.PaymentAsked) -> MoneyRequest:
    """The request for a payment; the payer and the mandate are the session's, never the client's.

    Raises `InvalidAmount`.
    """
    return money_request(scope, wanted, wanted.to, CaptureMethod.AUTOMATIC, "simulated")


def money_request(
    scope: Scope, wanted: asked.Spending, payee: str, method: CaptureMethod, rail: str
) -> MoneyRequest:
    """Money of the session's agent, under its mandate. Raises `InvalidAmount`."""
    amount = asked.amount_of(wanted.amount, scope.asset, "amount")
    back = wanted.claimed_return
    return MoneyRequest(
        requester=scope.agent,
        amount=amount,
        shares=(Share(payee, amount),),
        purpose=wanted.purpose,
        justification=wanted.justification,
        claimed_return=None
        if back is None
        else asked.amount_of(back, scope.asset, "claimed_return"),
        urgency=Urgency(wanted.urgency),
        plan_digest="",
        reference=wanted.reference,
        escrowed=False,
        budget=None,
        category=wanted.category,
        rail=rail,
        mandate_id=scope.mandate_id,
        capture_method=method,
        deliverables=(wanted.purpose,) if method is CaptureMethod.CARD else (),
    )


def search_market(desk: Desk, search: asked.Search) -> Answer:
    """What other agents sell, ranked as hires are."""
    strategy = Strategy(search.strategy)
    with desk.deps.store.reading() as reader:
        found = find_listings(desk.deps, reader, search.words, strategy, desk.deps.settings.seed)
    rows = [describe_candidate(one, strategy) for one in found[: search.limit]]
    return fitted(shapes.LISTINGS, {"listings": rows, "formula": formula(strategy)})


def list_cards(desk: Desk, page: asked.CardsAsked) -> Answer:
    """The agent's cards, masked, newest first."""
    with desk.deps.store.reading() as reader:
        found = reader.find(Card, holder=desk.scope.agent, before=page.before, limit=page.limit + 1)
    shown = found[: page.limit]
    following = shown[-1].id if len(found) > page.limit else None
    rows = [describe_card(card) for card in shown]
    return fitted(shapes.CARDS, {"cards": rows, "next": following})


def get_cart(desk: Desk, named: asked.CartNamed) -> Answer:
    """One cart: what is in it, what it costs, how far its purchase has come."""
    with desk.deps.store.reading() as reader:
        return seen_cart(own(reader, desk.scope, Cart, named.cart_id))


def seen_cart(cart: Cart) -> Answer:
    """A cart as a client sees it."""
    return fitted(shapes.CART, describe_cart(cart))
