"""Posting: once for every key, balanced, never overdrawn, all of a transaction or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flux_cli.adapters.clock import FreshIds, SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Posting, transfer, wallet
from flux_cli.domain.money import CREDIT, USDC, Money, parse_money
from flux_cli.errors import InsufficientFunds, KeyReused
from flux_cli.usecases.ports import AccountBalance, EntryRecord

FIVE = transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), parse_money("5"))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "flux.db", clock=SystemClock(), ids=FreshIds())


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
    "amount": replace(FIVE, postings=(Posting(WORLD, Money(-1)), Posting(wallet("ada"), Money(1)))),
    "target": replace(FIVE, postings=(FIVE.postings[0], Posting(wallet("eve"), Money(5_000_000)))),
    "kind": replace(FIVE, kind=EntryKind.ADJUSTMENT),
    "memo": replace(FIVE, memo="m"),
    "reference": replace(FIVE, reference="ct_1"),
    "run": replace(FIVE, run_id="run_1"),
    "order": replace(FIVE, postings=FIVE.postings[::-1]),
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


def test_an_exchange_out_of_a_wallet_needs_leave_like_any_spend(store: SqliteStore) -> None:
    legs = (
        Posting(WORLD, Money(7, USDC)),
        Posting(wallet("ada"), Money(-7, USDC)),
        Posting(WORLD, Money(-7, CREDIT)),
        Posting(wallet("ada"), Money(7, CREDIT)),
    )
    funded = transfer("u", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(7, USDC))
    posted(store, funded)
    with pytest.raises(Exception, match="spend_without_decision"):
        posted(store, Entry("x", EntryKind.EXCHANGE, legs))


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
