"""The HTTP server under raced keys, kills and nonsense; next to the same calls in process.

    python bench/rest.py [--clients 32] [--requests 500]
    python bench/rest.py --kills 100
    python bench/rest.py --fuzz 20000
    python bench/rest.py --timings 100000

The first: each key is raced by two clients, over HTTP and then by as many threads in one process;
afterwards every payment is there once, and what is printed is how many a second and how long each
took. The second kills the server with SIGKILL under load so many times, repeats every key and
counts. The third sends what schemathesis makes of the server's own description, most of it with a
key, the rest without. The last times how long keys that open nothing take to be refused. Each ends
with 1 where something is wrong, and says what.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.api_keys import Environment, spell_key
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.quorum import Urgency
from flux_cli.usecases.api_keys import KeyRequest, create_key, key_behind
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money
from tests.entrypoints.rest.fuzz import Campaign
from tests.entrypoints.rest.process import CENT, PAYEES, PAYER, Kills, listening, prepare, start

RACERS = 2
PROCESSES = 4
"""The clients' own work is shared between so many processes, so that it is not what is measured."""

Pay = Callable[[str, int], bool]


def cents_of(number: int) -> int:
    """How much the key of this number pays."""
    return 1 + number % 97


def share(client: int, clients: int, requests: int) -> list[int]:
    """The keys of a client: half its own, half of the client's before it, in its own order."""
    keys = clients * requests // RACERS
    own = [number for number in range(keys) if number % clients == client]
    raced = [number for number in range(keys) if number % clients == (client - 1) % clients]
    together = (own + raced)[:requests]
    random.Random(client).shuffle(together)
    return together


