"""Group commit: writers that wait share a transaction, and each gets its own answer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store import group
from flux_cli.adapters.store.ledger import SqliteStore, SqliteTransaction
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.errors import FluxError, InsufficientFunds, LedgerBusy, StorageFailed

Body = Callable[[SqliteTransaction], object]


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "flux.db", clock=SystemClock())


def top_up(key: str, units: int = 5) -> Body:
    return lambda tx: tx.post(transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(units)))


def together(store: SqliteStore, *bodies: Body) -> list[str]:
    """Run each body in a thread of its own, all in one group; how each ended, in order."""
    ends = [""] * len(bodies)
    entered, go_on = threading.Event(), threading.Event()

    def run(number: int) -> None:
        try:
            with store.begin() as tx:
                if number == 0:
                    entered.set()
                    go_on.wait(10)
                bodies[number](tx)
            ends[number] = "kept"
        except (FluxError, sqlite3.Error, ZeroDivisionError) as error:
            ends[number] = type(error).__name__

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(bodies))]
    threads[0].start()
    entered.wait(10)
    for number, thread in enumerate(threads[1:], 1):
        thread.start()
        while store._groups._waiting < number:
            pass
    go_on.set()
    for thread in threads:
        thread.join(30)
    return ends


def commits(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each transaction that ends from now on is kept."""
    kept: list[bool] = []
    end = store._groups._end
    monkeypatch.setattr(
        store._groups, "_end", lambda journal, keep: (kept.append(keep), end(journal, keep))[1]
    )
    monkeypatch.setattr("flux_cli.adapters.store.group.LONGEST_SECONDS", 30)
    return kept


def balance(store: SqliteStore) -> int:
    with store.reading() as reader:
        return reader.balance(wallet("ada"), CREDIT).units


def clean(store: SqliteStore) -> bool:
    return {finding.faults for finding in store.verify()} == {()}


