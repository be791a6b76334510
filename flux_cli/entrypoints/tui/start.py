"""How the dashboard begins and ends: in a terminal, or as a picture."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from signal import SIGHUP
from typing import Any

from flux_cli.domain.cards import Card
from flux_cli.domain.carts import Cart
from flux_cli.domain.contracts import Contract
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.runs import Run
from flux_cli.domain.settlements import Settlement
from flux_cli.entrypoints.tui.app import THEMES, FluxApp
from flux_cli.entrypoints.tui.snapshot import take_snapshot
from flux_cli.entrypoints.tui.writer import Writer
from flux_cli.errors import NotFound
from flux_cli.usecases.dashboard_ports import Watch
from flux_cli.usecases.dashboard_view import Ref
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_agents import agent_named

VIEWER_SECONDS = 1.0
GONE = 128 + SIGHUP
"""The exit code where nobody can see it any more."""

OPENED: dict[str, tuple[str, type]] = {
    "pi": ("payment", PaymentIntent),
    "run": ("run", Run),
    "card": ("card", Card),
    "ct": ("contract", Contract),
    "cart": ("cart", Cart),
    "stl": ("settlement", Settlement),
}


def dashboard(
    watch: Watch,
    ledger: Path,
    screen: str,
    opened: str | None,
    theme: str,
    deps: Deps | None = None,
    replay: tuple[str, float] | None = None,
) -> FluxApp:
    """The dashboard over a watched ledger; with `deps` it can write, too.

    Raises `NotFound` for an object that is not there.
    """
    ref = None if opened is None else _ref(watch, opened)
    writer = None if deps is None else Writer(deps)
    if replay is not None:
        replay = (_run_named(watch, replay[0]), replay[1])
    app = FluxApp(watch, _short(ledger), screen, ref, writer, replay)
    app.theme = THEMES[theme]
    return app


def run(app: FluxApp) -> bool:
    """Show it until its owner quits; whether it was a signal that ended it."""
    threading.Thread(target=_end_with_its_viewer, name="flux-viewer", daemon=True).start()
    app.run()
    if app.bug is not None:
        raise app.bug
    return app.was_terminated


def _end_with_its_viewer() -> None:
    """End this process once the terminal it is drawn on, or the server it is drawn for, is gone.

    Drawing would block for good then, so nothing that waits for it could end the process.
    """
    parent, stdin = os.getppid(), sys.stdin.fileno()
    was_terminal = os.isatty(stdin)
    while True:
        time.sleep(VIEWER_SECONDS)
        # A terminal whose window was closed is none any more.
        if os.getppid() != parent if not was_terminal else not os.isatty(stdin):
            os._exit(GONE)


def picture(app: FluxApp, path: Path, size: tuple[int, int]) -> None:
    """Write what it shows at this size."""
    take_snapshot(app, path, size)


def _run_named(watch: Watch, text: str) -> str:
    """The id of a run that has events; raises `NotFound`."""
    try:
        with watch.reading() as reader:
            run = reader.resolve(Run, text)
            if not reader.events(run_id=run.id):
                raise NotFound(f"nothing of {run.id} was recorded", subject=run.id)
            return run.id
    finally:
        watch.close()


def _ref(watch: Watch, text: str) -> Ref:
    """The object that an id, its start, or an agent's name is of."""
    prefix = text.partition("_")[0]
    try:
        with watch.reading() as reader:
            if prefix not in OPENED:
                return Ref("agent", agent_named(reader, text).id)
            kind, type_ = OPENED[prefix]
            found: Any = reader.resolve(type_, text)
            return Ref(kind, str(found.id))
    except NotFound as error:
        raise NotFound(f"nothing here is called {text[:64]!r}", subject=text[:64]) from error
    finally:
        # The follower's thread opens it anew.
        watch.close()


def _short(ledger: Path) -> str:
    """The ledger's path as one is used to seeing it."""
    try:
        return f"~/{ledger.relative_to(Path.home())}"
    except ValueError:
        return str(ledger)
