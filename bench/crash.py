"""Kill `flux run marketing-campaign` at seeded random instants, resume it, and audit the ledger.

    python bench/crash.py --points 200

Half of the kills come at a random time, half at a random step and up to 20 ms after it. After each
the run is resumed (or, where nothing was recorded yet, started again under the same key), and the
ledger must show the same balances as a run that was never killed, each hire paid once, and pass
`flux verify`. `--plant` removes the look-up of idempotency keys, and must turn this red.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EXPECTED = {"orchestrator": -120, "researcher": 50, "content-writer": 30, "image-generator": 40}
STEPS = 21
FLUX = "from flux_cli.entrypoints.cli.app import main; main()"
PLANT = """
from flux_cli.adapters.store import journal, reader
find, lookup = journal.find, reader.SqliteReader.lookup
journal.find = lambda connection, key: None
reader.SqliteReader.lookup = lambda self, kind, **equal: (
    None if "key" in equal else lookup(self, kind, **equal))
"""


def command(home: Path, *argv: str, plant: bool) -> tuple[list[str], dict[str, str]]:
    """The child process that runs flux with its own home and ledger."""
    code = (PLANT if plant else "") + FLUX
    environ = {
        **os.environ,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "FLUX_DB": str(home / "flux.db"),
        "CI": "1",
    }
    return [sys.executable, "-c", code, *argv], environ


def killed_run(home: Path, draw: random.Random, plant: bool, whole: float) -> str:
    """Start the campaign and kill it; says where."""
    start = ("run", "marketing-campaign", "--idempotency-key", "k", "--out", str(home / "out"))
    argv, environ = command(home, *start, plant=plant)
    child = subprocess.Popen(
        argv, env=environ, cwd=home, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    where = "before the first step"
    if draw.random() < 0.5:
        time.sleep(draw.uniform(0, whole))
        where = "at a time"
    else:
        target = draw.randrange(1, STEPS)
        assert child.stderr is not None
        for number, line in enumerate(child.stderr, 1):
            if number == target:
                where = line.split()[0]
                time.sleep(draw.uniform(0, 0.02))
                break
    child.send_signal(signal.SIGKILL)
    child.wait()
    return where


def flux(home: Path, *argv: str, plant: bool = False) -> subprocess.CompletedProcess[str]:
    """Run flux to its end."""
    line, environ = command(home, *argv, plant=plant)
    return subprocess.run(
        line, env=environ, cwd=home, capture_output=True, text=True, timeout=300, check=False
    )


def audit(home: Path, plant: bool) -> list[str]:
    """Finish the killed run and say what is wrong with the ledger then."""
    resumed = flux(home, "runs", "resume", plant=plant)
    if resumed.returncode == 5:
        start = ("run", "marketing-campaign", "--idempotency-key", "k", "--out", str(home / "out"))
        resumed = flux(home, *start, plant=plant)
    wrong = []
    if resumed.returncode != 0:
        wrong.append(f"resume ended {resumed.returncode}: {resumed.stderr.strip()[-160:]}")
    run = json.loads(flux(home, "runs", "list", "--json").stdout or "{}").get("data", [])
    if [one["state"] for one in run] != ["completed"]:
        wrong.append(f"runs are {[one['state'] for one in run]}")
    if run:
        document = json.loads(flux(home, "runs", "show", run[0]["id"], "--json").stdout)
        found = {
            row["agent"]: row["change"]["amount_minor"] // 1_000_000 for row in document["balances"]
        }
        if found != EXPECTED:
            wrong.append(f"balances are {found}")
        kinds = Counter(entry["kind"] for entry in document["entries"])
        once = {"hold": 1, "card_load": 1, "escrow_fund": 3, "escrow_release": 3}
        if kinds != once:
            wrong.append(f"entries are {dict(kinds)}")
        if len(document["ballots"]) != 5:
            wrong.append(f"{len(document['ballots'])} ballots")
    verified = flux(home, "verify")
    if verified.returncode != 0:
        wrong.append(f"verify ended {verified.returncode}")
    return wrong


def point(number: int, seed: int, plant: bool, whole: float) -> tuple[str, list[str]]:
    """One kill in a fresh home; its folder goes away."""
    draw = random.Random(f"{seed}/{number}")
    home = Path(tempfile.mkdtemp(prefix="flux-crash-"))
    try:
        where = killed_run(home, draw, plant, whole)
        return where, audit(home, plant)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main() -> int:
    """Print where the kills fell and every fault; 0 only without faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plant", action="store_true", help="remove the look-up of keys")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="flux-crash-"))
    began = time.monotonic()
    clean = flux(home, "run", "marketing-campaign", "--out", str(home / "out"))
    whole = time.monotonic() - began
    shutil.rmtree(home, ignore_errors=True)
    if clean.returncode != 0:
        print(clean.stderr[-400:])
        return 2
    with ThreadPoolExecutor(options.workers) as workers:
        results = list(
            workers.map(
                lambda number: point(number, options.seed, options.plant, whole),
                range(options.points),
            )
        )
    for where, times in sorted(Counter(where for where, _ in results).items()):
        print(f"killed {where}: {times}")
    failed = [(number, wrong) for number, (_, wrong) in enumerate(results) if wrong]
    for number, wrong in failed[:10]:
        print(f"point {number}: {'; '.join(wrong)}")
    print(f"{options.points - len(failed)} of {options.points} kills recovered exactly")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