def over_http(port: int, key: str) -> Pay:
    """Pays over one connection that stays open; True once it is acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def pay(name: str, cents: int) -> bool:
        amount = f"{cents // 100}.{cents % 100:02}"
        body = {"from_agent": PAYER, "to_agent": PAYEES[0], "amount": amount}
        headers = {
            "Authorization": f"Bearer {key}",
            "Idempotency-Key": name,
            "Content-Type": "application/json",
        }
        while True:
            connection.request("POST", "/v1/payments", json.dumps(body), headers)
            answer = connection.getresponse()
            document = json.load(answer)
            if answer.status not in (409, 503):
                return answer.status == 201 and document["state"] == "captured"
            time.sleep(0.001)  # it is being carried out for the other racer

    return pay


def in_process(deps: Deps) -> Pay:
    """The same use case without HTTP."""

    def pay(name: str, cents: int) -> bool:
        amount = Money(cents * CENT)
        request = MoneyRequest(
            requester=PAYER, amount=amount, shares=(Share(PAYEES[0], amount),), purpose="",
            justification="", claimed_return=None, urgency=Urgency.MEDIUM, plan_digest="",
            reference="", escrowed=False, budget=None, capture_method=CaptureMethod.AUTOMATIC,
        )  # fmt: skip
        intent = request_money(deps, request, key=f"pay:{name}", progress=lambda *_, **__: None)
        return intent.state is IntentState.CAPTURED

    return pay


def drive(make: Callable[[], Pay], clients: list[int], all_: int, requests: int) -> list[float]:
    """Seconds of each request of these clients, in threads; -1 for one that was not paid."""
    times: list[float] = []
    lock = threading.Lock()

    def client(number: int) -> None:
        pay, mine = make(), []
        for key in share(number, all_, requests):
            begun = time.perf_counter()
            paid = pay(f"raced-{key}", cents_of(key))
            mine.append(time.perf_counter() - begun if paid else -1.0)
        with lock:
            times.extend(mine)

    threads = [threading.Thread(target=client, args=(number,)) for number in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def a_process(
    port: int, key: str, clients: list[int], all_: int, requests: int,
    out: multiprocessing.Queue[list[float]],
) -> None:  # fmt: skip
    """Some of the clients, in a process of their own."""
    out.put(drive(lambda: over_http(port, key), clients, all_, requests))


def exact(deps: Deps, clients: int, requests: int) -> list[str]:
    """What is wrong with the ledger after every key was raced."""
    keys = {key for client in range(clients) for key in share(client, clients, requests)}
    wanted = sum(cents_of(key) for key in keys) * CENT
    with deps.store.reading() as reader:
        arrived = reader.balance(wallet(PAYEES[0]), CREDIT).units
    paid = len(pages(deps))
    faults = [fault for one in deps.store.verify() for fault in one.faults]
    if arrived != wanted:
        faults.append(f"{arrived} units arrived, not {wanted}")
    if paid != len(keys):
        faults.append(f"{paid} payments, not {len(keys)}")
    return faults


def pages(deps: Deps) -> list[PaymentIntent]:
    """Every payment."""
    found: list[PaymentIntent] = []
    with deps.store.reading() as reader:
        before = None
        while step := reader.find(PaymentIntent, limit=1000, before=before):
            found += step
            before = step[-1].id
    return found


def told(name: str, times: list[float], seconds: float, faults: list[str]) -> bool:
    """Print a line; whether all was well."""
    done = sorted(one for one in times if one >= 0)
    failed = len(times) - len(done)

    def at(part: float) -> str:
        return f"{1000 * done[min(len(done) - 1, int(part * len(done)))]:.1f} ms"

    said = f"{len(times)} requests, {len(times) / seconds:,.0f}/s, p50 {at(0.5)}, p99 {at(0.99)}"
    print(f"{name}: {said}, {failed} failed, {faults if faults else 'ledger exact'}")
    return not faults and failed == 0


def race(folder: Path, clients: int, requests: int) -> bool:
    """The same raced keys over HTTP and in process."""
    (folder / "http").mkdir()
    deps, key = prepare(folder / "http")
    process, port = start(folder / "http" / "ledger.db")
    listening(port, key)
    out: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    begun = time.perf_counter()
    workers = [
        multiprocessing.Process(
            target=a_process,
            args=(port, key, list(range(one, clients, PROCESSES)), clients, requests, out),
        )
        for one in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    times = [one for _ in workers for one in out.get()]
    seconds = time.perf_counter() - begun
    for worker in workers:
        worker.join()
    process.terminate()
    process.wait()
    well = told("over HTTP", times, seconds, exact(deps, clients, requests))
    close_flux(deps)

    (folder / "direct").mkdir()
    deps, _ = prepare(folder / "direct")
    begun = time.perf_counter()
    times = drive(lambda: in_process(deps), list(range(clients)), clients, requests)
    seconds = time.perf_counter() - begun
    well &= told("in process", times, seconds, exact(deps, clients, requests))
    close_flux(deps)
    return well


def kill(folder: Path, kills: int, number: int) -> bool:
    """Kill the server so often, and count."""
    deps, key = prepare(folder)
    killed = Kills(folder, deps, key)
    killed.run(kills, number)
    print(
        f"{kills} kills: {len(killed.wanted)} keys sent, {killed.interrupted} cut off,"
        f" {len(killed.acknowledged)} acknowledged in the end, {len(killed.faults)} faults"
    )
    print("\n".join(killed.faults[:20]), end="\n" if killed.faults else "")
    return not killed.faults


def fuzz(folder: Path, cases: int, number: int) -> bool:
    """Four fifths with a key, one fifth without."""
    deps, key = prepare(folder)
    process, port = start(folder / "ledger.db")
    listening(port, key)
    known = Campaign(port, key)
    known.run(cases * 4 // 5, number)
    before = state(folder)
    strange = Campaign(port, None)
    strange.run(cases // 5, number)
    after = state(folder)
    process.terminate()
    process.wait()
    faults = known.faults + strange.faults
    faults += [fault for one in deps.store.verify() for fault in one.faults]
    if after != before:
        faults.append(f"without a key the ledger went from {before} to {after}")
    errors = sum(n for status, n in (known.statuses + strange.statuses).items() if status >= 500)
    print(f"{known.sent} with a key: {dict(sorted(known.statuses.items()))}")
    print(f"{strange.sent} without: {dict(sorted(strange.statuses.items()))}")
    print(f"{errors} answers of 500 and more, {len(faults)} faults")
    print("\n".join(faults[:20]), end="\n" if faults else "")
    close_flux(deps)
    return not faults


def timings(folder: Path, times: int) -> bool:
    """How long a key that opens nothing takes, by what is wrong with it."""
    deps, good = prepare(folder)
    _, other = create_key(deps, KeyRequest())
    texts = {
        "unknown": spell_key(Environment.TEST, f"key_{'0' * 26}", good[36:-7]),
        "wrong secret": spell_key(Environment.TEST, f"key_{good[10:36]}", other[36:-7]),
        "no key": "x",
    }
    taken: dict[str, list[int]] = {name: [] for name in texts}
    for _ in range(times // len(texts)):
        for name, text in texts.items():
            begun = time.perf_counter_ns()
            assert key_behind(deps, text) is None
            taken[name].append(time.perf_counter_ns() - begun)
    middles = {name: statistics.median(one) / 1000 for name, one in taken.items()}
    print(", ".join(f"{name}: {middle:.1f} µs" for name, middle in middles.items()))
    close_flux(deps)
    # A row that is found is also decoded; over HTTP nobody can tell that from the rest.
    return max(middles.values()) - min(middles.values()) < 50


def state(folder: Path) -> tuple[int, int]:
    """How many movements and events there are."""
    deps = open_flux(load_config({"ledger.path": str(folder / "ledger.db")}, {}, folder))
    with deps.store.reading() as reader:
        return reader.position(), len(reader.events())


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--fuzz", type=int)
    parser.add_argument("--timings", type=int)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="flux-rest-"))
    try:
        if given.kills:
            well = kill(folder, given.kills, given.seed)
        elif given.fuzz:
            well = fuzz(folder, given.fuzz, given.seed)
        elif given.timings:
            well = timings(folder, given.timings)
        else:
            well = race(folder, given.clients, given.requests)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
