"""`flux serve` as a process of its own, and workers that keep it busy while it is killed."""

from __future__ import annotations

import http.client
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.api_keys import Scope
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.usecases.api_keys import KeyRequest, create_key
from flux_cli.usecases.caps import Caps
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.ports import Deps
from tests.entrypoints.rest.client import Client, Reply

CENT = 10_000
PAYER, PAYEES = "alice", ("bob", "carl")
LONGEST_START = 120.0


def prepare(folder: Path) -> tuple[Deps, str]:
    """A ledger with a rich payer and two payees, and an admin's key."""
    config = load_config({"ledger.path": str(folder / "ledger.db")}, os.environ, folder)
    deps = open_flux(config)
    found_economy(deps)
    for name in (PAYER, *PAYEES):
        open_agent(deps, name, Caps(), display_name=name)
    fund_agent(deps, PAYER, Money(10**12), key="rich")
    _, text = create_key(deps, KeyRequest(scopes=frozenset({Scope.ADMIN})))
    return deps, text


def start(ledger: Path, *more: str) -> tuple[subprocess.Popen[str], int]:
    """A server's process, and its port once it listens."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "flux_cli",
            "serve",
            "--db",
            str(ledger),
            "--rate",
            "1000000",
            *more,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http://127.0.0.1:"), f"it did not begin: {url!r}"
    return process, int(url.rpartition(":")[2])


def listening(port: int, key: str) -> None:
    """Return once the server answers."""
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        try:
            if Client(port, key).get("/health").status == 200:
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the server does not answer")


@dataclass
class Kills:
    """What was asked for, what was acknowledged, and whether the ledger agrees."""

    folder: Path
    deps: Deps
    key: str
    wanted: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """key: (path, payee, cents)"""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """key: the id that was answered"""

    faults: list[str] = field(default_factory=list)
    interrupted: int = 0

    def run(self, kills: int, number: int, workers: int = 4) -> None:
        """Kill the server so many times under load, then repeat every key and count."""
        chance = random.Random(number)
        for life in range(kills):
            process, port = start(self.folder / "ledger.db")
            listening(port, self.key)
            stop = threading.Event()
            threads = [
                threading.Thread(
                    target=self._load, args=(port, stop, chance.random(), life, worker)
                )
                for worker in range(workers)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.05 + chance.random() * 0.4)
            process.send_signal(signal.SIGKILL)
            process.wait()
            stop.set()
            for thread in threads:
                thread.join()
        self._settle()

    def _load(self, port: int, stop: threading.Event, start: float, life: int, worker: int) -> None:
        chance, number = random.Random(start), 0
        while not stop.is_set():
            number += 1
            key = f"k-{life}-{worker}-{number}"
            path = chance.choice(("/v1/payments", "/v1/payments", "/v1/escrows", "fund"))
            self.wanted[key] = path, chance.choice(PAYEES), chance.randrange(1, 500)
            try:
                reply = self._send(port, key)
            except (OSError, http.client.HTTPException):
                self.interrupted += 1
                return
            self._take(key, reply)

    def _send(self, port: int, key: str) -> Reply:
        path, payee, cents = self.wanted[key]
        amount = f"{cents // 100}.{cents % 100:02}"
        client = Client(port, self.key)
        if path == "fund":
            return client.post(f"/v1/agents/{payee}/fund", {"amount": amount}, key)
        body = {"from_agent": PAYER, "to_agent": payee, "amount": amount, "memo": key}
        return client.post(path, body, key)

    def _take(self, key: str, reply: Reply) -> None:
        if reply.status != 201:
            self.faults.append(f"{key}: {reply.status} {reply.text}")
            return
        found = reply.json["id"]
        if self.acknowledged.setdefault(key, found) != found:
            self.faults.append(f"{key}: first {self.acknowledged[key]}, then {found}")

    def _settle(self) -> None:
        """Repeat every key that was ever sent; each is a first success or the first's answer."""
        before = set(self.acknowledged)
        process, port = start(self.folder / "ledger.db")
        listening(port, self.key)
        todo: queue.SimpleQueue[str] = queue.SimpleQueue()
        for key in self.wanted:
            todo.put(key)

        def repeat() -> None:
            while True:
                try:
                    key = todo.get_nowait()
                except queue.Empty:
                    return
                self._take(key, self._send(port, key))

        threads = [threading.Thread(target=repeat) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        process.send_signal(signal.SIGTERM)
        process.wait()
        self._count(before)

    def _count(self, before: set[str]) -> None:
        """The ledger holds every key once and nothing else."""
        missing = before - set(self.acknowledged)
        self.faults += [f"lost: {key}" for key in missing]
        ids = list(self.acknowledged.values())
        if len(set(ids)) != len(ids) or set(self.acknowledged) != set(self.wanted):
            self.faults.append("a key has no answer, or two have one")
        paid = dict.fromkeys(PAYEES, 0)
        locked = 0
        for path, payee, cents in self.wanted.values():
            if path == "/v1/escrows":
                locked += cents
            else:
                paid[payee] += cents
        with self.deps.store.reading() as reader:
            for name, cents in paid.items():
                held = reader.balance(wallet(name), CREDIT)
                if held.units != cents * CENT:
                    self.faults.append(f"{name} has {held}, not {Money(cents * CENT)}")
            accounts = reader.accounts()
        escrowed = sum(one.balance.units for one in accounts if one.kind == "escrow")
        if escrowed != locked * CENT:
            self.faults.append(f"locked: {escrowed}, not {locked * CENT}")
        self.faults += [fault for one in self.deps.store.verify() for fault in one.faults]
        close_flux(self.deps)
