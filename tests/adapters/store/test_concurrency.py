"""Threads and processes that race for the same keys: each entry once, nothing lost."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.errors import InsufficientFunds, LedgerBusy

KEYS = [f"k{n}" for n in range(50)]


def open_at(path: Path, seconds: float = 30.0) -> SqliteStore:
    return SqliteStore(path, clock=SystemClock(), busy_timeout_seconds=seconds)


def post_all(store: SqliteStore, start: int) -> list[str]:
    """Post every key once, from another place in the list for each racer; gives the ids."""
    ids = {}
    for key in KEYS[start:] + KEYS[:start]:
        entry = transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(int(key[1:]) + 1))
        with store.begin() as tx:
            ids[key] = tx.post(entry).id
    return [ids[key] for key in KEYS]


def process(path: str, start: int, results: multiprocessing.Queue[list[str]]) -> None:
    try:
        results.put(post_all(open_at(Path(path)), start))
    except Exception as error:
        results.put([repr(error)])


def each_once(store: SqliteStore, ids: list[list[str]]) -> None:
    with store.reading() as reader:
        records = reader.entries(limit=1000)
        assert sorted(record.entry.key for record in records) == sorted(KEYS)
        by_key = {record.entry.key: record.id for record in records}
        assert ids == [[by_key[key] for key in KEYS]] * len(ids)
        assert reader.balance("wallet:ada", CREDIT) == Money(50 * 51 // 2)
        assert sum(account.balance.units for account in reader.accounts()) == 0
    assert {finding.faults for finding in store.verify()} == {()}


def test_eight_threads_that_race_for_the_same_keys_post_each_once(tmp_path: Path) -> None:
    store, ids, wrong = open_at(tmp_path / "flux.db"), list[list[str]](), list[Exception]()

    def race(start: int) -> None:
        try:
            ids.append(post_all(store, start))
        except Exception as error:
            wrong.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=race, args=(n * 6,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (wrong, len(ids)) == ([], 8)
    each_once(store, ids)


def test_four_processes_that_race_for_the_same_keys_post_each_once(tmp_path: Path) -> None:
    path = tmp_path / "flux.db"
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[list[str]] = context.Queue()
    racers = [context.Process(target=process, args=(str(path), n * 12, results)) for n in range(4)]
    for racer in racers:
        racer.start()
    ids = [results.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(60)
    each_once(open_at(path), ids)


def test_threads_that_spend_the_same_money_cannot_spend_it_twice(tmp_path: Path) -> None:
    store, outcomes = open_at(tmp_path / "flux.db"), list[str]()
    with store.begin() as tx:
        tx.post(transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(10)))

    def take(number: int) -> None:
        entry = transfer(f"w{number}", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, Money(3))
        try:
            with store.begin() as tx:
                tx.post(entry)
            outcomes.append("taken")
        except InsufficientFunds:
            outcomes.append("refused")
        finally:
            store.close()

    threads = [threading.Thread(target=take, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["refused"] * 5 + ["taken"] * 3
    with store.reading() as reader:
        assert reader.balance("wallet:ada", CREDIT) == Money(1)


def test_a_reader_sees_no_half_of_a_transaction(tmp_path: Path) -> None:
    path = tmp_path / "flux.db"
    writer, reader_store = open_at(path), open_at(path)
    with writer.begin() as tx:
        tx.post(transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(10)))
    with writer.begin() as tx:
        tx.post(transfer("a", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, Money(4)))
        reader_store._ready = True  # the file is made; a first use would wait for the lock
        with reader_store.reading() as reader:
            assert reader.balance("wallet:ada", CREDIT) == Money(10)
    with reader_store.reading() as reader:
        assert reader.balance("wallet:ada", CREDIT) == Money(6)


def test_a_ledger_that_stays_locked_is_named_busy_and_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "flux.db"
    holder, other = open_at(path), open_at(path, seconds=0.05)
    entry = transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(10))
    with holder.begin() as tx:
        tx.post(entry)
        with pytest.raises(LedgerBusy) as caught, other.begin():
            pass
    assert caught.value.retryable is True
    with other.begin() as again:
        assert again.post(entry).seq == 1
