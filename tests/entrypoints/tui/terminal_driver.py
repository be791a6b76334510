"""`flux tui` in a pseudo-terminal, as a test drives it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

DEADLINE_SECONDS = 60
LEFT = (b"\x1b[?1049l", b"\x1b[?25h")
"""What gives the terminal back: the screen as it was, the cursor shown."""


class Terminal:
    """`flux tui` in a pseudo-terminal, and every byte it wrote."""

    def __init__(self, size: tuple[int, int], *argv: str) -> None:
        command = argv or (sys.executable, "-m", "flux_cli", "tui")
        self.child, self._fd = pty.fork()
        if self.child == 0:
            os.execvp(command[0], command)
        self.bytes = b""
        self.resize(size)

    @property
    def is_cooked(self) -> bool:
        """Whether the terminal itself echoes and reads lines, as a shell expects it."""
        modes = termios.tcgetattr(self._fd)[3]
        return bool(modes & termios.ECHO) and bool(modes & termios.ICANON)

    def hang_up(self) -> None:
        """Close the terminal's window."""
        os.close(self._fd)

    def forget(self) -> None:
        self.bytes = b""

    def resize(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def paste(self, text: bytes) -> None:
        """As a terminal does that was asked to mark what is pasted."""
        self.press(b"\x1b[200~")
        for start in range(0, len(text), 2048):
            # Whoever reads it may have to write first.
            self._read(0)
            self.press(text[start : start + 2048])
        self.press(b"\x1b[201~")

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

    def _read(self, seconds: float = 0.2) -> bool:
        if not select.select([self._fd], [], [], seconds)[0]:
            return True
        try:
            got = os.read(self._fd, 65536)
        except OSError:
            return False
        self.bytes += got
        return bool(got)
