"""F6: single-bit flips in a closed ledger; every one that changes a row must be found.

    python bench/bitflips.py --flips 1500 [--plant no-chain]

Each flip is made in a fresh copy of one ledger that a mixed workload filled. Whether it changes a
row is seen by reading every table as bytes before and after; whether it is found, by `verify`.
Half of the flips fall on bytes that are not zero, where the rows are.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sqlite3
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import plants
import workload
from workload import deps_of

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.errors import FluxError

OPERATIONS = 60
PLANTED = ("no-chain",)

Rows = list[tuple[bytes, list[tuple[object, ...]]]]


def rows(path: Path) -> Rows | None:
    """Every row of every table as bytes, none by an index; None where they cannot be read."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.text_factory = bytes
    try:
        tables = connection.execute(
            "select name from sqlite_master where type = 'table' order by name"
        ).fetchall()
        return [
            (name, connection.execute(f'select * from "{name.decode()}" not indexed').fetchall())
            for (name,) in tables
        ]
    except (sqlite3.Error, ValueError, OverflowError, MemoryError):
        return None
    finally:
        connection.close()


def verified(path: Path) -> str:
    """`clean`, the checks that found a fault, or the failure that ended the verifier."""
    store = SqliteStore(path, clock=SystemClock())
    try:
        found = [finding.name for finding in store.verify() if finding.faults]
    except FluxError as failure:
        return f"raised {failure.code}"
    except Exception as bug:
        return f"bug: {type(bug).__name__}: {bug}"
    return " ".join(found) or "clean"


def places(whole: bytes, flips: int, seed: int) -> list[tuple[int, int]]:
    """(offset, bit) of each flip: half anywhere, half where there is something."""
    draw = random.Random(seed)
    used = [offset for offset, byte in enumerate(whole) if byte]
    return [
        (draw.choice(used) if number % 2 else draw.randrange(len(whole)), draw.randrange(8))
        for number in range(flips)
    ]


def flip(place: tuple[int, int], clean: Path, plant: str | None) -> tuple[str, str]:
    """What one flip does to the rows (`same`, `changed`, `unreadable`), and what verify says."""
    if plant:
        plants.plant(plant)
    offset, bit = place
    folder = workload.scratch()
    try:
        copy = folder / clean.name
        whole = bytearray(clean.read_bytes())
        whole[offset] ^= 1 << bit
        copy.write_bytes(whole)
        shutil.copy(clean.with_name(clean.name + ".head"), folder)
        now = rows(copy)
        effect = "unreadable" if now is None else "same" if now == before(clean) else "changed"
        return effect, verified(copy)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_BEFORE: dict[Path, Rows | None] = {}


def before(clean: Path) -> Rows | None:
    """The rows of the clean ledger, read once a process."""
    if clean not in _BEFORE:
        _BEFORE[clean] = rows(clean)
    return _BEFORE[clean]


def filled(folder: Path) -> Path:
    """A closed ledger with every kind of row that the workload makes."""
    deps = deps_of(folder / "flux.db")
    workload.found(deps)
    workload.run(deps, "a", "1", OPERATIONS, workload.attempt)
    deps.store.verify()
    return deps.store.path


def main() -> int:
    """Print what the flips did and who found them; 0 only if each that changed a row was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plant", choices=PLANTED)
    options = parser.parse_args()
    began = time.monotonic()
    folder = workload.scratch()
    try:
        clean = filled(folder)
        if (found := verified(clean)) != "clean":
            print(f"the ledger to be flipped is not clean: {found}")
            return 2
        chosen = places(clean.read_bytes(), options.flips, options.seed)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(options.workers, mp_context=context) as workers:
            task = partial(flip, clean=clean, plant=options.plant)
            results = list(workers.map(task, chosen, chunksize=10))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for effect, count in sorted(Counter(effect for effect, _ in results).items()):
        seen = sum(1 for one, said in results if one == effect and said != "clean")
        print(f"rows {effect}: {count} flips, {seen} found")
    bugs = [(place, said) for place, (_, said) in zip(chosen, results, strict=True)
            if said.startswith("bug")]  # fmt: skip
    missed = [place for place, (effect, said) in zip(chosen, results, strict=True)
              if effect != "same" and said == "clean"]  # fmt: skip
    for place, said in bugs[:10]:
        print(f"bit {place[1]} of byte {place[0]}: verify ended in {said}")
    for offset, bit in missed[:10]:
        print(f"bit {bit} of byte {offset} changes a row and is not found")
    print(f"{len(missed)} missed, {len(bugs)} bugs in {time.monotonic() - began:.0f} s")
    return 1 if missed or bugs else 0


if __name__ == "__main__":
    sys.exit(main())
