"""Kill a run whose first provider hands in garbage, resume it in two processes at once, and audit.

    python bench/rehire.py --points 200

Each run is killed by SIGKILL at one of its commits, just before it or just after, or at a random
instant; then two processes resume it at the same time, and a last one finishes it. Whatever
happened, the first provider is refunded, the second alone is hired and paid, once, and the
ledger is that of a run that was never killed. `--plant` lets both processes carry it out, and must
turn this red.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.workspace import Folders
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.work import Assignment, Submission
from flux_cli.errors import LedgerBusy
from flux_cli.usecases.ports import Deps, Transaction
from tests.usecases.market_economy import (
    SELLERS,
    DyingStore,
    Writing,
    books,
    carried_out,
    faults,
    goal,
    hires,
    market,
    sold,
)

FINISHED, BUSY, BROKEN = 0, 7, 1


class Fatal(DyingStore):
    """A store at whose n-th commit the process is killed, as by `kill -9`."""

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        self.commits += 1
        dies = self.commits == self.at
        with self.inner.begin() as tx:
            yield tx
            if dies and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Slow(Writing):
    """Work that takes long enough for another process to get in between."""

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        made = super().work(assignment, folder)
        time.sleep(0.02)
        return made


def opened(folder: Path) -> Deps:
    """The ledger that `market` made, opened again in this process."""
    flux = open_flux(load_config({"ledger.path": str(folder / "flux.db")}, {}, folder))
    settings = replace(flux.settings, parallel=1, strategy=Strategy.BALANCED)
    return replace(flux, trades={"copy": Slow(1)}, settings=settings)


def child(task: Callable[[], None]) -> int:
    """Start a process that does `task` and ends with how that went."""
    pid = os.fork()
    if pid:
        return pid
    code = BROKEN
    try:
        task()
        code = FINISHED
    except LedgerBusy:
        code = BUSY
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


def ended(pid: int) -> int:
    """Its exit code, or the negative number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run(folder: Path, at: int = 0, *, after: bool = False) -> Callable[[], None]:
    """Carry the run out, to be killed at its commit number `at`."""

    def task() -> None:
        deps = opened(folder)
        assert isinstance(deps.store, SqliteStore)
        dying = replace(deps, store=Fatal(deps.store, at, after)) if at else deps
        carried_out(dying, goal(folder))

    return task


def state(folder: Path) -> tuple[object, ...]:
    """What the ledger says in the end; which of equal sellers came first is left to chance."""
    deps = opened(folder)
    held = books(deps)
    rest = {name for name in held if name not in {f"wallet:{seller}" for seller in SELLERS}}
    return hires(deps), sold(deps), held["wallet:orchestrator"], rest, faults(deps)


def commits_of(folder: Path) -> int:
    """How many commits the whole run makes."""
    market(folder, garbage=1)
    deps = opened(folder)
    assert isinstance(deps.store, SqliteStore)
    counting = DyingStore(deps.store)
    carried_out(replace(deps, store=counting), goal(folder))
    return counting.commits


def point(folder: Path, number: int, commits: int, seed: int) -> tuple[str, list[str]]:
    """One kill, two at once, one more; where it was killed, and what was wrong."""
    draw = random.Random(f"{seed}/{number}")
    market(folder, garbage=1)
    wrong: list[str] = []
    if number % 4 == 3:
        where, pid = "at a time", child(run(folder))
        time.sleep(draw.uniform(0, 0.3))
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    else:
        at, after = draw.randrange(commits) + 1, draw.random() < 0.5
        where = f"{'after' if after else 'before'} commit {at:2}"
        if ended(child(run(folder, at, after=after))) != -signal.SIGKILL:
            wrong.append("it was not killed")
    codes = [ended(pid) for pid in [child(run(folder)) for _ in range(2)]]
    if not set(codes) <= {FINISHED, BUSY} or FINISHED not in codes:
        wrong.append(f"two at once ended {codes}")
    if ended(child(run(folder))) != FINISHED:
        wrong.append("the last did not finish")
    return where, wrong


def plant() -> None:
    """Take the one thing away that keeps two processes apart."""
    Folders.held = lambda *_: nullcontext()  # type: ignore[method-assign,assignment]


def main() -> int:
    """Print where the kills fell and every fault; 0 only without faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plant", action="store_true", help="let both carry it out")
    options = parser.parse_args()
    if options.plant:
        plant()
    home = Path(tempfile.mkdtemp(prefix="flux-rehire-"))
    failed = 0
    places: Counter[str] = Counter()
    try:
        (home / "whole").mkdir()
        commits = commits_of(home / "whole")
        wanted = state(home / "whole")
        for number in range(options.points):
            folder = home / str(number)
            folder.mkdir()
            where, wrong = point(folder, number, commits, options.seed)
            found = state(folder)
            if found != wanted:
                wrong.append(f"{found}, not {wanted}")
            places[where] += 1
            if wrong:
                failed += 1
                print(f"point {number}, killed {where}: {'; '.join(wrong)}", flush=True)
            shutil.rmtree(folder)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for where, times in sorted(places.items()):
        print(f"killed {where}: {times}")
    print(f"{options.points - failed} of {options.points} runs have one hire paid, and no more")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
