"""The dashboard on a large ledger: first paint, a live refresh, a filter, memory.

    python bench/tui.py [--entries 1000000] [--payments 100000] [--folder DIR] [--json]

Makes a ledger with so many entries, payments, decisions and ballots (kept in `--folder` if given,
and used again), and an empty one. Processes of their own for each, by turns, with a 120x34 screen:
the time from the start of the app to its first view, and to the sums that follow it (median of 9
starts); then in one process the work of one refresh of each screen (reading the ledger anew; median
and worst of 20), a filter that looks through thousands, and the most memory it ever had.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from flux_cli.adapters.clock import FreshIds, SystemClock
from flux_cli.adapters.store.watch import SqliteWatch
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.decisions import Decision
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.tui.app import FluxApp
from flux_cli.usecases.dashboard import SCREENS, look, parse_filter
from flux_cli.usecases.dashboard_view import Ask
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.request_money import request_money

BATCH, TIMES, STARTS = 1000, 20, 9
AGENTS = ("orchestrator", "researcher", "content-writer", "image-generator", "code-reviewer")


def unheard(step: str, /, **facts: object) -> None:
    """Nobody is told of the sample's progress."""


def make(path: Path, entries: int, payments: int) -> None:
    """Found a ledger at `path` and fill it."""
    deps = open_flux(load_config({"ledger.path": str(path)}, {}, path.parent))
    found_economy(deps)
    one = Money(1_000_000)
    request = MoneyRequest(
        requester="orchestrator",
        amount=one,
        shares=(Share("researcher", one),),
        purpose="a sample",
        justification="what the others are copies of",
        claimed_return=None,
        urgency=Urgency.LOW,
        plan_digest="",
        reference="",
        escrowed=False,
        budget=None,
        capture_method=CaptureMethod.MANUAL,
    )
    sample = request_money(deps, request, key="sample", progress=unheard)
    with deps.store.reading() as reader:
        assert sample.decision_id is not None, "a dollar is permitted"
        decision = reader.get(Decision, sample.decision_id)
    for start in range(0, entries, BATCH):
        moves = [
            transfer(f"bench-{number}", EntryKind.TOP_UP, WORLD, wallet(AGENTS[number % 5]), one)
            for number in range(start, start + BATCH)
        ]
        with deps.store.begin() as tx:
            tx.post_many(moves)
    ids = FreshIds()
    for start in range(0, payments, BATCH):
        with deps.store.begin() as tx:
            for number in range(start, start + BATCH):
                intent, permit = paid(ids, sample, decision, number)
                if permit is not None:
                    tx.put(permit, "decision.made")
                tx.put(intent, "intent.captured")


def paid(
    ids: FreshIds, sample: PaymentIntent, decision: Decision, number: int
) -> tuple[PaymentIntent, Decision | None]:
    """One payment like the sample; every fifth is denied."""
    intent = replace(
        sample,
        id=ids.new("payment_intent"),
        key=f"bench-{number}",
        requester=AGENTS[number % 5],
        amount=Money(1_000_000 + number),
        captured=Money(0),
        decision_id=None,
        state=IntentState.DENIED,
        request_digest=f"{number:064}",
        purpose=f"purchase number {number}",
        created_at=datetime.now(UTC),
    )
    if number % 5 == 4:
        return intent, None
    permit = replace(decision, id=ids.new("decision"), intent_id=intent.id)
    passed = replace(
        intent,
        decision_id=permit.id,
        state=IntentState.CAPTURED,
        captured=intent.amount,
        decided_at=datetime.now(UTC) - timedelta(seconds=number % 86_400),
    )
    return passed, permit


def measure(path: Path) -> dict[str, float]:
    """The figures of one ledger, in milliseconds and MiB."""
    figures: dict[str, float] = {}
    watch = SqliteWatch(path, SystemClock())
    for name in SCREENS:
        figures |= timed(name, watch, Ask(name))
    figures |= timed("filter", watch, Ask("payments", filter=parse_filter("number 99 >1")))
    figures |= timed("5,000 rows", watch, Ask("payments", limit=5000))
    figures["memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


async def first_paint(path: Path) -> dict[str, float]:
    """Start the app: when the newest payments are shown, and when the sums beside them are."""
    start = perf_counter()
    app = FluxApp(SqliteWatch(path, SystemClock()), str(path), "overview")
    async with app.run_test(size=(120, 34)):
        while app.paints == 0:
            await asyncio.sleep(0.002)
        first = perf_counter()
        while app.frames == 0:
            await asyncio.sleep(0.002)
        whole = perf_counter()
    return {"first_paint_ms": (first - start) * 1000, "with_all_sums_ms": (whole - start) * 1000}


def timed(name: str, watch: SqliteWatch, ask: Ask) -> dict[str, float]:
    """Median and worst work of one refresh."""
    taken = []
    for _ in range(TIMES):
        start = perf_counter()
        watch.changed()
        with watch.reading() as reader:
            look(reader, ask)
        taken.append((perf_counter() - start) * 1000)
    return {f"{name}_ms": statistics.median(taken), f"{name}_worst_ms": max(taken)}


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    if given.start:
        print(json.dumps(asyncio.run(first_paint(given.start))))
        return
    with tempfile.TemporaryDirectory() as fresh:
        folder = given.folder or Path(fresh)
        sizes = {"empty": (0, 0), "large": (given.entries, given.payments)}
        paths = {name: folder / f"{name}.db" for name in sizes}
        for name, path in paths.items():
            if not path.exists():
                make(path, *sizes[name])
        starts = [
            (name, apart("--start", path)) for _ in range(STARTS) for name, path in paths.items()
        ]
        found = {}
        for name, path in paths.items():
            mine = [figures for whose, figures in starts if whose == name]
            medians = {key: statistics.median(one[key] for one in mine) for key in mine[0]}
            found[name] = medians | apart("--measure", path)
    if given.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{'':24}{'empty':>10}{'large':>10}")
    for name, figure in found["large"].items():
        ratio = f"  {figure / found['empty'][name]:.2f} times" if name in starts[0][1] else ""
        print(f"{name:24}{found['empty'][name]:10.1f}{figure:10.1f}{ratio}")


def apart(option: str, path: Path) -> dict[str, float]:
    """The figures that a process of its own measures."""
    argv = [sys.executable, __file__, option, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
