"""F9: processes and threads on one hot account, each key raced, a daily cap in force.

    python bench/races.py --processes 64 --threads 16 --operations 100000 [--plant naive-cap]

Every process races the same keys with the next one, and one more process races them in threads. The
keys are payments, holds, cancelled holds and top-ups of one agent whose cap lets only part of them
through. Afterwards: never over the cap, each key once and one answer to all who raced for it, no
writer turned away because the ledger was busy, and the oracle finds nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import oracle
import plants
import workload
from workload import DONE, SHOPS, Wish, attempt, deps_of

from flux_cli.domain.intents import PaymentIntent
from flux_cli.errors import FluxError
from flux_cli.usecases.ports import Deps

RACERS = 2
"""How many writers each key has."""

HOT = "ada"
UNITS = 1_000_000
PLANTED = ("naive-cap", "no-held", "no-lookup", "no-wait")
VERBS = ("pay", "hold", "pay", "gone", "fund")
"""What the keys are for, in turn; `gone` is a hold that its writer cancels at once."""


def wish(number: int) -> Wish:
    """The operation of a key, the same for all who race for it."""
    verb = VERBS[number % len(VERBS)]
    made = "hold" if verb == "gone" else verb
    return Wish(f"r-{number}", made, HOT, SHOPS[number % 2], UNITS + number % 7)


def share(writer: int, writers: int, keys: int) -> range:
    """The keys of one writer: its own, which it races for with the writer before it."""
    return range(writer % writers, keys, writers)


def work(deps: Deps, writer: int, writers: int, keys: int) -> list[tuple[str, str]]:
    """Race for every key of this writer's and of the next one's; each with its answer."""
    answers = []
    for ours, theirs in zip(
        share(writer, writers, keys), share(writer + 1, writers, keys), strict=False
    ):
        answers += [(wish(n).key, answered(deps, n)) for n in (ours, theirs)]
    longer = max(share(writer, writers, keys), share(writer + 1, writers, keys), key=len)
    shorter = min(share(writer, writers, keys), share(writer + 1, writers, keys), key=len)
    answers += [(wish(n).key, answered(deps, n)) for n in list(longer)[len(shorter) :]]
    return answers


def answered(deps: Deps, number: int) -> str:
    """What this writer was told; a payment's answer names the payment, the same for everybody."""
    asked = wish(number)
    try:
        said = attempt(deps, asked)
        if asked.verb in ("pay", "hold"):
            with deps.store.reading() as reader:
                found = reader.lookup(PaymentIntent, key=asked.key)
            said = f"{said} {found.id if found else 'no payment'}"
        if VERBS[number % len(VERBS)] == "gone" and said.startswith(DONE):
            cancel = replace(asked, key=f"{asked.key}-gone", verb="cancel", of=asked.key)
            attempt(deps, cancel)
    except FluxError as failure:
        return f"failed: {failure.code}"
    except Exception as bug:
        return f"bug: {type(bug).__name__}: {bug}"
    return said


def process(
    ledger: Path, writers: range, total: int, keys: int, plant: str | None, cap: str
) -> None:
    """Several writers as threads of this process, or one; their answers in a file each."""
    if plant:
        plants.plant(plant)
    deps = workload.deps_of(ledger, cap=cap)

    def one(writer: int) -> None:
        answers = work(deps, writer, total, keys)
        (ledger.parent / f"{writer}.answers").write_text(json.dumps(answers))
        if len(writers) > 1:
            deps.store.close()  # type: ignore[attr-defined]

    threads = [threading.Thread(target=one, args=(writer,)) for writer in writers[1:]]
    for thread in threads:
        thread.start()
    one(writers[0])
    for thread in threads:
        thread.join()


def race(
    folder: Path, processes: int, threads: int, keys: int, plant: str | None
) -> tuple[dict[str, list[str]], str]:
    """Let them all race; every answer by key, and the cap that was in force."""
    total = processes + threads
    permitted = sum(1 for n in range(keys) if VERBS[n % len(VERBS)] in ("pay", "hold"))
    cap = f"{permitted * 2 // 3}.00"
    deps = deps_of(folder / "flux.db", cap=cap)
    workload.found(deps)
    attempt(deps, Wish("first", "fund", HOT, SHOPS[0], keys * 2 * UNITS))
    deps.store.verify()
    groups = [range(n, n + 1) for n in range(processes)]
    groups += [range(processes, total)] if threads else []
    context = multiprocessing.get_context("spawn")
    racers = [
        context.Process(target=process, args=(folder / "flux.db", some, total, keys, plant, cap))
        for some in groups
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
        if racer.exitcode:
            print(f"a process of racers ended with {racer.exitcode}")
    answers: dict[str, list[str]] = defaultdict(list)
    for writer in range(total):
        said = folder / f"{writer}.answers"
        for key, answer in json.loads(said.read_text()) if said.exists() else ():
            answers[key].append(answer)
    return answers, cap


def judge(answers: dict[str, list[str]], keys: int) -> list[str]:
    """Keys not raced for, answers that differ, and writers that were turned away."""
    faults = []
    for number in range(keys):
        asked = wish(number)
        said = answers.get(asked.key, [])
        if len(said) < RACERS:
            faults.append(f"{asked.key} was raced for by {len(said)}")
        faults += [f"{asked.key}: {one}" for one in set(said) if one.startswith(("failed", "bug"))]
        if len(set(said)) > 1:
            faults.append(f"{asked.verb} {asked.key} was answered {sorted(set(said))}")
    return faults


def asked(keys: int, answers: dict[str, list[str]]) -> tuple[list[Wish], dict[str, str]]:
    """All operations and their answers as the oracle takes them."""
    issued = [Wish("first", "fund", HOT, SHOPS[0], keys * 2 * UNITS)]
    acked = {"first": DONE}
    for number in range(keys):
        one = wish(number)
        issued.append(one)
        if one.key in answers:
            acked[one.key] = answers[one.key][0].split(" ")[0]
        if VERBS[number % len(VERBS)] == "gone":
            issued.append(replace(one, key=f"{one.key}-gone", verb="cancel", of=one.key))
    return issued, acked


def main() -> int:
    """Print what the racers were told and every fault; 0 only without faults."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--operations", type=int, default=1600, help="attempts, all racers'")
    parser.add_argument("--plant", choices=PLANTED)
    options = parser.parse_args()
    keys = max(options.operations // RACERS, options.processes + options.threads)
    folder = workload.scratch()
    began = time.monotonic()
    try:
        answers, cap = race(folder, options.processes, options.threads, keys, options.plant)
        seconds = time.monotonic() - began
        faults = judge(answers, keys)
        issued, acked = asked(keys, answers)
        found, _ = oracle.examine(folder / "flux.db", issued, acked)
        faults += found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    said = Counter(one.split(" pi_")[0] for some in answers.values() for one in some)
    for answer, count in sorted(said.items()):
        print(f"told {answer}: {count}")
    for fault in faults[:12]:
        print(fault)
    attempts = sum(said.values())
    print(
        f"{options.processes} processes and {options.threads} threads made {attempts} attempts at"
        f" {keys} keys under a cap of {cap} in {seconds:.0f} s: {len(faults)} faults"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
