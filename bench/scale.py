"""A ledger that grows to a million entries: what writes cost on the way, and reads there.

    python bench/scale.py [--entries 1000000] [--mode wal/full] [--json]

Entries are posted a thousand at a time; at each mark single posts are timed too, in turns with
plain appends and syncs of as many bytes to a file on the same disk, since a disk's own mood
changes more than the cost of a write. Reads are of wallets drawn at random: a balance, the last
fifty entries, a balance at a random past entry, a page in the middle of a history. Then the trial
balance and `flux verify`. Percentiles are of single calls in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode, current_mode
from flux_cli.domain.journal import WORLD, Entry, EntryKind, fees, transfer, wallet
from flux_cli.domain.money import CREDIT, Money

WALLETS = 1000
BATCH = 1000
SINGLES = 200
READS = 2000
WHOLE = Money(1_000_000)


def traffic(number: int) -> Entry:
    """Half top-ups, a quarter fees, a quarter withdrawals, over a thousand wallets."""
    name = wallet(f"agent-{number * 7919 % WALLETS:04}")
    key = f"bench-{number:09}"
    if number % 4 < 2 or number < 4 * WALLETS:
        return transfer(key, EntryKind.TOP_UP, WORLD, name, WHOLE, memo="a top-up")
    if number % 4 == 2:
        return transfer(key, EntryKind.FEE, name, fees("bench"), Money(1), memo="a fee")
    return transfer(key, EntryKind.WITHDRAWAL, name, WORLD, Money(1), memo="a withdrawal")


def p95(call: Callable[[], object], times: int = READS) -> tuple[float, float]:
    """(median, 95th percentile) of a call, in milliseconds."""
    taken = []
    for _ in range(times):
        start = perf_counter()
        call()
        taken.append((perf_counter() - start) * 1000)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.95)]


def synced(folder: Path, size: int) -> float:
    """Milliseconds for one append of `size` bytes and its sync."""
    with (folder / "floor").open("ab") as file:
        start = perf_counter()
        file.write(b"x" * size)
        file.flush()
        os.fdatasync(file.fileno())
        return (perf_counter() - start) * 1000


def marks(total: int) -> list[int]:
    """Where singles are timed: 10 k, then each tenth of the way."""
    return sorted({min(10_000, total), *(total * tenth // 10 for tenth in range(1, 11))})


def grow(store: SqliteStore, folder: Path, total: int) -> list[dict[str, float]]:
    """Post `total` entries; one row a mark with what a write cost there."""
    rows, number, batched = [], 0, list[float]()
    for mark in marks(total):
        while number < mark:
            entries = [traffic(one) for one in range(number, number + BATCH)]
            start = perf_counter()
            with store.begin() as tx:
                tx.post_many(entries)
            batched.append((perf_counter() - start) / BATCH * 1e6)
            number += BATCH
        singles, floors = [], []
        for one in range(SINGLES):
            entry = transfer(f"single-{mark}-{one}", EntryKind.TOP_UP, WORLD, wallet("one"), WHOLE)
            start = perf_counter()
            with store.begin() as tx:
                tx.post(entry)
            singles.append((perf_counter() - start) * 1000)
            floors.append(synced(folder, 4096 * 4))
        rows.append(
            {
                "entries": mark,
                "batched_us": round(statistics.median(batched[-10:]), 2),
                "single_ms": round(statistics.median(singles), 3),
                "floor_ms": round(statistics.median(floors), 3),
            }
        )
        print("  ".join(f"{key} {value:>10,}" for key, value in rows[-1].items()), flush=True)
    return rows


def read(store: SqliteStore) -> dict[str, tuple[float, float]]:
    """Percentiles of reads of a grown ledger."""
    draw = random.Random(7)

    def name() -> str:
        return wallet(f"agent-{draw.randrange(WALLETS):04}")

    with store.reading() as reader:
        last = reader.position()
        return {
            "balance": p95(lambda: reader.balance(name(), CREDIT)),
            "last 50 of a wallet": p95(lambda: reader.entries(account=name()), READS // 10),
            "last 50 of all": p95(reader.entries, READS // 10),
            "50 in the middle of a wallet": p95(
                lambda: reader.entries(account=name(), before=last // 2), READS // 10
            ),
            "balance at a past entry": p95(
                lambda: reader.balance_at(name(), CREDIT, draw.randrange(last)), READS // 10
            ),
            "every account": p95(reader.accounts, 50),
        }


def main() -> None:
    """Grow, read, verify, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument(
        "--mode", choices=("default", "wal/full", "delete/extra"), default="default"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    mode = current_mode()
    if asked.mode != "default":
        journal, _, synchronous = asked.mode.partition("/")
        mode = Mode(journal, synchronous, "asked for")
    with tempfile.TemporaryDirectory(dir=".") as place:
        folder = Path(place).resolve()
        store = SqliteStore(folder / "flux.db", clock=SystemClock(), mode=mode)
        print(f"{store.mode}, {asked.entries:,} entries over {WALLETS} wallets")
        rows = grow(store, folder, asked.entries)
        reads = read(store)
        for what, (median, high) in reads.items():
            print(f"{what:<30} median {median:8.3f} ms   p95 {high:8.3f} ms")
        start = perf_counter()
        findings = store.verify()
        seconds = perf_counter() - start
        store.close()
        size = (folder / "flux.db").stat().st_size / rows[-1]["entries"]
    faults = [fault for finding in findings for fault in finding.faults]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"verify {seconds:.1f} s, {rows[-1]['entries'] / seconds:,.0f} entries/s, {faults or 'ok'}"
    )
    print(f"{size:.0f} bytes an entry; peak memory {memory:.0f} MiB")
    first, final = rows[0], rows[-1]
    for cost in ("batched_us", "single_ms"):
        print(f"{cost} at {final['entries']:,} / at {first['entries']:,}: "
              f"{final[cost] / first[cost]:.2f}")  # fmt: skip
    if asked.json:
        print(json.dumps({"writes": rows, "reads": reads, "verify_seconds": seconds}))


if __name__ == "__main__":
    main()
