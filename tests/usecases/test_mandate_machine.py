"""Nested mandates against a plain model, and many who draw on one parent at once."""

from __future__ import annotations

import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from small_economy import (
    PLENTY,
    Clock,
    allow,
    ask_mandate,
    books,
    economy,
    faults,
    in_wallet,
    pay,
)

from flux_cli.domain.intents import CaptureMethod, IntentState
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import Money
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.mandates import close_mandate, expire_mandates, revoke_mandate


@dataclass
class Held:
    """One payment of the model."""

    captured: int
    held: int
    until: datetime
    id: str = ""


@dataclass
class Allowed:
    """One mandate of the model: what it holds is counted anew from what is below it."""

    real: Mandate
    total: int
    ends: datetime
    parent: Allowed | None
    state: str = "active"
    children: list[Allowed] = field(default_factory=list)
    payments: list[Held] = field(default_factory=list)

    @property
    def spent(self) -> int:
        own = sum(payment.captured for payment in self.payments)
        return own + sum(child.spent for child in self.children)

    @property
    def reserved(self) -> int:
        own = sum(payment.held for payment in self.payments)
        return own + sum(
            child.total - child.spent if child.state == "active" else child.reserved
            for child in self.children
        )

    @property
    def left(self) -> int:
        return self.total - self.spent - self.reserved

    def below(self) -> list[Allowed]:
        return [self, *(one for child in self.children for one in child.below())]

    def line(self) -> list[Allowed]:
        return [self, *(self.parent.line() if self.parent else [])]


units = st.integers(1, 60)


class Mandates(RuleBasedStateMachine):
    """Whatever is done in whatever order, the books are those of the model."""

    mandates = Bundle("mandates")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.deps = economy(self.folder, self.clock)
        self.all: list[Allowed] = []
        self.number = 0

    def key(self) -> str:
        self.number += 1
        return str(self.number)

    @rule(target=mandates, total=units, hours=st.integers(1, 72))
    def root(self, total: int, hours: int) -> Allowed:
        real = allow(self.deps, total, self.key(), lifetime=timedelta(hours=hours))
        made = Allowed(real, total, self.clock.time + timedelta(hours=hours), None)
        self.all.append(made)
        return made

    @rule(target=mandates, parent=mandates, total=units)
    def child(self, parent: Allowed, total: int) -> Any:
        real = ask_mandate(self.deps, total, self.key(), parent_id=parent.real.id)
        may = parent.state == "active" and total <= parent.left
        assert isinstance(real, Mandate) == may, real
        if not isinstance(real, Mandate):
            return multiple()
        made = Allowed(real, total, parent.ends, parent)
        parent.children.append(made)
        self.all.append(made)
        return made

    @rule(mandate=mandates, amount=units)
    def paid(self, mandate: Allowed, amount: int) -> None:
        self.ask(mandate, amount, CaptureMethod.AUTOMATIC)

    @rule(target=holds, mandate=mandates, amount=units)
    def hold(self, mandate: Allowed, amount: int) -> Any:
        held = self.ask(mandate, amount, CaptureMethod.MANUAL)
        return multiple() if held is None else held

    def ask(self, mandate: Allowed, amount: int, method: CaptureMethod) -> Held | None:
        intent = pay(self.deps, amount, mandate.real, self.key(), capture_method=method)
        may = mandate.state == "active" and amount <= mandate.left
        assert (intent.state is not IntentState.DENIED) == may, intent.refusals
        if not may:
            return None
        at_once = method is CaptureMethod.AUTOMATIC
        until = self.clock.time + timedelta(hours=24)
        kept = Held(amount * at_once, amount * (not at_once), until, intent.id)
        mandate.payments.append(kept)
        return kept

    @rule(held=holds, part=units, final=st.booleans())
    def capture(self, held: Held, part: int, final: bool) -> None:
        part = min(part, held.held)
        if part:
            capture_payment(self.deps, held.id, Money(part), final=final, key=self.key())
            held.captured += part
            held.held = 0 if final else held.held - part

    @rule(held=consumes(holds))
    def cancel(self, held: Held) -> None:
        if held.held:
            cancel_payment(self.deps, held.id)
            held.held = 0

    @rule(mandate=mandates)
    def close(self, mandate: Allowed) -> None:
        has_child = any(child.state == "active" for child in mandate.children)
        if mandate.state == "active" and not has_child:
            close_mandate(self.deps, mandate.real.id)
            mandate.state = "closed"

    @rule(mandate=mandates)
    def revoke(self, mandate: Allowed) -> None:
        revoke_mandate(self.deps, mandate.real.id)
        for below in mandate.below():
            below.state = "revoked"
            for payment in below.payments:
                payment.held = 0

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.go(hours=hours)
        expire_mandates(self.deps)
        expire_payments(self.deps)
        for mandate in self.all:
            if mandate.state == "active" and self.clock.time >= mandate.ends:
                mandate.state = "expired"
            for payment in mandate.payments:
                if self.clock.time >= payment.until:
                    payment.held = 0

    @invariant()
    def the_books_agree(self) -> None:
        for one in self.all:
            assert one.left >= 0
            assert books(self.deps, one.real) == (one.state, one.spent, one.reserved, one.left)

    def teardown(self) -> None:
        paid = sum(one.spent for one in self.all if one.parent is None)
        assert in_wallet(self.deps, "pat") == paid
        assert faults(self.deps) == []
        shutil.rmtree(self.folder)


