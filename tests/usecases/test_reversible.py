"""What the owner may reverse: money that came from outside or left to it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, transfer, wallet
from flux_cli.domain.money import ASSETS, Money
from flux_cli.errors import WrongState
from flux_cli.usecases.ports import EntryRecord
from flux_cli.usecases.reverse_entry import reversal_of, reverse_entry

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ADA, EVE, FIVE, EUR = wallet("ada"), wallet("eve"), Money(5), Money(4, ASSETS["EUR"])


def recorded(entry: Entry) -> EntryRecord:
    return EntryRecord(7, entry, NOON)


@pytest.mark.parametrize(
    ("kind", "source", "target"),
    [
        (EntryKind.TOP_UP, WORLD, ADA),
        (EntryKind.WITHDRAWAL, ADA, WORLD),
        (EntryKind.FEE, ADA, "fees:platform"),
        (EntryKind.FEE, "fees:platform", WORLD),
        (EntryKind.BRAIN_COST, ADA, "brain:llm"),
        (EntryKind.GAS, ADA, "gas:arc"),
        (EntryKind.ADJUSTMENT, WORLD, ADA),
    ],
)
def test_what_came_from_outside_goes_back(kind: EntryKind, source: str, target: str) -> None:
    record = recorded(transfer("k", kind, source, target, FIVE, run_id="run_1"))
    assert reversal_of(record, "a mistake") == transfer(
        f"reverse:{record.id}",
        EntryKind.ADJUSTMENT,
        target,
        source,
        FIVE,
        memo="reverses entry 7: a mistake",
        reference=record.id,
    )


def test_several_moves_go_back_in_the_other_order() -> None:
    moves = (Move(ADA, WORLD, FIVE), Move(WORLD, ADA, EUR))
    made = reversal_of(recorded(Entry("k", EntryKind.EXCHANGE, moves)), "a mistake")
    assert (made.kind, made.moves) == (
        EntryKind.EXCHANGE,
        (Move(ADA, WORLD, EUR), Move(WORLD, ADA, FIVE)),
    )


@pytest.mark.parametrize(
    "entry",
    [
        transfer("k", EntryKind.PAYMENT, ADA, EVE, FIVE, decision_id="dec_1"),
        transfer("k", EntryKind.ADJUSTMENT, ADA, EVE, FIVE, decision_id="dec_1"),
        transfer("k", EntryKind.ADJUSTMENT, "escrow:ct_1", ADA, FIVE),
        transfer("k", EntryKind.FEE, "held:ada", "fees:platform", FIVE),
        transfer("k", EntryKind.FEE, "card:card_1", "fees:platform", FIVE),
        transfer("k", EntryKind.WITHDRAWAL, ADA, WORLD, FIVE, decision_id="dec_1"),
        transfer("k", EntryKind.SETTLEMENT, ADA, WORLD, FIVE),
        transfer("k", EntryKind.HOLD, ADA, "held:ada", FIVE, decision_id="dec_1"),
        transfer("k", EntryKind.STREAM_ACCRUAL, "stream:str_1", ADA, FIVE),
        Entry("k", EntryKind.EXCHANGE, (Move(WORLD, ADA, EUR), Move(ADA, EVE, FIVE))),
    ],
    ids=lambda entry: f"{entry.kind}: {entry.moves[-1].source} to {entry.moves[-1].target}",
)
def test_what_an_object_or_another_wallet_has_is_not_taken(entry: Entry) -> None:
    with pytest.raises(WrongState, match="inside the economy") as caught:
        reversal_of(recorded(entry), "a mistake")
    assert "flux payments refund" in caught.value.fixes[0].say


def test_two_who_reverse_at_once_reverse_once(flux: Callable[..., Any], tmp_path: Path) -> None:
    """The command line looks before it asks for the owner; this is what counts if both passed."""
    assert flux("init", "--db", str(tmp_path / "flux.db")).code == 0
    store = SqliteStore(tmp_path / "flux.db", clock=SystemClock())
    deps: Any = SimpleNamespace(store=store)
    first = reverse_entry(deps, "1", "a mistake")
    second = reverse_entry(deps, "1", "another word for it")
    assert (first.repeated, second.repeated) == (False, True)
    assert (first.reversed, first.record) == (second.reversed, second.record)
    with store.reading() as reader:
        assert reader.position() == 2
