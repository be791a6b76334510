"""The owner's credential: what proves the owner where no terminal is."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from flux_cli.adapters.keychain.secret_file import make_once
from flux_cli.errors import StorageFailed

TOKEN_BYTES = 32
TOKEN_LENGTH = 2 * TOKEN_BYTES
"""In characters: the credential is kept as hexadecimal digits, on one line."""


class OwnerFile:
    """256 random bits in a 0600 file beside the ledger; whoever holds a copy is the owner."""

    def __init__(self, ledger: Path) -> None:
        self.path = ledger.with_name(ledger.name + ".owner")

    def establish(self) -> None:
        """Make the credential unless it is there; raises `StorageFailed`."""
        if self.path.exists():
            return
        try:
            make_once(self.path, f"{secrets.token_hex(TOKEN_BYTES)}\n".encode())
        except OSError as error:
            raise StorageFailed(f"cannot keep {self.path}: {error.strerror}") from error

    def verify(self, token: str) -> bool:
        """Whether `token` is the credential, in a time that does not depend on how much of it is.

        A credential that is missing or broken is nobody's. Raises `StorageFailed`.
        """
        kept = self._kept()
        if kept is None or len(kept) != TOKEN_LENGTH:
            return False
        return hmac.compare_digest(kept.encode(), token.strip().encode(errors="replace"))

    def fault(self) -> str | None:
        """What is wrong with the file, or None: it is missing, broken, or others may read it."""
        kept = self._kept()
        if kept is None:
            return "not made yet"
        if len(kept) != TOKEN_LENGTH:
            return "holds no credential"
        mode = self.path.stat().st_mode & 0o777
        return f"others may read it (mode {mode:04o}, not 0600)" if mode & 0o077 else None

    def _kept(self) -> str | None:
        try:
            return self.path.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageFailed(f"cannot read {self.path}: {error.strerror}") from error
