"""A ledger that is only watched: opened read-only, with the sums that a dashboard shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flux_cli.adapters.store import journal
from flux_cli.adapters.store.connection import newest_schema, storage_errors
from flux_cli.adapters.store.copies import read_only
from flux_cli.adapters.store.ledger import Clock
from flux_cli.adapters.store.numbers import lowest
from flux_cli.adapters.store.reader import SqliteReader
from flux_cli.adapters.store.usage import ANYBODY
from flux_cli.domain.canonical import instant
from flux_cli.domain.money import CREDIT, Asset, Money
from flux_cli.errors import Fix, NewerSchema, WrongState
from flux_cli.usecases.ports import EntryRecord


class SqliteWatchReader(SqliteReader):
    """One consistent view, with sums; the ids' own time bounds what was made when."""

    def approved(
        self, asset: Asset, since: datetime, until: datetime, requester: str | None = None
    ) -> tuple[Money, int]:
        """What was approved in [since, until), less what was released, and in how many payments."""
        own = ANYBODY if requester is None else "requester = ?"
        row = self._one(
            "select coalesce(sum(amount - released), 0), count(*) from intents"  # noqa: S608
            f" where {own} and decision_id is not null and decided_at >= ? and decided_at < ?"
            " and amount_asset = ?",
            (
                *(() if requester is None else (requester,)),
                *(instant(since), instant(until), asset.code),
            ),
        )
        units, count = row or (0, 0)
        return Money(units, asset), count

    def voting(self, since: datetime, most: int) -> tuple[Money, list[int]]:
        """What the latest `most` ballots since then cost, and their latencies in milliseconds."""
        rows = self._rows(
            "select cost, latency_ms from ballots where id >= ? order by id desc limit ?",
            (lowest("bal", since), most),
        ).fetchall()
        return Money(sum(row[0] for row in rows), CREDIT), [row[1] for row in rows]

    def chains(self, most: int) -> set[tuple[int, bool]]:
        """(chain id, whether it is one on this machine) of the latest `most` settlements."""
        rows = self._rows(
            "select distinct json_extract(terms, '$.chain_id'), local from"
            " (select terms, local from settlements order by id desc limit ?)",
            (most,),
        )
        return {(row[0], bool(row[1])) for row in rows}

    def entries_about(self, reference: str, most: int) -> list[EntryRecord]:
        """The first `most` entries that concern one object, oldest first."""
        places = self._rows(
            "select seq, moves from movements where reference = ? and key is not null"
            " order by seq limit ?",
            (reference, most),
        ).fetchall()
        return journal.records(self._connection, places)


class SqliteWatch:
    """One read-only connection; `pragma data_version` tells of other processes' commits."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def changed(self) -> bool:
        """Whether anybody wrote since the last call; the first call says yes."""
        with storage_errors(self.path):
            row = self._opened().execute("pragma data_version").fetchone()
        before, self._version = self._version, int(row[0])
        return before != self._version

    @contextmanager
    def reading(self) -> Iterator[SqliteWatchReader]:
        """One consistent view; the connection itself cannot write."""
        with storage_errors(self.path):
            connection = self._opened()
            connection.execute("begin")
            try:
                yield SqliteWatchReader(connection, self._clock.now())
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = read_only(self.path)
            _same_schema(connection)
            self._connection = connection
        return self._connection


def _same_schema(connection: sqlite3.Connection) -> None:
    """A watcher migrates nothing. Raises `WrongState` for an older ledger, `NewerSchema`."""
    found, newest = connection.execute("pragma user_version").fetchone()[0], newest_schema()
    if found == newest:
        return
    connection.close()
    if found > newest:
        raise NewerSchema(f"this ledger has schema {found}, this Flux knows {newest}: upgrade Flux")
    raise WrongState(
        f"this ledger has schema {found} and is only watched here; this Flux reads {newest}",
        fixes=(Fix("bring it up to date", ("flux", "db", "migrate")),),
    )
