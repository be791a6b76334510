"""A ledger served over a real socket, with keys of two owners."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.domain.api_keys import HOUSE, Environment, Scope
from flux_cli.entrypoints.http.serve import listen
from flux_cli.entrypoints.rest.app import rest_app
from flux_cli.entrypoints.rest.door import Limits
from flux_cli.entrypoints.rest.serve import RestServer, run
from flux_cli.usecases.api_keys import KeyRequest, create_key
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.ports import Deps
from tests.entrypoints.rest.client import Client


@dataclass(frozen=True)
class Served:
    """A server, the ledger behind it, and what it logged."""

    deps: Deps
    port: int
    log: list[tuple[str, dict[str, Any]]]

    def key(self, *scopes: Scope, owner: str = HOUSE, agent: str | None = None) -> str:
        """A new key's text."""
        request = KeyRequest(owner, frozenset(scopes), agent, environment=Environment.TEST)
        return create_key(self.deps, request)[1]

    def client(self, *scopes: Scope, owner: str = HOUSE, agent: str | None = None) -> Client:
        """A client with a new key."""
        return Client(self.port, self.key(*scopes, owner=owner, agent=agent))

    def faults(self) -> list[str]:
        """What the ledger's own verifier finds."""
        return [fault for finding in self.deps.store.verify() for fault in finding.faults]


def open_ledger(folder: Path) -> Deps:
    """A founded economy in a file."""
    config = load_config({"ledger.path": str(folder / "ledger.db")}, os.environ, folder)
    deps = open_flux(config)
    found_economy(deps)
    return deps


def serve(deps: Deps, limits: Limits) -> Iterator[Served]:
    """Serve in a thread until the fixture is done."""
    log: list[tuple[str, dict[str, Any]]] = []
    listening = listen(0)
    leaving = threading.Event()
    app = rest_app(deps, lambda step, /, **facts: log.append((step, facts)), limits, leaving)
    server = RestServer(app, leaving)
    thread = threading.Thread(target=run, args=(server, listening))
    thread.start()
    yield Served(deps, int(listening.getsockname()[1]), log)
    server.should_exit = True
    thread.join(60)
    listening.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A served ledger, which must verify in every respect when the test is over."""
    deps = open_ledger(tmp_path)
    for one in serve(deps, Limits(rate=100_000)):
        yield one
        assert one.faults() == []
    close_flux(deps)


@pytest.fixture
def admin(served: Served) -> Client:
    """A client that may do everything the house may over HTTP."""
    return served.client(Scope.ADMIN)


@pytest.fixture
def pair(admin: Client) -> Client:
    """The admin's client; `alice` has 100.00 and `bob` nothing, neither with a limit."""
    for name in ("alice", "bob"):
        assert admin.post("/v1/agents", {"name": name}).status == 201
    assert admin.post("/v1/agents/alice/fund", {"amount": "100"}).status == 201
    return admin
