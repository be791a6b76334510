"""Catalogue A 38 to 41: the kill switch in the middle, and crashes between the named steps."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from oracle import judge, read
from workload import Log, Wish, attempt, deps_of, found, read_log, request_of

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore, SqliteTransaction
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.journal import held, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.quorum import SEATS, Ballot
from flux_cli.errors import FluxError, Frozen, LedgerCorrupt
from flux_cli.usecases import request_money
from flux_cli.usecases.capture_payment import capture_payment, expire_payments
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.ports import Deps

LARGE = Wish("large", "pay", "ada", "shop", 30_000_000)
"""A payment that only the quorum can approve."""

SMALL = Wish("small", "hold", "ada", "shop", 1_000_000)


@pytest.fixture
def deps(tmp_path: Path) -> Deps:
    deps = deps_of(tmp_path / "flux.db", cap="500.00")
    found(deps)
    attempt(deps, Wish("start", "fund", "ada", "shop", 400_000_000))
    deps.store.verify()  # closes what a forked child must not share
    return deps


class Counting:
    """A brain that writes down which seat was asked."""

    def __init__(self, brain: Any, log: Path) -> None:
        self._brain, self._log = brain, log

    def ask(self, question: Any) -> Any:
        Log(self._log).add(question.seat)
        return self._brain.ask(question)


def quiet(_step: str, /, **_facts: object) -> None:
    """Nobody is told."""


def ask(
    deps: Deps, wish: Wish, method: CaptureMethod, progress: Callable[..., None] = quiet
) -> PaymentIntent:
    return request_money.request_money(
        deps, request_of(wish, method), key=wish.key, progress=progress
    )


def die(*_args: object, **_facts: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(task: Callable[[], object]) -> None:
    """Run a task in a process that kills itself in the middle of it."""
    child = os.fork()
    if child == 0:
        try:
            task()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def standing(deps: Deps) -> tuple[int, int, int]:
    """What ada has, what is held of it, and what the shop has."""
    with deps.store.reading() as reader:
        accounts = (wallet("ada"), held("ada"), wallet("shop"))
        ada, aside, shop = (reader.balance(account, CREDIT).units for account in accounts)
    return ada, aside, shop


def faults(deps: Deps) -> list[str]:
    return [fault for finding in deps.store.verify() for fault in finding.faults]


def events(deps: Deps) -> Counter[str]:
    with deps.store.reading() as reader:
        return Counter(event.kind for event in reader.events())


@pytest.mark.parametrize("ballots", [1, 5])
@pytest.mark.parametrize("method", [CaptureMethod.AUTOMATIC, CaptureMethod.CARD])
def test_41_killed_while_rules_vote_all_their_ballots_are_kept_and_none_is_asked_for_again(
    deps: Deps, tmp_path: Path, ballots: int, method: CaptureMethod
) -> None:
    log = tmp_path / "asked"
    counting = replace(deps, brain=Counting(deps.brain, log))
    seen = []

    def at_that_ballot(step: str, /, **_facts: object) -> None:
        seen.append(step)
        if seen.count("ballot") == ballots:
            die()

    killed(lambda: ask(counting, LARGE, method, at_that_ballot))
    with deps.store.reading() as reader:
        recorded = {ballot.seat for ballot in reader.find(Ballot)}
    # Rules answer at once, so their ballots are one record; what models do is in test_live_quorum.
    assert recorded == set(SEATS)
    log.unlink()
    intent = ask(counting, LARGE, method)
    assert read_log(log) == []
    told = events(deps)
    assert (told["ballot.cast"], told["decision.permit"] + told["decision.denied"]) == (5, 1)
    assert ask(counting, LARGE, method) == intent
    assert faults(deps) == []


STEPS = {
    "its first record": "",
    "its wait for the quorum": "payment.awaiting_quorum",
    "the first question": "asked",
    "the decision": "decision.",
    "its last record": "payment.",
}


class Deadly:
    """A brain whose first question is the end of the process."""

    def ask(self, _question: Any) -> Any:
        die()


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("method", [CaptureMethod.AUTOMATIC, CaptureMethod.MANUAL])
def test_40_killed_at_a_step_the_same_key_goes_on_from_there(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, step: str, method: CaptureMethod
) -> None:
    before, put, seen = standing(deps), SqliteTransaction.put, []

    def put_and_die(tx: SqliteTransaction, record: Any, event: str, **more: Any) -> None:
        put(tx, record, event, **more)
        seen.append(event)
        judged = any(one.startswith("decision.") for one in seen)
        if event == step or (event.startswith(step) and (judged or step != "payment.")):
            die()

    monkeypatch.setattr(SqliteTransaction, "put", put_and_die)
    deadly = replace(deps, brain=Deadly()) if step == "asked" else deps
    killed(lambda: ask(deadly, LARGE, method))
    monkeypatch.undo()
    assert standing(deps) == before
    intent = ask(deps, LARGE, method)
    paid, aside = (LARGE.units, 0) if method is CaptureMethod.AUTOMATIC else (0, LARGE.units)
    if intent.decision_id is None:
        paid = aside = 0
    assert standing(deps) == (before[0] - paid - aside, aside, before[2] + paid)
    assert faults(deps) == []


def test_40_killed_after_a_commit_that_nobody_heard_of_the_same_key_finds_it(deps: Deps) -> None:
    killed(lambda: (ask(deps, SMALL, CaptureMethod.MANUAL), die()))
    after = standing(deps)
    assert after[1] == SMALL.units
    assert ask(deps, SMALL, CaptureMethod.MANUAL).state is IntentState.APPROVED
    assert standing(deps) == after


class Later(SystemClock):
    """A clock that is a day and an hour ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=25)


