"""One deliverer at a time: a file's lock, which the system takes back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flux_cli.errors import StorageFailed


class FileTurn:
    """The lock of an empty file beside the ledger; it holds between threads too."""

    def __init__(self, ledger: Path) -> None:
        self._path = ledger.with_name(ledger.name + ".webhook-lock")

    @contextmanager
    def __call__(self) -> Iterator[bool]:
        """Whether it is this one's turn, for as long as the context lasts."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            file = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise StorageFailed(f"cannot open {self._path}: {error.strerror}") from error
        try:
            yield _locked(file)
        finally:
            os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
