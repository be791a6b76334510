"""Catalogue A, damage from outside: flipped bits, lost journals, old copies, edited rows."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.domain.agents import Freeze
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import FluxError, LedgerCorrupt

WAL = Mode("wal", "full", "as on a SQLite that checkpoints its log safely")
COUNT = 30


def open_at(path: Path, mode: Mode | None = None) -> SqliteStore:
    return SqliteStore(path, clock=SystemClock(), mode=mode)


def post(store: SqliteStore, *keys: str) -> None:
    for key in keys:
        with store.begin() as tx:
            tx.post(transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5)))


def keys(path: Path, mode: Mode | None = None) -> list[str]:
    with open_at(path, mode).reading() as reader:
        return [record.entry.key for record in reader.entries()][::-1]


def faulty(path: Path, mode: Mode | None = None) -> list[str]:
    return [finding.name for finding in open_at(path, mode).verify() if finding.faults]


def copied(files: Path, folder: Path) -> Path:
    """A copy of a ledger with everything beside it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(files, folder)
    return folder / "flux.db"


def flipped(path: Path, place: int, bit: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1 << bit
    path.write_bytes(whole)


@pytest.fixture
def hot(tmp_path: Path) -> Path:
    """A ledger whose writer was killed in the middle of a commit: its journal is still there."""
    folder = tmp_path / "hot"
    path = folder / "flux.db"
    store = open_at(path)
    post(store, *(f"k{number}" for number in range(COUNT)))
    store.close()
    written, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            raw = sqlite3.connect(path, isolation_level=None)
            raw.execute("pragma cache_size = 2")  # pages are written before the commit
            raw.execute("pragma recursive_triggers = off")
            raw.execute("begin immediate")
            raw.execute("create table spill (x)")
            raw.executemany("insert into spill values (?)", [("x" * 3000,)] * 40)
            os.write(writer, b"!")  # all but the last pages have left the cache by now
            time.sleep(60)
        finally:
            os._exit(1)
    journal = path.with_name("flux.db-journal")
    assert os.read(written, 1) == b"!"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert journal.stat().st_size > 512
    return folder


def test_21_a_hot_journal_is_rolled_back(hot: Path) -> None:
    path = hot / "flux.db"
    assert keys(path) == [f"k{number}" for number in range(COUNT)]
    assert faulty(path) == []


def test_21_a_bit_flipped_in_a_hot_journal_is_harmless_or_found(hot: Path, tmp_path: Path) -> None:
    draw, found = random.Random(21), 0
    size = (hot / "flux.db-journal").stat().st_size
    for _ in range(25):
        path = copied(hot, tmp_path / "copy")
        flipped(path.with_name("flux.db-journal"), draw.randrange(size), draw.randrange(8))
        faults = faulty(path)
        found += bool(faults)
        if not faults:
            assert keys(path) == [f"k{number}" for number in range(COUNT)]
    assert 0 < found < 25


def test_22_a_hot_journal_that_is_deleted_is_found(hot: Path, tmp_path: Path) -> None:
    path = copied(hot, tmp_path / "copy")
    path.with_name("flux.db-journal").unlink()
    assert faulty(path) != []


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """A ledger in WAL mode whose writer was killed: its last commits are in the log alone."""
    folder = tmp_path / "logged"
    path = folder / "flux.db"
    store = open_at(path, WAL)
    post(store, "k0")
    store.close()
    child = os.fork()
    if child == 0:
        try:
            post(open_at(path, WAL), "k1", "k2", "k3")
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    assert path.with_name("flux.db-wal").stat().st_size > 0
    return folder


def test_22_a_log_of_a_killed_writer_is_taken_up(logged: Path) -> None:
    path = logged / "flux.db"
    assert (keys(path, WAL), faulty(path, WAL)) == (["k0", "k1", "k2", "k3"], [])


@pytest.mark.parametrize("surgery", ["deleted", "truncated", "cut in two", "another ledger's"])
def test_22_a_log_that_is_lost_is_seen_and_nothing_more_is_written(
    logged: Path, tmp_path: Path, surgery: str
) -> None:
    path = copied(logged, tmp_path / "copy")
    log = path.with_name("flux.db-wal")
    if surgery == "deleted":
        log.unlink()
    elif surgery == "truncated":
        os.truncate(log, 0)
    elif surgery == "cut in two":
        os.truncate(log, log.stat().st_size // 2)
    else:
        other = tmp_path / "other" / "flux.db"
        store = open_at(other, WAL)
        post(store, "x1", "x2", "x3", "x4", "x5")
        shutil.copy(other.with_name("flux.db-wal"), log)
        store.close()
    with pytest.raises(LedgerCorrupt):
        post(open_at(path, WAL), "k4")
    assert "head" in faulty(path, WAL)


def test_23_an_old_backup_is_refused_until_the_owner_accepts_it(tmp_path: Path) -> None:
    path, backup = tmp_path / "flux.db", tmp_path / "backup.db"
    store = open_at(path)
    post(store, "k1")
    store.close()
    shutil.copy(path, backup)
    post(store, "spent")
    store.close()
    shutil.copy(backup, path)
    for _ in range(2):
        with pytest.raises(LedgerCorrupt) as refused:
            post(open_at(path), "again")
    assert refused.value.fixes[0].argv == ("flux", "recover", "--accept")
    assert keys(path) == ["k1"]
    open_at(path).accept_head()
    post(open_at(path), "again")
    assert (keys(path), faulty(path)) == (["k1", "again"], [])


EDITS = {
    "an amount": "update movements set amount = amount + 1 where seq = 3",
    "a key": "update movements set key = 'other' where seq = 3",
    "a memo": "update movements set memo = 'x' where seq = 3",
    "a payee": "update movements set target = source, source = target where seq = 3",
    "a time": "update movements set recorded_at = replace(recorded_at, 'T', ' ') where seq = 3",
    "a deletion": "delete from movements where seq = 3",
    "a deletion at the end": "delete from movements where seq = (select max(seq) from movements)",
    "two rows swapped": (
        "update movements set memo = (select memo from movements other"
        " where other.seq = 7 - movements.seq) where seq in (3, 4)"
    ),
    "an event": "update events set data = json_set(data, '$.frozen', 1) where seq = 1",
    "an event deleted": "delete from events where seq = 1",
    "an object": "update freezes set frozen = 1",
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    folder = tmp_path / "whole"
    store = open_at(folder / "flux.db")
    with store.begin() as tx:
        tx.put(Freeze("freeze:economy", False, "begun", tx.now), "economy.thawed")
    for number in range(6):
        with store.begin() as tx:
            entry = transfer(f"k{number}", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5),
                             memo=f"memo {number}")  # fmt: skip
            tx.post(entry)
    store.close()
    return folder


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS)
def test_24_the_shell_cannot_edit_a_row(whole: Path, statement: str) -> None:
    raw = sqlite3.connect(whole / "flux.db", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    raw.close()
    assert faulty(whole / "flux.db") == []


@pytest.mark.parametrize("statement", EDITS.values(), ids=EDITS)
def test_24_a_row_edited_with_the_triggers_put_back_after_is_found(
    whole: Path, statement: str
) -> None:
    raw = sqlite3.connect(whole / "flux.db", isolation_level=None)
    triggers = raw.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
    raw.execute("begin")
    for name, _ in triggers:
        raw.execute(f"drop trigger {name}")
    assert raw.execute(statement).rowcount > 0
    for _, sql in triggers:
        raw.execute(sql)
    raw.execute("commit")
    raw.close()
    assert faulty(whole / "flux.db") != []


def columns(path: Path) -> list[tuple[str, str, str]]:
    """(table, column, type) of every table that has a row, apart from what is computed."""
    raw = sqlite3.connect(path)
    tables = [name for (name,) in raw.execute("select name from sqlite_master where type = 'table'")
              if raw.execute(f"select 1 from {name}").fetchone()]  # fmt: skip
    found = [
        (table, row[1], row[2])
        for table in tables
        for row in raw.execute(f"pragma table_xinfo({table})")
        if row[6] == 0
    ]
    raw.close()
    return found


WILD: dict[str, tuple[object, ...]] = {
    "INTEGER": (-1, 200, 1 << 60),
    "TEXT": ("zz", ""),
    "BLOB": (b"\xff" * 32,),
}

KEYED = frozenset({"decisions"})
"""Tables without a rowid."""


def test_21_a_wild_value_in_any_column_is_found_by_name_and_never_ends_the_verifier(
    whole: Path, tmp_path: Path
) -> None:
    """What a flipped bit leaves in a row passes no CHECK and no trigger; only verify sees it."""
    tried, wrong = 0, []
    raw = sqlite3.connect(whole / "flux.db", isolation_level=None)
    raw.execute("begin")
    for (name,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        raw.execute(f"drop trigger {name}")
    raw.execute("commit")
    raw.close()
    for table, column, kind in columns(whole / "flux.db"):
        for value in WILD[kind]:
            path = copied(whole, tmp_path / "copy")
            raw = sqlite3.connect(path, isolation_level=None)
            raw.execute("pragma ignore_check_constraints = on")
            row = "id" if table in KEYED else "rowid"
            try:
                place = f"select max({row}) from {table}"
                raw.execute(f'update {table} set "{column}" = ? where {row} = ({place})', (value,))
            except sqlite3.IntegrityError:
                continue  # no bit flip either gives a row this value
            finally:
                raw.close()
            tried += 1
            try:
                found = set(faulty(path)) - {"schema"}
            except Exception as error:
                found = set()
                wrong.append(f"{table}.{column} = {value!r}: {type(error).__name__}: {error}")
            if not found:
                wrong.append(f"{table}.{column} = {value!r} is not found")
    assert tried > 40
    assert not wrong, "\n".join(wrong)


def test_21_what_verify_finds_ends_every_reading_of_it_by_name(whole: Path, tmp_path: Path) -> None:
    """No damage ends in anything but a result or a named failure."""
    draw = random.Random(7)
    size = (whole / "flux.db").stat().st_size
    for _ in range(20):
        path = copied(whole, tmp_path / "copy")
        flipped(path, draw.randrange(size), draw.randrange(8))
        with suppress(FluxError, sqlite3.Error):
            keys(path)
        assert isinstance(faulty(path), list)
