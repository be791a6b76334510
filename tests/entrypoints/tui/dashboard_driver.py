"""How tests wait for what a dashboard shows."""

from __future__ import annotations

from textual.pilot import Pilot

from flux_cli.entrypoints.tui.app import FluxApp
from flux_cli.entrypoints.tui.snapshot import text_of


async def shown(app: FluxApp, pilot: Pilot[None], text: str) -> str:
    """The screen's text as soon as it has `text` in it."""
    for _ in range(1500):
        await pilot.pause(0.02)
        if text in (seen := text_of(app)):
            return seen
    raise AssertionError(f"{text!r} never came:\n{text_of(app)}")
