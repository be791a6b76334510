"""Hostile text in every field: shown as what it is, obeyed by nothing."""

from __future__ import annotations

import json
import re

import pytest
from dashboard_driver import shown

from flux_cli.domain.text import HIDDEN
from flux_cli.entrypoints.tui.dialogs import Dialog
from flux_cli.entrypoints.tui.layout import Board
from flux_cli.entrypoints.tui.paint import fitted, harmless, wrapped
from flux_cli.entrypoints.tui.snapshot import plain_svg, text_of
from flux_cli.usecases.dashboard_view import (
    Bar,
    Bars,
    Cell,
    Column,
    Plot,
    Prose,
    Row,
    Table,
    Tile,
    Tiles,
    Tone,
    View,
)

JUSTIFICATION = "Three interviews of 60 minutes by June 1 return $180.00 of saved support costs"
NAUGHTY = {
    "110 escape codes": "\x1b[2J\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x9b31m\x08\r",
    "111 markup": "[IMPORTANT][/b][link=file:///][@click=app.quit]x[/][/red] [$error]",
    "bidi": "pay \u202eresearcher\u202c \u2066now\u2069",
    "zero width": "a\u200bb\ufeffc\u00add\U000e0041",
    "wide": "👩‍👩‍👧‍👦漢字テスト" * 20,
    "long": "A" * 500,
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A" * 5,
    "surrogate": "\U0001f600" * 30 + "ﷺ",
}


def ask(flux, amount: str, text: str, *more: str) -> None:
    """A payment with `text` wherever its requester may write."""
    asked = flux(
        "payments", "request", "orchestrator", amount, "--to", "researcher", "--purpose", text,
        "--json", *more,
    )  # fmt: skip
    assert asked.code in (0, 3, 10), asked.err


def test_110_111_hostile_purposes_and_reasons_stay_text_on_every_screen(drive, flux):
    for number, text in enumerate(NAUGHTY.values()):
        ask(flux, f"1.{number:02d}", text, "--justification", text)
        flux("agents", "add", f"courier{number}", "--kind", "buyer", "--display-name", text[:80])

    async def steps(app, pilot):
        for key in "123456789ipv":
            await pilot.press(key)
            await pilot.pause(0.05)
            check(app)
        for number in range(2):
            await pilot.press("3")
            await shown(app, pilot, f"$1.{number:02d}")
            await pilot.press(*["down"] * (len(NAUGHTY) - 1 - number), "enter")
            seen = await shown(app, pilot, "Policy checks")
            assert f"$1.{number:02d}" in seen
            for key in ("tab", "g", "escape", "y", "Y", "A"):
                await pilot.press(key)
                await pilot.pause()
                check(app)
            await pilot.press("escape", "escape", "escape")
        return app.is_running

    assert drive(steps, size=(80, 24), writes=True)


@pytest.mark.parametrize("name", NAUGHTY)
def test_110_111_hostile_text_in_every_place_of_every_panel_is_shown_as_what_it_is(drive, name):
    text = NAUGHTY[name]
    cell, column = Cell(text, Tone.BAD), Column("what", flex=True)
    view = View(
        text,
        main=(
            Table(text, (column, column), (Row((cell, cell)),), text, text),
            Table(text, (column,), (), text),
        ),
        top=Tiles((Tile(text, text, text),)),
        side=(
            Prose(text, ((cell, cell), (cell,))),
            Bars(text, (Bar(text, 1, "$1"),)),
            Plot(text, (1, 2), "$2", text),
            Prose(text, (), text),
        ),
    )

    async def steps(app, pilot):
        app.follower.paused = True
        await app.query_one(Board).show(view)
        await pilot.pause()
        check(app)
        app.push_screen(Dialog(text, [(text[:9], text)], text))
        await pilot.pause()
        check(app)
        return app.is_running

    assert drive(steps)


def check(app) -> None:
    """No control byte is among the cells, and every line is as wide as the screen at most."""
    shown_text = text_of(app)
    found = HIDDEN.findall(shown_text.replace("\n", ""))
    assert found == []
    assert "\x1b" not in plain_svg(app)


@pytest.mark.parametrize("size", [(80, 24), (40, 12)], ids=str)
def test_100_the_approval_dialog_never_loses_payee_or_amount(drive, flux, size):
    for number, name in enumerate(("110 escape codes", "wide", "long")):
        ask(flux, f"42.{number}", NAUGHTY[name], "--justification", JUSTIFICATION,
            "--return", "180")  # fmt: skip

    async def steps(app, pilot):
        await pilot.press("i")
        await shown(app, pilot, "researcher")
        for amount in ("42.20", "42.10", "42.00"):
            await pilot.press("A")
            seen = await shown(app, pilot, f"Type {amount} to go on")
            assert re.search(r"payee +researcher", seen)
            assert re.search(rf"amount +\${amount}", seen)
            assert re.search(r"in 24 hours", seen)
            check(app)
            await pilot.press("escape", "down")
            await pilot.pause()

    drive(steps, size=size, writes=True)


def test_100_where_payees_do_not_fit_nothing_can_be_typed(drive, flux):
    payees = ("researcher", "content-writer", "image-generator", "code-reviewer", "data-analyst")
    shares = [f"--to={name}=8.5" for name in payees]
    asked = flux(
        "payments", "request", "orchestrator", "42.50", *shares, "--purpose", "five",
        "--justification", JUSTIFICATION, "--return", "180", "--json",
    )  # fmt: skip
    assert asked.code == 10, asked.err

    async def steps(app, pilot):
        await pilot.press("i")
        await shown(app, pilot, "$42.50")
        await pilot.press("A")
        await shown(app, pilot, "too small to ask")
        await pilot.press(*"42.50", "enter", "escape")
        await shown(app, pilot, "nothing was done")

    drive(steps, size=(40, 12), writes=True)


def test_a_megabyte_is_cut_before_it_is_looked_at():
    text = "\x1b[31m" * 200_000
    assert len(harmless(text)) <= 8_100
    assert HIDDEN.search(harmless(text)) is None
    assert max(map(len, wrapped(text, 40))) <= 40


@pytest.mark.parametrize(
    ("text", "width", "fits"),
    [("abc", 5, "abc  "), ("abcdef", 5, "abcd…"), ("漢字漢字", 5, "漢字…"), ("漢字漢", 4, "漢… ")],
)
def test_what_is_cut_fills_exactly_its_cells(text, width, fits):
    assert fitted(text, width) == fits


def test_an_exported_cell_is_no_formula_and_no_markup(drive, flux, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flux("payments", "request", "orchestrator", "5", "--to", "researcher",
         "--purpose", "=HYPERLINK(\"x\")|<b>")  # fmt: skip

    async def steps(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "HYPERLINK")
        await pilot.press("e")
        await shown(app, pilot, "wrote flux-payments")

    drive(steps, size=(160, 40))
    assert "'=HYPERLINK" in (tmp_path / "flux-payments.csv").read_text()
    assert "\\<b\\>" in (tmp_path / "flux-payments.md").read_text()
    json.loads((tmp_path / "flux-payments.json").read_text())
