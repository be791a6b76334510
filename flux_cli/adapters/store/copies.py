"""Copies of a ledger: made page by page by SQLite while others wait, checked before they are named.

A file copied by other means misses what is in the journal, and opening the ledger to read its bytes
would drop SQLite's locks: both were seen to lose acknowledged payments.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flux_cli.adapters.store.connection import (
    APPLICATION_ID,
    migrate,
    newest_schema,
    storage_errors,
)
from flux_cli.adapters.store.head import Head
from flux_cli.adapters.store.journal import Journal
from flux_cli.adapters.store.place import keep_name
from flux_cli.adapters.store.verify import verify_file
from flux_cli.errors import Fix, InvalidInput, LedgerCorrupt, NewerSchema, NotFound, StorageFailed
from flux_cli.usecases.ports import Finding

HeadFault = Callable[[sqlite3.Connection, Head], str | None]

Row = tuple[object, ...]

LONGEST_VALUE = 1_000_000
STEPS_BETWEEN_LOOKS = 10_000


def write_copy(
    source: sqlite3.Connection, target: Path, recorded: Head | None, head_fault: HeadFault
) -> list[Finding]:
    """Copy the ledger to `target` (0600), verified before it gets its name.

    The caller holds the write lock. Raises `InvalidInput` where something is at `target`,
    `StorageFailed`, and `LedgerCorrupt` where the copy does not verify; then nothing is left.
    """
    if os.path.lexists(target):
        raise _taken(target)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600))
        with storage_errors(target), closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            source.backup(copy)
            # One file, whatever mode the ledger is kept in.
            copy.execute("pragma journal_mode = delete")
            findings = verify_file(copy, recorded, head_fault)
        _sound(findings, target)
        os.link(draft, target)
        keep_name(target)
    except FileExistsError as error:
        raise _taken(target) from error
    except OSError as error:
        raise StorageFailed(
            f"cannot write {target}: {error.strerror}", subject=str(target)
        ) from error
    finally:
        for leftover in (draft, draft.with_name(f"{draft.name}-journal")):
            leftover.unlink(missing_ok=True)
    return findings


@contextmanager
def brought_up(path: Path, beside: Path) -> Iterator[sqlite3.Connection]:
    """A draft beside the ledger with what is in the copy at `path`, migrated and verified.

    Raises `NotFound`, `InvalidInput` for another program's file, `NewerSchema`, `LedgerCorrupt`.
    """
    if not path.is_file():
        raise NotFound(f"there is no file at {path}", subject=str(path))
    with TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}.") as folder:
        draft = Path(folder) / "draft.db"
        with storage_errors(path), closing(sqlite3.connect(draft, isolation_level=None)) as made:
            with closing(read_only(path)) as source:
                found = source.execute("pragma user_version").fetchone()[0]
                if source.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
                    raise InvalidInput(f"{path} is not a copy of a ledger", subject=str(path))
                if found > newest_schema():
                    raise NewerSchema(f"{path} has schema {found}: upgrade Flux", subject=str(path))
                source.backup(made)
            made.execute("pragma journal_mode = delete")
            migrate(made, found)
            _sound(verify_file(made, None, lambda _connection, _head: None), path)
            yield made


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can change nothing, nor look into another file."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)
    connection.isolation_level = None
    connection.execute("pragma query_only = on")
    connection.set_authorizer(_within)
    return connection


def _within(action: int, *_names: object) -> int:
    outside = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if outside else sqlite3.SQLITE_OK


def ledger_id(connection: sqlite3.Connection) -> str | None:
    """Which ledger this is; None before it is founded."""
    row = connection.execute("select ledger_id from ledger").fetchone()
    return None if row is None else str(row[0])


def later(live: sqlite3.Connection, copy: sqlite3.Connection) -> tuple[int, int]:
    """How many movements and events the live ledger has that the copy has not."""
    mine, its = Journal(live), Journal(copy)
    return mine.movements.seq - its.movements.seq, mine.events.seq - its.events.seq


def ask(path: Path, sql: str, most: int, seconds: float) -> tuple[list[str], list[Row]]:
    """The columns and at most `most` rows of one read-only query.

    Raises `InvalidInput` for what is not one query, would write, or takes more than `seconds`.
    """
    deadline = time.monotonic() + seconds
    with closing(read_only(path)) as connection:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
        try:
            cursor = connection.execute(sql)
            rows = cursor.fetchmany(most)
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise InvalidInput(f"the query took more than {seconds:g} s") from error
            raise InvalidInput(f"SQLite says: {error}", param="SQL") from error
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise InvalidInput(f"SQLite says: {error}", param="SQL") from error
    return [column[0] for column in cursor.description or ()], rows


def _sound(findings: list[Finding], path: Path) -> None:
    for finding in findings:
        if finding.faults:
            raise LedgerCorrupt(
                f"{path} does not verify ({finding.name}): {finding.faults[0]}", subject=str(path)
            )


def _taken(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path} exists already: nothing was written",
        subject=str(path),
        fixes=(Fix("name another file"),),
    )
