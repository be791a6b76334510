"""SQLite connections: one a thread, set up the same way, migrated before first use."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from flux_cli.adapters.store.place import Mode, current_mode
from flux_cli.errors import (
    FluxError,
    LedgerBusy,
    LedgerCorrupt,
    NewerSchema,
    StorageFailed,
    UnsafeStorage,
)

APPLICATION_ID = 0x666C7578
"""`flux` in the file's header: what tells a ledger from another program's database."""


class Connections:
    """Hands each thread its own connection to one ledger file for reading, and one to write."""

    def __init__(self, path: Path, busy_timeout_seconds: float, mode: Mode | None = None) -> None:
        self.path = path
        self.mode = mode or current_mode()
        self._timeout = busy_timeout_seconds
        self._local = threading.local()
        self._writer: sqlite3.Connection | None = None
        self._pid = os.getpid()

    def get(self) -> sqlite3.Connection:
        """This thread's connection, opened on first use."""
        self._leave_parent()
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
        return connection

    def writer(self) -> sqlite3.Connection:
        """The connection that writes, for the one thread at a time that holds the write lock."""
        self._leave_parent()
        if self._writer is None:
            self._writer = self._connect(shared=True)
        return self._writer

    def close(self) -> None:
        """Close this thread's connection and the writer's; the caller holds the write lock."""
        for connection in (getattr(self._local, "connection", None), self._writer):
            if connection is not None:
                connection.close()
        self._local.connection = self._writer = None

    def _leave_parent(self) -> None:
        """After a fork the connections are the parent's: a child that used one would share its
        locks. They are left open, for closing one would drop them.
        """
        if self._pid != os.getpid():
            _LEFT_TO_PARENTS.append((self._local, self._writer))
            self._local, self._writer, self._pid = threading.local(), None, os.getpid()

    def _connect(self, *, shared: bool = False) -> sqlite3.Connection:
        with storage_errors(self.path):
            connection = sqlite3.connect(
                self.path,
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=not shared,
                cached_statements=256,
            )
            connection.execute("pragma foreign_keys = on")
            connection.execute("pragma cell_size_check = on")
            connection.execute("pragma cache_size = -65536")
            connection.execute(f"pragma synchronous = {self.mode.synchronous}")
        return connection


_LEFT_TO_PARENTS: list[object] = []
"""Connections a forked child must neither use nor close, kept from the garbage collector."""


def set_up(connection: sqlite3.Connection, mode: Mode) -> None:
    """Choose the durable mode and bring the schema up to date; the caller holds the write lock."""
    found = connection.execute("pragma user_version").fetchone()[0]
    newest = newest_schema()
    if found > newest:
        raise NewerSchema(f"this ledger has schema {found}, this Flux knows {newest}: upgrade Flux")
    if found and connection.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
        raise UnsafeStorage("this file is another program's database, or an unreleased Flux's")
    journal = connection.execute("pragma journal_mode").fetchone()[0]
    if journal != mode.journal:
        connection.execute(f"pragma journal_mode = {mode.journal}")
    if found < newest:
        migrate(connection, found)


def migrate(connection: sqlite3.Connection, found: int) -> None:
    """Apply every migration after `found` in one transaction: all of them or none."""
    connection.execute("begin immediate")
    try:
        for number, script in migrations(found):
            for statement in statements(script):
                connection.execute(statement)
            connection.execute(f"pragma user_version = {number}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def statements(script: str) -> Iterator[str]:
    """The statements of a script; sqlite3's own executescript would commit what is open first."""
    lines: list[str] = []
    for line in script.splitlines(keepends=True):
        lines.append(line)
        if line.rstrip().endswith(";") and sqlite3.complete_statement("".join(lines)):
            yield "".join(lines)
            lines = []
    assert not "".join(lines).strip(), "a script ends with a whole statement"


def newest_schema() -> int:
    """The number of the last migration; a file with a higher one is a newer Flux's."""
    return int(max(item.name for item in _folder().iterdir() if _is_sql(item))[:4])


def migrations(found: int = 0) -> list[tuple[int, str]]:
    """Every migration after number `found`, in order."""
    items = [item for item in _folder().iterdir() if _is_sql(item)]
    files = {int(item.name[:4]): item for item in items}
    assert len(files) == len(items), "two migrations have one number"
    return [
        (number, files[number].read_text("utf-8")) for number in sorted(files) if number > found
    ]


def _is_sql(item: Traversable) -> bool:
    return item.name.endswith(".sql")


def _folder() -> Traversable:
    return resources.files("flux_cli.adapters.store") / "migrations"


def storage_errors(path: Path) -> AbstractContextManager[None]:
    """Name what SQLite and the disk report: busy, full, read-only, damaged."""
    return _Naming(path)


class _Naming(AbstractContextManager[None]):
    """A class: every commit passes through it, and a generator takes four times as long."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            failure = named(error, self._path)
            if failure is not None:
                raise failure from error
        elif isinstance(error, UnicodeDecodeError):
            # sqlite3 raises it for damage in a name or a message it was about to report.
            raise LedgerCorrupt(
                f"{self._path} is damaged: {error}", subject=str(self._path)
            ) from error


def named(error: sqlite3.Error, path: Path) -> FluxError | None:
    """The failure that `error` is, with the file it concerns; None where it is our own bug."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    subject = str(path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerBusy(f"{path} is in use by another program; try again", subject=subject)
    if code == sqlite3.SQLITE_FULL:
        return StorageFailed(f"the disk that holds {path} is full", subject=subject)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return UnsafeStorage(f"{path} cannot be opened for writing: {error}", subject=subject)
    if code == sqlite3.SQLITE_IOERR:
        return StorageFailed(f"the disk failed under {path}: {error}", subject=subject)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LedgerCorrupt(f"{path} is damaged or is not a ledger: {error}", subject=subject)
    if "decode" in str(error).lower():
        return LedgerCorrupt(f"{path} holds text that is not text: {error}", subject=subject)
    return None
