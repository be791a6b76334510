"""Every screen and every object of the shown ledger as text, kept beside this file.

    python tests/entrypoints/tui/shown_screens.py [--pictures FOLDER]

makes `screens/*.txt` anew, after a change that is meant; with `--pictures` it writes instead a PNG
of each at three sizes in dark, light and without colour, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from textual.pilot import Pilot

from flux_cli.entrypoints.tui.app import THEMES, FluxApp
from flux_cli.entrypoints.tui.snapshot import _png, first_frame, plain_svg, text_of
from flux_cli.entrypoints.tui.writer import Writer
from flux_cli.usecases.dashboard import SCREENS

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shown_ledger import ShownLedger  # noqa: E402

KEPT = HERE / "screens"
WIDE = (120, 34)
SIZES = ((80, 24), WIDE, (200, 60))
SCENES = (*SCREENS, *("denied", "voted", "paid"), "payment", "run", "agent", "card", "contract",
          "listing", "cart", "settlement", "keys-help", "approve-dialog", "jump-mode")  # fmt: skip
"""Screens by name, objects by what they are, then what stands over them."""


def small_or_wide(scene: str) -> tuple[int, int]:
    """A question is looked at where there is least room."""
    return (80, 24) if scene in ("approve-dialog", "overview", "payment") else WIDE


def app_of(ledger: ShownLedger, scene: str, theme: str = "dark") -> FluxApp:
    """The dashboard at one scene."""
    opened = ledger.opened.get(scene)
    screen = scene if scene in SCREENS else "overview"
    screen = "approvals" if scene == "approve-dialog" else screen
    app = FluxApp(ledger.watch(), "flux.db", screen, opened, Writer(ledger.deps))
    app.theme = THEMES[theme]
    return app


async def reached(app: FluxApp, pilot: Pilot[None], scene: str) -> None:
    """Press what leads to the scene and wait for it."""
    await first_frame(app)
    keys = {"keys-help": "question_mark", "approve-dialog": "A", "jump-mode": "g"}.get(scene)
    words = {"keys-help": "ctrl+p", "approve-dialog": "to go on", "jump-mode": "[a]"}.get(scene, "")
    if keys is not None:
        await pilot.press(keys)
    for _ in range(1500):
        await pilot.pause(0.01)
        if words in text_of(app):
            return
    raise AssertionError(f"{words!r} never came")


def text_at(ledger: ShownLedger, scene: str, size: tuple[int, int]) -> str:
    """The scene as text."""

    async def whole() -> str:
        app = app_of(ledger, scene)
        async with app.run_test(size=size) as pilot:
            await reached(app, pilot, scene)
            return text_of(app)

    return asyncio.run(whole())


def kept_texts(ledger: ShownLedger) -> Iterator[tuple[Path, str]]:
    """Each kept file with what it should be."""
    for scene in SCENES:
        yield KEPT / f"{scene}.txt", text_at(ledger, scene, small_or_wide(scene))


def pictures(ledger: ShownLedger, folder: Path) -> None:
    """A PNG of every scene, size and colour."""
    for colour in ("dark", "light", "none"):
        os.environ.pop("NO_COLOR", None)
        if colour == "none":
            os.environ["NO_COLOR"] = "1"
        for scene in SCENES:
            for size in SIZES:
                asyncio.run(_picture(ledger, folder, scene, size, colour))


async def _picture(
    ledger: ShownLedger, folder: Path, scene: str, size: tuple[int, int], colour: str
) -> None:
    app = app_of(ledger, scene, "light" if colour == "light" else "dark")
    async with app.run_test(size=size) as pilot:
        await reached(app, pilot, scene)
        name = f"{scene}-{size[0]}x{size[1]}-{colour}.png"
        (folder / name).write_bytes(_png(plain_svg(app)))


def main() -> None:
    """Make the texts, or the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger = ShownLedger(Path(folder))
        if given.pictures is not None:
            given.pictures.mkdir(exist_ok=True, parents=True)
            pictures(ledger, given.pictures)
            return
        KEPT.mkdir(exist_ok=True)
        for path in KEPT.glob("*.txt"):
            path.unlink()
        for path, text in kept_texts(ledger):
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
