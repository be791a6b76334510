"""F8: random steps of the whole money engine beside a plain reference model.

    python bench/machine.py --steps 1000000 [--seed 1] [--minutes 5] [--plant held-forgotten]

Each ledger lives for some hundreds of steps; after each step everything is compared, every 500
the ledger is verified, and at its end every key is retried. A seed and a ledger's number name all
its steps. Exits with 1 where the engine is not as the model says, with the last 20 steps.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "usecases"))

import engine_calls
from engine_lives import Life, live

from flux_cli.adapters.store import usage
from flux_cli.domain.facts import Facts
from flux_cli.domain.intents import Spend
from flux_cli.domain.streams import Stream, StreamState
from flux_cli.kernel.verdict import Verdict
from flux_cli.usecases import capture_payment, correct_payment, end_escrow, request_money

STEPS_A_LEDGER = 500


def refund_gives_room() -> None:
    """What was refunded no longer counts under a cap."""
    usage.PERMITTED = usage.PERMITTED.replace("amount > released", "amount > released + refunded")


def held_forgotten() -> None:
    """A cap counts what was captured and forgets what is on hold."""
    usage.PERMITTED += " and state = 'captured'"


def window_off_by_one() -> None:
    """A payment at the very start of a window is counted in it."""
    usage.SINCE, usage.UNTIL = "decided_at >= ?", "decided_at < ?"


def capture_above_hold() -> None:
    """A capture is not compared with what is on hold."""
    capture_payment._wanted = lambda _, amount, most: most if amount is None else amount


def approval_unjudged() -> None:
    """The owner's yes skips every rule but the owner's own."""
    judged = request_money.authorize

    def lenient(spend: Spend, facts: Facts) -> Verdict:
        if facts.owner_approved:
            loose = {"limits": (), "per_payment": None, "minimum_balance": None}
            facts = replace(facts, policy=replace(facts.policy, **loose), duplicates=0)
        return judged(spend, facts)

    request_money.authorize = lenient


def freeze_ignored() -> None:
    """A frozen payee can still be made to refund, and a frozen party's escrow be released."""
    correct_payment.is_frozen = lambda *_: False
    end_escrow.obey_freeze = lambda *_: None


def pause_is_paid() -> None:
    """A stream that is paused has run for an hour more than it ran."""
    stopped = Stream.stopped

    def longer(self: Stream, now: datetime, state: StreamState) -> Stream:
        made = stopped(self, now, state)
        if state is StreamState.PAUSED:
            made = replace(made, ran_before=made.ran_before + 3_600_000_000)
        return made

    Stream.stopped = longer


PLANTS: dict[str, Callable[[], None]] = {
    "refund-gives-room": refund_gives_room,
    "held-forgotten": held_forgotten,
    "window-off-by-one": window_off_by_one,
    "capture-above-hold": capture_above_hold,
    "approval-unjudged": approval_unjudged,
    "freeze-ignored": freeze_ignored,
    "pause-is-paid": pause_is_paid,
}


def begin(folder: Path, plant: str | None) -> None:
    """Make this process ready: its ledgers go into `folder`, and a plant breaks all it runs."""
    engine_calls.MEMORY = folder
    if plant:
        PLANTS[plant]()


def run(
    steps: int, seed: int, processes: int, plant: str | None, minutes: float
) -> tuple[list[Life], float]:
    """Ledgers until `steps` are done, the time is over or one differs."""
    lengths = [min(STEPS_A_LEDGER, steps - at) for at in range(0, steps, STEPS_A_LEDGER)]
    work = [(f"{seed}:{number}", length) for number, length in enumerate(lengths)]
    began, lives = time.monotonic(), []
    memory = engine_calls.MEMORY if engine_calls.MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="flux-machine-", dir=memory) as folder:
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes, begin, (Path(folder), plant)) as pool:
            for life in pool.imap_unordered(lived, work):
                lives.append(life)
                over = minutes and time.monotonic() - began > minutes * 60
                if life.fault or over:
                    break
            pool.terminate()
            pool.join()
    return lives, time.monotonic() - began


def lived(work: tuple[str, int]) -> Life:
    """One ledger's life, as a pool hands it out."""
    return live(*work)


def show(lives: list[Life], seconds: float) -> None:
    """Counts of each kind of step by what it came to."""
    told: Counter[tuple[str, str]] = sum((life.told for life in lives), Counter())
    columns = ("done", "waits", "denied", "error", "undone")
    print(f"{'step':16}" + "".join(f"{name:>9}" for name in columns))
    for kind in sorted({kind for kind, _ in told}):
        print(f"{kind:16}" + "".join(f"{told[kind, name]:9}" for name in columns))
    done = sum(life.steps for life in lives)
    print(
        f"{done} steps on {len(lives)} ledgers in {seconds:.0f} s; then"
        f" {sum(life.retried for life in lives)} keys retried;"
        f" {sum(1 for life in lives if life.fault)} mismatches"
    )


def main() -> int:
    """Print the counts and any mismatch; 0 only where there is none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--minutes", type=float, default=0, help="stop after these; 0 for never")
    parser.add_argument("--plant", choices=PLANTS)
    asked = parser.parse_args()
    lives, seconds = run(asked.steps, asked.seed, asked.processes, asked.plant, asked.minutes)
    show(lives, seconds)
    for life in lives:
        if life.fault:
            print(f"\nseed {asked.seed}: {life.fault}")
    return 1 if any(life.fault for life in lives) else 0


if __name__ == "__main__":
    sys.exit(main())