Mandates.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
test_any_order_of_events_keeps_the_books_of_the_model = Mandates.TestCase


def race(racers: int, act: Any) -> list[Any]:
    """What each of `racers` threads came to, all started together."""
    together = threading.Barrier(racers)
    ended: list[Any] = []

    def run(number: int) -> None:
        together.wait()
        try:
            ended.append(act(number))
        except Exception as error:
            ended.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return ended


def test_sixteen_threads_of_children_and_payments_never_take_more_than_the_total(
    tmp_path: Path,
) -> None:
    deps = economy(tmp_path, Clock())
    root = allow(deps, 100, "r")

    def act(number: int) -> int:
        taken = 0
        for turn in range(3):
            key = f"{number}:{turn}"
            if number % 2:
                taken += 7 * (pay(deps, 7, root, key).state is IntentState.CAPTURED)
            else:
                child = ask_mandate(deps, 7, key, parent_id=root.id)
                if isinstance(child, Mandate):
                    taken += 7
                    assert pay(deps, 7, child, f"{key}:all").state is IntentState.CAPTURED
                    assert pay(deps, 1, child, f"{key}:more").state is IntentState.DENIED
        return taken

    taken = race(16, act)
    assert sum(taken) == 98
    assert books(deps, root) == ("active", 98, 0, 2)
    assert (in_wallet(deps, "pat"), in_wallet(deps, "ann")) == (98, PLENTY - 98)
    assert faults(deps) == []


def test_children_that_race_each_under_the_remainder_are_together_within_it(
    tmp_path: Path,
) -> None:
    deps = economy(tmp_path, Clock())
    root = allow(deps, 100, "r")
    ended = race(8, lambda number: ask_mandate(deps, 60, str(number), parent_id=root.id))
    made = [one for one in ended if isinstance(one, Mandate)]
    assert (len(ended), len(made)) == (8, 1)
    assert {one.most for one in ended if not isinstance(one, Mandate)} == {Money(40)}
    assert books(deps, root) == ("active", 0, 60, 40)


def test_a_revocation_that_races_payments_leaves_no_hold_behind(tmp_path: Path) -> None:
    deps = economy(tmp_path, Clock())
    root = allow(deps, 100, "r")
    child = allow(deps, 100, "c", parent_id=root.id)

    def act(number: int) -> object:
        if number == 3:
            return revoke_mandate(deps, root.id).mandate.state
        held = pay(deps, 5, child, str(number), capture_method=CaptureMethod.MANUAL)
        return held.state

    ended = race(8, act)
    assert all(isinstance(one, str) for one in ended), ended
    assert books(deps, root) == ("revoked", 0, 0, 100)
    assert books(deps, child) == ("revoked", 0, 0, 100)
    assert in_wallet(deps, "ann") == PLENTY
    assert faults(deps) == []
