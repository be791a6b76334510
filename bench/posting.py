"""How fast transfers become durable: ours, plain sqlite3, PostgreSQL and a Python library.

    python bench/posting.py [--rounds 7] [--only "wal/full,postgres"] [--json]

Contenders take turns, each time in a fresh folder on the same disk, so that a busy moment of the
machine falls on all of them. Rounds are long enough for a write-ahead log to be written over
itself: a short one shows only its growing, which is slower. A ratio is the median of the ratios
within each round: those are what to compare between machines; transfers a second are only of this
one. What cannot be measured here is listed with its reason, and has no number.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Protocol

from peers import (
    AMOUNT,
    BATCH,
    WALLETS,
    NotMeasured,
    Taken,
    batches,
    hordak,
    postgres,
    raw_sqlite,
    wallet_number,
)
from peers.machine import MACHINE, describe_machine

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.agents import ORCHESTRATOR
from flux_cli.domain.intents import CaptureMethod, IntentState, Share
from flux_cli.domain.journal import WORLD, Entry, EntryKind, transfer, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.quorum import Urgency
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

MODES = {
    "wal/full": Mode("wal", "full", "compared with plain sqlite3 in the same mode"),
    "delete/extra": Mode("delete", "extra", "compared with plain sqlite3 in the same mode"),
}
BYTES_AT_MOST = 400

Run = Callable[[Path, int], Taken]


class Ours(Protocol):
    """Seconds for `n` transfers of ours in a mode, in a fresh folder."""

    def __call__(self, directory: Path, n: int, mode: Mode) -> float: ...


def ledger(directory: Path, mode: Mode) -> SqliteStore:
    """A new ledger of ours in which every wallet has been paid once."""
    store = SqliteStore(directory / "flux.db", clock=SystemClock(), mode=mode)
    post_all(store, [top_up(-1 - number) for number in range(WALLETS)])
    return store


def top_up(number: int) -> Entry:
    """Transfer number `number` as an entry."""
    target = wallet(f"agent-{wallet_number(number):03d}")
    amount = Money(AMOUNT, CREDIT)
    return transfer(f"top-up-{number:08d}", EntryKind.TOP_UP, WORLD, target, amount)


def post_all(store: SqliteStore, entries: Sequence[Entry]) -> None:
    """Post `entries` in one transaction."""
    with store.begin() as tx:
        tx.post_many(entries)


def flux_single(directory: Path, n: int, mode: Mode) -> float:
    """Seconds for `n` entries, each in its own transaction."""
    store = ledger(directory, mode)
    entries = [top_up(i) for i in range(n)]
    began = perf_counter()
    for entry in entries:
        with store.begin() as tx:
            tx.post(entry)
    return finished(store, n, mode, perf_counter() - began)


def flux_batched(directory: Path, n: int, mode: Mode) -> float:
    """Seconds for `n` entries in transactions of `BATCH`."""
    store = ledger(directory, mode)
    work = [[top_up(i) for i in batch] for batch in batches(n)]
    began = perf_counter()
    for entries in work:
        post_all(store, entries)
    return finished(store, n, mode, perf_counter() - began)


def flux_governed(directory: Path, n: int, mode: Mode, *, callers: int) -> float:
    """Seconds for `n` whole governed payments by `callers` threads, each with a key of its own.

    Each is the use case that `flux pay` calls: key, facts, every rule of the policy, decision,
    entry, events. None is large enough for a quorum.
    """
    opened = open_flux(load_config({"ledger.path": str(directory / "flux.db")}, {}, directory))
    store = SqliteStore(directory / "flux.db", clock=SystemClock(), mode=mode)
    deps = replace(opened, store=store)
    found_economy(deps)
    before = purse(store)
    numbers = [range(first, n, callers) for first in range(callers)]
    began = perf_counter()
    if callers == 1:
        pay_each(deps, numbers[0])
    else:
        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(partial(pay_each, deps), numbers))
    seconds = perf_counter() - began
    assert before - purse(store) == n * PRICE.units, "ours lost a payment"
    store.close()
    return seconds


PRICE = Money(1_000)


def pay_each(deps: Deps, numbers: range) -> None:
    """Pay the researcher once for each number."""
    for number in numbers:
        request = MoneyRequest(
            requester=ORCHESTRATOR,
            amount=PRICE,
            shares=(Share("researcher", PRICE),),
            purpose="a passage read",
            justification="it is needed",
            claimed_return=None,
            urgency=Urgency.LOW,
            plan_digest="",
            reference="",
            escrowed=False,
            budget=None,
            capture_method=CaptureMethod.AUTOMATIC,
        )
        paid = request_money(deps, request, key=f"pay-{number}", progress=untold)
        assert paid.state is IntentState.CAPTURED, paid.refusals


def untold(step: str, /, **facts: object) -> None:
    """Nobody watches a benchmark."""


def purse(store: SqliteStore) -> int:
    """What the orchestrator has, in micro-credits."""
    with store.reading() as reader:
        return reader.balance(wallet(ORCHESTRATOR), CREDIT).units


OURS: dict[str, Ours] = {
    "flux single": flux_single,
    "flux batched": flux_batched,
    "flux governed single": partial(flux_governed, callers=1),
    "flux governed 16 callers": partial(flux_governed, callers=16),
}


def finished(store: SqliteStore, n: int, mode: Mode, seconds: float) -> float:
    """Close after making sure that the work was done in the mode asked for; gives `seconds`."""
    with store.reading() as reader:
        world = reader.balance(WORLD, CREDIT)
    assert world == Money(-(n + WALLETS) * AMOUNT, CREDIT), f"ours lost a transfer: {world}"
    store.close()
    with sqlite3.connect(store.path) as connection:
        found = connection.execute("pragma journal_mode").fetchone()[0]
    connection.close()
    assert found == mode.journal, f"ours ran in {found}"
    return seconds


@dataclass(frozen=True, slots=True)
class Contender:
    """What is measured, and the floor it is compared with."""

    name: str
    run: Run
    floor: str
    batched: bool


@dataclass(slots=True)
class Result:
    """What a contender's rounds gave, or why there are none."""

    floor: str
    rates: list[float] = field(default_factory=list)
    bytes_each: list[float] = field(default_factory=list)
    not_measured: str | None = None


