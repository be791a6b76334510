"""A card with everything that happened on it, as any front end shows it."""

from __future__ import annotations

from flux_cli.domain.card_network import SAID, Authorization, NetworkMessage
from flux_cli.domain.cards import Card
from flux_cli.usecases.describe_run import Document, describe_authorization, describe_card
from flux_cli.usecases.ports import Reader

LATEST = 20
"""How many authorisations and declines are told with a card."""


def view_card(reader: Reader, card: Card) -> Document:
    """The card, masked, with its latest authorisations and what was declined, newest first."""
    claims = reader.find(Authorization, card_id=card.id, limit=LATEST)
    messages = reader.find(NetworkMessage, card_id=card.id, limit=LATEST)
    return describe_card(card) | {
        "authorizations": [describe_authorization(claim) for claim in claims],
        "declines": [describe_decline(one) for one in messages if one.declined is not None],
    }


def describe_decline(message: NetworkMessage) -> Document:
    """One no of the network, for the owner: with the real reason."""
    assert message.declined is not None, "only a no is a decline"
    return {
        "reason": message.declined,
        "message": SAID[message.declined],
        "merchant": message.merchant,
        "category": message.category,
        "kind": message.kind,
        "amount": message.amount,
        "at": message.at,
    }
