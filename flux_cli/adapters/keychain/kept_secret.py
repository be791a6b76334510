"""A secret beside a ledger, made once: in the system's keyring if it is a real one, else a file.

Which of the two is decided once: the 0600 file beside the ledger holds either the secret or the
name it has in the keyring, and what it says is final. A keyring that is then locked or gone is a
failure, never a reason to make a second secret.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from pathlib import Path

from flux_cli.adapters.keychain import keyring_item
from flux_cli.adapters.keychain.secret_file import make_once
from flux_cli.errors import Fix, StorageFailed

SECRET_BYTES = 32

IN_KEYRING = "keyring"
"""How the file begins that only says where the secret is; longer than any secret."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a secret is spoken of: its name, what is lost with it, whose keyring has it."""

    name: str
    without_it: str
    unlock: str


class KeptSecret:
    """32 random bytes, from which everything else is derived by HMAC-SHA-256."""

    def __init__(self, path: Path, wording: Wording) -> None:
        self.path = path
        self._wording = wording
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
                f"{self.path} is gone; without it {self._wording.without_it}",
                subject=str(self.path),
                fixes=(Fix("put it back from a copy; the ledger itself is whole"),),
            )
        self._known = known

    def keyed(self, text: str) -> bytes:
        """32 bytes that follow from the secret and `text`; raises `StorageFailed`."""
        self.prepare(create=False)
        assert self._known is not None, "prepare leaves the secret"
        return hmac.new(self._known, text.encode(errors="replace"), hashlib.sha256).digest()

    def place(self) -> str | None:
        """Where the secret is, in words, or None before it is made; asks the file alone."""
        try:
            kept = self.path.read_bytes()
        except FileNotFoundError:
            return None
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
        found = keyring_item.read(self._service, pointer[1])
        if found is None or len(found) != SECRET_BYTES:
            raise StorageFailed(
                f"the {self._wording.name} is in the OS keyring ({pointer[0]}),"
                " which does not give it",
                subject=str(self.path),
                fixes=(Fix(self._wording.unlock),),
            )
        return found

    def _make(self) -> None:
        """Make a fresh secret, or say where it is, unless another process was first."""
        secret, name = secrets.token_bytes(SECRET_BYTES), secrets.token_hex(16)
        backend = keyring_item.keep(self._service, name, secret)
        content = secret if backend is None else f"{IN_KEYRING}\n{backend}\n{name}\n".encode()
        make_once(self.path, content)

    @property
    def _service(self) -> str:
        return f"flux {self._wording.name}"


def _pointer(kept: bytes) -> tuple[str, str] | None:
    """(backend, name in the keyring) from a file that only says where the secret is."""
    words = kept.decode("ascii", errors="replace").split("\n")
    return (words[1], words[2]) if len(words) == 4 and words[0] == IN_KEYRING else None
