"""F1: kill -9 at random instants, reopen, and judge by the oracle.

    python bench/kill.py --points 500 [--cli] [--plant ack-first]

A few kills fall on each ledger, the first while it is made and founded. A quarter of the kills have
a second client at work, which goes on over what the first left and is killed a moment later.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import oracle
import plants
import workload
from workload import acked_in, issued_in, read_log

KILLS_A_LEDGER = 8
LONGEST_SECONDS = 0.05
FOUNDING_SECONDS = 0.25
Points = list[tuple[str, int, list[str]]]
"""For each kill: where it fell, how many writes it left unacknowledged, and the faults."""

PLANTED = ("ack-first", "no-lookup", "fresh-keys", "no-rollback")


def warm_up() -> None:
    """Load and make once, before any client is forked, what each would load and make again."""
    folder = workload.scratch()
    try:
        workload.main([str(folder / "flux.db")])
        oracle.examine(folder / "flux.db", issued_in(folder), acked_in(folder), workload.attempt)
    finally:
        shutil.rmtree(folder)


def start(ledger: Path, name: str, seed: str, cli: bool, plant: str | None) -> int:
    """The process id of a client that works until it is killed."""
    child = os.fork()
    if child:
        return child
    try:
        if plant:
            plants.plant(plant)
        deps = workload.deps_of(ledger)
        workload.found(deps)
        do = workload.by_cli if cli else workload.attempt
        workload.run(deps, name, seed, 1 << 30, do)
    finally:
        os._exit(1)


def wait_for(path: Path) -> None:
    """Until a file is there, which a client makes when it is about to begin; at most a second."""
    deadline = time.monotonic() + 1
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.001)


def kill(child: int) -> bool:
    """End a client; whether it was still at work."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def unfinished(folder: Path, name: str) -> str:
    """What a client had begun and not ended when it was killed."""
    issued = read_log(folder / f"{name}.issued")
    if not issued:
        return "opening"
    acked = {key for key, _ in read_log(folder / f"{name}.acked")}
    return str(issued[-1][1]) if issued[-1][0] not in acked else "between two"


def one_ledger(number: int, kills: int, seed: int, cli: bool, plant: str | None) -> Points:
    """Kill the clients of one ledger `kills` times; where they were, and what was wrong after."""
    draw = random.Random(f"{seed}/{number}")
    folder = workload.scratch()
    ledger = folder / "flux.db"
    points: Points = []
    try:
        for life in range(kills):
            if not points or not points[-1][2]:
                points.append(one_kill(ledger, f"c{life}", draw, life == 0, cli, plant))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return points


def one_kill(
    ledger: Path, name: str, draw: random.Random, first: bool, cli: bool, plant: str | None
) -> tuple[str, int, list[str]]:
    """One client killed at a random instant, perhaps beside another, then the oracle."""
    seed, other = str(draw.random()), draw.random() < 0.25 and not first
    children = {name: start(ledger, name, seed, cli, plant)}
    if other:
        children[f"{name}x"] = start(ledger, f"{name}x", f"{seed}x", cli, plant)
    at_work = not first and draw.random() < 0.75
    wait_for(ledger.parent / f"{name}.issued" if at_work else ledger.parent)
    time.sleep(draw.uniform(0, FOUNDING_SECONDS if first else LONGEST_SECONDS))
    ended = []
    for child in children.values():
        if not kill(child):
            ended.append(f"client {child} ended by itself")
        time.sleep(draw.uniform(0, 0.02) if other else 0)
    where = unfinished(ledger.parent, name)
    issued, acked = issued_in(ledger.parent), acked_in(ledger.parent)
    left = len([wish for wish in issued if wish.key not in acked])
    if not ledger.exists():
        return "before there was a file", 0, ended
    faults = in_child(partial(examined, ledger, cli, plant))
    return where, left, ended + faults


def examined(ledger: Path, cli: bool, plant: str | None) -> list[str]:
    """The oracle's faults, with the planted defect where it would be in the product."""
    if plant and plant != "ack-first":
        plants.plant(plant)
    folder = ledger.parent
    issued = issued_in(folder)
    do = workload.by_cli if cli else workload.attempt
    faults, answers = oracle.examine(ledger, issued, acked_in(folder), do)
    # What the oracle's retries settled is known to the client when the next kill falls.
    settled = workload.Log(folder / "oracle.acked")
    for key, answer in answers.items():
        settled.add(key, answer)
    return faults


def in_child(task: Callable[[], Sequence[str]]) -> list[str]:
    """Run a task in a process of its own, so that no connection outlives it in this one."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as out:
                out.write("\0".join(task()).encode(errors="replace"))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        text = told.read().decode()
    _, status = os.waitpid(child, 0)
    found = [line for line in text.split("\0") if line]
    return found if status == 0 else [*found, f"the oracle ended with {status}"]


def main() -> int:
    """Print where the kills fell and every fault; 0 only without faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cli", action="store_true", help="work through the command line")
    parser.add_argument("--plant", choices=PLANTED)
    parser.add_argument("--wal", action="store_true", help="as on a SQLite that logs safely")
    options = parser.parse_args()
    options.plant = "wal" if options.wal else options.plant
    began = time.monotonic()
    ledgers = range(0, options.points, KILLS_A_LEDGER)
    sizes = [min(KILLS_A_LEDGER, options.points - first) for first in ledgers]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=context, initializer=warm_up) as workers:
        task = partial(one_ledger, seed=options.seed, cli=options.cli, plant=options.plant)
        results = [point for some in workers.map(task, range(len(sizes)), sizes) for point in some]
    for where, times in sorted(Counter(where for where, _, _ in results).items()):
        print(f"killed at {where}: {times}")
    failed = [(number, faults) for number, (_, _, faults) in enumerate(results) if faults]
    for number, faults in failed[:10]:
        print(f"kill {number}: {'; '.join(faults[:4])}")
    print(f"{sum(1 for _, left, _ in results if left)} kills left a write unacknowledged")
    print(
        f"{len(results) - len(failed)} of {len(results)} kills recovered exactly"
        f" in {time.monotonic() - began:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
