"""Each test of the SDK runs against every kind of ledger it can have, here and on a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from flux_cli.sdk import AgentPaySDK
from tests.entrypoints.sdk.served import OwnersAsync, OwnersRemote, Served

KINDS = ("memory", "file", "remote", "async")


def opened(kind: str, folder: Path) -> AgentPaySDK:
    """An SDK whose caller is the owner."""
    if kind == "memory":
        return AgentPaySDK()
    if kind == "remote":
        return OwnersRemote(Served(folder))
    if kind == "async":
        return cast("AgentPaySDK", OwnersAsync(Served(folder)))
    ledger = folder / "ledger.db"
    AgentPaySDK(ledger=ledger).close()
    token = ledger.with_name("ledger.db.owner").read_text(encoding="ascii")
    return AgentPaySDK(ledger=ledger, owner_token=token)


@pytest.fixture(params=KINDS)
def sdk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AgentPaySDK]:
    """An empty ledger, which must verify in every respect when the test is over."""
    with opened(request.param, tmp_path) as client:
        yield client
        findings = client._deps.store.verify()
        assert [fault for finding in findings for fault in finding.faults] == []


@pytest.fixture
def pair(sdk: AgentPaySDK) -> AgentPaySDK:
    """`alice` with 100.00 and `bob` with nothing, neither with a limit."""
    sdk.register_agent("alice")
    sdk.register_agent("bob")
    sdk.fund_agent("alice", 10_000)
    return sdk
