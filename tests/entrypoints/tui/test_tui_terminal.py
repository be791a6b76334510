"""The dashboard in a real terminal: live, clean at its end, and refused where it cannot be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from terminal_driver import DEADLINE_SECONDS, LEFT, Terminal


def test_130_it_is_live_survives_a_storm_of_resizes_and_gives_the_terminal_back(ledger, flux):
    hostile = "\x1b]52;c;b3duZWQ=\x07\x1b]0;owned\x07\x1b[2J[@click=app.quit]x[/]"
    flux("payments", "request", "orchestrator", "1.11", "--to", "researcher", "--purpose", hostile)
    terminal = Terminal((120, 34))
    terminal.wait_for(b"$1.11")
    done = subprocess.run(
        [sys.executable, "-m", "flux_cli", "pay", "orchestrator", "researcher", "7.77"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    terminal.wait_for(b"$7.77")
    for width in range(20, 160, 10):
        terminal.resize((width, max(5, width // 4)))
        os.kill(terminal.child, signal.SIGWINCH)
    terminal.resize((100, 30))
    terminal.press(b"2")
    terminal.wait_for(b"image-generator")
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert all(mark in terminal.bytes for mark in LEFT)
    assert terminal.is_cooked
    assert b"\x1b]52" not in terminal.bytes
    assert b"\x1b]0;" not in terminal.bytes
    assert flux("verify").code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=str)
def test_a_signal_ends_it_with_the_terminal_as_it_was(ledger, number):
    terminal = Terminal((80, 24))
    terminal.wait_for(b"Live feed")
    assert not terminal.is_cooked
    os.kill(terminal.child, number)
    assert terminal.ended() == 143
    assert all(mark in terminal.bytes for mark in LEFT)
    assert terminal.is_cooked


def test_it_ends_when_its_window_is_closed(ledger, flux):
    terminal = Terminal((80, 24))
    terminal.wait_for(b"Live feed")
    terminal.hang_up()
    end = time.monotonic() + DEADLINE_SECONDS
    while not (ended := os.waitpid(terminal.child, os.WNOHANG))[0]:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert os.waitstatus_to_exitcode(ended[1]) in (128 + signal.SIGHUP, 143)
    assert flux("verify").code == 0


SHELL = """set -m
"$0" -m flux_cli tui
echo "the shell again: $?"
read -r line
fg
echo "ended: $?"
"""


def test_130_it_stops_at_ctrl_z_and_goes_on_with_what_came_meanwhile(ledger, flux):
    terminal = Terminal((100, 30), "sh", "-c", SHELL, sys.executable)
    terminal.wait_for(b"Live feed")
    terminal.press(b"\x1a")
    terminal.wait_for(b"the shell again: 14")
    assert all(mark in terminal.bytes for mark in LEFT)
    assert terminal.is_cooked
    assert flux("pay", "orchestrator", "researcher", "6.66").code == 0
    terminal.forget()
    terminal.press(b"\n")
    terminal.wait_for(b"$6.66")
    assert not terminal.is_cooked
    terminal.press(b"q")
    terminal.wait_for(b"ended: 0")
    assert terminal.ended() == 0
    assert terminal.is_cooked


def test_130_a_megabyte_pasted_into_the_filter_and_the_dialog_does_nothing(ledger, flux):
    terminal = Terminal((100, 30), sys.executable, "-m", "flux_cli", "tui", "--allow-writes")
    terminal.wait_for(b"Live feed")
    terminal.press(b"i")
    terminal.wait_for(b"Waiting for the owner")
    terminal.press(b"A")
    terminal.wait_for(b"Type 40.00 to go on")
    terminal.paste(b"40.00\r\n" * 150_000)
    terminal.press(b"\x1b")
    terminal.wait_for(b"nothing was done")
    terminal.press(b"q")
    assert terminal.ended() == 0
    states = [one["state"] for one in flux("payments", "list", "--json").json()["data"]]
    assert states == ["awaiting_owner", "captured"]


BROKEN = """
import sys
from flux_cli.entrypoints.tui.layout import Board
def show(self, view):
    kept = "somebody's secret"
    raise KeyError("not there")
Board.show = show
from flux_cli.entrypoints.cli.app import main
main(["tui"])
"""


def test_a_bug_of_ours_gives_the_terminal_back_and_prints_no_value_of_a_variable(ledger):
    terminal = Terminal((100, 30), sys.executable, "-c", BROKEN)
    assert terminal.ended() == 1
    assert all(mark in terminal.bytes for mark in LEFT)
    assert terminal.is_cooked
    assert b"a bug in flux" in terminal.bytes
    assert b"somebody's secret" not in terminal.bytes


def test_129_without_a_terminal_it_says_how_to_take_a_picture(ledger, flux):
    ended = flux("tui")
    assert ended.code == 2
    assert ended.out == ""
    assert "flux tui --snapshot overview.svg" in ended.err


def test_129_a_terminal_that_only_writes_lines_is_refused(ledger, flux, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    ended = flux("tui", tty=True, TERM="dumb")
    assert ended.code == 2
    assert "TERM=dumb" in ended.err
    assert "\x1b[?1049h" not in ended.out


@pytest.mark.parametrize("ending", ["svg", "png", "txt"])
def test_a_snapshot_is_taken_without_a_terminal(ledger, flux, tmp_path, ending):
    path = tmp_path / f"overview.{ending}"
    ended = flux("tui", "--snapshot", str(path), "--screen", "payments", "--size", "80x24")
    assert ended.code == 0, ended.err
    start = {"svg": b"<svg", "png": b"\x89PNG", "txt": b" flux"}[ending]
    assert path.read_bytes().startswith(start)


def test_without_a_ledger_it_says_how_to_make_one(home, flux):
    ended = flux("tui", "--snapshot", "x.svg")
    assert ended.code == 5
    assert "flux init" in ended.err


def test_a_snapshot_changes_nothing(ledger, flux, tmp_path):
    before = {path.name: path.read_bytes() for path in ledger.parent.glob("ledger.db*")}
    assert flux("tui", "--snapshot", str(tmp_path / "x.svg")).code == 0
    after = {path.name: path.read_bytes() for path in ledger.parent.glob("ledger.db*")}
    assert after == before


def test_100_in_ci_nobody_can_confirm_so_writes_are_refused(ledger, flux, tmp_path):
    ended = flux("tui", "--allow-writes", "--snapshot", str(tmp_path / "x.svg"), CI="true")
    assert ended.code == 4
    assert not (tmp_path / "x.svg").exists()
