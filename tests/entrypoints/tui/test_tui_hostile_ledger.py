"""A ledger whose every text is hostile: whatever is shown of it is only text, and fits."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from shown_ledger import ShownLedger
from shown_screens import SCENES, app_of, reached
from terminal_driver import LEFT, Terminal
from test_tui_hostile_text import NAUGHTY

from flux_cli.domain.text import HIDDEN
from flux_cli.entrypoints.tui.paint import table_lines, tile_content
from flux_cli.entrypoints.tui.panels import lines_of, literal
from flux_cli.entrypoints.tui.snapshot import text_of
from flux_cli.usecases.dashboard import SCREENS, look
from flux_cli.usecases.dashboard_view import Ask, Panel, Table, View

MEGABYTE = "漢\x1b]52;c;b3duZWQ=\x07" * 50_000
HOSTILE = NAUGHTY | {"a megabyte": MEGABYTE}


def hostile(folder, text: str) -> ShownLedger:
    return ShownLedger(folder, lambda meant, most: (text + meant)[:most])


def views(ledger: ShownLedger) -> Iterator[View]:
    watch = ledger.watch()
    with watch.reading() as reader:
        for screen in SCREENS:
            yield look(reader, Ask(screen))
        for ref in ledger.opened.values():
            yield look(reader, Ask("overview", ref))
    watch.close()


def painted(panel: Panel, width: int) -> Iterator[str]:
    yield literal(getattr(panel, "title", "")).plain
    if isinstance(panel, Table):
        yield from (line.plain for line in table_lines(panel, width, 40, 0, 0))
        yield literal(panel.note).plain
    else:
        yield from (line.plain for line in lines_of(panel, width, 20))


@pytest.mark.parametrize("name", HOSTILE)
def test_110_111_no_field_of_any_screen_or_object_lets_hostile_text_through(tmp_path, name):
    for view in views(hostile(tmp_path, HOSTILE[name])):
        assert HIDDEN.search(literal(view.title).plain) is None
        for tile in view.top.tiles if view.top else ():
            assert HIDDEN.search(tile_content(tile, 20).plain.replace("\n", "")) is None
        for panel, width in itertools.product((*view.main, *view.side, *view.foot), (24, 74, 140)):
            # A table's figures are never cut: what is wider than its box the box cuts off.
            for line in painted(panel, width):
                assert HIDDEN.search(line) is None


def rotated(folder) -> ShownLedger:
    """Every field gets another of the hostile texts."""
    texts = itertools.cycle(HOSTILE.values())
    return ShownLedger(folder, lambda meant, most: (next(texts) + meant)[:most])


async def shown(ledger: ShownLedger, scene: str, size: tuple[int, int]) -> str:
    app = app_of(ledger, scene)
    async with app.run_test(size=size) as pilot:
        await reached(app, pilot, scene)
        assert app.is_running
        return text_of(app)


def test_110_111_every_screen_stands_among_hostile_text_and_no_line_leaves_it(tmp_path):
    ledger = rotated(tmp_path)
    for scene in SCENES:
        text = asyncio.run(shown(ledger, scene, (80, 24)))
        assert HIDDEN.search(text.replace("\n", "")) is None, scene
        assert all(cell_len(line) <= 80 for line in text.split("\n")), scene


FORBIDDEN = (b"\x07", b"\x08", b"\x1b]52", b"\x1b]0;", b"\x1b[2J", b"owned\x1b",
             "\u202e".encode(), "\u2066".encode(), "\u200b".encode(), "\ufeff".encode(),
             "\u009b".encode(), "\U000e0041".encode())  # fmt: skip
"""What the texts bring along and the dashboard itself never writes."""


def test_110_the_byte_stream_of_a_real_terminal_has_none_of_it(tmp_path, monkeypatch):
    ledger = rotated(tmp_path)
    monkeypatch.setenv("FLUX_DB", str(ledger.path))
    terminal = Terminal((120, 34), sys.executable, "-m", "flux_cli", "tui")
    terminal.wait_for(b"Live feed")
    for key, title in (
        (b"2", b"image-generator"), (b"3", b"purpose"), (b"4", b"scenario"),
        (b"5", b"Cards (SIMULATED)"),
        (b"6", b"Listings"), (b"7", b"wish"), (b"8", b"Mandates"), (b"9", b"Settlements"),
        (b"i", b"Waiting for the owner"), (b"K", b"Webhooks"), (b"p", b"Policies"),
        (b"v", b"Agreement"), (b"3", b"purpose"), (b"\r", b"Policy checks"),
    ):  # fmt: skip
        terminal.forget()
        terminal.press(key)
        terminal.wait_for(title)
        assert [mark for mark in FORBIDDEN if mark in terminal.bytes] == []
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert all(mark in terminal.bytes for mark in LEFT)
