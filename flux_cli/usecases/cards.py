"""A card's life at its owner's hand: issued, revealed once, paused, resumed, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flux_cli.domain.card_network import Authorization, AuthorizationState
from flux_cli.domain.cards import LIVE, Card, CardState, CardUsage, Revealed
from flux_cli.domain.intents import PaymentIntent
from flux_cli.errors import Fix, InvalidInput, KeyReused, WrongState
from flux_cli.usecases.card_moves import end_card, let_go, settle_payment
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.issue_card import CardTerms, issue_card, prepare_cards
from flux_cli.usecases.ports import Deps, Reader, Transaction

LONGEST_LIFETIME = 365 * 24 * 60
"""Of a card, in minutes."""

MOST_AT_ONCE = 100
"""How many cards, and how many authorisations, one sweep ends."""


def issue_card_for(
    deps: Deps,
    intent_id: str,
    *,
    usage: CardUsage = CardUsage.SINGLE_USE,
    merchant: str | None = None,
    category: str | None = None,
    lifetime_minutes: int | None = None,
    key: str,
) -> Card:
    """The card of an approved payment whose money is on hold and not captured, once for a key.

    Without a lifetime it lives as long as the configuration says. Raises `NotFound`, `Frozen`,
    `WrongState`, `InvalidInput`, and `KeyReused` where the key names another card.
    """
    check_key(key)
    if lifetime_minutes is not None and not 1 <= lifetime_minutes <= LONGEST_LIFETIME:
        raise InvalidInput(f"a card lives 1 to {LONGEST_LIFETIME} minutes", param="--lifetime")
    lifetime = timedelta(minutes=lifetime_minutes or 60 * deps.settings.card_lifetime_hours)
    terms = CardTerms(usage, merchant, category, lifetime)
    prepare_cards(deps)
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        found = tx.lookup(Card, key=key)
        if found is not None:
            if found.intent_id != intent.id or not _is_on(found, terms):
                raise KeyReused(f"{key!r} already names another card", subject=found.id)
            return found
        if intent.card_id is not None:
            raise WrongState(
                "the payment has its card already",
                subject=intent.id,
                fixes=(Fix("look at it", ("flux", "cards", "show", intent.card_id)),),
            )
        if max(tx.now, tx.ledger_time) >= intent.expires_at:
            raise WrongState("the payment's hold has expired; ask for it again", subject=intent.id)
        obey_freeze(tx, intent.requester)
        return issue_card(deps, tx, intent, terms, key)


def _is_on(card: Card, terms: CardTerms) -> bool:
    """Whether a card was issued on these terms; a lock may have come from the payment instead."""
    return (
        card.usage is terms.usage
        and terms.merchant in (None, card.merchant)
        and terms.category in (None, card.category)
        and card.expires_at - card.issued_at == terms.lifetime
    )


def reveal_card(deps: Deps, card_id: str) -> Revealed:
    """The number, CVV and expiry of a live card, once in its life; that is recorded before.

    Raises `NotFound`, `Frozen`, `StorageFailed`, and `WrongState` for a second look, a card that
    has ended, and a run's card, which no merchant takes.
    """
    prepare_cards(deps)
    with deps.store.begin() as tx:
        card = tx.get(Card, card_id)
        if card.revealed_at is not None:
            raise WrongState(
                "the card was revealed already; that is possible once", subject=card.id
            )
        if not card.is_live or max(tx.now, tx.ledger_time) >= card.expires_at:
            raise WrongState(f"the card is {_standing(card)}, it pays no more", subject=card.id)
        if card.payee is None:
            raise WrongState("a run's card pays its hires; no merchant takes it", subject=card.id)
        obey_freeze(tx, card.holder)
        revealed = deps.card_numbers.revealed(card)
        tx.put(replace(card, revealed_at=tx.now), "card.revealed", run_id=card.run_id)
    return revealed


def _standing(card: Card) -> str:
    return str(CardState.EXPIRED if card.is_live else card.state)


def pause_card(deps: Deps, card_id: str) -> Card:
    """Stop a card for now: nothing new is paid with it. Raises `NotFound`, `WrongState`."""
    return _switch(deps, card_id, CardState.PAUSED)


def resume_card(deps: Deps, card_id: str) -> Card:
    """Let a paused card pay again. Raises `NotFound`, `WrongState`."""
    return _switch(deps, card_id, CardState.ACTIVE)


def _switch(deps: Deps, card_id: str, state: CardState) -> Card:
    with deps.store.begin() as tx:
        card = tx.get(Card, card_id)
        if card.state is state:
            return card
        if not card.is_live:
            raise WrongState(f"the card is {card.state}; it pays no more", subject=card.id)
        switched = replace(card, state=state)
        event = "card.paused" if switched.paused else "card.resumed"
        tx.put(switched, event, run_id=card.run_id)
        return switched


def cancel_card(deps: Deps, card_id: str) -> Card:
    """End a card that can still pay; what is left goes back, a cancelled one stays as it is.

    What merchants were promised stays theirs to capture. Raises `NotFound`, and `WrongState` for a
    run's card, which its run ends, and for any other.
    """
    with deps.store.begin() as tx:
        card = tx.get(Card, card_id)
        if card.state is CardState.CANCELLED:
            return card
        if not card.is_live or card.run_id is not None:
            whose = "a run's" if card.run_id is not None else card.state
            raise WrongState(f"the card is {whose} and cannot be cancelled", subject=card.id)
        return end_card(tx, card, CardState.CANCELLED)


def sweep_cards(deps: Deps) -> list[Card]:
    """End every card and every authorisation whose time is over; the cards that it ended.

    A card's open authorisations outlive it: a merchant may still capture them.
    """
    with deps.store.reading() as reader:
        claims = reader.due(Authorization, AuthorizationState.OPEN, MOST_AT_ONCE)
        cards = [card for state in LIVE for card in reader.due(Card, state, MOST_AT_ONCE)]
    for claim in claims:
        with deps.store.begin() as tx:
            _expire_claim(tx, tx.get(Authorization, claim.id))
    ended = []
    for listed in cards:
        with deps.store.begin() as tx:
            card = tx.get(Card, listed.id)
            if card.is_live and _is_over(tx, card):
                ended.append(end_card(tx, card, CardState.EXPIRED))
    return ended


def _expire_claim(tx: Transaction, claim: Authorization) -> None:
    if claim.state is not AuthorizationState.OPEN or not _is_over(tx, claim):
        return
    card = tx.get(Card, claim.card_id)
    card, claim = let_go(tx, card, claim, claim.open_amount, f"{claim.id}:expire")
    expired = replace(claim, state=AuthorizationState.EXPIRED)
    tx.put(expired, "authorization.expired", run_id=card.run_id)
    # A single-use card is not used up by it: its merchant may still come, late, while it lives.
    tx.put(card, "card.reversed", run_id=card.run_id)
    settle_payment(tx, card)


def _is_over(reader: Reader, of: Card | Authorization) -> bool:
    return max(reader.now, reader.ledger_time) >= of.expires_at
