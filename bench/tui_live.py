"""How soon `flux tui`, in a real terminal, shows what another process commits.

    python bench/tui_live.py [--times 40] [--ledger LEDGER] [--json]

Runs the scenario marketing-campaign in a fresh home (or takes LEDGER, a large one that bench/tui.py
made, and adds to it), opens the dashboard in a pseudo-terminal, and from this process commits, one
at a time at irregular moments: payments, seen on the overview; then, on a run's own screen, five
ballots, each payment's as they would come; and the plan's tasks going from state to state. Prints
from the instant a commit returned to that at which its text was read from the terminal: median,
95th percentile and worst.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, perf_counter

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.contracts import MOVES, Contract, ContractState
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Ballot, Reason, Urgency
from flux_cli.domain.runs import Run, RunState
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

SIZE = (200, 60)
LONGEST_SECONDS = 60
ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|.)")
LIFE = (ContractState.QUOTING, ContractState.QUOTED, ContractState.PENDING_APPROVAL,
        ContractState.APPROVED, ContractState.FUNDED, ContractState.WORKING,
        ContractState.SUBMITTED, ContractState.SETTLED)  # fmt: skip


class Terminal:
    """`flux tui` in a pseudo-terminal."""

    def __init__(self, *options: str) -> None:
        self._child, self._fd = pty.fork()
        if self._child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
            environ = {**os.environ, "TERM": "xterm-256color"}
            command = [sys.executable, "-m", "flux_cli", "tui", *options]
            os.execve(sys.executable, command, environ)
        self._seen = b""

    def wait_for(self, text: str) -> float:
        """The instant at which `text` was there."""
        end = monotonic() + LONGEST_SECONDS
        while text.encode() not in ESCAPES.sub(b"", self._seen):
            if monotonic() > end:
                raise SystemExit(f"{text!r} was not shown within {LONGEST_SECONDS} s")
            if select.select([self._fd], [], [], 0.5)[0]:
                self._seen = self._seen[-200_000:] + os.read(self._fd, 1 << 20)
        return perf_counter()

    def forget(self) -> None:
        """Take what has come so far, and look only at what comes now."""
        while select.select([self._fd], [], [], 0)[0]:
            os.read(self._fd, 1 << 20)
        self._seen = b""

    def close(self) -> None:
        """End it."""
        os.kill(self._child, signal.SIGTERM)
        end = monotonic() + LONGEST_SECONDS
        while monotonic() < end:
            try:
                if not select.select([self._fd], [], [], 0.5)[0] or not os.read(self._fd, 1 << 16):
                    continue
            except OSError:
                break
        os.waitpid(self._child, 0)


Commit = tuple[str, Callable[[], None]]
"""What will be seen, and what commits it."""


def unheard(step: str, /, **facts: object) -> None:
    """Nobody is told of it here."""


def payments(deps: Deps, times: int, mark: str) -> Iterator[Commit]:
    """Payments, through the kernel like any other."""
    for number in range(times):
        amount = Money(10_000)
        request = MoneyRequest(
            requester="orchestrator", amount=amount, shares=(Share("researcher", amount),),
            purpose=f"{mark}-{number:03}", justification="", claimed_return=None,
            urgency=Urgency.LOW, plan_digest="", reference=f"{mark}-{number}", escrowed=False,
            budget=None, capture_method=CaptureMethod.AUTOMATIC,
        )  # fmt: skip

        def commit(request: MoneyRequest = request) -> None:
            done = request_money(deps, request, key=request.purpose, progress=unheard)
            assert done.state is IntentState.CAPTURED, done.refusals

        yield request.purpose, commit


def begun(deps: Deps, sample: Run) -> tuple[Run, PaymentIntent]:
    """A run like the sample, asking for its money."""
    with deps.store.reading() as reader:
        asked = reader.find(PaymentIntent, run_id=sample.id, limit=1)[0]
    run = replace(sample, id=deps.ids.new("run"), state=RunState.WORKING, deliverables=(),
                  key=deps.ids.new("run"), finished_at=None)  # fmt: skip
    intent = replace(
        asked, id=deps.ids.new("payment_intent"), key=run.key, run_id=run.id, card_id=None,
        state=IntentState.AWAITING_QUORUM, decision_id=None, decided_at=None, captured=Money(0),
        released=Money(0), request_digest=run.id.rpartition("_")[2].ljust(64, "0"), refusals=(),
    )  # fmt: skip
    with deps.store.begin() as tx:
        tx.put(run, "run.started", run_id=run.id)
        tx.put(intent, "intent.requested", run_id=run.id)
    return run, intent


def ballots(deps: Deps, sample: Run, intent: PaymentIntent, mark: str) -> Iterator[Commit]:
    """The five seats' ballots, each a commit of its own."""
    with deps.store.reading() as reader:
        first = reader.find(PaymentIntent, run_id=sample.id, limit=1)[0]
        cast = reader.find(Ballot, intent_id=first.id, limit=5)
    for number, ballot in enumerate(cast):
        text = f"{mark}-b{number}"
        mine = replace(
            ballot, id=deps.ids.new("ballot"), intent_id=intent.id,
            request_digest=intent.request_digest, reasons=(Reason("said", "purpose", text),),
        )  # fmt: skip
        yield text, lambda mine=mine: put(deps, mine, "ballot.cast", intent.run_id)


