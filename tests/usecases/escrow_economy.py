"""A small economy on a real ledger, with a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.journal import escrow, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.usecases.end_escrow import submit_work
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.ports import Deps

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WORK = "ab" * 32
WHOLE = 1_000_000


def quiet(step: str, /, **facts: object) -> None:
    """Nobody is told of the steps."""


@dataclass(slots=True)
class MovedClock:
    """A clock that stands still until a test moves it."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True, slots=True)
class Economy:
    """A founded economy: the orchestrator has 500.00."""

    deps: Deps
    clock: MovedClock

    def create(self, key: str = "k", **changes: Any) -> Escrow:
        made = create_escrow(self.deps, request(**changes), key=key, progress=quiet)
        assert isinstance(made, Escrow), made
        return made

    def submitted(self, key: str = "k", **changes: Any) -> Escrow:
        made = submit_work(self.deps, self.create(key, **changes).id, WORK, by="researcher")
        assert isinstance(made, Escrow), made
        return made

    def balances(self, escrow_id: str) -> tuple[int, int, int]:
        """(the payer's wallet, what is locked, the payee's wallet) in whole credits."""
        with self.deps.store.reading() as reader:
            names = (wallet("orchestrator"), escrow(escrow_id), wallet("researcher"))
            units = [reader.balance(name, CREDIT).units for name in names]
        assert not any(unit % WHOLE for unit in units)
        payer, locked, payee = (unit // WHOLE for unit in units)
        return payer, locked, payee

    def kept(self, escrow_id: str) -> Escrow:
        with self.deps.store.reading() as reader:
            return reader.get(Escrow, escrow_id)

    def entries(self) -> int:
        with self.deps.store.reading() as reader:
            return reader.position()

    def faults(self) -> set[str]:
        return {fault for finding in self.deps.store.verify() for fault in finding.faults}


def economy_at(path: Path, clock: MovedClock | None = None, **settings: str) -> Economy:
    """The economy whose ledger is at `path`; `settings` are policy keys."""
    flags = {"ledger.path": str(path), "policy.approval_threshold": "250.00"}
    flags |= {f"policy.{name}": value for name, value in settings.items()}
    moved = clock or MovedClock()
    store = SqliteStore(path, clock=moved)
    made = Economy(replace(open_flux(load_config(flags, {}, path.parent)), store=store), moved)
    found_economy(made.deps)
    return made


def coins(whole: int) -> Money:
    return Money(whole * WHOLE)


def request(**changes: Any) -> EscrowRequest:
    """20.00 of the orchestrator's for the researcher, judged by the data-analyst, for a week."""
    asked = EscrowRequest(
        payer="orchestrator",
        payee="researcher",
        amount=coins(20),
        memo="a market study",
        evaluator="data-analyst",
        expires_in=7 * DAY,
    )
    return replace(asked, **changes)
