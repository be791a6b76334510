"""Catalogue A 31 to 34: amounts at their bounds, and what may follow a hold."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workload import Wish, attempt, deps_of, found, request_of

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, held, transfer, wallet
from flux_cli.domain.money import BOUND, CREDIT, USDC, Asset, Money
from flux_cli.errors import FluxError, InvalidAmount, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

MOVES = st.lists(
    st.tuples(
        st.sampled_from([WORLD, "wallet:ada", "fees:x", "escrow:y"]),
        st.sampled_from(["wallet:bob", "fees:y", "escrow:y"]),
        st.integers(1, 50),
        st.sampled_from([CREDIT, USDC]),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=MOVES)
def test_30_assets_never_meet_in_an_entry_that_is_no_exchange(
    deps: Deps, moves: list[tuple[str, str, int, Asset]]
) -> None:
    before = sums(deps)
    made = tuple(
        Move(source, target, Money(units, asset)) for source, target, units, asset in moves
    )
    entry = Entry(f"mixed-{deps.ids.new('event')}", EntryKind.ADJUSTMENT, made)
    try:
        with deps.store.begin() as tx:
            tx.post(entry)
    except (AssertionError, FluxError, sqlite3.IntegrityError):
        assert sums(deps) == before
    else:
        assert len({move.amount.asset for move in made}) == 1
    assert set(sums(deps).values()) == {0}


def sums(deps: Deps) -> dict[str, int]:
    """What all accounts of each asset add up to."""
    raw = sqlite3.connect(deps.store.path)
    found = dict(raw.execute("select asset, sum(balance) from accounts group by asset"))
    raw.close()
    return found


OUT_OF_BOUNDS = [0, -1, BOUND + 1, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 10**30]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deps(tmp_path: Path, clock: Clock) -> Deps:
    """Two buyers with money, two shops, and a cap that is out of the way."""
    opened = deps_of(tmp_path / "flux.db", cap="900000.00")
    deps = replace(opened, store=SqliteStore(tmp_path / "flux.db", clock=clock))
    found(deps)
    for number, name in enumerate(("ada", "bob", "shop")):
        attempt(deps, Wish(f"start-{number}", "fund", name, "shop", 100_000_000))
    return deps


def balance(deps: Deps, account: str) -> int:
    with deps.store.reading() as reader:
        return reader.balance(account, CREDIT).units


def faults(deps: Deps) -> list[str]:
    return [fault for finding in deps.store.verify() for fault in finding.faults]


@pytest.mark.parametrize("units", OUT_OF_BOUNDS)
def test_31_an_amount_out_of_bounds_is_refused_before_anything_is_recorded(
    deps: Deps, units: int
) -> None:
    before = balance(deps, WORLD)
    with pytest.raises((InvalidAmount, AssertionError)), deps.store.begin() as tx:
        tx.post(transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(units)))
    with pytest.raises(InvalidAmount):
        attempt_or_raise(deps, units)
    assert (balance(deps, WORLD), faults(deps)) == (before, [])


def attempt_or_raise(deps: Deps, units: int) -> None:
    """The use cases take no such amount either; a payment of it is denied by the kernel."""
    from flux_cli.usecases.fund_agent import fund_agent

    fund_agent(deps, "ada", Money(units), key="k")


@pytest.mark.parametrize("units", OUT_OF_BOUNDS)
def test_31_sql_takes_no_amount_out_of_bounds_either(deps: Deps, units: int) -> None:
    raw = sqlite3.connect(deps.store.path, isolation_level=None)
    columns = [row[1] for row in raw.execute("pragma table_info(movements)")]
    shown = ", ".join({"seq": "seq + 1", "entry": "seq + 1", "key": "'x'", "amount": "?"}.get(c, c)
                      for c in columns)  # fmt: skip
    with pytest.raises((sqlite3.Error, OverflowError)):
        raw.execute(
            f"insert into movements select {shown} from movements order by seq desc limit 1",
            (units,),
        )
    raw.close()
    assert faults(deps) == []


def test_31_the_largest_amount_is_taken_and_one_unit_more_is_not(deps: Deps) -> None:
    given = balance(deps, WORLD)
    most = BOUND + given
    with deps.store.begin() as tx:
        tx.post(transfer("most", EntryKind.TOP_UP, WORLD, wallet("cafe"), Money(most)))
    with pytest.raises(InvalidAmount), deps.store.begin() as tx:
        tx.post(transfer("more", EntryKind.TOP_UP, WORLD, wallet("cafe"), Money(1)))
    assert (balance(deps, wallet("cafe")), faults(deps)) == (most, [])


def test_32_the_sum_of_legal_rows_cannot_leave_the_integers(deps: Deps) -> None:
    before = balance(deps, WORLD)
    many = [
        transfer(f"r{n}", EntryKind.TOP_UP, WORLD, wallet(f"rich{n}"), Money(BOUND // 2))
        for n in range(10)
    ]
    with pytest.raises(InvalidAmount), deps.store.begin() as tx:
        tx.post_many(many)
    assert (balance(deps, WORLD), faults(deps)) == (before, [])


def test_32_no_more_is_given_out_than_one_balance_holds(deps: Deps) -> None:
    with deps.store.begin() as tx:
        given = -tx.balance(WORLD, CREDIT).units
        most = Money(BOUND - given)
        tx.post(transfer("rich", EntryKind.TOP_UP, WORLD, wallet("rich"), most))
    with pytest.raises(InvalidAmount, match="bounds"), deps.store.begin() as tx:
        tx.post(transfer("richer", EntryKind.TOP_UP, WORLD, wallet("richer"), Money(1)))
    with deps.store.reading() as reader:
        assert sum(account.balance.units for account in reader.accounts()) == 0


def hold(deps: Deps, units: int, key: str) -> PaymentIntent:
    request = request_of(Wish(key, "hold", "ada", "shop", units), CaptureMethod.MANUAL)
    intent = request_money(deps, request, key=key, progress=lambda _step, /, **_facts: None)
    assert intent.state is IntentState.APPROVED
    return intent


def capture(deps: Deps, intent: PaymentIntent, units: int, key: str, *, final: bool) -> None:
    assert not isinstance(capture_payment(deps, intent.id, Money(units), final=final, key=key),
                          Denied)  # fmt: skip


def test_33_more_than_is_pending_is_not_posted(deps: Deps) -> None:
    intent = hold(deps, 100, "h")
    with pytest.raises(InvalidAmount):
        capture(deps, intent, 101, "c", final=True)
    assert (balance(deps, held("ada")), faults(deps)) == (100, [])


def test_33_what_was_posted_is_not_posted_or_voided_again(deps: Deps) -> None:
    intent = hold(deps, 100, "h")
    capture(deps, intent, 100, "c", final=True)
    capture(deps, intent, 100, "c", final=True)
    with pytest.raises(WrongState):
        capture(deps, intent, 100, "other", final=True)
    with pytest.raises(WrongState):
        cancel_payment(deps, intent.id)
    assert balance(deps, wallet("shop")) == 100_000_100


def test_33_what_was_voided_is_not_posted_and_voiding_it_again_changes_nothing(deps: Deps) -> None:
    intent = hold(deps, 100, "h")
    assert cancel_payment(deps, intent.id) == cancel_payment(deps, intent.id)
    with pytest.raises(WrongState):
        capture(deps, intent, 1, "c", final=True)
    assert (balance(deps, held("ada")), balance(deps, wallet("ada"))) == (0, 100_000_000)


def test_33_what_has_expired_is_not_voided_and_is_posted_only_as_late(
    deps: Deps, clock: Clock
) -> None:
    intent = hold(deps, 100, "h")
    clock.time += timedelta(hours=25)
    assert [one.state for one in expire_payments(deps)] == [IntentState.EXPIRED]
    with pytest.raises(WrongState):
        cancel_payment(deps, intent.id)
    with pytest.raises(InvalidAmount):
        capture(deps, intent, 101, "c", final=True)
    late = capture_payment(deps, intent.id, Money(60), final=True, key="c")
    assert isinstance(late, PaymentIntent)
    assert (late.late, late.captured, late.released) == (True, Money(60), Money(40))
    assert (balance(deps, held("ada")), faults(deps)) == (0, [])


@dataclass
class Model:
    """A hold in plain integers."""

    amount: int
    held: int
    captured: int = 0
    released: int = 0
    refunded: int = 0

    def step(self, verb: str, units: int, *, final: bool) -> bool:
        """Do it, or say that it must be refused."""
        if verb == "refund":
            if not 0 < units <= self.captured - self.refunded:
                return False
            self.refunded += units
            return True
        if self.held == 0 or (verb == "capture" and units > self.held):
            return False
        if verb == "capture":
            self.held -= units
            self.captured += units
        if verb == "cancel" or final:
            self.released += self.held
            self.held = 0
        return True


STEPS = st.lists(
    st.tuples(st.sampled_from(["capture", "cancel", "refund"]), st.integers(1, 60), st.booleans()),
    max_size=6,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(amount=st.integers(1, 100), steps=STEPS)
def test_34_in_any_order_the_parts_add_up_and_the_rest_is_released_once(
    deps: Deps, amount: int, steps: list[tuple[str, int, bool]]
) -> None:
    payer, payee = balance(deps, wallet("ada")), balance(deps, wallet("shop"))
    aside = balance(deps, held("ada"))
    intent = hold(deps, amount, f"h-{deps.ids.new('event')}")
    model = Model(amount, amount)
    for number, (verb, units, final) in enumerate(steps):
        if model.captured == 0 and model.held == 0 and verb == "cancel":
            continue  # a repeated cancellation changes nothing
        allowed = model.step(verb, units, final=final and verb == "capture")
        try:
            if verb == "cancel":
                cancel_payment(deps, intent.id)
            elif verb == "refund":
                refund_payment(deps, intent.id, Money(units), key=f"r{number}")
            else:
                capture(deps, intent, units, f"c{number}", final=final)
        except (WrongState, InvalidAmount):
            assert not allowed
        else:
            assert allowed
        now = (
            balance(deps, wallet("ada")) - payer,
            balance(deps, held("ada")) - aside,
            balance(deps, wallet("shop")) - payee,
        )
        assert now == (
            model.released + model.refunded - amount,
            model.held,
            model.captured - model.refunded,
        )
    assert amount == model.captured + model.released + model.held
