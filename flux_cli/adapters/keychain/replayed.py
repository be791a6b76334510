"""The card secret of a ledger that a replay makes: every replay's cards have the same numbers."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from flux_cli.errors import StorageFailed


def known_card_secret(ledger: Path, salt: str) -> None:
    """Put the secret that follows from `salt` where a ledger that is not made yet will look.

    Whoever has the cassette can work out the cards, which are simulated and nobody's. Raises
    `StorageFailed`.
    """
    path = ledger.with_name(f"{ledger.name}.card-secret")
    secret = hashlib.sha256(f"card secret|{salt}".encode()).digest()
    try:
        ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}") from error
    try:
        os.write(file, secret)
    finally:
        os.close(file)
