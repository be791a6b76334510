"""A founded economy whose writers are ours: some hand in garbage, and the process may be killed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.agents import ORCHESTRATOR, AgentKind
from flux_cli.domain.contracts import Contract
from flux_cli.domain.marketplace import Listing, Strategy
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.plan import Plan, Task
from flux_cli.domain.policies import Policy
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.runs import Run
from flux_cli.domain.work import Artefact, Assignment, Check, Submission
from flux_cli.errors import WorkFailed
from flux_cli.usecases.found_economy import found_economy, register_agent
from flux_cli.usecases.ports import Deps, Reader, Transaction
from flux_cli.usecases.run_goal import Goal, carry_out_run, start_run

GOOD = b"copy that anyone would pay for\n"
SELLERS = ("quill", "ink", "nib")

T = TypeVar("T")


class Killed(BaseException):
    """The process ends here."""


@dataclass
class DyingStore:
    """The ledger's file, and a death at the n-th commit: just before it, or just after."""

    inner: SqliteStore
    at: int = 0
    after: bool = False
    commits: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def reading(self) -> AbstractContextManager[Reader]:
        return self.inner.reading()

    def write(self, work: Callable[[Transaction], T]) -> T:
        with self.begin() as tx:
            return work(tx)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        self.commits += 1
        dies = self.commits == self.at
        with self.inner.begin() as tx:
            yield tx
            if dies and not self.after:
                raise Killed
        if dies:
            raise Killed


@dataclass(frozen=True)
class Writing:
    """A trade whose first `garbage` providers hand in nothing a client would take."""

    garbage: int
    name: str = "copy"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        return 1, 1

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        if not assignment.goal:
            raise WorkFailed("there is nothing to write about")
        good = assignment.seed // 10_000 >= self.garbage
        (folder / "copy.md").write_bytes(GOOD if good else b"lorem ipsum")
        data = (folder / "copy.md").read_bytes()
        made = Artefact("copy.md", "text/markdown", len(data), hashlib.sha256(data).hexdigest())
        return Submission((made,), "copy")

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        good = (folder / "copy.md").read_bytes() == GOOD
        return (Check("copy", good, "copy", "copy" if good else "garbage"),)


def market(folder: Path, garbage: int, sellers: tuple[str, ...] = SELLERS) -> Deps:
    """An orchestrator with money, and sellers of copy at 10.00 whom it may pay."""
    path = folder / "flux.db"
    opened = open_flux(load_config({"ledger.path": str(path)}, {}, folder))
    deps = replace(
        opened,
        trades={"copy": Writing(garbage)},
        settings=replace(opened.settings, parallel=1, strategy=Strategy.BALANCED),
    )
    found_economy(deps)
    with deps.store.begin() as tx:
        for seller in sellers:
            register_agent(deps, tx, seller, seller.title(), AgentKind.SPECIALIST, ("copy",))
            offer = Listing(
                deps.ids.new("listing"), seller, "copy", "Copy", "Any copy.", ("text/markdown",),
                parse_money("10"), parse_money("10"), 8, active=True, created_at=tx.now,
            )  # fmt: skip
            tx.put(offer, "listing.published")
        policy = tx.find(Policy, agent=ORCHESTRATOR, limit=1)[0]
        payees = frozenset({*(policy.payees or ()), *sellers})
        again = replace(policy, id=deps.ids.new("policy"), number=2, payees=payees)
        tx.put(again, "policy.set")
    return deps


TASK = Task(
    "copy", "copy", "Write copy", (), ("*.md",), ("text/markdown",), parse_money("12"), 24
)  # fmt: skip


def goal(folder: Path, *tasks: Task, budget: str = "25") -> Goal:
    """Copy for a lantern, worth ten times what it costs."""
    return Goal(
        scenario="", goal="Copy for a lantern", brief="A lantern.", sources=(),
        purpose="copy for the lantern's launch",
        justification="Copy within 24 hours, checked before it is paid; sells 200 lanterns.",
        claimed_return=parse_money("400"), urgency=Urgency.MEDIUM, budget=parse_money(budget),
        seed=1, strategy=Strategy.BALANCED, out=folder / "out",
        plan=Plan("Copy for a lantern", tasks or (TASK,)),
    )  # fmt: skip


def carried_out(deps: Deps, wanted: Goal) -> Run:
    run = start_run(deps, wanted, key="k", default_out=Path("unused"))
    return carry_out_run(deps, run.id, quiet)


def quiet(step: str, /, **facts: object) -> None:
    """Nobody is told."""


def hires(deps: Deps) -> list[tuple[int, str]]:
    """(attempt, state) of every contract, the first first."""
    with deps.store.reading() as reader:
        found = reader.find(Contract, oldest_first=True)
    return [(one.attempt, str(one.state)) for one in found]


def books(deps: Deps) -> dict[str, int]:
    """What is in every account that has anything."""
    with deps.store.reading() as reader:
        held = {one.name: one.balance for one in reader.accounts()}
    return {name: balance.units for name, balance in held.items() if balance != Money(0)}


def sold(deps: Deps) -> list[int]:
    """What the sellers of copy have, the most first."""
    return sorted((books(deps).get(f"wallet:{name}", 0) for name in SELLERS), reverse=True)


def faults(deps: Deps) -> list[str]:
    return [fault for finding in deps.store.verify() for fault in finding.faults]
