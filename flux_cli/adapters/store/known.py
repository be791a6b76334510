"""What the one writing connection still knows of the ledger from its own last transaction.

All of it holds only while this connection alone has written: the journal forgets it when another
has, and after anything was undone.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from flux_cli.adapters.store.records import STEADY
from flux_cli.adapters.store.usage import question
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import Asset
from flux_cli.domain.policies import Limit

MOST_KNOWN = 4096
"""More questions than any economy asks again and again; then it starts from nothing."""

Asked = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a limit had counted in the payments after `start` and up to row `newest`."""

    start: str
    newest: int
    units: int
    payments: int


@dataclass(slots=True)
class Known:
    """Objects that every payment reads again, and what limits have counted."""

    objects: dict[Asked, list[Any]] = field(default_factory=dict)
    counted: dict[Asked, Counted] = field(default_factory=dict)

    def forget(self) -> None:
        """Know nothing."""
        self.objects.clear()
        self.counted.clear()

    def keep(self, asked: Asked, found: list[Any]) -> None:
        """Know the answer to a question about objects."""
        if len(self.objects) >= MOST_KNOWN:
            self.objects.clear()
        self.objects[asked] = found

    def changed(self, kind: type, version: int) -> None:
        """An object of `kind` is being written; a payment's first row is found by its number."""
        if kind in STEADY:
            self.objects.clear()
        elif kind is PaymentIntent and version > 1:
            self.counted.clear()

    def used(
        self,
        connection: sqlite3.Connection,
        limit: Limit,
        requester: str,
        subject: str,
        asset: Asset,
        start: str,
    ) -> tuple[int, int]:
        """What `usage.used` counts, read on from what was counted before.

        A payment's row never goes away, so since then some have left the window at its start, and
        some rows are new.
        """
        asked = (limit, requester, subject, asset.code)
        before = self.counted.get(asked)
        sql, bound = question(limit, requester, subject, asset)
        newest = connection.execute("select coalesce(max(rowid), 0) from intents").fetchone()[0]
        if before is None or before.start > start:
            units, payments = connection.execute(
                f"{sql} and decided_at > ?", (*bound, start)
            ).fetchone()
        else:
            left = connection.execute(
                f"{sql} and decided_at > ? and decided_at <= ? and intents.rowid <= ?",
                (*bound, before.start, start, before.newest),
            ).fetchone()
            new = sql.replace(" from intents", " from intents not indexed", 1)
            came = connection.execute(
                f"{new} and decided_at > ? and intents.rowid > ?", (*bound, start, before.newest)
            ).fetchone()
            units = before.units - left[0] + came[0]
            payments = before.payments - left[1] + came[1]
        if len(self.counted) >= MOST_KNOWN:
            self.counted.clear()
        self.counted[asked] = Counted(start, newest, units, payments)
        return units, payments
