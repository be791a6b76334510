"""Where a ledger may live, who may read it, and how its commits are made durable."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.connection import newest_schema
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import current_mode, durable_mode
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import NewerSchema, UnsafeStorage

MODES = [
    ((3, 40, 1), "delete", "extra"),
    ((3, 44, 5), "delete", "extra"),
    ((3, 44, 6), "wal", "full"),
    ((3, 45, 0), "delete", "extra"),
    ((3, 50, 6), "delete", "extra"),
    ((3, 50, 7), "wal", "full"),
    ((3, 51, 0), "delete", "extra"),
    ((3, 51, 2), "delete", "extra"),
    ((3, 51, 3), "wal", "full"),
    ((3, 52, 0), "wal", "full"),
    ((4, 0, 0), "wal", "full"),
]


@pytest.mark.parametrize(("version", "journal", "synchronous"), MODES)
def test_a_log_is_used_only_where_this_sqlite_is_safe_with_it(
    version: tuple[int, int, int], journal: str, synchronous: str
) -> None:
    mode = durable_mode(version)
    assert (mode.journal, mode.synchronous) == (journal, synchronous)
    assert ".".join(map(str, version)) in mode.reason


def open_at(path: Path) -> SqliteStore:
    return SqliteStore(path, clock=SystemClock())


def post_one(store: SqliteStore, key: str = "k") -> None:
    with store.begin() as tx:
        tx.post(transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5)))


def test_a_file_is_kept_in_the_mode_its_sqlite_is_safe_with(tmp_path: Path) -> None:
    store = open_at(tmp_path / "flux.db")
    post_one(store)
    mode = current_mode()
    journal = store._connections.get().execute("pragma journal_mode").fetchone()[0]
    synchronous = store._connections.get().execute("pragma synchronous").fetchone()[0]
    assert journal == mode.journal
    assert {"extra": 3, "full": 2}[mode.synchronous] == synchronous
    assert store.mode == f"{mode.journal}/{mode.synchronous}"


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_only_the_owner_can_read_a_new_ledger_whatever_the_umask(
    tmp_path: Path, umask: int
) -> None:
    folder = tmp_path / "ledger"
    store = open_at(folder / "flux.db")
    post_one(store)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [folder, *folder.iterdir()]}
    assert modes["ledger"] == 0o700
    assert {name: mode for name, mode in modes.items() if name != "ledger" and mode != 0o600} == {}
    assert {"flux.db", "flux.db.head"} <= set(modes)


def test_every_folder_that_was_made_is_the_owners_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        post_one(open_at(tmp_path / "outer" / "inner" / "flux.db"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "outer").stat().st_mode) == 0o700


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    post_one(open_at(tmp_path / "real.db"))
    link = tmp_path / "flux.db"
    link.symlink_to(tmp_path / "real.db")
    with pytest.raises(UnsafeStorage, match="is a link"):
        post_one(open_at(link), "k2")
    assert not (tmp_path / "flux.db.head").exists()


def test_a_link_to_nothing_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    link = tmp_path / "flux.db"
    link.symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(UnsafeStorage, match="is a link"):
        post_one(open_at(link))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flux.db", "home"]


def test_a_file_with_two_names_is_refused(tmp_path: Path) -> None:
    post_one(open_at(tmp_path / "real.db"))
    os.link(tmp_path / "real.db", tmp_path / "flux.db")
    for name in ("flux.db", "real.db"):
        with pytest.raises(UnsafeStorage, match="second name"):
            post_one(open_at(tmp_path / name), "k2")


def test_a_head_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    (tmp_path / "flux.db.head").symlink_to(victim)
    with pytest.raises(UnsafeStorage):
        post_one(open_at(tmp_path / "flux.db"))


def test_a_folder_in_the_ledgers_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flux.db").mkdir()
    with pytest.raises(UnsafeStorage, match="is not a file"):
        post_one(open_at(tmp_path / "flux.db"))


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("x")
    with pytest.raises(UnsafeStorage, match="cannot make a ledger"):
        post_one(open_at(tmp_path / "ledger" / "flux.db"))


def test_a_newer_schema_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "flux.db"
    post_one(open_at(path))
    plain = sqlite3.connect(path)
    plain.execute(f"pragma user_version = {newest_schema() + 1}")
    plain.close()
    before = path.read_bytes()
    newer = open_at(path)
    with pytest.raises(NewerSchema, match=f"schema {newest_schema() + 1}"):
        post_one(newer, "k2")
    with pytest.raises(NewerSchema), newer.reading():
        pass
    assert path.read_bytes() == before


def create(path: str, key: str) -> None:
    """One process that makes the ledger and posts to it."""
    post_one(open_at(Path(path)), key)


def test_processes_that_make_the_same_ledger_at_once_all_succeed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for number in range(5):
        path = tmp_path / str(number) / "flux.db"
        racers = [context.Process(target=create, args=(str(path), f"k{n}")) for n in range(2)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(30)
        assert [racer.exitcode for racer in racers] == [0, 0]
        store = open_at(path)
        with store.reading() as reader:
            assert sorted(r.entry.key for r in reader.entries()) == ["k0", "k1"]
        assert {finding.faults for finding in store.verify()} == {()}
