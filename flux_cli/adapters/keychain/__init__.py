"""The issuer's secret, from which card numbers and CVVs are derived: never stored with the cards.

It is made with the first card, in the operating system's keyring where there is a real one, else
in a 0600 file beside the ledger. Which of the two is decided once: the file beside the ledger
holds either the secret or the name it has in the keyring, and what it says is final. A keyring
that is then locked or gone is a failure, never a reason to make a second secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from flux_cli.adapters.keychain import keyring_item
from flux_cli.adapters.keychain.secret_file import make_once
from flux_cli.domain.cards import CVV_LENGTH, Card, Revealed, card_number
from flux_cli.errors import Fix, StorageFailed

SECRET_BYTES = 32

IN_KEYRING = "keyring"
"""How the file begins that only says where the secret is; longer than any secret."""


class CardSecret:
    """Numbers, CVVs and fingerprints by HMAC-SHA-256 from the secret beside one ledger."""

    def __init__(self, ledger: Path, prefix: str) -> None:
        self.path = ledger.with_name(ledger.name + ".card-secret")
        self._prefix = prefix
        self._known: bytes | None = None

    def prepare(self, *, create: bool) -> None:
        """Read the secret, or make it if `create` and there is none; raises `StorageFailed`."""
        if self._known is not None:
            return
        try:
            known = self._read()
            if known is None and create:
                self._make()
                known = self._read()
        except OSError as error:
            raise StorageFailed(f"cannot keep {self.path}: {error.strerror}") from error
        if known is None:
            raise StorageFailed(
                f"{self.path} is gone; without it no card of this ledger can be read",
                subject=str(self.path),
                fixes=(Fix("put it back from a copy; the ledger itself is whole"),),
            )
        self._known = known

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
        try:
            kept = self.path.read_bytes()
        except FileNotFoundError:
            return "not made yet: it comes with the first card"
        except OSError as error:
            raise StorageFailed(f"cannot read {self.path}: {error.strerror}") from error
        backend = _pointer(kept)
        return f"0600 {self.path}" if backend is None else f"OS keyring ({backend[0]})"

    def fault(self) -> str | None:
        """What is wrong with how it is kept, or None."""
        try:
            kept = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{self.path} cannot be read: {error.strerror}"
        if len(kept) != SECRET_BYTES and _pointer(kept) is None:
            return f"{self.path} holds no secret"
        mode = self.path.stat().st_mode & 0o777
        return f"others may read it (mode {mode:04o}, not 0600)" if mode & 0o077 else None

    def _keyed(self, text: str) -> bytes:
        self.prepare(create=False)
        assert self._known is not None, "prepare leaves the secret"
        return hmac.new(self._known, text.encode(errors="replace"), hashlib.sha256).digest()

    def _read(self) -> bytes | None:
        """The secret from where the file says it is; None where there is no file."""
        try:
            kept = self.path.read_bytes()
        except FileNotFoundError:
            return None
        if len(kept) == SECRET_BYTES:
            return kept
        pointer = _pointer(kept)
        if pointer is None:
            raise StorageFailed(f"{self.path} does not hold {SECRET_BYTES} bytes")
        found = keyring_item.read(pointer[1])
        if found is None or len(found) != SECRET_BYTES:
            raise StorageFailed(
                f"the card secret is in the OS keyring ({pointer[0]}), which does not give it",
                subject=str(self.path),
                fixes=(Fix("unlock the keyring of the session that issued the first card"),),
            )
        return found

    def _make(self) -> None:
        """Make a fresh secret, or say where it is, unless another process was first."""
        secret, name = secrets.token_bytes(SECRET_BYTES), secrets.token_hex(16)
        backend = keyring_item.keep(name, secret)
        content = secret if backend is None else f"{IN_KEYRING}\n{backend}\n{name}\n".encode()
        make_once(self.path, content)


def _pointer(kept: bytes) -> tuple[str, str] | None:
    """(backend, name in the keyring) from a file that only says where the secret is."""
    words = kept.decode("ascii", errors="replace").split("\n")
    return (words[1], words[2]) if len(words) == 4 and words[0] == IN_KEYRING else None