def test_40_no_hold_of_a_killed_process_outlives_its_time(deps: Deps) -> None:
    before = standing(deps)
    killed(lambda: (ask(deps, SMALL, CaptureMethod.MANUAL), die()))
    path = deps.store.path
    tomorrow = replace(deps, store=SqliteStore(path, clock=Later()))
    assert [one.state for one in expire_payments(tomorrow)] == [IntentState.EXPIRED]
    assert expire_payments(tomorrow) == []
    assert standing(tomorrow) == before
    assert faults(tomorrow) == []


@pytest.mark.parametrize("ballot", [1, 3, 5])
def test_38_a_freeze_during_the_vote_stops_the_payment(deps: Deps, ballot: int) -> None:
    before, seen = standing(deps), []

    def freeze_then(step: str, /, **_facts: object) -> None:
        seen.append(step)
        if seen.count("ballot") == ballot:
            set_frozen(deps, "economy", frozen=True, reason="stop")

    intent = ask(deps, LARGE, CaptureMethod.MANUAL, freeze_then)
    assert (intent.state, intent.refusals[0].code) == (IntentState.DENIED, "economy_frozen")
    assert standing(deps) == before
    assert events(deps)["payment.denied"] == 1


def test_38_a_freeze_between_a_hold_and_its_capture_stops_the_capture(deps: Deps) -> None:
    intent = ask(deps, SMALL, CaptureMethod.MANUAL)
    before = standing(deps)
    set_frozen(deps, "ada", frozen=True, reason="stop")
    with pytest.raises(Frozen):
        capture_payment(deps, intent.id, None, final=True, key="c")
    assert standing(deps) == before
    set_frozen(deps, "ada", frozen=False, reason="")
    capture_payment(deps, intent.id, None, final=True, key="c")
    assert standing(deps)[2] == before[2] + SMALL.units


def test_38_nothing_starts_after_a_freeze_is_committed_however_many_are_paying(deps: Deps) -> None:
    issued, wrong = list[Wish](), list[Exception]()

    def pay(writer: int) -> None:
        try:
            for number in range(25):
                wish = Wish(f"p{writer}-{number}", "pay", "ada", "shop", 1000)
                issued.append(wish)
                attempt(deps, wish)
        except Exception as error:
            wrong.append(error)
        finally:
            deps.store.close()  # type: ignore[attr-defined]

    payers = [threading.Thread(target=pay, args=(writer,)) for writer in range(4)]
    for payer in payers:
        payer.start()
    for number in range(6):
        set_frozen(deps, "ada", frozen=number % 2 == 0, reason=f"f{number}")
    set_frozen(deps, "ada", frozen=True, reason="last")
    at_the_freeze = standing(deps)
    for payer in payers:
        payer.join()
    assert wrong == []
    assert standing(deps) == at_the_freeze
    start = Wish("start", "fund", "ada", "shop", 400_000_000)
    assert [one for one in judge(read(deps), [start, *issued], {})
            if "permit" in one or "economy" not in one] == []  # fmt: skip


UNREADABLE = {
    "its row is gone": "delete from freezes where id = ?",
    "its row is no switch": "update freezes set reason = x'ff', frozen = 0 where id = ?",
    "its time is no time": "update freezes set changed_at = 'junk' where id = ?",
}


@pytest.mark.parametrize("statement", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("switch", ["freeze:economy", "freeze:ada"])
def test_39_a_kill_switch_that_cannot_be_read_is_on(
    deps: Deps, statement: str, switch: str
) -> None:
    before = standing(deps)
    raw = sqlite3.connect(deps.store.path, isolation_level=None)
    for (name,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        raw.execute(f"drop trigger {name}")
    try:
        assert raw.execute(statement, (switch,)).rowcount == 1
    except sqlite3.IntegrityError:
        raw.execute("update freezes set changed_at = '' where id = ?", (switch,))
    raw.close()
    for spend in (
        lambda: ask(deps, SMALL, CaptureMethod.AUTOMATIC),
        lambda: fund_agent(deps, "ada", Money(1_000_000), key="k"),
    ):
        try:
            answer = spend()
        except (Frozen, LedgerCorrupt):
            continue
        assert isinstance(answer, PaymentIntent)
        assert answer.state is IntentState.DENIED
    assert standing(deps) == before


def test_39_a_ledger_that_cannot_be_read_at_all_spends_nothing(deps: Deps) -> None:
    path = deps.store.path
    whole = bytearray(path.read_bytes())
    whole[100:4096] = b"\xff" * 3996
    path.write_bytes(whole)
    with pytest.raises(FluxError):
        ask(deps_of(path), SMALL, CaptureMethod.AUTOMATIC)
