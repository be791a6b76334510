"""The door to the issuer's secret."""

from __future__ import annotations

from typing import Protocol

from flux_cli.domain.cards import Card, Revealed


class CardNumbers(Protocol):
    """The issuer's secret: what only it can derive. Raises `StorageFailed` where it is gone."""

    def prepare(self, *, create: bool) -> None:
        """Read the secret before a transaction is open, or make it if `create` and none is."""

    def number(self, card_id: str) -> tuple[str, str]:
        """(card number, keyed fingerprint) for a card id; the same every time."""

    def fingerprint(self, number: str) -> str:
        """What a card is found by from its number."""

    def revealed(self, card: Card) -> Revealed:
        """All of a card's details, for whoever may use it; nothing may keep them."""

    def cvv(self, number: str, expiry: str) -> str:
        """The CVV of a number and its `MM/YY`."""

    def seal(self, text: str) -> str:
        """A keyed hash of a message that holds a card's details."""

    def place(self) -> str:
        """Where the secret is, in words; touches no keyring."""

    def fault(self) -> str | None:
        """What is wrong with how it is kept, or None; touches no keyring."""
