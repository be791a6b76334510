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
    Posting,
    card_account,
    escrow,
    faults,
    held,
    transfer,
    wallet,
)
from flux_cli.domain.money import CREDIT, USDC, Asset, Money


def entry(*legs: tuple[str, int, Asset], kind: EntryKind = EntryKind.PAYMENT) -> Entry:
    return Entry("k", kind, tuple(Posting(name, Money(units, a)) for name, units, a in legs))


ZERO_CREDIT = "CREDIT does not sum to zero"
TWO_ASSETS = "two assets meet only in an exchange"

FAULTS = [
    ((("a", -1, CREDIT), ("b", 1, CREDIT)), ()),
    ((("a", -3, CREDIT), ("b", 1, CREDIT), ("c", 2, CREDIT)), ()),
    ((), ("an entry has at least two postings",)),
    ((("a", -1, CREDIT),), ("an entry has at least two postings", ZERO_CREDIT)),
    ((("a", -1, CREDIT), ("b", 2, CREDIT)), (ZERO_CREDIT,)),
    (
        (("a", -1, CREDIT), ("b", 1, CREDIT), ("c", 0, CREDIT)),
        ("the posting in c moves nothing",),
    ),
    ((("a", -1, CREDIT), ("a", 1, CREDIT)), ("an account appears twice",)),
    (
        (("a", -1, CREDIT), ("b", 1, USDC)),
        (ZERO_CREDIT, "USDC does not sum to zero", TWO_ASSETS),
    ),
    (
        (("a", -1, CREDIT), ("w", 1, CREDIT), ("w", -1, USDC), ("a", 1, USDC)),
        (TWO_ASSETS,),
    ),
]


@pytest.mark.parametrize(("legs", "found"), FAULTS)
def test_every_fault_of_an_entry_is_named(
    legs: tuple[tuple[str, int, Asset], ...], found: tuple[str, ...]
) -> None:
    assert faults(entry(*legs)) == found


def test_two_assets_may_meet_in_an_exchange_that_balances_in_both() -> None:
    legs = (("a", -1, CREDIT), ("w", 1, CREDIT), ("w", -1, USDC), ("a", 1, USDC))
    assert faults(entry(*legs, kind=EntryKind.EXCHANGE)) == ()


def test_a_transfer_leaves_its_source_and_arrives_at_its_target() -> None:
    made = transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5), memo="hello")
    legs = (Posting("world", Money(-5)), Posting("wallet:ada", Money(5)))
    assert made == Entry("k", EntryKind.TOP_UP, legs, "hello", None, None, None)
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
        replace(first, postings=first.postings[::-1]),
        replace(first, memo="m"),
        replace(first, decision_id="dec_1"),
        replace(first, reference="ct_1"),
        replace(first, run_id="run_1"),
    ]
    assert len(others) == len(fields(Entry))
    assert replace(first).fingerprint == first.fingerprint
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 8
