"""Posting: once for every key, balanced, never overdrawn, all of a transaction or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from sqlite3 import IntegrityError

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, transfer, wallet
from flux_cli.domain.money import CREDIT, USDC, Money, parse_money
from flux_cli.errors import InsufficientFunds, KeyReused
from flux_cli.usecases.ports import AccountBalance, EntryRecord

FIVE = transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), parse_money("5"))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "flux.db", clock=SystemClock())


def posted(store: SqliteStore, *entries: Entry) -> list[EntryRecord]:
    with store.begin() as tx:
        return [tx.post(entry) for entry in entries]


def balances(store: SqliteStore) -> dict[str, str]:
    with store.reading() as reader:
        return {account.name: account.balance.decimal for account in reader.accounts()}


def test_an_entry_moves_money_and_is_found_again(store: SqliteStore) -> None:
    (first,) = posted(store, FIVE)
    with store.reading() as reader:
        assert (reader.entry("k"), reader.entries()) == (first, [first])
        assert reader.accounts() == [
            AccountBalance("wallet:ada", "wallet", parse_money("5"), 1),
            AccountBalance("world", "world", -parse_money("5"), 1),
        ]
    assert (first.seq, first.entry) == (1, FIVE)


def test_the_same_key_and_entry_give_the_first_record(store: SqliteStore) -> None:
    (first,) = posted(store, FIVE)
    assert posted(store, FIVE, FIVE) == [first, first]
    assert balances(store) == {"wallet:ada": "5.000000", "world": "-5.000000"}


OTHERS = {
    "amount": replace(FIVE, moves=(Move(WORLD, wallet("ada"), Money(1)),)),
    "target": replace(FIVE, moves=(Move(WORLD, wallet("eve"), Money(5_000_000)),)),
    "another move": replace(FIVE, moves=(*FIVE.moves, Move(WORLD, wallet("eve"), Money(1)))),
    "kind": replace(FIVE, kind=EntryKind.ADJUSTMENT),
    "memo": replace(FIVE, memo="m"),
    "reference": replace(FIVE, reference="ct_1"),
    "run": replace(FIVE, run_id="run_1"),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_the_same_key_with_another_entry_is_refused_and_moves_nothing(
    store: SqliteStore, other: Entry
) -> None:
    (first,) = posted(store, FIVE)
    with pytest.raises(KeyReused) as caught:
        posted(store, other)
    assert caught.value.subject == first.id
    assert balances(store) == {"wallet:ada": "5.000000", "world": "-5.000000"}


def test_an_overdraft_is_refused_and_takes_its_whole_transaction_back(store: SqliteStore) -> None:
    posted(store, FIVE)
    small = transfer("a", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, parse_money("3"))
    large = transfer("b", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, parse_money("2.000001"))
    with pytest.raises(InsufficientFunds):
        posted(store, small, large)
    assert balances(store) == {"wallet:ada": "5.000000", "world": "-5.000000"}
    assert posted(store, small)[0].seq == 2
    assert balances(store) == {"wallet:ada": "2.000000", "world": "-2.000000"}


def test_the_same_key_gives_the_first_record_when_there_is_no_money_for_another(
    store: SqliteStore,
) -> None:
    posted(store, FIVE)
    all_of_it = transfer("w", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, parse_money("5"))
    (first,) = posted(store, all_of_it)
    assert posted(store, all_of_it) == [first]
    with pytest.raises(KeyReused):
        posted(store, replace(all_of_it, memo="m"))
    assert balances(store) == {"wallet:ada": "0.000000", "world": "0.000000"}


def test_an_entry_refused_after_its_first_movement_is_not_found_as_its_own_repetition(
    store: SqliteStore,
) -> None:
    posted(store, FIVE)
    moves = (
        Move(wallet("ada"), "fees:x", Money(1)),
        Move(wallet("ada"), wallet("eve"), Money(1)),
    )
    with pytest.raises(IntegrityError, match="spend_without_decision"):
        posted(store, Entry("two", EntryKind.ADJUSTMENT, moves, ""))
    assert balances(store) == {"wallet:ada": "5.000000", "world": "-5.000000"}


def test_an_account_may_be_emptied_to_the_last_unit(store: SqliteStore) -> None:
    posted(store, FIVE, transfer("a", EntryKind.FEE, wallet("ada"), "fees:x", parse_money("5")))
    assert balances(store) == {
        "fees:x": "5.000000",
        "wallet:ada": "0.000000",
        "world": "-5.000000",
    }


def test_a_failure_after_a_posting_leaves_no_trace(store: SqliteStore) -> None:
    posted(store, FIVE)

    def fail() -> None:
        with store.begin() as tx:
            tx.post(replace(FIVE, key="k2"))
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        fail()
    with store.reading() as reader:
        assert [record.entry.key for record in reader.entries()] == ["k"]
    assert {finding.faults for finding in store.verify()} == {()}


def test_an_exchange_moves_two_assets_in_one_entry(store: SqliteStore) -> None:
    moves = (
        Move(wallet("ada"), WORLD, Money(7, USDC)),
        Move(WORLD, wallet("ada"), Money(8, CREDIT)),
    )
    funded = transfer("u", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(7, USDC))
    _, made = posted(store, funded, Entry("x", EntryKind.EXCHANGE, moves, "at 8/7"))
    with store.reading() as reader:
        assert (reader.entry("x"), reader.entries(limit=1)) == (made, [made])
        assert reader.balance(wallet("ada"), USDC) == Money(0, USDC)
        assert reader.balance(wallet("ada"), CREDIT) == Money(8, CREDIT)
    assert {finding.faults for finding in store.verify()} == {()}


def test_many_entries_are_posted_at_once_or_none(store: SqliteStore) -> None:
    posted(store, FIVE)
    new = [replace(FIVE, key=f"n{number}") for number in range(100)]
    with store.begin() as tx:
        assert tx.post_many(new) == 100
    with pytest.raises(KeyReused), store.begin() as tx:
        tx.post_many([replace(FIVE, key="other"), FIVE])
    over = transfer("o", EntryKind.WITHDRAWAL, wallet("ada"), WORLD, parse_money("511"))
    with pytest.raises(InsufficientFunds), store.begin() as tx:
        tx.post_many([replace(FIVE, key="another"), over])
    assert balances(store) == {"wallet:ada": "505.000000", "world": "-505.000000"}
    assert {finding.faults for finding in store.verify()} == {()}


def test_entries_are_listed_newest_first_by_page_account_and_kind(store: SqliteStore) -> None:
    made = [
        transfer(f"k{n}", EntryKind.TOP_UP, WORLD, wallet("ada" if n % 2 else "bob"), Money(n))
        for n in range(1, 8)
    ]
    posted(store, *made)
    with store.reading() as reader:
        assert [r.seq for r in reader.entries(limit=3)] == [7, 6, 5]
        assert [r.seq for r in reader.entries(limit=3, before=5)] == [4, 3, 2]
        assert [r.seq for r in reader.entries(account="wallet:bob")] == [6, 4, 2]
        assert reader.entries(kind="payment") == []
