"""The dashboard in a real terminal: live, clean at its end, and refused where it cannot be."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

DEADLINE_SECONDS = 30
LEFT = (b"\x1b[?1049l", b"\x1b[?25h")
"""What gives the terminal back: the screen as it was, the cursor shown."""


class Terminal:
    """`flux tui` in a pseudo-terminal, and every byte it wrote."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.child, self._fd = pty.fork()
        if self.child == 0:
            os.execv(sys.executable, [sys.executable, "-m", "flux_cli", "tui"])
        self.bytes = b""
        self.resize(size)

    def resize(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def wait_for(self, text: bytes) -> None:
        end = time.monotonic() + DEADLINE_SECONDS
        while text not in self.bytes:
            assert time.monotonic() < end, self.bytes[-3000:]
            self._read()

    def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        end = time.monotonic() + DEADLINE_SECONDS
        while self._read():
            assert time.monotonic() < end, self.bytes[-3000:]
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 0.2)[0]:
            return True
        try:
            got = os.read(self._fd, 65536)
        except OSError:
            return False
        self.bytes += got
        return bool(got)


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
    assert b"\x1b]52" not in terminal.bytes
    assert b"\x1b]0;" not in terminal.bytes
    assert flux("verify").code == 0


def test_sigterm_ends_it_with_the_terminal_as_it_was(ledger):
    terminal = Terminal((80, 24))
    terminal.wait_for(b"Live feed")
    os.kill(terminal.child, signal.SIGTERM)
    assert terminal.ended() == 143
    assert all(mark in terminal.bytes for mark in LEFT)


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
