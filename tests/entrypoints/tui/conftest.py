"""A founded ledger with payments, and the dashboard over it driven without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.watch import SqliteWatch
from flux_cli.bootstrap import open_existing
from flux_cli.config import load_config
from flux_cli.entrypoints.tui.app import FluxApp
from flux_cli.entrypoints.tui.snapshot import first_frame
from flux_cli.entrypoints.tui.start import dashboard

JUSTIFICATION = "Three interviews of 60 minutes by June 1 return $180.00 of saved support costs"


@pytest.fixture
def ledger(flux, monkeypatch, tmp_path) -> Path:
    """A ledger with one payment paid, and one of $40.00 that waits for the owner."""
    path = tmp_path / "ledger.db"
    monkeypatch.setenv("FLUX_DB", str(path))
    monkeypatch.setenv("FLUX_POLICY_OWNER_THRESHOLD", "30")
    assert flux("init").code == 0
    assert flux("pay", "orchestrator", "researcher", "12.50").code == 0
    asked = flux(
        "payments", "request", "orchestrator", "40", "--to", "researcher",
        "--purpose", "hiker interviews", "--justification", JUSTIFICATION, "--return", "180",
    )  # fmt: skip
    assert asked.code == 10, asked.err
    return path


Drive = Callable[[FluxApp, Pilot[None]], Awaitable[Any]]


@pytest.fixture
def drive(ledger: Path) -> Callable[..., Any]:
    """Run `drive(steps)`: the dashboard is up and has shown its first view when steps begin."""

    def run(
        steps: Drive,
        screen: str = "overview",
        size: tuple[int, int] = (120, 34),
        writes: bool = False,
        opened: str | None = None,
        replay: tuple[str, float] | None = None,
    ) -> Any:
        deps = open_existing(load_config({}, {"FLUX_DB": str(ledger)}, ledger.parent))
        watch = SqliteWatch(ledger, SystemClock())
        app = dashboard(watch, ledger, screen, opened, "dark", deps if writes else None, replay)

        async def whole() -> Any:
            async with app.run_test(size=size) as pilot:
                await first_frame(app)
                await pilot.pause()
                return await steps(app, pilot)

        return asyncio.run(whole())

    return run
