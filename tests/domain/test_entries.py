"""What makes an entry balanced, and what a retry must repeat.

Tests `domain/journal.py`; pytest imports by base name, and the store has a `test_journal.py`.
"""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from flux_cli.domain.journal import (
    WORLD,
    Entry,
    EntryKind,
    Move,
    Posting,
    card_account,
    escrow,
    faults,
    held,
    transfer,
    wallet,
)
from flux_cli.domain.money import CREDIT, USDC, Asset, Money


def entry(*moves: tuple[str, str, int, Asset], kind: EntryKind = EntryKind.PAYMENT) -> Entry:
    return Entry("k", kind, tuple(Move(a, b, Money(units, asset)) for a, b, units, asset in moves))


TWO_ASSETS = "two assets meet only in an exchange"

FAULTS = [
    ((("a", "b", 1, CREDIT),), ()),
    ((("a", "b", 1, CREDIT), ("a", "c", 2, CREDIT)), ()),
    ((), ("an entry has from one to 1000 moves",)),
    ((("a", "b", 0, CREDIT),), ("the move from a is of nothing or less",)),
    ((("a", "b", -1, CREDIT),), ("the move from a is of nothing or less",)),
    ((("a", "a", 1, CREDIT),), ("the move from a stays where it is",)),
    ((("a", "w", 1, CREDIT), ("w", "a", 1, USDC)), (TWO_ASSETS,)),
]


@pytest.mark.parametrize(("moves", "found"), FAULTS)
def test_every_fault_of_an_entry_is_named(
    moves: tuple[tuple[str, str, int, Asset], ...], found: tuple[str, ...]
) -> None:
    assert faults(entry(*moves)) == found


def test_two_assets_may_meet_in_an_exchange() -> None:
    moves = (("a", "w", 1, CREDIT), ("w", "a", 1, USDC))
    assert faults(entry(*moves, kind=EntryKind.EXCHANGE)) == ()


def test_leave_to_spend_is_for_one_move() -> None:
    two = entry(("a", "b", 1, CREDIT), ("a", "c", 1, CREDIT))
    assert faults(replace(two, decision_id="dec_1")) == ("leave to spend is for one move",)


def test_postings_add_up_what_each_account_loses_and_gains() -> None:
    made = entry(("a", "b", 5, CREDIT), ("b", "c", 5, CREDIT), ("a", "c", 1, CREDIT))
    assert made.postings == (Posting("a", Money(-6)), Posting("c", Money(6)))


def test_a_transfer_leaves_its_source_and_arrives_at_its_target() -> None:
    made = transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5), memo="hello")
    moves = (Move("world", "wallet:ada", Money(5)),)
    assert made == Entry("k", EntryKind.TOP_UP, moves, "hello", None, None, None)
    assert made.postings == (Posting("world", Money(-5)), Posting("wallet:ada", Money(5)))
    assert faults(made) == ()


def test_accounts_are_named_by_what_they_hold() -> None:
    assert [wallet("a"), held("a"), card_account("card_1"), escrow("ct_1")] == [
        "wallet:a",
        "held:a",
        "card:card_1",
        "escrow:ct_1",
    ]


def test_a_fingerprint_is_the_same_for_equal_entries_and_changes_with_every_field() -> None:
    first = transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5))
    others = [
        replace(first, key="k2"),
        replace(first, kind=EntryKind.PAYMENT),
        replace(first, moves=(*first.moves, *first.moves)),
        replace(first, memo="m"),
        replace(first, decision_id="dec_1"),
        replace(first, reference="ct_1"),
        replace(first, run_id="run_1"),
    ]
    assert len(others) == len(fields(Entry))
    assert replace(first).fingerprint == first.fingerprint
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 8
