"""The issuer's secret, from which card numbers and CVVs are derived: never stored with the cards.

It is made with the first card, in the operating system's keyring where there is a real one, else
in a 0600 file beside the ledger.
"""

from __future__ import annotations

from pathlib import Path

from flux_cli.adapters.keychain.kept_secret import KeptSecret, Wording
from flux_cli.domain.cards import CVV_LENGTH, Card, Revealed, card_number
from flux_cli.errors import StorageFailed

WORDING = Wording(
    "card secret",
    "no card of this ledger can be read",
    "unlock the keyring of the session that issued the first card",
)


class CardSecret:
    """Numbers, CVVs and fingerprints by HMAC-SHA-256 from the secret beside one ledger."""

    def __init__(self, ledger: Path, prefix: str) -> None:
        self.path = ledger.with_name(ledger.name + ".card-secret")
        self._prefix = prefix
        self._secret = KeptSecret(self.path, WORDING)
        self._keyed = self._secret.keyed

    def prepare(self, *, create: bool) -> None:
        """Read the secret, or make it if `create` and there is none; raises `StorageFailed`."""
        self._secret.prepare(create=create)

    def number(self, card_id: str) -> tuple[str, str]:
        """(card number, keyed fingerprint) for a card id; the same every time."""
        return self._number(card_id, self._prefix)

    def _number(self, card_id: str, prefix: str) -> tuple[str, str]:
        entropy = int.from_bytes(self._keyed(f"number|{card_id}")[:16])
        number = card_number(prefix, entropy)
        return number, self.fingerprint(number)

    def fingerprint(self, number: str) -> str:
        """What a number is found by, and is not to be had from without the secret."""
        return self._keyed(f"fingerprint|{number}").hex()

    def revealed(self, card: Card) -> Revealed:
        """All of a card's details; raises `StorageFailed` where another secret made it."""
        number, fingerprint = self._number(card.id, card.prefix)
        if fingerprint != card.fingerprint:
            raise StorageFailed("the card secret is not the one the card was issued with")
        return Revealed(number, self.cvv(number, card.expiry), card.expiry)

    def cvv(self, number: str, expiry: str) -> str:
        """The three digits that belong to a number and its `MM/YY`."""
        drawn = int.from_bytes(self._keyed(f"cvv|{number}|{expiry}")[:16])
        return str(drawn % 10**CVV_LENGTH).zfill(CVV_LENGTH)

    def seal(self, text: str) -> str:
        """A keyed hash of a message, so that a card in it cannot be guessed from the hash."""
        return self._keyed(f"message|{text}").hex()

    def place(self) -> str:
        """Where the secret is, in words; asks the file beside the ledger and nothing else."""
        return self._secret.place() or "not made yet: it comes with the first card"

    def fault(self) -> str | None:
        """What is wrong with how it is kept, or None."""
        return self._secret.fault()
