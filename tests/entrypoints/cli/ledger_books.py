"""A small ledger with one of everything that needs no kernel, for the tests of `flux ledger`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.keychain.owner import OwnerFile
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, fees, transfer, wallet
from flux_cli.domain.money import ASSETS, CREDIT, Money

Flux = Callable[..., Any]

HOSTILE = "=cmd|'/C calc'!A0 \x1b]0;owned\x07\x1b[2J\u202egnp"
"""A memo that would run in a spreadsheet, rename and clear a terminal, and read backwards."""

RAW = ("\x1b", "\x07", "\u202e")
"""What of it must never reach a screen as it is."""

EUR = ASSETS["EUR"]
ADA = wallet("researcher")
WHOLE = 1_000_000

ENTRIES = (
    transfer("b1", EntryKind.TOP_UP, WORLD, ADA, Money(10 * WHOLE), memo=HOSTILE),
    transfer("b2", EntryKind.FEE, ADA, fees("platform"), Money(1_500_000), memo="monthly fee"),
    Entry(
        "b3",
        EntryKind.EXCHANGE,
        (Move(ADA, WORLD, Money(4 * WHOLE)), Move(WORLD, ADA, Money(360, EUR))),
        memo="4 CREDIT at 0.9",
    ),
    transfer("b4", EntryKind.BRAIN_COST, ADA, "brain:llm", Money(500_000)),
)
"""Recorded after the opening grant, which is movement 1: entries 2, 3, 4 (and 5), and 6."""

HAS = {CREDIT: Money(4 * WHOLE), EUR: Money(360, EUR)}
"""What the researcher has after them."""


def opened(path: Path) -> SqliteStore:
    """The ledger at `path`, to look at without the command line."""
    return SqliteStore(path, clock=SystemClock())


def written(flux: Flux, path: Path) -> SqliteStore:
    """Found an economy at `path` and record the entries, a transaction each."""
    assert flux("init", "--db", str(path)).code == 0
    store = opened(path)
    for entry in ENTRIES:
        with store.begin() as tx:
            tx.post(entry)
    OwnerFile(path).establish()
    return store


def as_owner(path: Path) -> tuple[str, str]:
    """The options with which the owner proves to be it."""
    return ("--owner-token-file", str(OwnerFile(path).path))


def money(units: int, asset: str = "CREDIT") -> dict[str, Any]:
    """An amount as JSON has it."""
    amount = Money(units, ASSETS[asset])
    return {
        "amount_minor": units,
        "currency": asset,
        "exponent": amount.asset.exponent,
        "decimal": amount.decimal,
    }
