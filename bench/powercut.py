"""F4: power cuts. What a disk had been given at a random instant is mounted anew, and judged.

    python bench/powercut.py --cuts 1000 [--wal] [--checkpoints] [--plant wal-normal]

As root, on Linux with xfsprogs. A client works on a ledger on an ext4 file system in a file. That
file lies on XFS, which clones it in one instant with all that the file system has sent to its disk
and nothing that it still holds in memory: what a cut would leave. The clone is mounted, which
replays its journal, and the oracle compares it with the client's logs. Those are kept elsewhere and
read before the cut, so every acknowledged write must be there.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import oracle
import plants
import workload
from kill import in_child
from workload import acked_in, issued_in

CUTS_A_LEDGER = 20
LONGEST_SECONDS = 0.25
OUTER_BYTES, INNER_BYTES = 2 << 30, 48 << 20
FICLONE = 0x40049409
"""linux/fs.h: make a file share all the blocks of another, as they are now."""

PLANTED = ("wal-normal", "delete-full", "no-sync")


def command(*argv: object) -> str:
    """Run a program; raises `CalledProcessError` where it fails."""
    return subprocess.run(
        [str(word) for word in argv], check=True, capture_output=True, text=True
    ).stdout.strip()


@contextmanager
def mounted(image: Path, point: Path) -> Iterator[Path]:
    """The file system in a file, at `point`."""
    point.mkdir(exist_ok=True)
    device = command("losetup", "-f", "--show", image)
    try:
        command("mount", device, point)
        try:
            yield point
        finally:
            command("umount", point)
    finally:
        command("losetup", "-d", device)


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A file system whose files can be cloned in an instant."""
    outer = folder / "outer.img"
    with outer.open("wb") as file:
        file.truncate(OUTER_BYTES)
    command("mkfs.xfs", "-q", "-m", "reflink=1", outer)
    with mounted(outer, folder / "outer") as there:
        yield there


def clone(source: Path, target: Path) -> None:
    """What the disk has at this instant."""
    with source.open("rb") as old, target.open("wb") as new:
        fcntl.ioctl(new.fileno(), FICLONE, old.fileno())


def start(ledger: Path, logs: Path, seed: str, plant: str | None) -> int:
    """The process id of a client that works until it is killed."""
    child = os.fork()
    if child:
        return child
    try:
        for name in (plant or "").split():
            plants.plant(name)
        deps = workload.deps_of(ledger)
        workload.found(deps)
        workload.run(deps, "c", seed, 1 << 30, workload.attempt, logs=logs)
    finally:
        os._exit(1)


def one_ledger(
    where: Path, number: int, cuts: int, seed: int, plant: str | None
) -> list[list[str]]:
    """The faults after each of `cuts` cuts while one client works on one ledger."""
    draw = random.Random(f"{seed}/{number}")
    image = where / "disk.img"
    with image.open("wb") as file:
        file.truncate(INNER_BYTES)
    command("mkfs.ext4", "-q", "-F", image)
    logs = Path(tempfile.mkdtemp(prefix="flux-logs-"))
    try:
        with mounted(image, where / "work") as work:
            child = start(work / "flux.db", logs, str(draw.random()), plant)
            try:
                return [one_cut(image, logs, draw, plant) for _ in range(cuts)]
            finally:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
    finally:
        shutil.rmtree(logs)


def one_cut(image: Path, logs: Path, draw: random.Random, plant: str | None) -> list[str]:
    """Cut at a random instant; the faults in what is there when the power is back."""
    time.sleep(draw.uniform(0, LONGEST_SECONDS))
    cut = image.with_name("cut.img")
    acked = acked_in(logs)
    clone(image, cut)
    issued = issued_in(logs)
    with mounted(cut, image.with_name("after")) as after:
        ledger = after / "flux.db"
        if not ledger.exists():
            return [f"{len(acked)} acknowledged, and no file"] if acked else []
        return in_child(partial(judged, ledger, issued, acked, plant))


def judged(
    ledger: Path, issued: list[workload.Wish], acked: dict[str, str], plant: str | None
) -> list[str]:
    """The oracle's faults; the planted mode is needed to open the file as it was written."""
    for name in (plant or "").split():
        plants.plant(name)
    return oracle.examine(ledger, issued, acked)[0]


def main() -> int:
    """Print every fault and the count; 0 only without faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wal", action="store_true", help="as on a SQLite that logs safely")
    parser.add_argument("--checkpoints", action="store_true", help="one every few pages")
    parser.add_argument("--plant", choices=PLANTED)
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("mkfs.xfs") is None:
        print("power cuts need root, and mkfs.xfs (apt install xfsprogs)", file=sys.stderr)
        return 2
    wanted = [("wal", options.wal), ("checkpoints", options.checkpoints)]
    plant = " ".join([name for name, asked in wanted if asked] + [options.plant or ""])
    began = time.monotonic()
    results: list[list[str]] = []
    folder = Path(tempfile.mkdtemp(prefix="flux-power-"))
    try:
        with disk(folder) as where:
            for number, first in enumerate(range(0, options.cuts, CUTS_A_LEDGER)):
                cuts = min(CUTS_A_LEDGER, options.cuts - first)
                results += one_ledger(where, number, cuts, options.seed, plant)
    finally:
        shutil.rmtree(folder)
    failed = [(number, faults) for number, faults in enumerate(results) if faults]
    for number, faults in failed[:10]:
        print(f"cut {number}: {'; '.join(faults[:3])}")
    print(
        f"{len(results) - len(failed)} of {len(results)} cuts lost nothing"
        f" in {time.monotonic() - began:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