def in_folder(run: Callable[[Path, int], float], directory: Path, n: int) -> Taken:
    """Run a contender whose files are all in `directory`."""
    seconds = run(directory, n)
    held = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    return Taken(seconds, held)


def floor_of(many: bool, mode: str) -> str:
    """The plain sqlite3 that a contender is compared with."""
    return f"raw {'batched' if many else 'single'} {mode}"


def sqlite_contenders() -> Iterator[Contender]:
    """Plain sqlite3 and ours, in both durable modes."""
    raw = {
        "single": raw_sqlite.single,
        "looped": raw_sqlite.looped,
        "batched": raw_sqlite.batched,
        "netted": raw_sqlite.netted,
    }
    for spelled, mode in MODES.items():
        for kind, plain in raw.items():
            run = partial(plain, journal=mode.journal, synchronous=mode.synchronous)
            many = kind != "single"
            plain_run = partial(in_folder, run)
            yield Contender(f"raw {kind} {spelled}", plain_run, floor_of(many, spelled), many)
        for name, ours in OURS.items():
            many = name == "flux batched"
            own = partial(in_folder, partial(ours, mode=mode))
            yield Contender(f"{name} {spelled}", own, floor_of(many, spelled), many)


def server_contenders() -> Iterator[tuple[str, Callable[..., Taken], bool]]:
    """The peers on PostgreSQL: name, function, and whether it posts in batches."""
    yield "postgres single", postgres.single, False
    yield "postgres batched pipeline", postgres.pipelined, True
    yield "postgres batched copy", postgres.copied, True
    yield "postgres single references", partial(postgres.single, references=True), False
    yield "postgres batched copy references", partial(postgres.copied, references=True), True
    yield "hordak single", hordak.single, False
    yield "hordak batched", hordak.batched, True


def peers(root: Path, wanted: Callable[[str], bool], stack: ExitStack) -> list[Contender]:
    """The wanted peers, on a server started for them; without one, contenders that say so."""
    chosen = [one for one in server_contenders() if wanted(one[0])]
    if not chosen:
        return []
    directory = root / "postgres"
    directory.mkdir(mode=0o700)
    try:
        server = stack.enter_context(postgres.cluster(directory))
        MACHINE["postgresql"] = server.version()
    except NotMeasured as reason:
        return [peer(name, partial(refuse, str(reason)), many) for name, _, many in chosen]
    fault: str | None = None
    if any(name.startswith("hordak") for name, _, _ in chosen):
        try:
            hordak.set_up(server)
        except NotMeasured as reason:
            fault = str(reason)
    return [
        peer(name, partial(refuse, fault), many)
        if fault is not None and name.startswith("hordak")
        else peer(name, partial(function, server), many)
        for name, function, many in chosen
    ]


def peer(name: str, run: Run, many: bool) -> Contender:
    """A peer, compared with plain sqlite3's write-ahead log, as it has one too."""
    return Contender(name, run, floor_of(many, "wal/full"), many)


def refuse(reason: str, *_: object) -> Taken:
    """Stand for a contender that cannot run here."""
    raise NotMeasured(reason)


def once(contender: Contender, root: Path, n: int) -> Taken:
    """One run in a folder of its own, which goes away."""
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=root))
    try:
        return contender.run(directory, n)
    finally:
        shutil.rmtree(directory)


def measure(
    contenders: list[Contender], root: Path, rounds: int, sizes: tuple[int, int]
) -> dict[str, Result]:
    """Every contender's rounds, in turns; prints to stderr which have none."""
    results = {one.name: Result(one.floor) for one in contenders}
    empty: dict[str, int] = {}
    for one in contenders:
        try:
            empty[one.name] = once(one, root, 0).stored_bytes
        except NotMeasured as reason:
            results[one.name].not_measured = str(reason)
            print(f"{one.name}: not measured: {reason}", file=sys.stderr)
    for number in range(rounds):
        for one in contenders:
            if one.name not in empty:
                continue
            n = sizes[one.batched]
            taken = once(one, root, n)
            results[one.name].rates.append(n / taken.seconds)
            results[one.name].bytes_each.append((taken.stored_bytes - empty[one.name]) / n)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return results