def tasks(deps: Deps, sample: Run, run: Run) -> Iterator[Commit]:
    """Each task of the plan hired and taken through its states."""
    with deps.store.reading() as reader:
        hired = reader.find(Contract, run_id=sample.id, limit=20)
    cents = 0
    for contract in hired:
        mine = replace(contract, id=deps.ids.new("contract"), run_id=run.id, checks=(),
                       artefacts=(), escrow_id=None, state=ContractState.DRAFT)  # fmt: skip
        for state in (ContractState.DRAFT, *LIFE):
            assert state is mine.state or state in MOVES[mine.state]
            # The price tells the steps apart on the screen.
            cents += 1
            mine = replace(mine, state=state, price=Money((900_00 + cents) * 10_000))
            shown = f"$900.{cents:02}" if cents < 100 else f"$901.{cents - 100:02}"
            yield shown, lambda mine=mine: put(deps, mine, "contract.moved", run.id)


def put(deps: Deps, what: object, event: str, run_id: str | None) -> None:
    """One commit."""
    with deps.store.begin() as tx:
        tx.put(what, event, run_id=run_id)


def measured(terminal: Terminal, commits: Iterator[Commit]) -> list[float]:
    """Milliseconds from each commit to its sight."""
    chance = random.Random(1)
    taken = []
    for text, commit in commits:
        terminal.forget()
        commit()
        committed = perf_counter()
        taken.append((terminal.wait_for(text) - committed) * 1000)
        pause = monotonic() + chance.uniform(0.05, 0.7)
        while monotonic() < pause:
            terminal.forget()
            select.select([], [], [], 0.01)
    return taken


def home(folder: Path, given: Path | None) -> tuple[Deps, Run]:
    """A ledger with a run in it that is over, for samples."""
    ledger = given or folder / "flux.db"
    os.environ |= {"HOME": str(folder), "FLUX_DB": str(ledger)}
    command = [sys.executable, "-m", "flux_cli", "run", "marketing-campaign", "-q",
               "--out", str(folder / "out")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    deps = open_flux(load_config({"ledger.path": str(ledger)}, {}, folder))
    with deps.store.reading() as reader:
        return deps, reader.find(Run, limit=1)[0]


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    mark = f"m{os.getpid() % 10_000:04}"
    with tempfile.TemporaryDirectory() as folder:
        deps, sample = home(Path(folder), given.ledger and given.ledger.resolve())
        found: dict[str, list[float]] = {"ballots": [], "tasks": []}
        terminal = Terminal()
        terminal.wait_for("Needs attention")
        found["payments"] = measured(terminal, payments(deps, given.times, mark))
        terminal.close()
        for number in range(max(1, given.times // 10)):
            run, intent = begun(deps, sample)
            terminal = Terminal("--open", run.id)
            terminal.wait_for("waiting")
            found["ballots"] += measured(
                terminal, ballots(deps, sample, intent, f"{mark}-{number}")
            )
            if number == 0:
                found["tasks"] = measured(terminal, tasks(deps, sample, run))
            terminal.close()
    figures = {
        name: {"number": len(one), "median_ms": statistics.median(one), "p95_ms": p95(one),
               "worst_ms": max(one)}
        for name, one in found.items()
    }  # fmt: skip
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    print(f"{'commit to sight, ms':22}{'number':>8}{'median':>8}{'p95':>8}{'worst':>8}")
    for name, one in figures.items():
        values = "".join(f"{one[key]:8.0f}" for key in ("median_ms", "p95_ms", "worst_ms"))
        print(f"{name:22}{one['number']:8}{values}")


def p95(values: list[float]) -> float:
    """The least value that 95 of 100 are not above."""
    return sorted(values)[-(-len(values) * 95 // 100) - 1]


if __name__ == "__main__":
    main()
