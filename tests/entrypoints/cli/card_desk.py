"""What the tests of `flux cards` share: an economy, cards on hold payments, and a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Flux = Callable[..., Any]
MAIN = "from flux_cli.entrypoints.cli.app import main; main()"


@dataclass
class Desk:
    """A founded economy in a home directory, and short ways to its cards."""

    flux: Flux
    home: Path

    @property
    def owner(self) -> tuple[str, str]:
        """The option with the owner's credential."""
        return ("--owner-token-file", str(self.home / "flux.db.owner"))

    def hold(self, dollars: str = "20", payee: str = "api-hub", *more: str) -> str:
        """The id of an approved payment whose money is on hold."""
        asked = ("payments", "request", "orchestrator", dollars, "--to", payee, *more)
        done = self.flux(*asked, "--capture", "manual", "-q")
        assert done.code == 0, done.err
        return str(done.out.strip())

    def issue(self, *options: str, dollars: str = "20", payee: str = "api-hub") -> str:
        """The id of a new card."""
        done = self.flux("cards", "issue", self.hold(dollars, payee), "-q", *options)
        assert done.code == 0, done.err
        return str(done.out.strip())

    def reveal(self, card: str) -> Path:
        """The private file that a card was revealed into."""
        file = self.home / f"{card}.json"
        done = self.flux("cards", "reveal", card, "--to", str(file), *self.owner)
        assert done.code == 0, done.err
        return file

    def charge(self, file: Path, dollars: str, *more: str, merchant: str = "api-hub") -> Any:
        """What charging a revealed card ended with."""
        argv = ("cards", "charge", dollars, "--merchant", merchant, "--card", str(file))
        return self.flux(*argv, *more)

    def shown(self, card: str) -> Any:
        """A card as programs see it."""
        return self.flux("cards", "show", card, "--json").json()


def details(file: Path) -> dict[str, str]:
    """What a revealed card's file holds."""
    found: dict[str, str] = json.loads(file.read_text())
    return found


def at_a_terminal(argv: list[str], answers: list[tuple[str, str]]) -> tuple[int, str]:
    """The exit code and all that was shown of flux in a terminal of its own.

    `answers` are typed in turn, each once what is awaited has been shown.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", MAIN, *argv])
    shown, seen, left, deadline = b"", 0, list(answers), time.monotonic() + 60
    polled = select.poll()
    polled.register(terminal, select.POLLIN)
    while time.monotonic() < deadline:
        if not polled.poll(200):
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
        if left and left[0][0].encode() in shown[seen:]:
            seen = len(shown)
            os.write(terminal, f"{left.pop(0)[1]}\n".encode())
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()