def ratios(results: dict[str, Result], left: str, right: str) -> list[float]:
    """`left` over `right` within each round; empty where one of them was not measured."""
    if left not in results or right not in results:
        return []
    pairs = zip(results[left].rates, results[right].rates, strict=False)
    return [ours / theirs for ours, theirs in pairs]


def comparisons() -> Iterator[tuple[str, str, float | None]]:
    """What is held against what, and the least the ratio should be, where there is a target."""
    for mode in MODES:
        goal = mode == "wal/full"
        yield f"flux single {mode}", f"raw single {mode}", 0.6 if goal else None
        yield f"flux batched {mode}", f"raw looped {mode}", 0.25 if goal else None
        yield f"flux batched {mode}", f"raw batched {mode}", None
        yield f"flux batched {mode}", f"raw netted {mode}", None
        yield f"flux governed single {mode}", f"raw single {mode}", 0.3 if goal else None
        one = f"flux governed single {mode}"
        yield f"flux governed 16 callers {mode}", one, 2.5 if goal else None
        for name, _, many in server_contenders():
            yield f"flux {'batched' if many else 'single'} {mode}", name, 1.0 if goal else None


def spread(values: list[float], form: str) -> str:
    """The median, and the least and greatest in brackets."""
    shown = [format(v, form) for v in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} ({shown[1]}..{shown[2]})"


def show(results: dict[str, Result]) -> None:
    """Print the contenders, then the comparisons."""
    print("; ".join(f"{name} {value}" for name, value in MACHINE.items()))
    print(f"\n{'':36} {'transfers/s':>28} {'x raw':>20} {'bytes each':>11}")
    for name, found in results.items():
        if found.not_measured is not None:
            print(f"{name:36} not measured: {found.not_measured}")
            continue
        against = ratios(results, name, found.floor)
        raw = spread(against, ".2f") if against and name != found.floor else ""
        each = statistics.median(found.bytes_each)
        print(f"{name:36} {spread(found.rates, ',.0f'):>28} {raw:>20} {each:11,.0f}")
    print()
    for left, right, target in comparisons():
        found_ratios = ratios(results, left, right)
        if found_ratios:
            print(f"{left} / {right}: {spread(found_ratios, '.2f')}{verdict(found_ratios, target)}")
    for mode in MODES:
        for kind in ("single", "batched"):
            stored = results.get(f"flux {kind} {mode}")
            if stored is not None and stored.bytes_each:
                each = statistics.median(stored.bytes_each)
                fits = "met" if each <= BYTES_AT_MOST else "MISSED"
                print(f"flux {kind} {mode}: {each:.0f} bytes, at most {BYTES_AT_MOST}: {fits}")


def verdict(found: list[float], target: float | None) -> str:
    """Whether a ratio meets its target, if it has one."""
    if target is None:
        return ""
    return f", at least {target:g}: {'met' if statistics.median(found) >= target else 'MISSED'}"


def document(results: dict[str, Result], rounds: int, sizes: tuple[int, int]) -> object:
    """All that was measured, as JSON."""
    compared = [
        {"left": left, "right": right, "target": target, "median": statistics.median(found),
         "least": min(found), "most": max(found)}
        for left, right, target in comparisons() if (found := ratios(results, left, right))
    ]  # fmt: skip
    return {
        "machine": MACHINE,
        "rounds": rounds,
        "transfers": {"single": sizes[0], "batched": sizes[1], "a_batch": BATCH},
        "contenders": {name: asdict(found) for name, found in results.items()},
        "ratios": compared,
    }


def main() -> int:
    """Measure and print; 0 also where a contender cannot run here, which is said on stderr."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--single", type=int, default=3 * BATCH, help="transfers a round, one by one"
    )
    parser.add_argument("--batched", type=int, default=20 * BATCH, help="and in batches")
    parser.add_argument("--only", default="", help="contenders whose names contain one of: a,b")
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    parts = [part.strip() for part in options.only.split(",") if part.strip()]
    sizes = (options.single, options.batched)

    def wanted(name: str) -> bool:
        return not parts or any(part in name for part in parts)

    with ExitStack() as stack:
        root = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="flux-posting-", dir=options.directory)
            )
        )
        root.chmod(0o711)  # the server's user passes through it to a folder of its own
        describe_machine(root)
        contenders = [one for one in sqlite_contenders() if wanted(one.name)]
        contenders += peers(root, wanted, stack)
        if not contenders:
            parser.error(f"no contender is named like {options.only!r}")
        results = measure(contenders, root, options.rounds, sizes)
    if options.json:
        print(json.dumps(document(results, options.rounds, sizes), indent=2))
    else:
        show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
