"""F2 and F3: kill, or a disk error, at the Nth syscall that changes the ledger's files.

    python bench/syscalls.py --points 300            # kill -9 at 300 of them
    python bench/syscalls.py --errors --points 200   # EIO and ENOSPC, once and from there on
    python bench/syscalls.py --points all

A counting run lists every write, sync, truncation and unlink that one short workload makes to its
ledger, journal, head and folder. Each point is one run of the same workload under `strace`, which
injects the fault there; then the oracle judges, without strace. The counting run also shows that
every commit was synced, file and folder, before its client was told of it.
"""

from __future__ import annotations

import argparse
import ctypes
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import oracle
import plants
import workload
from kill import in_child, warm_up
from workload import acked_in, issued_in

CALLS = "pwrite64,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2"
"""The calls that are counted and hit; the clients' logs use none of them."""

OPERATIONS = 30
SECONDS = 60
PR_SET_PTRACER = 0x59616D61
ERRORS = ("EIO", "ENOSPC")
PLANTED = ("ack-first", "no-lookup", "no-journal", "no-sync", "swallowed-errors")

LINE = re.compile(r"^\d+ +(\w+)\((?:\d+<)?\"?([^\">,]*)")


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`th of `call`, which concerns `file`, and what is to happen there."""

    call: str
    number: int
    file: str
    fault: str

    @property
    def injection(self) -> str:
        """As strace wants it; a kill comes before the call does anything."""
        sticky = "+" if self.fault.endswith("+") else ""
        what = "signal=KILL" if self.fault == "KILL" else f"error={self.fault.rstrip('+')}"
        return f"inject={self.call}:{what}:when={self.number}{sticky}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a traced workload ended: its exit code, or minus the signal; and what it said."""

    returncode: int
    stderr: str


def traced(ledger: Path, options: list[str], plant: str | None) -> Ended:
    """Run the workload under strace to its end, however that comes.

    It is forked from this process, which has imported all it needs: an interpreter's start takes
    longer than the work. strace stops it at every call, since it kills none with `--seccomp-bpf`.
    """
    line = [str(ledger), "--operations", str(OPERATIONS), *(("--plant", plant) if plant else ())]
    said = ledger.parent / "stderr"
    gate, opened = os.pipe()
    child = os.fork()
    if not child:
        work(line, said, gate, opened)
    os.close(gate)
    strace = subprocess.Popen(
        ["strace", "-f", "-p", str(child), *options], stderr=subprocess.PIPE, text=True
    )
    try:
        assert strace.stderr is not None
        told = strace.stderr.readline()
        if "attached" not in told:
            raise RuntimeError(f"strace cannot attach: {told}")
        os.write(opened, b"1")
        strace.communicate(timeout=SECONDS)
    finally:
        os.close(opened)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        strace.kill()
        strace.wait()
    return Ended(os.waitstatus_to_exitcode(status), said.read_text() if said.exists() else "")


def work(line: list[str], said: Path, gate: int, opened: int) -> NoReturn:
    """The workload, in a child that waits until it is traced."""
    code = 1
    try:
        os.close(opened)
        # Where a process may trace only its descendants (Yama), it says who else may.
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        if os.read(gate, 1):
            os.dup2(os.open(said, os.O_CREAT | os.O_WRONLY, 0o600), 2)
            code = workload.main(line)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def count(plant: str | None) -> tuple[list[tuple[str, int, str]], list[str]]:
    """Every call that changes the ledger's files, in order, and each commit told of unsynced."""
    folder = workload.scratch()
    try:
        trace = folder / "trace"
        ended = traced(
            folder / "flux.db", ["-y", "-o", str(trace), "-e", f"trace={CALLS},writev"], plant
        )
        if ended.returncode != 0:
            raise RuntimeError(f"the workload ended {ended.returncode}: {ended.stderr[-400:]}")
        seen: Counter[str] = Counter()
        calls, order = [], []
        for line in trace.read_text(errors="replace").splitlines():
            found = LINE.match(line)
            if found is None:
                continue
            call, path = found.groups()
            seen[call] += 1
            order.append((call, path))
            if path.startswith(str(folder)) and call != "writev":
                calls.append((call, seen[call], named(path, folder)))
        return calls, unsynced(order, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def named(path: str, folder: Path) -> str:
    """A file of the ledger's folder by its name, without what makes a temporary one unique."""
    return "." if path == str(folder) else re.sub(r"(\.\d+)?\.[0-9a-f]{8,}$", "", Path(path).name)


def unsynced(order: list[tuple[str, str]], folder: Path) -> list[str]:
    """Commits whose client was told before the disk had them: what no kill -9 can show.

    What must be synced is the database after its last page, and the folder after the journal's
    removal, which is the commit (with a write-ahead log, the log after its last frame).
    """
    faults, dirty = [], set[str]()
    for call, path in order:
        name = named(path, folder)
        if call == "pwrite64" and name in ("flux.db", "flux.db-wal"):
            dirty.add(name)
        elif call == "unlink" and name == "flux.db-journal":
            dirty.add(".")
        elif call in ("fsync", "fdatasync"):
            dirty.discard(name)
        elif call == "writev" and name.endswith(".acked"):
            wal = {"flux.db"} if "flux.db-wal" in {Path(p).name for _, p in order} else set()
            if dirty - wal:
                faults.append(f"a client was told of a commit with {sorted(dirty)} not synced")
            dirty.clear()
    return faults


def judged(ledger: Path, plant: str | None) -> list[str]:
    """The oracle's faults, with the planted defect where it would be in the product."""
    if plant and plant not in ("ack-first", "swallowed-errors"):
        plants.plant(plant)
    folder = ledger.parent
    return oracle.examine(ledger, issued_in(folder), acked_in(folder), workload.attempt)[0]


def at(point: Point, plant: str | None) -> list[str]:
    """Run the workload into one fault, and say what is wrong with the ledger then."""
    folder = workload.scratch()
    ledger = folder / "flux.db"
    try:
        options = ["-o", "/dev/null", "-e", f"trace={CALLS}", "-e", point.injection]
        ended = traced(ledger, options, plant)
        faults = []
        killed = ended.returncode == -signal.SIGKILL
        if point.fault == "KILL" and not killed:
            faults.append(f"the workload ended {ended.returncode}, not killed")
        if point.fault != "KILL" and ended.returncode not in (0, 3):
            faults.append(f"the workload ended {ended.returncode}: {ended.stderr[-200:]}")
        if not ledger.exists():
            return faults
        return faults + in_child(partial(judged, ledger, plant))
    except subprocess.TimeoutExpired:
        return [f"the workload went on for {SECONDS} s"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def chosen(
    calls: list[tuple[str, int, str]], faults: tuple[str, ...], most: int | None, seed: int
) -> list[Point]:
    """All points, or `most` of them: first one of each kind, then by lot."""
    points = [Point(call, number, file, fault) for call, number, file in calls for fault in faults]
    if most is None or most >= len(points):
        return points
    lots = random.Random(seed)
    lots.shuffle(points)
    kinds = {(point.call, point.file, point.fault): point for point in reversed(points)}
    rest = [point for point in points if point not in set(kinds.values())]
    return [*kinds.values(), *rest][:most]


def main() -> int:
    """Print what was hit and every fault; 0 only without faults, 2 where there is no strace."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", default="300", help="how many, or `all`")
    parser.add_argument("--errors", action="store_true", help="EIO and ENOSPC instead of kill -9")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plant", choices=PLANTED)
    parser.add_argument("--wal", action="store_true", help="as on a SQLite that logs safely")
    options = parser.parse_args()
    options.plant = "wal" if options.wal else options.plant
    if shutil.which("strace") is None:
        print("strace is not installed; nothing was tried", file=sys.stderr)
        return 2
    began = time.monotonic()
    calls, early = count(options.plant)
    print(f"{len(calls)} calls change the ledger's files in {OPERATIONS} operations")
    for fault in early[:3]:
        print(fault)
    kinds = tuple(e + more for e in ERRORS for more in ("", "+")) if options.errors else ("KILL",)
    most = None if options.points == "all" else int(options.points)
    points = chosen(calls, kinds, most, options.seed)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=context, initializer=warm_up) as workers:
        results = list(workers.map(partial(at, plant=options.plant), points))
    for (fault, call, file), hits in sorted(
        Counter((point.fault, point.call, point.file) for point in points).items()
    ):
        print(f"{fault} at {call} of {file}: {hits}")
    failed = [(point, faults) for point, faults in zip(points, results, strict=True) if faults]
    for point, faults in failed[:12]:
        print(f"{point.injection} ({point.file}): {'; '.join(faults[:4])}")
    print(
        f"{len(points) - len(failed)} of {len(points)} points recovered exactly"
        f" in {time.monotonic() - began:.0f} s"
    )
    return 1 if failed or early else 0


if __name__ == "__main__":
    sys.exit(main())
