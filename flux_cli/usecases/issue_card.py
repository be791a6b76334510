"""Issuing the one-time card of an approved intent, and putting its money on it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.domain.cards import CARD_NETWORK, Card, CardState, CardUsage
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, held, transfer
from flux_cli.domain.money import Money
from flux_cli.domain.runs import step_key
from flux_cli.errors import InvalidInput, WrongState
from flux_cli.usecases.caps import Caps
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.ports import Deps, Transaction

ANY_CATEGORY = "general"
"""The category of an intent that names none; its card may pay any."""


@dataclass(frozen=True, slots=True)
class CardTerms:
    """How a card may be used: `merchant` and `category` are locks, None for any."""

    usage: CardUsage
    merchant: str | None
    category: str | None
    lifetime: timedelta


def prepare_cards(deps: Deps) -> None:
    """Have the card secret at hand before a transaction opens; it is made with the first card."""
    with deps.store.reading() as reader:
        first = not reader.find(Card, limit=1)
    deps.card_numbers.prepare(create=first)


def open_card_network(deps: Deps) -> str:
    """The payee of cards that may pay any merchant, registered when first asked for."""
    with deps.store.reading() as reader:
        there = reader.lookup(Agent, name=CARD_NETWORK) is not None
    if not there:
        with suppress(WrongState):  # somebody else was first
            open_agent(
                deps,
                CARD_NETWORK,
                Caps(per_payment=Money(0)),
                display_name="Card network",
                kind=AgentKind.MERCHANT,
            )
    return CARD_NETWORK


def usual_terms(deps: Deps, intent: PaymentIntent) -> CardTerms:
    """A run's card pays all its hires; any other pays once."""
    usage = CardUsage.UNTIL_SPENT if intent.escrowed else CardUsage.SINGLE_USE
    return CardTerms(usage, None, None, timedelta(hours=deps.settings.card_lifetime_hours))


def payee_of(intent: PaymentIntent) -> str | None:
    """Whose wallet a card of this intent may pay into; None where it only funds escrows."""
    one_payee = len(intent.shares) == 1 and not intent.escrowed
    return intent.shares[0].payee if one_payee else None


def issue_card(
    deps: Deps, tx: Transaction, intent: PaymentIntent, terms: CardTerms, key: str
) -> Card:
    """A SIMULATED card over exactly the amount on hold, which moves onto it.

    An intent that names its merchant, or a category, locks the card to it. Raises `WrongState`
    unless all of the intent's money is on hold, `InvalidInput` for a lock it was not approved for.
    """
    if intent.state is not IntentState.APPROVED or intent.on_hold != intent.amount:
        raise WrongState(f"a {intent.state} payment gets no card", subject=intent.id)
    payee = payee_of(intent)
    card_id, number, fingerprint = _fresh_number(deps, tx)
    nothing = Money(0, intent.amount.asset)
    card = Card(
        id=card_id,
        key=key,
        intent_id=intent.id,
        run_id=intent.run_id,
        holder=intent.requester,
        purpose=intent.purpose,
        payee=payee,
        merchant=_lock("merchant", terms.merchant, None if payee == CARD_NETWORK else payee),
        category=_lock(
            "category",
            terms.category,
            None if intent.category == ANY_CATEGORY else intent.category,
        ),
        prefix=number[: len(deps.settings.card_prefix)],
        last_four=number[-4:],
        fingerprint=fingerprint,
        usage=terms.usage,
        limit=intent.amount,
        authorised=nothing,
        spent=nothing,
        released=nothing,
        refunded=nothing,
        state=CardState.ACTIVE,
        taken_by=None,
        wrong_tries=0,
        issued_at=tx.now,
        expires_at=tx.now + terms.lifetime,
        revealed_at=None,
    )
    tx.put(card, "card.issued", run_id=intent.run_id)
    _load(tx, intent, card)
    return card


def _fresh_number(deps: Deps, tx: Transaction) -> tuple[str, str, str]:
    """(card id, number, fingerprint) of a number that no card of this ledger has."""
    while True:
        card_id = deps.ids.new("card")
        number, fingerprint = deps.card_numbers.number(card_id)
        if tx.lookup(Card, fingerprint=fingerprint) is None:
            return card_id, number, fingerprint


def _lock(name: str, asked: str | None, approved: str | None) -> str | None:
    if approved is not None and asked not in (None, approved):
        raise InvalidInput(f"the payment was approved for {approved}", param=f"--{name}")
    return asked if approved is None else approved


def _load(tx: Transaction, intent: PaymentIntent, card: Card) -> None:
    tx.post(
        transfer(
            step_key(intent.id, "", "card_load"),
            EntryKind.CARD_LOAD,
            held(intent.requester),
            card_account(card.id),
            card.limit,
            reference=card.id,
            run_id=intent.run_id,
        )
    )
    tx.put(replace(intent, card_id=card.id), "payment.carded", run_id=intent.run_id)
