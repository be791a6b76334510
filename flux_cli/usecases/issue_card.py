"""Issuing the one-time card of an approved intent."""

from __future__ import annotations

from datetime import timedelta

from flux_cli.domain.cards import Card, CardState, CardUsage
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import Money
from flux_cli.errors import WrongState
from flux_cli.usecases.ports import Deps, Transaction


def issue_card(deps: Deps, tx: Transaction, intent: PaymentIntent) -> Card:
    """A SIMULATED card over exactly the approved amount, for the configured lifetime.

    Raises `WrongState` unless the intent is approved.
    """
    if intent.state is not IntentState.APPROVED:
        raise WrongState(f"a {intent.state} payment gets no card", subject=intent.id)
    card_id = deps.ids.new("card")
    number, fingerprint = deps.card_numbers.number(card_id)
    while tx.lookup(Card, fingerprint=fingerprint) is not None:
        card_id = deps.ids.new("card")
        number, fingerprint = deps.card_numbers.number(card_id)
    nothing = Money(0, intent.amount.asset)
    card = Card(
        id=card_id,
        intent_id=intent.id,
        run_id=intent.run_id,
        holder=intent.requester,
        purpose=intent.purpose,
        prefix=deps.settings.card_prefix,
        last_four=number[-4:],
        fingerprint=fingerprint,
        usage=CardUsage.UNTIL_SPENT,
        limit=intent.amount,
        spent=nothing,
        released=nothing,
        state=CardState.ACTIVE,
        issued_at=tx.now,
        expires_at=tx.now + timedelta(hours=deps.settings.card_lifetime_hours),
    )
    tx.put(card, "card.issued", run_id=intent.run_id)
    return card
