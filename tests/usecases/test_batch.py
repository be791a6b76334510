"""Batches: each row decided once, alone, or all together and then all or none."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_economy import (
    PLENTY,
    START,
    Clock,
    allow,
    asked,
    books,
    economy,
    faults,
    in_wallet,
    quiet,
)

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.decisions import Decision
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit, Window
from flux_cli.errors import InvalidAmount, KeyReused
from flux_cli.usecases import batch_payments
from flux_cli.usecases.batch_payments import (
    Fault,
    Outcome,
    Row,
    check_rows,
    foresee,
    pay_all,
    pay_each,
)
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money


def rows(*units: int, **changes: Any) -> list[Row]:
    return [
        Row(line, f"row:{line}", asked(amount, purpose=f"job {line}", **changes))
        for line, amount in enumerate(units, 2)
    ]


def each(deps: Deps, asked_for: list[Row]) -> list[tuple[str, bool]]:
    return [
        (str(outcome.intent.state), outcome.repeated)
        for outcome in pay_each(deps, asked_for, quiet)
    ]


def trace(deps: Deps) -> tuple[int, int, int, int]:
    """How many payments, decisions, entries and events there are."""
    with deps.store.reading() as reader:
        return (
            len(reader.find(PaymentIntent)),
            len(reader.find(Decision)),
            len(reader.entries(limit=1000)),
            len(reader.events()),
        )


@pytest.fixture
def deps(tmp_path: Path) -> Deps:
    return economy(tmp_path, Clock(), per_payment=Money(100))


def test_each_row_is_decided_alone_and_a_denied_one_stops_no_other(deps: Deps) -> None:
    assert each(deps, rows(10, 101, 20)) == [
        ("captured", False), ("denied", False), ("captured", False),
    ]  # fmt: skip
    assert (in_wallet(deps, "pat"), in_wallet(deps, "ann")) == (30, PLENTY - 30)


@pytest.mark.parametrize("units", [0, -7])
def test_a_row_for_nothing_is_told_so_before_its_key_is_looked_up(deps: Deps, units: int) -> None:
    each(deps, rows(10))
    before = trace(deps)
    with pytest.raises(InvalidAmount, match="ask for more than nothing"):
        each(deps, rows(units))
    assert trace(deps) == before


def test_the_same_batch_again_pays_nothing_twice(deps: Deps) -> None:
    each(deps, rows(10, 101, 20))
    before = trace(deps)
    assert each(deps, rows(10, 101, 20)) == [
        ("captured", True), ("denied", True), ("captured", True),
    ]  # fmt: skip
    assert (trace(deps), in_wallet(deps, "pat")) == (before, 30)


def test_rows_count_in_each_others_limits(tmp_path: Path) -> None:
    deps = economy(tmp_path, Clock(), limits=(Limit(Window.DAY, Money(50)),))
    states = [state for state, _ in each(deps, rows(30, 30, 20))]
    assert states == ["captured", "denied", "captured"]


def test_rows_are_checked_before_any_is_paid(deps: Deps) -> None:
    mixed = rows(10)
    mixed += [
        Row(3, "b", asked(5, requester="nobody")),
        Row(4, "c", asked(5, requester="pat", shares=(Share("sue", Money(5)),))),
        Row(5, "d", asked(5, mandate_id="man_none")),
    ]
    assert check_rows(deps, mixed) == [
        Fault(3, "no agent named 'nobody'"),
        Fault(4, "pat has no policy for CREDIT, so it may spend none"),
        Fault(5, "no mandate 'man_none'"),
    ]
    assert trace(deps)[0] == 0


def test_a_key_of_another_payment_is_a_fault_and_one_of_the_same_is_none(deps: Deps) -> None:
    each(deps, rows(10))
    assert check_rows(deps, rows(10)) == []
    assert check_rows(deps, rows(11)) == [Fault(2, "'row:2' already names another payment")]
    with pytest.raises(KeyReused):
        each(deps, rows(11))
    with pytest.raises(KeyReused):
        pay_all(deps, rows(11))


def test_a_key_of_a_payment_on_hold_is_a_fault_though_it_asks_for_the_same(deps: Deps) -> None:
    (row,) = rows(10)
    request_money(
        deps,
        replace(row.request, capture_method=CaptureMethod.MANUAL),
        key=row.key,
        progress=quiet,
    )
    assert check_rows(deps, [row]) == [Fault(2, "'row:2' already names another payment")]
    with pytest.raises(KeyReused):
        each(deps, [row])


def test_a_row_writes_its_payment_once_so_that_the_next_counts_on(deps: Deps) -> None:
    """A payment written over makes the store count each window of its policy from the start."""
    each(deps, rows(10, 101))
    with deps.store.reading() as reader:
        kinds = [event.kind for event in reader.events() if event.kind.startswith("payment.")]
    assert kinds == ["payment.captured", "payment.denied"]


def test_all_together_are_paid_and_the_same_again_changes_nothing(deps: Deps) -> None:
    paid = pay_all(deps, rows(10, 20, 30))
    assert isinstance(paid, list)
    assert [(one.intent.state, one.repeated) for one in paid] == [
        (IntentState.CAPTURED, False)
    ] * 3  # fmt: skip
    before = trace(deps)
    again = pay_all(deps, rows(10, 20, 30))
    assert isinstance(again, list)
    assert [(one.intent.id, one.repeated) for one in again] == [
        (one.intent.id, True) for one in paid
    ]
    assert (trace(deps), in_wallet(deps, "pat")) == (before, 60)
    assert faults(deps) == []


def test_a_last_row_that_fails_leaves_no_trace_of_those_before_it(deps: Deps) -> None:
    before = trace(deps)
    stopped = pay_all(deps, rows(10, 20, 101))
    assert isinstance(stopped, Outcome)
    assert stopped.row.line == 4
    assert [refusal.code for refusal in stopped.intent.refusals] == ["per_payment_exceeded"]
    assert stopped.intent.most_that_would_pass == Money(100)
    assert (trace(deps), in_wallet(deps, "pat"), in_wallet(deps, "ann")) == (before, 0, PLENTY)
    assert faults(deps) == []


def test_all_together_see_each_other(tmp_path: Path) -> None:
    deps = economy(tmp_path, Clock(), limits=(Limit(Window.DAY, Money(50)),))
    stopped = pay_all(deps, rows(30, 20, 1))
    assert isinstance(stopped, Outcome)
    assert stopped.row.line == 4
    assert isinstance(pay_all(deps, rows(30, 20)), list)


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"approval_threshold": Money(15)}, "quorum_required"),
        ({"owner_threshold": Money(15)}, "owner_required"),
    ],
)
def test_all_together_waits_for_nobody(tmp_path: Path, policy: dict[str, Any], code: str) -> None:
    deps = economy(tmp_path, Clock(), **policy)
    before = trace(deps)
    stopped = pay_all(deps, rows(10, 16))
    assert isinstance(stopped, Outcome)
    assert (stopped.row.line, [refusal.code for refusal in stopped.intent.refusals]) == (3, [code])
    assert trace(deps) == before


def test_alone_a_row_above_the_threshold_is_voted_on_or_waits(tmp_path: Path) -> None:
    deps = economy(tmp_path, Clock(), owner_threshold=Money(15))
    assert each(deps, rows(10, 16)) == [("captured", False), ("awaiting_owner", False)]


def test_a_dry_run_says_what_would_be_and_keeps_nothing(deps: Deps) -> None:
    before = trace(deps)
    seen = [str(outcome.intent.state) for outcome in foresee(deps, rows(10, 101, 20))]
    assert seen == ["captured", "denied", "captured"]
    kept = pay_all(deps, rows(10, 20), keep=False)
    assert isinstance(kept, list)
    assert (trace(deps), in_wallet(deps, "pat")) == (before, 0)
    assert seen == [state for state, _ in each(deps, rows(10, 101, 20))]


def test_rows_under_a_mandate_draw_on_it(deps: Deps) -> None:
    mandate = allow(deps, 50, "m")
    under = rows(30, 15, 10, mandate_id=mandate.id)
    stopped = pay_all(deps, under)
    assert isinstance(stopped, Outcome)
    assert (stopped.row.line, books(deps, mandate)) == (4, ("active", 0, 0, 50))
    assert [state for state, _ in each(deps, under)] == ["captured", "captured", "denied"]
    assert books(deps, mandate) == ("active", 45, 0, 5)
    assert faults(deps) == []


def test_a_row_that_is_voted_on_is_decided_before_the_rows_after_it(tmp_path: Path) -> None:
    deps = economy(
        tmp_path, Clock(), approval_threshold=Money(15), limits=(Limit(Window.DAY, Money(40)),)
    )
    told: list[str] = []
    paid = pay_each(deps, rows(10, 20, 15), lambda step, **facts: told.append(step))
    states = {one.row.line: one.intent.state for one in paid}
    assert told == ["ballot"] * 5
    assert states[2] is IntentState.CAPTURED
    assert (states[3] is IntentState.CAPTURED) != (states[4] is IntentState.CAPTURED)


def reopened(deps: Deps) -> Deps:
    """The same ledger as another process opens it."""
    clock = Clock()
    assert clock.now() == START
    return replace(deps, store=SqliteStore(deps.store.path, clock=clock))


def in_a_process(act: Callable[[], object]) -> int | None:
    """Do it in a process of its own; how that ended."""
    child = multiprocessing.get_context("fork").Process(target=act)
    child.start()
    child.join(60)
    return child.exitcode


def killing(monkeypatch: pytest.MonkeyPatch, line: int) -> None:
    """From now on this process dies as it comes to judge this line, by the hardest signal."""
    judged = batch_payments._judged

    def judge(deps: Deps, tx: Any, row: Row) -> Outcome:
        if row.line == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return judged(deps, tx, row)

    monkeypatch.setattr(batch_payments, "_judged", judge)


@pytest.mark.parametrize(("line", "paid"), [(2, 0), (3, 0), (4, 2), (5, 2), (7, 4)])
def test_a_batch_that_is_killed_between_rows_goes_on_when_it_is_run_again(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, line: int, paid: int
) -> None:
    monkeypatch.setattr(batch_payments, "TOGETHER", 2)
    wanted = rows(1, 2, 3, 4, 5, 6)

    def killed() -> None:
        killing(monkeypatch, line)
        list(pay_each(reopened(deps), wanted, quiet))

    assert in_a_process(killed) == -signal.SIGKILL
    assert in_wallet(deps, "pat") == sum(range(1, paid + 1))
    assert each(deps, wanted) == [("captured", number < paid) for number in range(6)]
    assert in_wallet(deps, "pat") == 21
    assert faults(deps) == []


def test_a_batch_of_all_together_that_is_killed_on_the_way_has_paid_nothing(
    deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed() -> None:
        killing(monkeypatch, 5)
        pay_all(reopened(deps), rows(1, 2, 3, 4))

    assert in_a_process(killed) == -signal.SIGKILL
    assert in_wallet(deps, "pat") == 0
    assert isinstance(pay_all(deps, rows(1, 2, 3, 4)), list)
    assert in_wallet(deps, "pat") == 10
    assert faults(deps) == []


def test_threads_that_run_one_batch_at_once_pay_each_row_once(deps: Deps) -> None:
    wanted = rows(*range(1, 21))
    ended: list[object] = []

    def run(backwards: bool) -> None:
        ordered = wanted[::-1] if backwards else wanted
        ended.append([str(one.intent.state) for one in pay_each(deps, ordered, quiet)])

    threads = [threading.Thread(target=run, args=(number % 2 == 1,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert ended == [["captured"] * 20] * 6
    assert in_wallet(deps, "pat") == sum(range(1, 21))
    with deps.store.reading() as reader:
        assert len(reader.find(PaymentIntent)) == 20
    assert faults(deps) == []
