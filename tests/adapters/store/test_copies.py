"""Backups while others write, and putting one back."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store import ledger as store_module
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import InvalidInput, LedgerCorrupt, NotFound, WrongState

MODES = (Mode("delete", "extra", "a test"), Mode("wal", "full", "a test"))


def open_at(path: Path, mode: Mode = MODES[0]) -> SqliteStore:
    return SqliteStore(path, clock=SystemClock(), mode=mode)


def post(store: SqliteStore, *keys: str) -> None:
    for key in keys:
        with store.begin() as tx:
            tx.post(transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5)))


def keys(store: SqliteStore) -> list[str]:
    with store.reading() as reader:
        return [record.entry.key for record in reader.entries(limit=1 << 30)][::-1]


def write_for_ever(path: Path, name: str, mode: Mode, acknowledged: str) -> None:
    store = open_at(path, mode)
    with open(acknowledged, "a", buffering=1) as log:
        for number in range(1 << 30):
            post(store, f"{name}-{number}")
            log.write(f"{name}-{number}\n")


@pytest.mark.parametrize("mode", MODES, ids=["delete", "wal"])
def test_25_a_backup_during_heavy_writes_has_all_that_was_acknowledged_before_it(
    tmp_path: Path, mode: Mode
) -> None:
    path, store = tmp_path / "flux.db", open_at(tmp_path / "flux.db", mode)
    post(store, "first")
    logs = [tmp_path / f"{name}.log" for name in "ab"]
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=write_for_ever, args=(path, log.stem, mode, str(log)), daemon=True)
        for log in logs
    ]
    for writer in writers:
        writer.start()
    try:
        while not all(log.exists() and log.stat().st_size for log in logs):
            assert all(writer.is_alive() for writer in writers)
        for number in range(6):
            before = [line for log in logs for line in log.read_text().split("\n")[:-1]]
            copy = tmp_path / f"copy{number}.db"
            findings = store.back_up(copy)
            assert {finding.faults for finding in findings} == {()}
            assert {"first", *before} <= set(keys(open_at(copy.rename(tmp_path / "one.db"))))
            for leftover in tmp_path.glob("one.db*"):
                leftover.unlink()
    finally:
        for writer in writers:
            writer.kill()
            writer.join()
    assert not list(tmp_path.glob(".copy*"))


@pytest.mark.parametrize("mode", MODES, ids=["delete", "wal"])
def test_25_a_backup_put_back_is_the_ledger_it_was(tmp_path: Path, mode: Mode) -> None:
    store = open_at(tmp_path / "flux.db", mode)
    post(store, "k1", "k2")
    copy = tmp_path / "copy.db"
    store.back_up(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    post(store, "k3")
    other = open_at(tmp_path / "flux.db", mode)
    assert keys(other) == ["k1", "k2", "k3"]
    assert store.later_than(copy) == (1, 0)
    store.restore(copy, (1, 0))
    assert keys(store) == keys(other) == ["k1", "k2"]
    post(other, "k4")
    assert keys(store) == ["k1", "k2", "k4"]
    assert {finding.faults for finding in store.verify()} == {()}


def test_a_ledger_that_moved_since_the_owner_was_asked_is_not_replaced(tmp_path: Path) -> None:
    store = open_at(tmp_path / "flux.db")
    post(store, "k1")
    store.back_up(tmp_path / "copy.db")
    post(store, "k2", "k3")
    with pytest.raises(WrongState):
        store.restore(tmp_path / "copy.db", (1, 0))
    assert keys(store) == ["k1", "k2", "k3"]


def test_a_backup_makes_a_lost_ledger_anew(tmp_path: Path) -> None:
    store = open_at(tmp_path / "flux.db")
    post(store, "k1")
    store.back_up(tmp_path / "copy.db")
    store.close()
    for file in tmp_path.glob("flux.db*"):
        file.unlink()
    fresh = open_at(tmp_path / "flux.db")
    fresh.restore(tmp_path / "copy.db", fresh.later_than(tmp_path / "copy.db"))
    assert keys(open_at(tmp_path / "flux.db")) == ["k1"]


def test_a_file_that_is_no_sound_copy_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    store = open_at(tmp_path / "flux.db")
    post(store, "k1", "k2")
    damaged, foreign, text = (tmp_path / name for name in ("damaged.db", "foreign.db", "text.db"))
    store.back_up(damaged)
    edit = sqlite3.connect(damaged, isolation_level=None)
    edit.execute("drop trigger movements_stay")
    edit.execute("delete from movements where seq = 2")
    edit.close()
    sqlite3.connect(foreign).execute("create table t (a)").connection.close()
    text.write_text("not a database at all, but long enough to have a header's length" * 9)
    missing = tmp_path / "missing.db"
    for path, failure in (
        (damaged, LedgerCorrupt),
        (foreign, InvalidInput),
        (text, LedgerCorrupt),
        (missing, NotFound),
    ):
        with pytest.raises(failure):
            store.restore(path, (0, 0))
    assert keys(store) == ["k1", "k2"]
    assert {finding.faults for finding in store.verify()} == {()}


def test_a_backup_never_replaces_a_file_and_a_faulty_ledger_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_at(tmp_path / "flux.db")
    post(store, "k1")
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(InvalidInput, match="exists already"):
        store.back_up(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"
    monkeypatch.setattr(store_module, "head_fault", lambda _connection, _head: "an old copy")
    with pytest.raises(LedgerCorrupt):
        store.back_up(tmp_path / "copy.db")
    assert not list(tmp_path.glob("*copy*"))


@pytest.mark.parametrize(
    "sql",
    [
        "delete from accounts",
        "attach 'x.db' as x",
        "select 1; select 2",
        "vacuum into 'x.db'",
        "select load_extension('x')",
        "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c",
        "",
        "select 'nul\0'",
    ],
)
def test_a_question_can_only_read_this_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    store = open_at(tmp_path / "flux.db")
    post(store, "k1")
    store.close()
    monkeypatch.chdir(tmp_path)
    before = shutil.copy(tmp_path / "flux.db", tmp_path / "before")
    if sql:
        with pytest.raises(InvalidInput):
            store.ask(sql, 10, 0.5)
    else:
        assert store.ask(sql, 10, 0.5) == ([], [])
    assert (tmp_path / "flux.db").read_bytes() == Path(before).read_bytes()
    assert not (tmp_path / "x.db").exists()
