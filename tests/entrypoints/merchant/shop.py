"""A real merchant on loopback, cards to pay it with, and a client that knows nothing but HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.card_network import NetworkMessage
from flux_cli.domain.cards import Card, CardUsage, Revealed
from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.http.serve import listen, server_of
from flux_cli.entrypoints.merchant.app import merchant_app
from flux_cli.usecases.cards import issue_card_for, reveal_card
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.merchant import Till
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

DOLLAR = 1_000_000
MERCHANT = "api-hub"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def go(self, **time: int) -> None:
        self.time += timedelta(**time)


@dataclass
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str


@dataclass
class Shop:
    """A merchant that is being served; `said` is every line it logged."""

    deps: Deps
    clock: Clock
    port: int
    said: list[str] = field(default_factory=list)
    sent: int = 0
    keys: Iterator[int] = field(default_factory=count)

    def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Answer:
        """One request by a client of the standard library."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        self.sent += 1
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None
        if body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if key is not None:
            sent["Idempotency-Key"] = key
        try:
            connection.request(method, path, content, sent)
            came = connection.getresponse()
            text = came.read().decode()
        finally:
            connection.close()
        parsed = json.loads(text) if text.startswith(("{", "[")) else None
        return Answer(came.status, {k.lower(): v for k, v in came.getheaders()}, parsed, text)

    def post(self, path: str, body: Any, key: str | None = None) -> Answer:
        """A POST under a key of its own, unless one is given."""
        return self.send("POST", path, body, key=key or f"key-{next(self.keys)}")

    def charge(
        self, card: Revealed, dollars: float, *, capture: bool = True, **changes: Any
    ) -> Answer:
        """Buy for so many dollars; `changes` are of the card, or `currency` and `key`."""
        details = {"number": card.number, "expiry": card.expiry, "cvv": card.cvv}
        details |= {name: changes.pop(name) for name in list(details) if name in changes}
        body = {"card": details, "amount_minor": int(dollars * DOLLAR), "capture": capture}
        key = changes.pop("key", None)
        return self.post("/v1/charges", body | changes, key)

    def on(self, claim: Answer, verb: str, dollars: float | None = None, **more: Any) -> Answer:
        """Capture, reverse or refund an authorisation, or so many dollars of it."""
        body = more if dollars is None else more | {"amount_minor": int(dollars * DOLLAR)}
        return self.post(f"/v1/authorizations/{claim.body['id']}/{verb}", body)

    def card(
        self,
        dollars: int = 20,
        *,
        usage: CardUsage = CardUsage.SINGLE_USE,
        payee: str = "card-network",
        minutes: int = 60,
        **locks: str,
    ) -> tuple[str, Revealed]:
        """A card over an approved payment, revealed: its id and its details."""
        amount = Money(dollars * DOLLAR)
        request = MoneyRequest(
            requester="orchestrator", amount=amount, shares=(Share(payee, amount),),
            purpose="API credits", justification="", claimed_return=None, urgency=Urgency.LOW,
            plan_digest="", reference="", escrowed=False, budget=None,
            capture_method=CaptureMethod.MANUAL,
        )  # fmt: skip
        key = f"card-{next(self.keys)}"
        intent = request_money(self.deps, request, key=key, progress=lambda step, **facts: None)
        assert intent.on_hold == amount, intent.refusals
        card = issue_card_for(
            self.deps, intent.id, usage=usage, lifetime_minutes=minutes, key=key, **locks
        )
        return card.id, reveal_card(self.deps, card.id)

    def log(self) -> str:
        """All it has logged, once there is a line for each request; those come last."""
        until = time.monotonic() + 20
        while len(self.said) < self.sent and time.monotonic() < until:
            time.sleep(0.005)
        assert len(self.said) == self.sent
        return "\n".join(self.said)

    def reason_kept(self) -> str | None:
        """The real reason of the last message, as the owner's record has it."""
        with self.deps.store.reading() as reader:
            return reader.find(NetworkMessage, limit=1)[0].declined

    def kept(self, card_id: str) -> Card:
        """The card as it is recorded."""
        with self.deps.store.reading() as reader:
            return reader.get(Card, card_id)


@contextmanager
def serving(folder: Path, *, merchant: str = MERCHANT, category: str = "general") -> Iterator[Shop]:
    """A merchant over a ledger of its own, in a thread, on a free port of loopback."""
    path = folder / "flux.db"
    clock = Clock()
    opened = open_flux(load_config({"ledger.path": str(path)}, {}, folder))
    deps = replace(opened, store=SqliteStore(path, clock=clock))
    found_economy(deps)
    listening = listen(0)
    shop = Shop(deps, clock, listening.getsockname()[1])
    allow_any_payee(deps)

    def log(step: str, /, **facts: object) -> None:
        shop.said.append(" ".join([step, *(f"{name}={value}" for name, value in facts.items())]))

    server = server_of(merchant_app(Till(deps, merchant, category), log))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield shop
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
        close_flux(deps)
    assert not thread.is_alive()


def allow_any_payee(deps: Deps) -> None:
    """Let the orchestrator pay anybody, so that tests have cards without a lock."""
    from flux_cli.domain.policies import Policy
    from flux_cli.usecases.issue_card import open_card_network

    open_card_network(deps)
    with deps.store.begin() as tx:
        policy = tx.find(Policy, agent="orchestrator", limit=1)[0]
        tx.put(
            replace(policy, id=deps.ids.new("policy"), number=policy.number + 1, payees=None),
            "policy.set",
        )


def free_port() -> int:
    """A port nobody listens at right now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