def test_writers_that_wait_share_one_commit(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.begin():
        pass
    kept = commits(store, monkeypatch)
    assert together(store, *(top_up(f"k{n}") for n in range(6))) == ["kept"] * 6
    assert (kept, balance(store), clean(store)) == ([True], 30, True)


def test_one_that_fails_undoes_its_own_alone(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(tx: SqliteTransaction) -> None:
        top_up("half")(tx)
        raise ZeroDivisionError

    def overdraws(tx: SqliteTransaction) -> None:
        tx.post(transfer("o", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, Money(99)))

    kept = commits(store, monkeypatch)
    ends = together(store, top_up("a"), fails, top_up("b"), overdraws, top_up("c"))
    assert ends == ["kept", "ZeroDivisionError", "kept", InsufficientFunds.__name__, "kept"]
    assert (kept[-1], balance(store), clean(store)) == (True, 15, True)
    assert len(kept) == 1


def test_a_first_that_fails_takes_nobody_with_it(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = commits(store, monkeypatch)

    def fails(tx: SqliteTransaction) -> None:
        top_up("half")(tx)
        raise ZeroDivisionError

    assert together(store, fails, top_up("b"), top_up("c")) == ["ZeroDivisionError", "kept", "kept"]
    assert (kept, balance(store), clean(store)) == ([False, True], 10, True)


def test_a_failure_that_undoes_all_is_nobodys_success(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_fails(tx: SqliteTransaction) -> None:
        # What SQLite does by itself on some errors of the disk.
        tx._connection.execute("rollback")
        raise sqlite3.OperationalError("disk I/O error")

    kept = commits(store, monkeypatch)
    assert together(store, top_up("a"), disk_fails) == [StorageFailed.__name__, "OperationalError"]
    assert (kept, balance(store)) == ([False], 0)
    assert together(store, top_up("c")) == ["kept"]
    assert (balance(store), clean(store)) == (5, True)


def test_a_commit_that_fails_is_nobodys_success(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.begin() as tx:
        top_up("before")(tx)
    end = store._groups._end

    def fails(journal: object, keep: bool) -> None:
        store._connections.writer().execute("rollback")
        store._head.release()
        raise StorageFailed("the disk failed")

    monkeypatch.setattr("flux_cli.adapters.store.group.LONGEST_SECONDS", 30)
    monkeypatch.setattr(store._groups, "_end", fails)
    assert together(store, top_up("a"), top_up("b")) == [StorageFailed.__name__] * 2
    monkeypatch.setattr(store._groups, "_end", end)
    assert together(store, top_up("a"), top_up("b")) == ["kept", "kept"]
    assert (balance(store), clean(store)) == (15, True)


def test_after_company_a_writer_waits_a_moment_for_it_and_alone_it_does_not(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lingered: list[float] = []
    monkeypatch.setattr(group, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(group.time, "sleep", lingered.append)
    for key in ("a", "b"):
        with store.begin() as tx:
            top_up(key)(tx)
    assert lingered == []
    assert together(store, top_up("c"), top_up("d")) == ["kept", "kept"]
    for key in ("e", "f"):
        with store.begin() as tx:
            top_up(key)(tx)
    assert lingered == [0.0]


def handed_over(store: SqliteStore, *bodies: Body) -> list[str]:
    """Like `together`, but each hands its work over; also on whose thread it was done."""
    ends = [""] * len(bodies)
    entered, go_on = threading.Event(), threading.Event()
    workers: set[int] = set()

    def run(number: int) -> None:
        def work(tx: SqliteTransaction) -> object:
            workers.add(threading.get_ident())
            if number == 0:
                entered.set()
                go_on.wait(10)
            return bodies[number](tx)

        try:
            store.write(work)
            ends[number] = "kept"
        except (FluxError, sqlite3.Error, ZeroDivisionError) as error:
            ends[number] = type(error).__name__

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(bodies))]
    threads[0].start()
    entered.wait(10)
    for number, thread in enumerate(threads[1:], 1):
        thread.start()
        while len(store._groups._tickets) < number:
            pass
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(workers) == 1
    return ends


def test_work_handed_over_is_done_by_one_and_committed_once(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = commits(store, monkeypatch)
    assert handed_over(store, *(top_up(f"k{n}") for n in range(5))) == ["kept"] * 5
    assert (kept, balance(store), clean(store)) == ([True], 25, True)


def test_work_handed_over_that_fails_is_undone_alone_and_told_to_its_own_caller(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(tx: SqliteTransaction) -> object:
        top_up("half")(tx)
        return 1 // 0

    kept = commits(store, monkeypatch)
    assert handed_over(store, top_up("a"), half, top_up("b")) == [
        "kept", "ZeroDivisionError", "kept",
    ]  # fmt: skip
    assert (kept, balance(store), clean(store)) == ([True], 10, True)


def test_a_commit_that_fails_is_the_failure_of_all_who_handed_work_over(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.begin() as tx:
        top_up("before")(tx)
    end = store._groups._end

    def fails(journal: object, keep: bool) -> None:
        store._connections.writer().execute("rollback")
        store._head.release()
        raise StorageFailed("the disk failed")

    monkeypatch.setattr("flux_cli.adapters.store.group.LONGEST_SECONDS", 30)
    monkeypatch.setattr(store._groups, "_end", fails)
    assert handed_over(store, top_up("a"), top_up("b")) == [StorageFailed.__name__] * 2
    monkeypatch.setattr(store._groups, "_end", end)
    assert handed_over(store, top_up("a"), top_up("b")) == ["kept", "kept"]
    assert (balance(store), clean(store)) == (15, True)


def test_a_leader_that_is_interrupted_at_anothers_work_tells_that_one_to_try_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(tx: SqliteTransaction) -> object:
        top_up("lost")(tx)
        raise KeyboardInterrupt

    monkeypatch.setattr("flux_cli.adapters.store.group.LONGEST_SECONDS", 30)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    assert handed_over(store, top_up("a"), interrupted) == ["", LedgerBusy.__name__]
    assert (balance(store), clean(store)) == (5, True)
    assert handed_over(store, top_up("b"), top_up("c")) == ["kept", "kept"]


def test_callers_of_both_kinds_from_many_threads_lose_nothing(store: SqliteStore) -> None:
    def many(first: int) -> None:
        for number in range(20):
            body = top_up(f"{first}-{number}", 1)
            if (first + number) % 3:
                store.write(body)
            else:
                with store.begin() as tx:
                    body(tx)

    threads = [threading.Thread(target=many, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert (balance(store), clean(store)) == (160, True)
    assert store._groups._leader is None


def test_who_handed_work_over_waits_no_longer_than_the_time_out_for_its_turn(
    tmp_path: Path,
) -> None:
    store = SqliteStore(tmp_path / "flux.db", clock=SystemClock(), busy_timeout_seconds=0.2)
    entered, go_on, ends = threading.Event(), threading.Event(), list[str]()

    def slow(tx: SqliteTransaction) -> object:
        entered.set()
        go_on.wait(60)
        return top_up("a")(tx)

    first = threading.Thread(target=store.write, args=(slow,))
    first.start()
    entered.wait(60)
    with pytest.raises(LedgerBusy, match="another writer"):
        store.write(lambda tx: ends.append("done"))
    go_on.set()
    first.join(60)
    assert (ends, balance(store), clean(store)) == ([], 5, True)
