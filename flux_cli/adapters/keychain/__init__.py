"""The issuer's secret, from which card numbers are derived: never stored with the cards."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from flux_cli.domain.cards import card_number
from flux_cli.errors import StorageFailed

SECRET_BYTES = 32


class CardSecretFile:
    """Numbers by HMAC-SHA-256 from a secret in a 0600 file beside the ledger."""

    def __init__(self, ledger: Path, prefix: str) -> None:
        self.path = ledger.with_name(ledger.name + ".card-secret")
        self._prefix = prefix

    def number(self, card_id: str) -> tuple[str, str]:
        """(card number, keyed fingerprint) for a card id; the same every time."""
        secret = self._secret()
        entropy = int.from_bytes(_keyed(secret, f"number|{card_id}")[:16])
        number = card_number(self._prefix, entropy)
        return number, _keyed(secret, f"fingerprint|{number}").hex()

    def _secret(self) -> bytes:
        try:
            if not self.path.exists():
                self._create()
            secret = self.path.read_bytes()
        except OSError as error:
            raise StorageFailed(f"cannot keep {self.path}: {error.strerror}") from error
        if len(secret) != SECRET_BYTES:
            raise StorageFailed(f"{self.path} does not hold {SECRET_BYTES} bytes")
        return secret

    def _create(self) -> None:
        """Write a fresh secret under another name, then link it: never half of one, never two."""
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(file, secrets.token_bytes(SECRET_BYTES))
            os.fsync(file)
        finally:
            os.close(file)
        try:
            os.link(draft, self.path)
        except FileExistsError:
            return  # another process was first, and its secret is the one
        finally:
            os.unlink(draft)


def _keyed(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, text.encode(), hashlib.sha256).digest()
