"""The head beside the ledger: cut-off ends, old copies, torn writes."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.head import SLOT, Head, HeadFile, parse, spell
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import LedgerCorrupt

A = Head(1, "aa", 2, "bb")
B = Head(2, "cc", 2, "bb")


def open_at(path: Path) -> SqliteStore:
    return SqliteStore(path, clock=SystemClock())


def post(store: SqliteStore, *keys: str) -> None:
    for key in keys:
        with store.begin() as tx:
            tx.post(transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5)))
    store.close()


def keys(store: SqliteStore) -> list[str]:
    with store.reading() as reader:
        return [record.entry.key for record in reader.entries()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "flux.db"


def test_a_head_is_spelled_in_one_slot_and_read_back() -> None:
    assert (len(spell(A)), parse(spell(A))) == (SLOT, A)
    longest = Head(10**12, "f" * 64, 10**12, "f" * 64)
    assert (len(spell(longest)), parse(spell(longest))) == (SLOT, longest)


@pytest.mark.parametrize("slot", [b"", b" " * SLOT, b"\0" * SLOT, spell(A)[:60], b"x" + spell(A)])
def test_a_torn_slot_holds_no_head(slot: bytes) -> None:
    assert parse(slot) is None


def test_no_bit_of_a_slot_can_change_and_still_name_another_head() -> None:
    whole = spell(A)
    for bit in range(SLOT * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        assert parse(bytes(flipped)) in (None, A)


def test_the_newest_head_wins_and_a_torn_write_leaves_the_one_before(path: Path) -> None:
    head = HeadFile(path, 1)
    assert head.read() is None
    with head.locked():
        head.write(A)
        head.write(B)
    assert head.read() == B
    raw = bytearray(head.path.read_bytes())
    newest = raw.index(spell(B))
    raw[newest : newest + 40] = b"\0" * 40
    head.path.write_bytes(bytes(raw))
    assert head.read() == A


def test_a_process_that_writes_often_leaves_what_another_reads(path: Path) -> None:
    head = HeadFile(path, 1)
    with head.locked():
        for commits in range(1, 8):
            head.write(Head(commits, "aa", 2, "bb"))
            assert HeadFile(path, 1).read() == Head(commits, "aa", 2, "bb")


def test_a_head_cut_short_while_it_is_written_often_is_written_whole_again(path: Path) -> None:
    head = HeadFile(path, 1)
    with head.locked():
        for commits in range(1, 6):
            head.write(Head(commits, "aa", 2, "bb"))
        head.path.write_bytes(b"")
        head.write(Head(6, "aa", 2, "bb"))
        head.write(Head(7, "aa", 2, "bb"))
    assert HeadFile(path, 1).read() == Head(7, "aa", 2, "bb")


def test_a_replaced_head_forgets_a_newer_one(path: Path) -> None:
    head = HeadFile(path, 1)
    with head.locked():
        head.write(A)
        head.write(B)
        head.replace(A)
    assert head.read() == A


def test_an_old_copy_put_over_the_ledger_is_refused(path: Path, tmp_path: Path) -> None:
    store = open_at(path)
    post(store, "k1")
    shutil.copy(path, tmp_path / "old.db")
    post(store, "k2")
    shutil.copy(tmp_path / "old.db", path)
    with pytest.raises(LedgerCorrupt, match="ends before movements 2"):
        post(open_at(path), "k3")
    assert keys(open_at(path)) == ["k1"]
    assert [f.name for f in open_at(path).verify() if f.faults] == ["head"]


def test_another_ledger_put_over_the_ledger_is_refused(path: Path, tmp_path: Path) -> None:
    post(open_at(path), "k1")
    post(open_at(tmp_path / "other.db"), "x1", "x2", "x3")
    shutil.copy(tmp_path / "other.db", path)
    with pytest.raises(LedgerCorrupt, match="movements 1 is not the one that was recorded"):
        post(open_at(path), "k2")


def test_a_ledger_whose_head_is_missing_is_refused(path: Path) -> None:
    post(open_at(path), "k1")
    head = path.with_name("flux.db.head")
    head.unlink()
    for _ in range(2):
        with pytest.raises(LedgerCorrupt, match="is missing"):
            post(open_at(path), "k2")
    findings = {f.name: (f.checked, f.faults) for f in open_at(path).verify()}
    assert findings["head"] == (0, ())  # nothing to compare with is said, and is no damage
    assert keys(open_at(path)) == ["k1"]


def test_a_head_lost_while_the_ledger_is_open_is_missed(path: Path) -> None:
    store = open_at(path)
    post(store, "k1")
    path.with_name("flux.db.head").unlink()
    with pytest.raises(LedgerCorrupt, match="is missing"):
        post(store, "k2")


def test_a_cut_off_end_is_found_though_what_is_left_agrees(path: Path) -> None:
    post(open_at(path), "k1", "k2", "k3")
    cut = sqlite3.connect(path, isolation_level=None)
    triggers = cut.execute("select name, sql from sqlite_master where type = 'trigger'").fetchall()
    cut.execute("begin")
    for name, _ in triggers:
        cut.execute(f"drop trigger {name}")
    cut.execute("delete from movements where seq = 3")
    cut.execute(
        "update accounts set movements = 2, latest = 2, balance ="
        " (select sum(p.amount) from postings p where p.account = name and p.asset = asset)"
    )
    for _, sql in triggers:
        cut.execute(sql)
    cut.execute("commit")
    cut.close()
    found = {f.name: f.faults for f in open_at(path).verify() if f.faults}
    assert found == {
        "head": ("the ledger ends before movements 3, which was recorded: an old copy?",)
    }
    with pytest.raises(LedgerCorrupt, match="ends before movements 3"):
        post(open_at(path), "k4")


def test_a_ledger_ahead_of_its_head_is_taken_up_as_after_a_crash(path: Path) -> None:
    store = open_at(path)
    post(store, "k1")
    head = path.with_name("flux.db.head")
    before = head.read_bytes()
    post(store, "k2")
    head.write_bytes(before)
    post(open_at(path), "k3")
    assert keys(open_at(path)) == ["k3", "k2", "k1"]
    assert {f.faults for f in open_at(path).verify()} == {()}


def test_the_owner_can_accept_an_old_copy(path: Path, tmp_path: Path) -> None:
    store = open_at(path)
    post(store, "k1")
    shutil.copy(path, tmp_path / "old.db")
    post(store, "k2")
    shutil.copy(tmp_path / "old.db", path)
    fresh = open_at(path)
    fresh.accept_head()
    post(fresh, "k3")
    assert keys(open_at(path)) == ["k3", "k1"]
    assert {f.faults for f in fresh.verify()} == {()}
