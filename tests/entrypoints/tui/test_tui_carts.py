"""A cart changed and bought from the dashboard, as `flux carts` does it."""

from __future__ import annotations

import pytest
from dashboard_driver import shown

from flux_cli.entrypoints.tui.layout import Board
from flux_cli.entrypoints.tui.snapshot import text_of
from flux_cli.usecases.dashboard_view import Cell, Column, Ref, Row, Table, View


@pytest.fixture
def cart(ledger, flux):
    """An open cart, as the command line tells it."""
    made = flux("buy", "10 snack bars and 12 cans of cola", "--budget", "200", "--json")
    assert made.code == 2, made.err  # nobody is there to say yes, so the cart is kept open
    return flux("carts", "list", "--json").json()["data"][0]


def now(flux, cart):
    return flux("carts", "show", cart["id"], "--json").json()


async def opened(app, pilot):
    await pilot.press("7")
    await shown(app, pilot, "snack bars")
    await pilot.press("enter")
    return await shown(app, pilot, "packs")


def test_a_line_is_pinned_excluded_and_replaced_and_the_rest_solved_again(drive, flux, cart):
    first = now(flux, cart)["lines"][0]

    async def steps(app, pilot):
        await opened(app, pilot)
        await pilot.press("P")
        await shown(app, pilot, "version 2, balanced")
        await shown(app, pilot, f"pinned     {first['need']}")
        await pilot.press("O")
        await shown(app, pilot, "version 3, cheapest")
        await pilot.press("R")
        await shown(app, pilot, "the cart stays as it is")  # the pinned line has no next best
        await pilot.press("down", "R")
        await shown(app, pilot, "version 4, cheapest")
        await pilot.press("X")
        await shown(app, pilot, "excluded")

    drive(steps, writes=True, size=(140, 50))
    told = now(flux, cart)
    assert told["number"] >= 4
    assert told["strategy"] == "cheapest"


def test_buying_takes_the_typed_total_and_buys_what_was_shown(drive, flux, cart):
    total = cart["total"]

    async def steps(app, pilot):
        await opened(app, pilot)
        await pilot.press("B")
        seen = await shown(app, pilot, "Buy this cart?")
        assert "shipping included, SIMULATED" in seen
        typed = seen.split("Type ")[1].split(" to go on")[0]
        await pilot.press(*"yes", "enter")
        await shown(app, pilot, "nothing was done")
        await pilot.press("B")
        await shown(app, pilot, "Buy this cart?")
        await pilot.press(*typed, "enter")
        await shown(app, pilot, "the cart is bought")
        return typed

    typed = drive(steps, writes=True, size=(80, 24))
    assert f"${typed}" in str(total) or typed in str(total)
    assert now(flux, cart)["state"] == "bought"


def test_without_writes_every_key_for_a_cart_says_so_and_changes_nothing(drive, flux, cart):
    async def steps(app, pilot):
        await opened(app, pilot)
        for key in "RPXOB":
            await pilot.press("space")
            await pilot.press(key)
            await shown(app, pilot, "this dashboard only reads")
        return text_of(app)

    drive(steps, size=(140, 50))
    assert now(flux, cart)["number"] == 1


def test_110_a_command_that_is_copied_stays_one_command_whatever_a_shop_calls_its_goods(drive):
    command = ("flux", "carts", "explain", "cart_1", "--why-not", "x/y; touch owned #")
    row = Row((Cell("bars"),), Ref("offer", "x/y; touch owned #", command))
    view = View("Cart", (Table("Lines", (Column("need", flex=True),), (row,)),))

    async def steps(app, pilot):
        app.follower.paused = True
        await app.query_one(Board).show(view)
        await pilot.press("Y")
        await pilot.pause()
        return app.clipboard

    assert drive(steps).endswith("--why-not 'x/y; touch owned #'")
