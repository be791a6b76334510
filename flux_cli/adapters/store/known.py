"""What the one writing connection still knows of the ledger from its own last transaction.

All of it holds only while this connection alone has written: the journal forgets it when another
has, and after anything was undone.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from flux_cli.adapters.store import usage
from flux_cli.adapters.store.records import STEADY, Row, columns
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import Asset
from flux_cli.domain.policies import Limit

MOST_KNOWN = 4096
"""More questions than any economy asks again and again; then it starts from nothing."""

LAST = "9"
"""Sorts after every time: nothing is counted that could leave a window."""

Asked = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a limit had counted in the payments after `start` and up to row `newest`; the first of
    them was permitted at `first` or later.
    """

    start: str
    newest: int
    units: int
    payments: int
    first: str


@dataclass(slots=True)
class Known:
    """Objects that every payment reads again, and what limits have counted."""

    objects: dict[Asked, list[Any]] = field(default_factory=dict)
    counted: dict[Asked, Counted] = field(default_factory=dict)
    newest: int | None = None
    """The last row of a payment."""

    def forget(self) -> None:
        """Know nothing."""
        self.objects.clear()
        self.counted.clear()
        self.newest = None

    def keep(self, asked: Asked, found: list[Any]) -> None:
        """Know the answer to a question about objects."""
        if len(self.objects) >= MOST_KNOWN:
            self.objects.clear()
        self.objects[asked] = found

    def added(self, kind: type, row: int | None) -> None:
        """An object of `kind` was written in a new `row`."""
        if kind in STEADY:
            self.objects.clear()
        elif kind is PaymentIntent:
            self.newest = row

    def changing(self, connection: sqlite3.Connection, kind: type, values: Row) -> None:
        """An object of `kind` is about to be written over with the `values` of its columns."""
        if kind in STEADY:
            self.objects.clear()
        elif kind is PaymentIntent and self.counted:
            # A capture or a refund leaves all that a limit counts by as it was.
            new = dict(zip(columns(kind), values, strict=True))
            names, marks = ", ".join(usage.COUNTED_BY), ", ".join("?" * len(usage.COUNTED_BY))
            same = f"select 1 from intents where id = ? and ({names}) is ({marks})"  # noqa: S608
            bound = (new["id"], *(new[name] for name in usage.COUNTED_BY))
            if connection.execute(same, bound).fetchone() is None:
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
        sql, bound = usage.question(limit, requester, subject, asset)
        if self.newest is None:
            last = connection.execute("select coalesce(max(rowid), 0) from intents").fetchone()
            self.newest = int(last[0])
        if before is None or before.start > start:
            found = connection.execute(f"{sql} and {usage.SINCE}", (*bound, start)).fetchone()
            units, payments, first = found
        else:
            units, payments, first = before.units, before.payments, before.first
            if first <= start:
                span = (before.start, start, before.newest)
                left = connection.execute(
                    f"{sql} and {usage.SINCE} and {usage.UNTIL} and intents.rowid <= ?",
                    (*bound, *span),
                ).fetchone()
                units, payments, first = units - left[0], payments - left[1], start
            if self.newest > before.newest:
                new = sql.replace(" from intents", " from intents not indexed", 1)
                came = connection.execute(
                    f"{new} and {usage.SINCE} and intents.rowid > ?", (*bound, start, before.newest)
                ).fetchone()
                units, payments = units + came[0], payments + came[1]
                first = min(first, came[2] or first)
        if len(self.counted) >= MOST_KNOWN:
            self.counted.clear()
        self.counted[asked] = Counted(start, self.newest, units, payments, first or LAST)
        return units, payments
