"""A picture of one screen without a terminal: SVG, PNG or plain text."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from time import monotonic

from flux_cli.entrypoints.tui.app import FluxApp
from flux_cli.errors import StorageFailed, WorkFailed

LONGEST_SECONDS = 30
_WEB_FONTS = re.compile(r"@font-face\s*{[^}]*}")


def take_snapshot(app: FluxApp, path: Path, size: tuple[int, int]) -> None:
    """Write the picture; its kind is the file's ending. Raises `StorageFailed`, `WorkFailed`."""
    data = asyncio.run(_pictured(app, path.suffix.lower(), size))
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageFailed(f"cannot write {path}: {error.strerror}", subject=str(path)) from error


async def _pictured(app: FluxApp, kind: str, size: tuple[int, int]) -> bytes:
    async with app.run_test(size=size) as pilot:
        await first_frame(app)
        await pilot.pause()
        if app.bug is not None:
            raise app.bug
        if app.view is None:
            raise WorkFailed("the screen could not be read; run `flux verify`")
        if kind == ".txt":
            return text_of(app).encode()
        svg = plain_svg(app)
        return svg.encode() if kind == ".svg" else _png(svg)


async def first_frame(app: FluxApp) -> None:
    """Return when the first view is on the screen."""
    end = monotonic() + LONGEST_SECONDS
    while app.frames == 0:
        if app.bug is not None:
            raise app.bug
        if monotonic() > end:
            raise WorkFailed(f"the screen was not read within {LONGEST_SECONDS} s")
        await asyncio.sleep(0.01)


def text_of(app: FluxApp) -> str:
    """The screen as lines of text."""
    # Textual has no public way to the composed lines; its own screenshots go the same way.
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def plain_svg(app: FluxApp) -> str:
    """The screen as SVG that loads nothing from anywhere."""
    svg = _WEB_FONTS.sub("", app.export_screenshot(title="flux"))
    return svg.replace("Fira Code", "DejaVu Sans Mono, Liberation Mono, Menlo, Consolas")


def _png(svg: str) -> bytes:
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=1.0))
