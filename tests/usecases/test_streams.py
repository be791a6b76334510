"""Streams on a real ledger: governed, paid once, exact, and stopped by a freeze."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.agents import ECONOMY
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import stream_account
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.streams import Rate, Stream, StreamState, Terms
from flux_cli.errors import Frozen, InvalidInput, KeyReused, NotFound, WrongState
from flux_cli.usecases import streams
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import approve_payment
from flux_cli.usecases.streams import (
    Case,
    close_stream,
    describe_stream,
    open_stream,
    pause_stream,
    resume_stream,
    settle_stream,
    top_up,
)

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PAYER, PAYEE = "orchestrator", "researcher"
GRANT = 500_000_000
CENT = Rate(10_000, 1)
TERMS = Terms(PAYER, PAYEE, CENT, Money(20_000_000))
FAST = Mode("delete", "off", "tests of what is written, not of power cuts")


class HandClock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def forward(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass(frozen=True)
class Economy:
    """A founded ledger with a clock in hand."""

    deps: Deps
    clock: HandClock

    def open(self, terms: Terms = TERMS, key: str = "k") -> Stream:
        opened = open_stream(self.deps, terms, Case(), key=key, progress=quiet)
        assert isinstance(opened, Stream)
        return opened

    def top_up(self, stream: Stream, units: int, key: str) -> Stream | PaymentIntent:
        return top_up(self.deps, stream.id, Money(units), Case(), key=key, progress=quiet)

    def balances(self, stream: Stream) -> tuple[int, int, int]:
        """(payer's wallet, stream's account, payee's wallet) in units."""
        accounts = (f"wallet:{PAYER}", stream_account(stream.id), f"wallet:{PAYEE}")
        with self.deps.store.reading() as reader:
            payer, locked, payee = (reader.balance(name, CREDIT).units for name in accounts)
        return payer, locked, payee

    def get(self, stream: Stream) -> Stream:
        with self.deps.store.reading() as reader:
            return reader.get(Stream, stream.id)

    def faults(self) -> dict[str, tuple[str, ...]]:
        return {one.name: one.faults for one in self.deps.store.verify() if one.faults}


def quiet(step: str, /, **facts: object) -> None:
    """Tell nobody."""


def economy_at(path: Path) -> Economy:
    clock, cwd = HandClock(), path.parent
    deps = open_flux(load_config({"ledger.path": str(path)}, {}, cwd))
    free = replace(
        deps.settings, per_payment=None, rolling_24h=None, approval_threshold=Money(25_000_000)
    )
    store = SqliteStore(path, clock=clock, mode=FAST)
    economy = Economy(replace(deps, store=store, settings=free), clock)
    found_economy(economy.deps)
    return economy


@pytest.fixture
def economy(home: Path) -> Economy:
    return economy_at(home / "flux.db")


def test_a_stream_locks_its_funds_and_pays_them_with_time(economy: Economy) -> None:
    stream = economy.open()
    assert stream == Stream(
        stream.id, "k", StreamState.ACTIVE, PAYER, PAYEE, CENT, Money(20_000_000), Money(0),
        Money(0), 0, START, None, None, "", stream.intent_ids, START, START,
    )  # fmt: skip
    assert economy.balances(stream) == (GRANT - 20_000_000, 20_000_000, 0)
    economy.clock.forward(seconds=12.345678)
    settled = settle_stream(economy.deps, stream.id)
    assert (settled.paid, settled.updated_at) == (Money(123_456), economy.clock.time)
    assert economy.balances(stream) == (GRANT - 20_000_000, 19_876_544, 123_456)
    assert settle_stream(economy.deps, stream.id) == settled
    economy.clock.forward(seconds=0.000044)
    closed = close_stream(economy.deps, stream.id)
    assert (closed.paid, closed.returned, closed.state) == (
        *(Money(123_457), Money(19_876_543), StreamState.ENDED),
    )
    assert economy.balances(stream) == (GRANT - 123_457, 0, 123_457)
    assert close_stream(economy.deps, stream.id) == closed
    assert settle_stream(economy.deps, stream.id) == closed
    assert economy.faults() == {}


def test_the_entries_of_a_stream_are_its_hold_its_funding_its_pay_and_its_rest(
    economy: Economy,
) -> None:
    stream = economy.open(replace(TERMS, memo="prices"))
    economy.clock.forward(seconds=1)
    close_stream(economy.deps, stream.id)
    with economy.deps.store.reading() as reader:
        entries = [record.entry for record in reversed(reader.entries())][1:]
        earned, spent, _ = reader.flows(PAYER, CREDIT)
        assert (earned, spent) == (Money(0), Money(10_000))
        assert reader.flows(PAYEE, CREDIT)[:2] == (Money(10_000), Money(0))
    assert [(one.kind, one.moves[0].amount.units, one.reference) for one in entries] == [
        ("hold", 20_000_000, stream.intent_ids[0]),
        ("escrow_fund", 20_000_000, stream.intent_ids[0]),
        ("stream_accrual", 10_000, stream.id),
        ("escrow_refund", 19_990_000, stream.id),
    ]
    assert [one.memo for one in entries[2:]] == ["prices", "not streamed"]


def test_the_same_key_opens_one_stream_and_another_request_is_refused(economy: Economy) -> None:
    stream = economy.open()
    assert economy.open() == stream
    for other in (
        replace(TERMS, rate=Rate(20_000, 2)),
        replace(TERMS, fund=Money(1)),
        replace(TERMS, cap=Money(1)),
        replace(TERMS, lasts_seconds=60),
        replace(TERMS, payee="content-writer"),
    ):
        with pytest.raises(KeyReused):
            economy.open(other)
    close_stream(economy.deps, stream.id)
    assert economy.open().state is StreamState.ENDED
    assert economy.open(key="k2").id != stream.id


def test_terms_that_cannot_pay_are_refused_before_anything_is_asked(economy: Economy) -> None:
    for terms in (
        replace(TERMS, fund=Money(0)),
        replace(TERMS, cap=Money(0)),
        replace(TERMS, ends_at=START),
        replace(TERMS, ends_at=START + timedelta(hours=1), lasts_seconds=60),
    ):
        with pytest.raises(InvalidInput):
            economy.open(terms)
    for key in ("", "k" * 201):
        with pytest.raises(InvalidInput):
            economy.open(key=key)
    with economy.deps.store.reading() as reader:
        assert reader.find(PaymentIntent) == []


def test_a_retry_after_its_end_still_finds_the_stream(economy: Economy) -> None:
    terms = replace(TERMS, ends_at=START + timedelta(seconds=5))
    stream = economy.open(terms)
    economy.clock.forward(days=1)
    assert economy.open(terms) == stream
    assert settle_stream(economy.deps, stream.id).paid == Money(50_000)


def test_a_denied_stream_is_its_denied_intent_and_moves_nothing(economy: Economy) -> None:
    terms = replace(TERMS, fund=Money(GRANT + 1))
    for _ in range(2):
        denied = open_stream(economy.deps, terms, Case(), key="k", progress=quiet)
        assert isinstance(denied, PaymentIntent)
        assert denied.state is IntentState.DENIED
        assert "insufficient_funds" in {refusal.code for refusal in denied.refusals}
    with economy.deps.store.reading() as reader:
        assert (reader.find(Stream), len(reader.entries())) == ([], 1)


def test_a_budget_is_a_cap_on_the_funds(economy: Economy) -> None:
    case = Case(budget=Money(19_999_999))
    denied = open_stream(economy.deps, TERMS, case, key="k", progress=quiet)
    assert isinstance(denied, PaymentIntent)
    assert [refusal.code for refusal in denied.refusals] == ["budget_exceeded"]


def owners(home: Path) -> Economy:
    """An economy in which the owner must agree to anything above nine dollars."""
    economy = economy_at(home / "owners.db")
    told = replace(economy.deps.settings, owner_threshold=Money(9_000_000))
    with economy.deps.store.begin() as tx:
        from flux_cli.usecases.found_economy import set_policy

        set_policy(economy.deps, tx, PAYER, told, frozenset({PAYEE}))
    return economy


def test_a_stream_that_waits_for_the_owner_opens_once_he_agrees(home: Path) -> None:
    economy = owners(home)
    waiting = open_stream(economy.deps, TERMS, Case(), key="k", progress=quiet)
    assert isinstance(waiting, PaymentIntent)
    assert waiting.state is IntentState.AWAITING_OWNER
    approve_payment(economy.deps, waiting.id)
    economy.clock.forward(minutes=3)
    stream = economy.open()
    assert (stream.running_since, stream.intent_ids) == (economy.clock.time, (waiting.id,))
    assert economy.faults() == {}


@pytest.mark.parametrize("end", ["cancelled", "expired", "due"])
def test_a_hold_that_went_elsewhere_opens_no_stream(home: Path, end: str) -> None:
    economy = owners(home)
    waiting = open_stream(economy.deps, TERMS, Case(), key="k", progress=quiet)
    approve_payment(economy.deps, waiting.id)
    if end == "cancelled":
        cancel_payment(economy.deps, waiting.id)
    else:
        economy.clock.forward(hours=25)
        if end == "expired":
            expire_payments(economy.deps)
    with pytest.raises(WrongState, match="not on hold any more"):
        economy.open()
    assert economy.faults() == {}


def test_a_streams_money_is_not_captured_past_it(home: Path) -> None:
    economy = owners(home)
    waiting = open_stream(economy.deps, TERMS, Case(), key="k", progress=quiet)
    approve_payment(economy.deps, waiting.id)
    with pytest.raises(WrongState, match="for an escrow or a stream"):
        capture_payment(economy.deps, waiting.id, None, final=True, key="c")
    stream = economy.open()
    with pytest.raises(WrongState, match="give it back from there"):
        refund_payment(economy.deps, stream.intent_ids[0], None, key="r")
    assert economy.faults() == {}


def killed_within(economy: Economy, monkeypatch: pytest.MonkeyPatch, step: str) -> int:
    """The exit code of a process that opens a stream and dies as `step` begins."""

    def die(*_: object, **__: object) -> None:
        os._exit(9)

    with monkeypatch.context() as patched:
        patched.setattr(streams, step, die)
        child = multiprocessing.get_context("fork").Process(target=economy.open)
        child.start()
        child.join(60)
    assert child.exitcode is not None
    return child.exitcode


@pytest.mark.parametrize("step", ["_open", "capture_into"])
def test_a_kill_between_approval_and_opening_loses_nothing_and_a_retry_opens_it(
    economy: Economy, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    assert killed_within(economy, monkeypatch, step) == 9
    with economy.deps.store.reading() as reader:
        (intent,) = reader.find(PaymentIntent)
        assert (intent.state, intent.on_hold) == (IntentState.APPROVED, TERMS.fund)
        assert reader.find(Stream) == []
    stream = economy.open()
    assert stream.intent_ids == (intent.id,)
    assert economy.open() == stream
    assert economy.balances(stream) == (GRANT - 20_000_000, 20_000_000, 0)
    assert economy.faults() == {}


def test_a_pause_keeps_the_fraction_and_the_clock_stands_still(economy: Economy) -> None:
    stream = economy.open(replace(TERMS, rate=Rate(1, 3)))
    for _ in range(6):
        economy.clock.forward(seconds=0.5)
        paused = pause_stream(economy.deps, stream.id)
        assert pause_stream(economy.deps, stream.id) == paused
        economy.clock.forward(days=30)
        assert settle_stream(economy.deps, stream.id).locked == Money(
            20_000_000 - paused.ran(START) // 3_000_000
        )
        resumed = resume_stream(economy.deps, stream.id)
        assert resume_stream(economy.deps, stream.id) == resumed
    assert (resumed.ran_before, resumed.paid) == (3_000_000, Money(1))


def test_a_top_up_is_asked_for_and_added_once(economy: Economy) -> None:
    stream = economy.open(replace(TERMS, fund=Money(50_000)))
    economy.clock.forward(seconds=9)
    assert settle_stream(economy.deps, stream.id).paid == Money(50_000)
    fuller = economy.top_up(stream, 50_000, "t")
    assert isinstance(fuller, Stream)
    assert (fuller.funded, len(fuller.intent_ids)) == (Money(100_000), 2)
    assert economy.top_up(stream, 50_000, "t") == fuller
    with pytest.raises(KeyReused):
        economy.top_up(stream, 50_001, "t")
    assert settle_stream(economy.deps, stream.id).paid == Money(90_000)
    denied = economy.top_up(stream, GRANT, "t2")
    assert isinstance(denied, PaymentIntent)
    assert economy.get(stream).funded == Money(100_000)
    assert economy.faults() == {}


def test_an_ended_stream_takes_no_top_up_no_pause_and_does_not_run_again(
    economy: Economy, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = economy.open()
    close_stream(economy.deps, stream.id)
    for refused in (pause_stream, resume_stream):
        with pytest.raises(WrongState):
            refused(economy.deps, stream.id)
    with pytest.raises(WrongState):
        economy.top_up(stream, 1, "t")
    with pytest.raises(NotFound):
        settle_stream(economy.deps, "str_none")
    with economy.deps.store.reading() as reader:
        assert len(reader.find(PaymentIntent)) == 1


def test_a_top_up_that_was_approved_as_the_stream_ended_is_given_back(
    economy: Economy, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, ask = economy.open(), streams.request_money

    def overtaken(*given: object, **named: object) -> PaymentIntent:
        intent = ask(*given, **named)  # type: ignore[arg-type]
        close_stream(economy.deps, stream.id)
        return intent

    monkeypatch.setattr(streams, "request_money", overtaken)
    for _ in range(2):
        with pytest.raises(WrongState, match="has ended"):
            economy.top_up(stream, 1_000_000, "t")
    assert economy.balances(stream) == (GRANT, 0, 0)
    assert economy.faults() == {}


@pytest.mark.parametrize("subject", [ECONOMY, PAYER, PAYEE])
def test_38_under_a_freeze_it_accrues_and_nothing_is_paid_until_the_thaw(
    economy: Economy, subject: str
) -> None:
    stream = economy.open()
    economy.clock.forward(seconds=10)
    set_frozen(economy.deps, subject, frozen=True, reason="audit")
    economy.clock.forward(seconds=10)
    before = economy.balances(stream)
    for refused in (settle_stream, close_stream):
        with pytest.raises(Frozen):
            refused(economy.deps, stream.id)
    assert economy.balances(stream) == before
    paused = pause_stream(economy.deps, stream.id)
    assert paused.accrued(economy.clock.time) == Money(200_000)
    with pytest.raises(Frozen):
        resume_stream(economy.deps, stream.id)
    economy.clock.forward(seconds=10)
    set_frozen(economy.deps, subject, frozen=False, reason="")
    assert settle_stream(economy.deps, stream.id).paid == Money(200_000)
    assert economy.faults() == {}


def test_38_a_freeze_between_approval_and_opening_leaves_the_hold(
    economy: Economy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_within(economy, monkeypatch, "_open") == 9
    set_frozen(economy.deps, PAYEE, frozen=True, reason="audit")
    with pytest.raises(Frozen):
        economy.open()
    set_frozen(economy.deps, PAYEE, frozen=False, reason="")
    assert economy.open().funded == TERMS.fund


def all_at_once(work: Callable[[int], None], racers: int) -> list[Exception]:
    wrong: list[Exception] = []

    def run(number: int) -> None:
        try:
            work(number)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def test_38_nothing_is_paid_after_the_freeze_is_recorded(economy: Economy) -> None:
    stream = economy.open()

    def race(number: int) -> None:
        if number == 4:
            set_frozen(economy.deps, ECONOMY, frozen=True, reason="stop")
            return
        for _ in range(10):
            economy.clock.forward(seconds=0.01)
            settle_stream(economy.deps, stream.id)

    wrong = all_at_once(race, 8)
    assert {type(error) for error in wrong} <= {Frozen}
    with economy.deps.store.reading() as reader:
        kinds = [event.kind for event in reader.events()]
    assert "stream.settled" not in kinds[kinds.index("economy.frozen") :]
    assert economy.faults() == {}


def test_threads_that_settle_and_close_at_once_pay_once(economy: Economy) -> None:
    stream = economy.open()
    economy.clock.forward(seconds=100)
    assert all_at_once(lambda _: (settle_stream(economy.deps, stream.id), None)[1], 8) == []
    assert economy.balances(stream) == (GRANT - 20_000_000, 19_000_000, 1_000_000)
    economy.clock.forward(seconds=100)
    assert all_at_once(lambda _: (close_stream(economy.deps, stream.id), None)[1], 8) == []
    assert economy.balances(stream) == (GRANT - 2_000_000, 0, 2_000_000)
    with economy.deps.store.reading() as reader:
        assert len(reader.entries(kind="stream_accrual")) == 2
        assert len(reader.entries(kind="escrow_refund")) == 1
    assert economy.faults() == {}


def test_threads_that_open_with_one_key_open_one_stream(economy: Economy) -> None:
    opened: list[Stream] = []
    assert all_at_once(lambda _: opened.append(economy.open()), 6) == []
    assert opened == [opened[0]] * 6
    assert economy.balances(opened[0]) == (GRANT - 20_000_000, 20_000_000, 0)


def test_36_ten_years_asleep_pay_the_funds_and_not_a_unit_more(economy: Economy) -> None:
    stream = economy.open()
    economy.clock.forward(days=3653)
    assert settle_stream(economy.deps, stream.id).paid == Money(20_000_000)
    assert economy.balances(stream) == (GRANT - 20_000_000, 0, 20_000_000)
    capped = economy.open(replace(TERMS, fund=Money(9_000_000), cap=Money(70_000)), key="c")
    economy.clock.forward(days=3653)
    assert close_stream(economy.deps, capped.id).returned == Money(8_930_000)
    assert economy.faults() == {}


def test_54_a_clock_set_back_pays_nothing_twice_and_takes_nothing_back(economy: Economy) -> None:
    stream = economy.open()
    economy.clock.forward(seconds=100)
    paid = settle_stream(economy.deps, stream.id)
    for days in (1, 366, 7000):
        economy.clock.forward(days=-days)
        assert settle_stream(economy.deps, stream.id) == paid
        with economy.deps.store.reading() as reader:
            shown = describe_stream(paid, streams.clock(reader))
        assert (shown["accrued"], shown["owed"]) == (Money(1_000_000), Money(0))
    paused = pause_stream(economy.deps, stream.id)
    assert paused.ran_before == 100_000_000
    resume_stream(economy.deps, stream.id)
    refused = economy.top_up(stream, 1_000, "t")
    assert isinstance(refused, PaymentIntent)
    assert [one.code for one in refused.refusals] == ["clock_behind_ledger"]
    economy.clock.time = START + timedelta(seconds=101)
    assert settle_stream(economy.deps, stream.id).paid == Money(1_010_000)
    assert economy.faults() == {}


def test_55_a_clock_set_forward_and_back_stands_still_until_time_catches_up(
    economy: Economy,
) -> None:
    stream = economy.open(replace(TERMS, ends_at=START + timedelta(days=1)))
    economy.clock.forward(seconds=1000)
    assert settle_stream(economy.deps, stream.id).paid == Money(10_000_000)
    economy.clock.forward(seconds=-900)
    assert settle_stream(economy.deps, stream.id).paid == Money(10_000_000)
    economy.clock.forward(seconds=901)
    assert settle_stream(economy.deps, stream.id).paid == Money(10_010_000)
    pause_stream(economy.deps, stream.id)
    economy.clock.forward(days=2)
    set_frozen(economy.deps, "content-writer", frozen=True, reason="a record of that time")
    economy.clock.forward(days=-2)
    with pytest.raises(WrongState, match="close it"):
        resume_stream(economy.deps, stream.id)
    assert close_stream(economy.deps, stream.id).returned == Money(9_990_000)


def test_53_a_stream_that_lasts_ends_to_the_microsecond_in_any_zone(
    economy: Economy, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = economy.open(replace(TERMS, lasts_seconds=90))
    try:
        for zone in ("Pacific/Kiritimati", "America/St_Johns", "EST5EDT,M3.2.0,M11.1.0"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            economy.clock.forward(seconds=40)
            ran = min(90, (economy.clock.time - START) // timedelta(seconds=1))
            assert settle_stream(economy.deps, stream.id).paid == Money(10_000 * ran)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert economy.get(stream).ends_at == START + timedelta(seconds=90)
    assert close_stream(economy.deps, stream.id).paid == Money(900_000)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("settle", "pause", "resume", "top_up", "wait", "wait")),
        st.integers(-3_000_000, 50_000_000),
        st.integers(1, 3_000_000),
    ),
    max_size=25,
)


class Model:
    """The same stream in exact fractions, by another road: time is added up, nothing is kept."""

    def __init__(self, terms: Terms) -> None:
        self.per_second = Fraction(terms.rate.units, terms.rate.per_seconds)
        self.cap, self.funded, self.paid = terms.cap, terms.fund.units, 0
        self.ran, self.running, self.latest = Fraction(0), True, START

    def pass_to(self, now: datetime) -> None:
        """Add the time since the last look, if there was any and it ran."""
        moment = max(now, self.latest)
        if self.running:
            self.ran += Fraction((moment - self.latest) // timedelta(microseconds=1), 10**6)
        self.latest = moment

    @property
    def accrued(self) -> int:
        most = self.funded if self.cap is None else min(self.funded, self.cap.units)
        return min(most, floor(self.ran * self.per_second))


@settings(max_examples=25, deadline=None)
@given(
    steps=STEPS,
    units=st.integers(1, 2_000_000),
    per=st.sampled_from((1, 3, 7, 90, 3600)),
    fund=st.integers(1, 20_000_000),
    cap=st.none() | st.integers(1, 20_000_000),
)
def test_35_random_schedules_pay_the_floor_of_the_exact_accrual(
    steps: list[tuple[str, int, int]], units: int, per: int, fund: int, cap: int | None
) -> None:
    cap_money = None if cap is None else Money(cap)
    terms = Terms(PAYER, PAYEE, Rate(units, per), Money(fund), cap_money)
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o700)
        economy = economy_at(Path(folder) / "flux.db")
        stream, model = economy.open(terms), Model(terms)
        for number, (step, microseconds, more) in enumerate(steps):
            economy.clock.forward(microseconds=microseconds)
            stream = taken(economy, stream, model, step, more, f"t{number}")
            assert (stream.paid.units, stream.funded.units) == (model.paid, model.funded)
            assert economy.balances(stream) == (
                *(GRANT - model.funded, model.funded - model.paid, model.paid),
            )
        closed = close_stream(economy.deps, stream.id)
        model.pass_to(economy.clock.time)
        assert closed.paid == Money(model.accrued)
        assert economy.balances(stream) == (GRANT - model.accrued, 0, model.accrued)
        assert economy.faults() == {}


def taken(economy: Economy, stream: Stream, model: Model, step: str, more: int, key: str) -> Stream:
    """One step on the ledger and in the model. What is not recorded moves no ledger time."""
    now = economy.clock.time
    if step == "settle":
        settled = settle_stream(economy.deps, stream.id)
        if settled == stream:
            assert replaced(model, now).accrued == model.paid
            return stream
        model.pass_to(now)
        model.paid = model.accrued
        return settled
    if step == "pause" and model.running:
        model.pass_to(now)
        model.running = False
        return pause_stream(economy.deps, stream.id)
    if step == "resume" and not model.running:
        model.pass_to(now)
        model.running = True
        return resume_stream(economy.deps, stream.id)
    if step == "top_up":
        late = model.latest - now > timedelta(seconds=2)
        answer = economy.top_up(stream, more, key)
        model.pass_to(now)
        assert isinstance(answer, PaymentIntent) is late
        if isinstance(answer, Stream):
            model.funded += more
            return answer
    return stream


def replaced(model: Model, now: datetime) -> Model:
    """The model as it would be at `now`, the model itself left as it is."""
    peek = object.__new__(Model)
    peek.__dict__ |= model.__dict__
    peek.pass_to(now)
    return peek


TAMPERED = {
    "more locked": ("update streams set funded = funded + 1", {"objects", "reserves"}),
    "a longer time": ("update streams set ran_before = 10, version = version", {"objects"}),
    "a faster rate": (
        """update streams set rate = '{"per_seconds":1,"units":99999}'""",
        {"objects"},
    ),
    "no rate": ("""update streams set rate = '{"per_seconds":0,"units":1}'""", {"objects"}),
    "another payee": ("update streams set payee = 'content-writer'", {"objects"}),
    "a stream gone": ("delete from streams", {"objects", "reserves"}),
}


@pytest.mark.parametrize(("statement", "names"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_behind_its_back_is_found(
    economy: Economy, statement: str, names: set[str]
) -> None:
    stream = economy.open()
    economy.clock.forward(seconds=5)
    settle_stream(economy.deps, stream.id)
    assert economy.faults() == {}
    raw = sqlite3.connect(economy.deps.store.path, isolation_level=None)
    for (name,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        raw.execute(f"drop trigger {name}")
    assert raw.execute(statement).rowcount == 1
    raw.close()
    assert names <= economy.faults().keys()


RAW = {
    "another payee": "payee = 'content-writer'",
    "a faster rate": """rate = '{"per_seconds":1,"units":9}'""",
    "less paid": "paid = paid - 1",
    "less time": "ran_before = -1",
    "another cap": "cap = 9000000, cap_asset = 'CREDIT'",
    "an end put off": "ends_at = '2030-01-01T00:00:00.000000Z'",
    "more paid than funded": "paid = funded + 1",
    "running though paused": "state = 'paused'",
    "an end with money left": "state = 'ended', running_since = null",
}


@pytest.mark.parametrize("setting", RAW.values(), ids=RAW)
def test_raw_sql_cannot_change_what_was_agreed_or_undo_what_was_paid(
    economy: Economy, setting: str
) -> None:
    stream = economy.open()
    economy.clock.forward(seconds=5)
    settle_stream(economy.deps, stream.id)
    raw = sqlite3.connect(economy.deps.store.path, isolation_level=None)
    # The event that a change needs is there, so that only the rule itself can refuse.
    names = "kind, subject, run_id, data, hash"
    raw.execute(
        f"insert into events (seq, at, version, {names})"
        f" select seq + 1, at, version + 1, {names} from events order by seq desc limit 1"
    )
    with pytest.raises(sqlite3.IntegrityError, match=r"no_event|CHECK constraint failed"):
        raw.execute(f"update streams set version = version + 1, {setting}")
    raw.execute("update streams set version = version + 1")
    raw.close()


BORN = {
    "paused": "'paused' as state, null as running_since",
    "with something paid": "1 as paid",
    "with time it has run": "1 as ran_before",
    "with less than no time": "-1 as ran_before",
}


@pytest.mark.parametrize("setting", ["", *BORN.values()], ids=["as it should be", *BORN])
def test_raw_sql_opens_only_a_stream_that_has_run_and_paid_nothing(
    economy: Economy, setting: str
) -> None:
    economy.open()
    raw = sqlite3.connect(economy.deps.store.path, isolation_level=None)
    raw.execute(
        "insert into events (seq, at, version, kind, subject, run_id, data, hash)"
        " select seq + 1, at, 1, kind, 'str_x', run_id, data, hash"
        " from events order by seq desc limit 1"
    )
    fields = [row[1] for row in raw.execute("pragma table_info(streams)")]
    born = {"id": "'str_x' as id", "key": "'x' as key"}
    born |= {one.split(" as ")[1]: one for one in setting.split(", ") if one}
    values = ", ".join(born.get(field, field) for field in fields)
    insert = f"insert into streams select {values} from streams"
    if setting:
        with pytest.raises(sqlite3.IntegrityError, match=r"no_event|CHECK constraint failed"):
            raw.execute(insert)
    else:
        assert raw.execute(insert).rowcount == 1
    raw.close()
