"""The store: transactions over one ledger file, through one lock and with its head kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flux_cli.adapters.store import journal
from flux_cli.adapters.store.connection import Connections, set_up, storage_errors
from flux_cli.adapters.store.head import Head, HeadFile
from flux_cli.adapters.store.place import prepare
from flux_cli.adapters.store.reader import SqliteReader
from flux_cli.adapters.store.records import TABLES, columns, to_row
from flux_cli.adapters.store.verify import verify_file
from flux_cli.domain.canonical import plain
from flux_cli.domain.journal import Entry
from flux_cli.errors import Fix, LedgerCorrupt
from flux_cli.usecases.ports import EntryRecord, Finding, Ids


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime: ...


class SqliteTransaction(SqliteReader):
    """One write transaction: posts entries and keeps objects, or leaves no trace."""

    def __init__(self, connection: sqlite3.Connection, now: datetime, ids: Ids) -> None:
        super().__init__(connection, now)
        self._ids = ids
        # Rows carry the ledger's time, which never goes back; the kernel judges by `now`.
        self._recorded_at = max(now, self.ledger_time)

    def post(self, entry: Entry) -> EntryRecord:
        """Append an entry; a repeated key gives the first."""
        record, _ = journal.post(self._connection, entry, self._ids.new("entry"), self._recorded_at)
        return record

    def put(self, record: object, event: str, *, run_id: str | None = None) -> None:
        """Keep an object as it now is, and record the event that made it so."""
        object_id = str(record.id)  # type: ignore[attr-defined]  # every kept dataclass has one
        version = journal.append_event(
            self._connection,
            self._ids.new("event"),
            event,
            object_id,
            run_id,
            plain(record),
            self._recorded_at,
        )
        table, names = TABLES[type(record)], columns(type(record))
        row = (*to_row(record), version)
        if version == 1:
            marks = ", ".join("?" * len(row))
            quoted = ", ".join(f'"{name}"' for name in (*names, "version"))
            self._connection.execute(
                f"insert into {table} ({quoted}) values ({marks})",  # noqa: S608 - our own names
                row,
            )
            return
        settings = ", ".join(f'"{name}" = ?' for name in (*names, "version"))
        changed = self._connection.execute(
            f"update {table} set {settings} where id = ?",  # noqa: S608 - our own names
            (*row, object_id),
        )
        assert changed.rowcount == 1, f"{object_id} has events but no row"


class SqliteStore:
    """The ledger's file. Safe to share between threads; each process opens its own."""

    def __init__(
        self, path: Path, *, clock: Clock, ids: Ids, busy_timeout_seconds: float = 30.0
    ) -> None:
        self.path = path
        self._clock = clock
        self._ids = ids
        self._connections = Connections(path, busy_timeout_seconds)
        self._head = HeadFile(path, busy_timeout_seconds)
        self._ready = False

    @property
    def mode(self) -> str:
        """How commits are made durable, e.g. `delete/extra`."""
        chosen = self._connections.mode
        return f"{chosen.journal}/{chosen.synchronous}"

    def _prepare(self) -> None:
        """Make the file if it is missing, and bring it up to date; the caller holds the lock."""
        if not self._ready:
            with storage_errors(self.path):
                set_up(self._connections.get(), self._connections.mode)
            self._ready = True

    @contextmanager
    def begin(self) -> Iterator[SqliteTransaction]:
        """One write transaction under the one lock, checked against the head before and after."""
        if not self._ready:
            prepare(self.path)
        with self._head.locked(), storage_errors(self.path):
            self._prepare()
            connection = self._connections.get()
            connection.execute("begin immediate")
            try:
                self._check_head(connection)
                transaction = SqliteTransaction(connection, self._clock.now(), self._ids)
                yield transaction
                head = read_head(connection)
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise
            self._head.write(head)

    @contextmanager
    def reading(self) -> Iterator[SqliteReader]:
        """One consistent view; nothing in it can write."""
        if not self._ready:
            prepare(self.path)
            with self._head.locked():
                self._prepare()
        with storage_errors(self.path):
            connection = self._connections.get()
            connection.execute("begin")
            try:
                yield SqliteReader(connection, self._clock.now())
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")

    def _check_head(self, connection: sqlite3.Connection) -> None:
        recorded = self._head.read()
        if recorded is None:
            if read_head(connection).commits:
                raise LedgerCorrupt(
                    f"{self._head.path} is missing: this file may be an old copy",
                    subject=str(self.path),
                    fixes=(_RECOVER,),
                )
            self._head.write(Head())
            return
        fault = head_fault(connection, recorded)
        if fault:
            raise LedgerCorrupt(fault, subject=str(self.path), fixes=(_RECOVER,))

    def verify(self) -> list[Finding]:
        """Recompute everything; an empty `faults` in every finding means it all agrees."""
        if not self.path.exists():
            raise LedgerCorrupt(f"there is no ledger at {self.path}", subject=str(self.path))
        try:
            with self._head.locked(), storage_errors(self.path):
                return verify_file(self._connections.get(), self._head.read(), head_fault)
        except LedgerCorrupt as error:
            return [Finding("file", 1, (str(error),))]
        finally:
            self.close()

    def accept_head(self) -> None:
        """Take the file as it is for the newest, at the owner's word after `verify`."""
        with self._head.locked(), storage_errors(self.path):
            connection = self._connections.get()
            self._head.replace(read_head(connection))

    def close(self) -> None:
        """Close this thread's connection, under the lock: closing may checkpoint."""
        with self._head.locked():
            self._connections.close()


_RECOVER = Fix("if you put this file here on purpose", ("flux", "recover", "--accept"))


def read_head(connection: sqlite3.Connection) -> Head:
    """The ends of both chains as the database has them."""
    entries, entry_hash = journal.tip(connection, "entries")
    events, event_hash = journal.tip(connection, "events")
    return Head(entries, entry_hash.hex(), events, event_hash.hex())


def head_fault(connection: sqlite3.Connection, recorded: Head) -> str | None:
    """How the database contradicts the head kept beside it, or None: it holds at least that."""
    for table, seq, digest in (
        ("entries", recorded.entries, recorded.entry_hash),
        ("events", recorded.events, recorded.event_hash),
    ):
        if seq == 0:
            continue
        row = connection.execute(f"select hash from {table} where seq = ?", (seq,)).fetchone()  # noqa: S608
        if row is None:
            return f"the ledger ends before {table} {seq}, which was recorded: an old copy?"
        if bytes(row[0]).hex() != digest:
            return f"{table} {seq} is not the one that was recorded: a changed or other ledger"
    return None
