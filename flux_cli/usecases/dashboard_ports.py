"""The door to a ledger that is only watched: one connection that cannot write."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from flux_cli.domain.money import Asset, Money
from flux_cli.usecases.ports import EntryRecord, Reader


class WatchReader(Reader, Protocol):
    """A `Reader` with the sums a dashboard shows; each is read from an index alone."""

    def approved(
        self, asset: Asset, since: datetime, until: datetime, requester: str | None = None
    ) -> tuple[Money, int]:
        """What was approved in [since, until), less what was released, and in how many payments."""

    def voting(self, since: datetime, most: int) -> tuple[Money, list[int]]:
        """What the latest `most` ballots since then cost, and their latencies in milliseconds."""

    def chains(self, most: int) -> set[tuple[int, bool]]:
        """(chain id, whether it is one on this machine) of the latest `most` settlements."""

    def entries_about(self, reference: str, most: int) -> list[EntryRecord]:
        """The first `most` entries that concern one object, oldest first."""


class Watch(Protocol):
    """A ledger's file opened read-only. Belongs to the thread that first uses it."""

    def changed(self) -> bool:
        """Whether anybody wrote since the last call; the first call says yes."""

    def reading(self) -> AbstractContextManager[WatchReader]:
        """One consistent view. Raises `LedgerBusy`, `LedgerCorrupt`, `StorageFailed`."""

    def close(self) -> None: ...
