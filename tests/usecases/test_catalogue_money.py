"""Attacks 49, 56 and 60: a part is not the whole, a budget raced, a storm of retries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit, Window
from flux_cli.errors import LedgerBusy, StorageFailed
from flux_cli.usecases.capture_payment import capture_payment
from flux_cli.usecases.request_money import request_money
from tests.usecases.small_economy import (
    PLENTY,
    Clock,
    allow,
    asked,
    books,
    economy,
    faults,
    in_wallet,
    pay,
    quiet,
)


def test_49_a_part_paid_leaves_the_rest_open(tmp_path: Path) -> None:
    deps = economy(tmp_path, Clock())
    request = asked(100, capture_method=CaptureMethod.MANUAL)
    held = request_money(deps, request, key="k", progress=quiet)
    part = capture_payment(deps, held.id, Money(99), final=False, key="c1")
    assert isinstance(part, PaymentIntent)
    assert (part.state, part.on_hold) == (IntentState.APPROVED, Money(1))
    whole = capture_payment(deps, held.id, None, final=False, key="c2")
    assert isinstance(whole, PaymentIntent)
    assert (whole.state, whole.captured) == (IntentState.CAPTURED, Money(100))
    assert faults(deps) == []


@pytest.mark.parametrize("under", ["a daily cap", "a mandate"])
def test_56_parallel_requests_each_under_the_remainder_do_not_pass_the_cap(
    tmp_path: Path, under: str
) -> None:
    cap = () if under == "a mandate" else (Limit(Window.DAY, Money(100)),)
    deps = economy(tmp_path, Clock(), limits=cap)
    mandate = allow(deps, 100, "m") if under == "a mandate" else None

    def one(number: int) -> IntentState:
        if mandate is not None:
            return pay(deps, 30, mandate, f"k{number}").state
        return request_money(deps, asked(30), key=f"k{number}", progress=quiet).state

    with ThreadPoolExecutor(16) as racers:
        states = list(racers.map(one, range(32)))
    assert states.count(IntentState.CAPTURED) == 3
    assert states.count(IntentState.DENIED) == 29
    assert in_wallet(deps, "ann") == PLENTY - 90
    if mandate is not None:
        assert books(deps, mandate) == ("active", 90, 0, 10)
    assert faults(deps) == []


def test_60_a_storm_of_retries_charges_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every answer is lost after the money has moved, twelve times; the thirteenth arrives."""
    deps = economy(tmp_path, Clock())
    store = deps.store
    assert isinstance(store, SqliteStore)
    end = store._groups._end

    def answer_is_lost(journal: object, keep: bool) -> None:
        end(journal, keep)  # type: ignore[arg-type]
        raise StorageFailed("503")

    monkeypatch.setattr(store._groups, "_end", answer_is_lost)
    for _ in range(12):
        with pytest.raises((StorageFailed, LedgerBusy)):
            request_money(deps, asked(399), key="order-1", progress=quiet)
    monkeypatch.setattr(store._groups, "_end", end)
    paid = request_money(deps, asked(399), key="order-1", progress=quiet)
    assert paid.state is IntentState.CAPTURED
    fresh = SqliteStore(store.path, clock=SystemClock())
    with fresh.reading() as reader:
        assert len(reader.entries(kind=EntryKind.PAYMENT)) == 1
    assert in_wallet(deps, "ann") == PLENTY - 399
    assert faults(deps) == []
