"""`flux agents add|pause|resume`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]


@pytest.fixture(autouse=True)
def founded(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return {"FLUX_OWNER_TOKEN_FILE": str(home / "flux.db.owner")}


def test_a_new_agent_is_paid_and_spends_nothing_until_it_has_a_policy(flux: Flux) -> None:
    made = flux("agents", "add", "courier", "--json")
    assert (made.code, made.json()["status"], made.json()["kind"]) == (0, "active", "buyer")
    again = flux("agents", "add", "courier", "--json")
    assert (again.code, again.json()["error"]["code"]) == (8, "wrong_state")
    assert flux("agents", "fund", "courier", "5").code == 0
    refused = flux("pay", "courier", "researcher", "1", "--json")
    assert "no policy for CREDIT" in refused.json()["error"]["message"]
    assert flux("ledger", "balance", "wallet:courier", "--json").json()["balance"]["decimal"] == (
        "5.000000"
    )


@pytest.mark.parametrize("name", ["", "economy", "*", "a" * 65, " x", "x\u202ey", "wallet:"])
def test_a_name_that_means_something_else_or_hides_is_refused(flux: Flux, name: str) -> None:
    assert flux("agents", "add", "--", name).code == 2


def test_anybody_pauses_and_only_the_owner_resumes(flux: Flux, founded: dict[str, str]) -> None:
    assert flux("agents", "pause", "orchestrator", "--json").json()["status"] == "paused"
    assert flux("pay", "orchestrator", "researcher", "1").code == 8
    refused = flux("agents", "resume", "orchestrator", "--yes", "--json")
    assert (refused.code, refused.json()["error"]["code"]) == (4, "owner_not_proved")
    assert flux("agents", "resume", "orchestrator", **founded).code == 0
    assert flux("pay", "orchestrator", "researcher", "1").code == 0
