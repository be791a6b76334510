"""The store: transactions over one ledger file, through one lock and with its head kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from flux_cli.adapters.store.connection import (
    Connections,
    newest_schema,
    set_up,
    storage_errors,
)
from flux_cli.adapters.store.copies import (
    Row,
    ask,
    brought_up,
    later,
    ledger_id,
    read_only,
    write_copy,
)
from flux_cli.adapters.store.group import CommitGroups, Group
from flux_cli.adapters.store.head import Head, HeadFile
from flux_cli.adapters.store.journal import Journal
from flux_cli.adapters.store.place import Mode, prepare
from flux_cli.adapters.store.reader import SqliteReader
from flux_cli.adapters.store.records import STEADY, kept, statements
from flux_cli.adapters.store.verify import verify_file
from flux_cli.domain.canonical import instant
from flux_cli.domain.journal import Entry
from flux_cli.domain.money import Asset, Money
from flux_cli.domain.policies import Limit
from flux_cli.errors import Fix, InvalidInput, LedgerCorrupt, WrongState
from flux_cli.usecases.ports import EntryRecord, Finding

T = TypeVar("T")


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime: ...


class SqliteTransaction(SqliteReader):
    """One write transaction: posts entries and keeps objects, or leaves no trace."""

    def __init__(self, journal: Journal, now: datetime) -> None:
        super().__init__(journal.connection, now)
        self._journal = journal
        # Rows carry the ledger's time, which never goes back; the kernel judges by `now`.
        latest = journal.time
        self._recorded_at = now if instant(now) >= latest else datetime.fromisoformat(latest)

    @property
    def ledger_time(self) -> datetime:
        """The latest time anything was recorded; the journal knows it."""
        latest = self._journal.time
        return datetime.fromisoformat(latest) if latest else datetime.min.replace(tzinfo=UTC)

    def balance(self, account: str, asset: Asset) -> Money:
        """What is in `account`; nothing in one that was never used."""
        return Money(self._journal.balance(account, asset.code), asset)

    def used(self, limit: Limit, requester: str, subject: str, asset: Asset) -> tuple[Money, int]:
        """What `limit` has counted for `subject` so far: an amount and a number of payments."""
        start = instant(limit.window.start(max(self.now, self.ledger_time)))
        units, count = self._journal.known.used(
            self._connection, limit, requester, subject, asset, start
        )
        return Money(units, asset), count

    def _select(
        self,
        kind: type[T],
        equal: dict[str, str | int],
        limit: int,
        before: str | None,
        after: str | None,
        *,
        oldest_first: bool,
    ) -> list[T]:
        """Of the kinds that every payment reads again, what was read before."""
        if kind not in STEADY:
            return super()._select(kind, equal, limit, before, after, oldest_first=oldest_first)
        asked = (kind, *equal.items(), limit, before, after, oldest_first)
        found = self._journal.known.objects.get(asked)
        if found is None:
            found = super()._select(kind, equal, limit, before, after, oldest_first=oldest_first)
            self._journal.known.keep(asked, found)
        return found

    def post(self, entry: Entry) -> EntryRecord:
        """Append an entry; a repeated key gives the first."""
        return self._journal.post(entry, self._recorded_at)

    def post_many(self, entries: Sequence[Entry]) -> int:
        """Append entries whose keys are all new; returns how many movements that made."""
        return self._journal.post_many(entries, self._recorded_at)

    def put(
        self, record: object, event: str, *, run_id: str | None = None, is_new: bool = False
    ) -> None:
        """Keep an object as it now is, and record the event that made it so."""
        object_id = str(record.id)  # type: ignore[attr-defined]  # every kept dataclass has one
        row, data = kept(record)
        version = self._journal.append_event(
            event, object_id, run_id, data, self._recorded_at, is_new=is_new
        )
        insert, update = statements(type(record))
        if version == 1:
            made = self._connection.execute(insert, (*row, version)).lastrowid
            self._journal.known.added(type(record), made)
            return
        self._journal.known.changing(self._connection, type(record), row)
        changed = self._connection.execute(update, (*row, version, object_id))
        assert changed.rowcount == 1, f"{object_id} has events but no row"


class _Writing(AbstractContextManager[SqliteTransaction]):
    """A member of a group and its transaction; a class for the sake of speed."""

    __slots__ = ("_clock", "_member", "_naming")

    def __init__(
        self,
        member: AbstractContextManager[Group],
        naming: AbstractContextManager[None],
        clock: Clock,
    ) -> None:
        self._member, self._naming, self._clock = member, naming, clock

    def __enter__(self) -> SqliteTransaction:
        with self._naming:
            group = self._member.__enter__()
            try:
                return SqliteTransaction(group.journal, self._clock.now())
            except BaseException as error:
                self._member.__exit__(type(error), error, error.__traceback__)
                raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._naming:
            self._member.__exit__(kind, error, trace)
        self._naming.__exit__(kind, error, trace)


class SqliteStore:
    """The ledger's file. Safe to share between threads; each process opens its own."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        busy_timeout_seconds: float = 30.0,
        mode: Mode | None = None,
    ) -> None:
        self.path = path
        self._clock = clock
        self._connections = Connections(path, busy_timeout_seconds, mode)
        self._head = HeadFile(path, busy_timeout_seconds)
        self._groups = CommitGroups(self._start, self._end, busy_timeout_seconds)
        self._journal: Journal | None = None
        self._written: Head | None = None
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

    def begin(self) -> AbstractContextManager[SqliteTransaction]:
        """One write transaction under the one lock, checked against the head before and after."""
        if not self._ready:
            prepare(self.path)
        return _Writing(self._groups.member(), storage_errors(self.path), self._clock)

    def write(self, work: Callable[[SqliteTransaction], T]) -> T:
        """What `work` gives in a write transaction, once that is committed.

        Another caller's thread may do it, so that many callers share what one of them knows.
        """
        if not self._ready:
            prepare(self.path)
        with storage_errors(self.path):
            return self._groups.run(
                lambda group: work(SqliteTransaction(group.journal, self._clock.now()))
            )

    def _start(self) -> Journal:
        """Take the write lock and open a transaction that agrees with the head."""
        self._head.acquire()
        try:
            self._prepare()
            connection = self._connections.writer()
            connection.execute("begin immediate")
            try:
                # Only a commit gives it back: what was undone, or may be, is not known.
                journal, self._journal, is_known = self._journal, None, False
                if journal is None or journal.connection is not connection:
                    journal = Journal(connection)
                else:
                    is_known = journal.resume()
                if not (is_known and self._head.read() is self._written):
                    self._check_head(journal)
            except BaseException:
                connection.execute("rollback")
                raise
        except BaseException:
            self._head.release()
            raise
        return journal

    def _end(self, journal: Journal, keep: bool) -> None:
        """Commit or roll back, keep the head, and let the lock go."""
        connection = journal.connection
        try:
            if not keep:
                if connection.in_transaction:
                    connection.execute("rollback")
                return
            try:
                connection.execute("commit")
            except BaseException:
                # What the disk refused may be half there: only a new connection reads anew.
                self._connections.close()
                raise
            self._journal, self._written = journal, head_of(journal)
            self._head.write(self._written)
        finally:
            self._head.release()

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

    def _check_head(self, journal: Journal) -> None:
        recorded, found = self._head.read(), head_of(journal)
        if recorded == found:
            return
        if recorded is None:
            if found.commits:
                raise LedgerCorrupt(
                    f"{self._head.path} is missing: this file may be an old copy",
                    subject=str(self.path),
                    fixes=(_RECOVER,),
                )
            self._head.write(found)
            return
        fault = head_fault(journal.connection, recorded)
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
            self._head.replace(head_of(Journal(connection)))

    def back_up(self, target: Path) -> list[Finding]:
        """Copy the ledger, as it is at one instant, to a new file; what `verify` found in it."""
        with self._head.locked(), storage_errors(self.path):
            return write_copy(self._connections.get(), target, self._head.read(), head_fault)

    def later_than(self, source: Path) -> tuple[int, int]:
        """How many movements and events the ledger has that the copy at `source` has not.

        Raises what `brought_up` does, and `InvalidInput` for a copy of another ledger.
        """
        with self._beside(source) as (live, copy):
            return later(live, copy)

    def restore(self, source: Path, giving_up: tuple[int, int]) -> None:
        """Put a copy in the ledger's place, in one transaction, and record its head.

        Raises what `later_than` does, and `WrongState` where that is not `giving_up` any more.
        """
        with self._beside(source) as (live, copy):
            if later(live, copy) != giving_up:
                raise WrongState("the ledger was written to meanwhile", subject=str(self.path))
            # The head may lag, never lead: after a crash here the ledger is as it was.
            self._head.replace(head_of(Journal(copy)))
            copy.backup(live)
            self._connections.close()

    @contextmanager
    def _beside(self, source: Path) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection]]:
        """The ledger and the copy at `source`, brought up to date, with the write lock held."""
        prepare(self.path)
        with self._head.locked(), storage_errors(self.path):
            self._prepare()
            live = self._connections.get()
            with brought_up(source, self.path) as copy:
                mine = ledger_id(live)
                if mine is not None and mine != ledger_id(copy):
                    raise InvalidInput(f"{source} is a copy of another ledger", subject=str(source))
                yield live, copy

    def ask(self, sql: str, most: int, seconds: float) -> tuple[list[str], list[Row]]:
        """The columns and at most `most` rows of one query that only reads.

        Raises `InvalidInput` for what is not one query, would write, or takes too long.
        """
        with storage_errors(self.path):
            return ask(self.path, sql, most, seconds)

    def schema(self) -> tuple[int, int]:
        """The ledger's schema as it is, and the newest that this Flux knows."""
        with storage_errors(self.path), closing(read_only(self.path)) as connection:
            found = connection.execute("pragma user_version").fetchone()[0]
        return int(found), newest_schema()

    def migrate(self) -> tuple[int, int]:
        """Bring the schema up to date; what it was, and what it is. Raises `NewerSchema`."""
        found, newest = self.schema()
        with self._head.locked():
            self._prepare()
        return found, newest

    def close(self) -> None:
        """Close this thread's connection, under the lock: closing may checkpoint."""
        with self._head.locked():
            self._connections.close()


_RECOVER = Fix("if you put this file here on purpose", ("flux", "recover", "--accept"))


def head_of(journal: Journal) -> Head:
    """The ends of both chains as the database has them."""
    movements, events = journal.movements, journal.events
    return Head(movements.seq, movements.hash.hex(), events.seq, events.hash.hex())


def head_fault(connection: sqlite3.Connection, recorded: Head) -> str | None:
    """How the database contradicts the head kept beside it, or None: it holds at least that."""
    for table, seq, digest in (
        ("movements", recorded.movements, recorded.movement_hash),
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
