"""Defects that the cards' model must find: what is set to what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flux_cli.domain import card_network as messages
from flux_cli.domain.card_network import Authorization
from flux_cli.domain.cards import Card
from flux_cli.domain.intents import PaymentIntent
from flux_cli.usecases import card_follow_ups, card_moves, card_network, cards
from flux_cli.usecases.ports import Transaction

settled = card_moves.settle_payment


def not_taken(tx: Transaction, card: Card, claim: Authorization, key: str) -> Card:
    return card


def refund_released(tx: Transaction, card: Card) -> None:
    """What is refunded counts as never spent, so that caps get room from it."""
    settled(tx, replace(card, spent=card.spent - card.refunded, refunded=card.limit - card.limit))


def never_settled(tx: Transaction, card: Card) -> None:
    intent = tx.get(PaymentIntent, card.intent_id)
    tx.put(intent, "payment.seen")


def without(name: str) -> tuple[Any, ...]:
    """The network's rules less the one of a reason."""
    return tuple(rule for rule in messages._RULES if rule[0].value != name)


PLANTS: dict[str, tuple[tuple[object, str, object], ...]] = {
    "a card is never used up": (
        (card_network, "take", not_taken),
        (card_follow_ups, "take", not_taken),
    ),
    "a small authorisation uses the card up": ((card_network, "is_small", lambda _: False),),
    "a freeze is ignored": ((card_network, "is_frozen", lambda *_: False),),
    "a pause of the holder is ignored": ((card_network, "halted", lambda *_: None),),
    "the limit is ignored": ((messages, "_RULES", without("over_limit")),),
    "the merchant lock is ignored": ((messages, "_RULES", without("merchant_not_allowed")),),
    "expiry is ignored": ((messages, "_RULES", without("expired")),),
    "a refund is forgotten": ((Authorization, "refundable", property(lambda one: one.captured)),),
    "a late capture is not judged": ((card_follow_ups, "_against_late", lambda *_: None),),
    "a wrong CVV is not counted": ((card_network, "_count_try", lambda *_: None),),
    "a message is answered twice": ((card_network, "_recorded", lambda *_: None),),
    "the payment does not follow its card": (
        (card_moves, "settle_payment", never_settled),
        (cards, "settle_payment", never_settled),
    ),
    "a refund gives room": ((card_follow_ups, "settle_payment", refund_released),),
    "a force post takes another merchant's card": (
        (card_network, "_above_its_own", lambda _, card, __: replace(card, taken_by=None)),
    ),
}
