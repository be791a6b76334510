"""The door through which the ledger leaves as text for other programs and for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TextIO

from flux_cli.domain.money import Money
from flux_cli.usecases.ports import AccountBalance, EntryRecord


class ExportForm(StrEnum):
    """The forms in which other programs, and people, read the ledger."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"
    JSONL = "jsonl"
    HTML = "html"


class Exports(Protocol):
    """The ledger as text for others; entries come oldest first and are read once."""

    def journal(
        self,
        form: ExportForm,
        entries: Iterable[EntryRecord],
        accounts: Sequence[AccountBalance],
    ) -> Iterator[str]:
        """Every entry, and for plain-text accounting what they add up to; not for HTML."""

    def statement(
        self,
        account: str,
        opening: Money,
        entries: Iterable[EntryRecord],
        *,
        until: datetime,
        head: str,
        simulated: bool,
    ) -> Iterator[str]:
        """An account's page: `head` is the hash of the ledger's last movement at `until`."""

    def file(self, path: Path, *, replace: bool) -> AbstractContextManager[TextIO]:
        """A private file to write, in its place when it is whole and not before.

        Raises `InvalidInput` where something is there already, `StorageFailed`.
        """
