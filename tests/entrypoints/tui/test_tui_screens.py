"""Each screen and each key of the dashboard, driven as a person would."""

from __future__ import annotations

import json
import sqlite3

import pytest
from dashboard_driver import shown

from flux_cli.adapters.store.copies import read_only
from flux_cli.entrypoints.tui.snapshot import text_of

SCREENS = {
    "1": "Live feed",
    "2": "image-generator",
    "3": "hiker interviews",
    "4": "flux run marketing-campaign",
    "5": "Cards (SIMULATED)",
    "6": "Listings",
    "7": "no carts yet",
    "8": "Limits",
    "9": "nothing leaves over a chain",
    "i": "Waiting for the owner",
    "p": "Policies (CREDIT)",
    "v": "Agreement",
}


@pytest.mark.parametrize("size", [(80, 24), (120, 34), (200, 60)], ids=str)
def test_each_key_shows_its_screen_and_no_figure_is_cut(drive, size):
    async def steps(app, pilot):
        for key, text in SCREENS.items():
            await pilot.press(key)
            seen = await shown(app, pilot, text)
            assert all(len(line) <= size[0] for line in seen.split("\n"))
        await pilot.press("3")
        seen = await shown(app, pilot, "hiker interviews")
        row = next(line for line in seen.split("\n") if "hiker interviews" in line)
        assert "$40.00" in row
        assert "awaiting owner" in row

    drive(steps, size=size)


def test_the_overview_says_what_was_paid_what_is_left_and_what_waits(drive):
    async def steps(app, pilot):
        return await shown(app, pilot, "Live feed")

    seen = drive(steps)
    assert "$12.50" in seen
    assert "$487.50" in seen
    assert "of $500.00" in seen
    assert "Needs attention (1)" in seen
    assert "$40.00 to researcher waits for you" in seen


def test_enter_opens_a_payment_with_its_checks_ballots_and_decision_and_esc_goes_back(drive):
    async def steps(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "hiker interviews")
        await pilot.press("enter")
        seen = await shown(app, pilot, "Policy checks")
        assert all(seat in seen for seat in ("cfo", "growth", "risk", "operations", "data"))
        assert "owner threshold" in seen or "owner required" in seen or "owner" in seen
        await pilot.press("escape")
        await shown(app, pilot, "Payments")
        await pilot.press("down", "enter")
        assert "the policy did not ask for a vote" in await shown(app, pilot, "Policy checks")

    drive(steps)


def test_a_filter_keeps_only_the_rows_asked_for_and_esc_clears_it(drive):
    async def steps(app, pilot):
        await pilot.press("3", "slash", *"agent:orchestrator >20", "enter")
        for _ in range(100):
            await pilot.pause(0.02)
            if "$12.50" not in text_of(app).split("Payments")[-1]:
                break
        seen = text_of(app)
        assert "hiker interviews" in seen
        assert "captured" not in seen
        await pilot.press("escape")
        await shown(app, pilot, "captured")
        await pilot.press("slash", *">x", "enter")
        await shown(app, pilot, "is not an amount")

    drive(steps)


def test_jump_mode_goes_to_a_panel_by_its_letter(drive):
    async def steps(app, pilot):
        await pilot.press("g")
        await shown(app, pilot, "[s] Spend by agent")
        await pilot.press("s")
        await pilot.pause()
        assert app.focused.panel.title.startswith("Spend by agent")
        assert "[s]" not in text_of(app)

    drive(steps)


def test_in_a_narrow_terminal_tab_reaches_the_panels_beside(drive):
    async def steps(app, pilot):
        assert "Spend by agent" not in text_of(app)
        await pilot.press("tab")
        await shown(app, pilot, "Spend by agent")

    drive(steps, size=(80, 24))


def test_the_period_is_named_by_every_figure(drive):
    async def steps(app, pilot):
        for key, word in (("w", "7d"), ("m", "30d"), ("left_square_bracket", "7d"), ("d", "24h")):
            await pilot.press(key)
            await shown(app, pilot, f"Volume {word}")

    drive(steps)


def test_copying_gives_the_id_and_the_command_that_shows_it(drive):
    async def steps(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "hiker interviews")
        await pilot.press("y")
        await pilot.pause()
        payment = app.clipboard
        await pilot.press("Y")
        await pilot.pause()
        assert payment.startswith("pi_")
        assert app.clipboard == f"flux payments show {payment}"

    drive(steps)


