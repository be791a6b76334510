"""Any sequence of steps on one escrow, against a plain model of what each must do."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from escrow_economy import START, coins, economy_at
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from flux_cli.domain.agents import ECONOMY
from flux_cli.errors import FluxError
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    expire_escrows,
    refund_escrow,
    release_escrow,
    resolve_escrow,
    submit_work,
)
from flux_cli.usecases.freeze import set_frozen

TOTAL, LIFE = 20, 48
NAMES = st.sampled_from(["orchestrator", "researcher", "data-analyst", "image-generator"])
KEYS = st.sampled_from(["a", "b", "c"])
AMOUNTS = st.integers(0, TOTAL + 1)
HASHES = st.sampled_from(["ab" * 32, "cd" * 32])
OPEN = ("funded", "submitted")
ENDS = ("completed", "rejected", "expired")


class EscrowMachine(RuleBasedStateMachine):
    """The real use cases beside plain numbers; hours pass only where a rule says so."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.economy = economy_at(Path(self.folder.name) / "flux.db")
        life = timedelta(hours=LIFE)
        made = self.economy.create(amount=coins(TOTAL), expires_in=life)
        self.id, self.deps = made.id, self.economy.deps
        self.state, self.released, self.refunded, self.hours = "funded", 0, 0, 0
        self.hash: str | None = None
        self.frozen: set[str] = set()
        self.objection: tuple[str, str] | None = None
        self.used: dict[tuple[str, str], int] = {}

    @property
    def locked(self) -> int:
        return TOTAL - self.released - self.refunded

    @property
    def due(self) -> bool:
        return self.hours >= LIFE and self.state in OPEN

    def meets(self, expected: str, step) -> None:
        """`step` ends as the model says: done, denied, or with a failure of that code."""
        try:
            said = "denied" if isinstance(step(), Denied) else "done"
        except FluxError as failure:
            said = failure.code
        assert said == expected

    @rule(by=NAMES, work=HASHES)
    def submit(self, by: str, work: str) -> None:
        again = self.state == "submitted" and self.hash == work
        expected = "done"
        if by != "researcher":
            expected = "denied"
        elif not again and (self.state not in OPEN or self.due):
            expected = "wrong_state"
        self.meets(expected, lambda: submit_work(self.deps, self.id, work, by=by))
        if expected == "done":
            self.state, self.hash = "submitted", work

    @rule(by=NAMES, amount=st.none() | AMOUNTS, key=KEYS)
    def release(self, by: str, amount: int | None, key: str) -> None:
        wanted = self.locked if amount is None else amount
        earlier = self.used.get(("release", key))
        pays = False
        if by != "data-analyst":
            expected = "denied"
        elif earlier is not None:
            expected = "done" if amount in (None, earlier) else "key_reused"
        elif self.frozen & {ECONOMY, "orchestrator", "researcher", "data-analyst"}:
            expected = "frozen"
        elif self.state != "submitted" or self.due:
            expected = "wrong_state"
        elif not 0 < wanted <= self.locked:
            expected = "invalid_amount"
        else:
            expected, pays = "done", True
        part = Part(amount=None if amount is None else coins(amount))
        self.meets(expected, lambda: release_escrow(self.deps, self.id, part, by=by, key=key))
        if pays:
            self.used["release", key] = wanted
            self.released += wanted
            self.state = "completed" if self.locked == 0 else "submitted"

    @rule(by=NAMES, key=KEYS)
    def refund(self, by: str, key: str) -> None:
        moves = False
        if ("refund", key) in self.used:
            expected = "done"
        elif self.state not in OPEN:
            expected = "wrong_state"
        elif not self.due and by != "data-analyst":
            expected = "denied"
        else:
            expected, moves = "done", True
        self.meets(expected, lambda: refund_escrow(self.deps, self.id, by=by, key=key))
        if moves:
            self.used["refund", key] = self.locked
            self.state = "expired" if self.due else "rejected"
            self.refunded += self.locked

    @rule(by=NAMES, reason=st.sampled_from(["late", "wrong"]))
    def dispute(self, by: str, reason: str) -> None:
        again = self.state == "disputed" and self.objection == (by, reason)
        if by not in ("orchestrator", "researcher"):
            expected = "denied"
        elif not again and (self.state not in OPEN or self.due):
            expected = "wrong_state"
        else:
            expected = "done"
        self.meets(expected, lambda: dispute_escrow(self.deps, self.id, by=by, reason=reason))
        if expected == "done":
            self.state, self.objection = "disputed", (by, reason)

    @rule(amount=AMOUNTS, key=KEYS)
    def resolve(self, amount: int, key: str) -> None:
        earlier = self.used.get(("resolve", key))
        moves = False
        if earlier is not None:
            expected = "done" if amount == earlier else "key_reused"
        elif self.state != "disputed":
            expected = "wrong_state"
        elif amount > self.locked:
            expected = "invalid_amount"
        elif amount and self.frozen & {ECONOMY, "orchestrator", "researcher"}:
            expected = "frozen"
        else:
            expected, moves = "done", True
        self.meets(expected, lambda: resolve_escrow(self.deps, self.id, coins(amount), key=key))
        if moves:
            self.used["resolve", key] = amount
            self.state = "completed" if amount else "rejected"
            rest = self.locked - amount
            self.released, self.refunded = self.released + amount, self.refunded + rest

    @rule()
    def sweep(self) -> None:
        swept = expire_escrows(self.deps)
        assert [one.id for one in swept] == ([self.id] if self.due else [])
        if self.due:
            self.state, self.refunded = "expired", self.refunded + self.locked

    @precondition(lambda self: self.hours < 2 * LIFE)
    @rule(hours=st.sampled_from([1, 12, 24]))
    def wait(self, hours: int) -> None:
        self.hours += hours
        self.economy.clock.time = START + timedelta(hours=self.hours)

    @rule(subject=st.sampled_from([ECONOMY, "orchestrator", "researcher", "image-generator"]))
    def freeze_or_thaw(self, subject: str) -> None:
        self.frozen ^= {subject}
        set_frozen(self.deps, subject, frozen=subject in self.frozen, reason="")

    @invariant()
    def the_ledger_is_as_the_model(self) -> None:
        kept = self.economy.kept(self.id)
        assert (kept.state, kept.released, kept.refunded, kept.locked) == (
            self.state,
            coins(self.released),
            coins(self.refunded),
            coins(self.locked),
        )
        assert kept.deliverable_hash == self.hash
        assert self.economy.balances(self.id) == (480 + self.refunded, self.locked, self.released)
        assert (self.state in ENDS) == (self.locked == 0)

    def teardown(self) -> None:
        assert self.economy.faults() == set()
        self.economy.deps.store.close()
        self.folder.cleanup()


def test_37_any_sequence_of_steps_moves_each_coin_once_and_ends_for_good() -> None:
    run_state_machine_as_test(
        EscrowMachine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