def test_export_writes_the_view_in_four_forms(drive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def steps(app, pilot):
        await pilot.press("3")
        await shown(app, pilot, "hiker interviews")
        await pilot.press("e")
        await shown(app, pilot, "wrote flux-payments.json")

    drive(steps)
    rows = json.loads((tmp_path / "flux-payments.json").read_text())["tables"][0]["rows"]
    assert [row["amount"] for row in rows] == ["$40.00", "$12.50"]
    assert "hiker interviews" in (tmp_path / "flux-payments.csv").read_text()
    assert "| hiker interviews |" in (tmp_path / "flux-payments.md").read_text()
    assert "url(" not in (tmp_path / "flux-payments.svg").read_text().replace("url(#", "")


def test_help_lists_the_keys(drive):
    async def steps(app, pilot):
        await pilot.press("question_mark")
        assert "approve, deny, freeze" in await shown(app, pilot, "Keys")
        await pilot.press("escape")
        await shown(app, pilot, "Live feed")

    drive(steps)


def test_another_process_s_payment_shows_up_unless_it_is_paused(drive, flux):
    async def steps(app, pilot):
        await pilot.press("space")
        await shown(app, pilot, "paused")
        assert flux("pay", "orchestrator", "researcher", "3.21").code == 0
        await pilot.pause(0.6)
        assert "$3.21" not in text_of(app)
        await pilot.press("space")
        await shown(app, pilot, "$3.21")
        assert flux("pay", "orchestrator", "researcher", "4.56").code == 0
        await shown(app, pilot, "$4.56")

    drive(steps)


def test_100_by_default_it_only_reads_and_the_connection_itself_cannot_write(drive, ledger):
    async def steps(app, pilot):
        await pilot.press("i")
        await shown(app, pilot, "Waiting for the owner")
        for key in ("A", "D", "F"):
            await pilot.press(key)
            await shown(app, pilot, "this dashboard only reads")

    drive(steps)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        read_only(ledger).execute("delete from movements")


def test_100_approving_shows_payee_amount_and_the_day_first_and_takes_the_typed_amount(drive, flux):
    async def steps(app, pilot):
        await pilot.press("i")
        await shown(app, pilot, "$40.00")
        await pilot.press("A")
        seen = await shown(app, pilot, "Approve this payment?")
        lines = seen.split("\n")
        places = [
            next(number for number, line in enumerate(lines) if word in line)
            for word in ("payee ", "amount ", "in 24 hours", "it says")
        ]
        assert places == sorted(places)
        assert "$12.50 to date" in seen
        await pilot.press(*"yes", "enter")
        await shown(app, pilot, "nothing was done")
        await pilot.press("A")
        await shown(app, pilot, "Type 40.00 to go on")
        await pilot.press(*"40.00", "enter")
        await shown(app, pilot, "$40.00 is approved")

    drive(steps, size=(80, 24), writes=True)
    states = [one["state"] for one in flux("payments", "list", "--json").json()["data"]]
    assert states == ["approved", "captured"]


def test_denying_and_freezing_go_through_the_use_cases_of_the_command_line(drive, flux):
    async def steps(app, pilot):
        await pilot.press("i")
        await shown(app, pilot, "$40.00")
        await pilot.press("D")
        await shown(app, pilot, "Deny this payment?")
        await pilot.press(*"deny", "enter")
        await shown(app, pilot, "$40.00 is denied")
        await pilot.press("F")
        await shown(app, pilot, "Freeze the economy?")
        await pilot.press(*"freeze", "enter")
        await shown(app, pilot, "frozen")

    drive(steps, writes=True)
    assert flux("status", "--json").json()["frozen"] is True


def test_a_run_is_replayed_event_by_event_and_stands_still_when_paused(drive, flux, tmp_path):
    denied = flux("run", "marketing-campaign", "--budget", "100", "--out", str(tmp_path / "out"))
    assert denied.code != 1, denied.err
    run = flux("runs", "list", "-q").out.split()[0]

    def told(app):
        return int(text_of(app).split("Events ")[1].split(" of")[0])

    async def steps(app, pilot):
        await shown(app, pilot, "Events ")
        await pilot.press("space")
        await shown(app, pilot, "paused")
        before = told(app)
        await pilot.pause(0.6)
        assert told(app) == before
        await pilot.press("space")
        for _ in range(200):
            if told(app) > before:
                return
            await pilot.pause(0.05)
        raise AssertionError(f"the replay stands at event {before}")

    drive(steps, screen="runs", replay=(run, 0.1))
