"""`flux tui`: the live dashboard."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_watch
from flux_cli.entrypoints.cli.brain_options import Brain, BrainKind, MaxBrainCost, open_for_votes
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, daily, verb
from flux_cli.errors import Fix, InvalidInput, MissingExtra, OwnerRequired
from flux_cli.usecases.ports import Deps

app = daily()

KINDS = (".svg", ".png", ".txt")
_SIZE = re.compile(r"([0-9]{2,3})x([0-9]{2,3})", re.ASCII)
SMALLEST = (40, 12)
IN_A_BROWSER = "textual.drivers.web_driver:WebDriver"
"""What `--web` says to the process of each viewer, whose terminal is the browser's."""


class Shown(StrEnum):
    """The screens."""

    OVERVIEW = "overview"
    AGENTS = "agents"
    PAYMENTS = "payments"
    RUNS = "runs"
    CARDS = "cards"
    MARKET = "market"
    SHOPPING = "shopping"
    BUDGET = "budget"
    SETTLEMENT = "settlement"
    APPROVALS = "approvals"
    KEYS = "keys"
    POLICY = "policy"
    ANALYTICS = "analytics"


class Theme(StrEnum):
    """The colours; `terminal` are the terminal's own."""

    DARK = "dark"
    LIGHT = "light"
    TERMINAL = "terminal"
    TERMINAL_LIGHT = "terminal-light"


FirstScreen = Annotated[Shown, typer.Option(help="The screen to begin with.")]
FirstObject = Annotated[
    str | None, typer.Option("--open", metavar="ID", help="Begin with this object.")
]
Colours = Annotated[Theme, typer.Option(help="The colours.")]
Snapshot = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write a picture (.svg, .png, .txt) and end.")
]
AllowWrites = Annotated[
    bool, typer.Option("--allow-writes", help="Let the owner approve, deny, freeze and buy in it.")
]
Replayed = Annotated[
    str | None, typer.Option(metavar="RUN", help="Show how a run went, event by event.")
]
InBrowser = Annotated[
    bool, typer.Option("--web", help="Show it in a browser on this machine, read-only.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="With --web; 0 takes any that is free.")]
Speed = Annotated[
    float, typer.Option(metavar="TIMES", min=0.1, max=1000, help="How fast it is replayed.")
]
Size = Annotated[str, typer.Option(metavar="WxH", help="Columns and rows of the picture.")]


@verb(
    app,
    "tui",
    without=TEXT_ONLY - {"db"},
    examples=(
        "flux tui",
        "flux tui --web",
        "flux tui --snapshot overview.png --size 120x34",
    ),
)
def tui(
    flux: Invocation,
    screen: FirstScreen = Shown.OVERVIEW,
    open_: FirstObject = None,
    theme: Colours = Theme.DARK,
    snapshot: Snapshot = None,
    allow_writes: AllowWrites = False,
    brain: Brain = None,
    max_brain_cost: MaxBrainCost = None,
    replay: Replayed = None,
    web: InBrowser = False,
    port: Port = 0,
    speed: Speed = 1.0,
    size: Size = "120x34",
) -> ExitCode:
    """Watch the economy live, in this terminal; without --allow-writes nothing can be changed.

    `?` shows the keys. Another process's work appears as it is committed.
    """
    from flux_cli.entrypoints.tui import start

    if snapshot is not None and snapshot.suffix.lower() not in KINDS:
        raise InvalidInput(
            f"a picture ends in {', '.join(KINDS)}, not {snapshot.suffix!r}", param="--snapshot"
        )
    if not allow_writes and (brain or max_brain_cost):
        raise InvalidInput("a dashboard that only reads asks no brain", param="--brain")
    cells = _cells(size)
    if web:
        _only_shown(allow_writes=allow_writes, other=snapshot or open_ or replay)
        return _in_a_browser(flux, screen, theme, port)
    if snapshot is None:
        _fit_for_a_dashboard(flux)
    if allow_writes and (flux.no_input or flux.environ.get("CI")):
        raise OwnerRequired("--allow-writes needs the owner at the terminal, to confirm")
    watch = open_watch(flux.config)
    deps = _writing(flux, brain, max_brain_cost) if allow_writes else None
    past = None if replay is None else (replay, speed)
    dashboard = start.dashboard(watch, flux.config.ledger.path, screen, open_, theme, deps, past)
    if snapshot is None:
        return ExitCode.TERMINATED if start.run(dashboard) else ExitCode.OK
    start.picture(dashboard, snapshot, cells)
    flux.note(f"{snapshot} shows {open_ or screen} at {size}")
    return ExitCode.OK


def _writing(flux: Invocation, brain: BrainKind | None, max_cost: str | None) -> Deps:
    """What the owner may use, with who votes on what a cart costs."""
    if brain is BrainKind.REPLAY:
        raise InvalidInput(
            "a recording goes with one run: offline or llm vote here", param="--brain"
        )
    return open_for_votes(flux, brain, record=False, cassette=None, max_cost=max_cost)


def _only_shown(*, allow_writes: bool, other: object) -> None:
    if allow_writes:
        raise InvalidInput("--web only reads: --allow-writes is for a terminal", param="--web")
    if other is not None:
        raise InvalidInput("--web takes --screen, --theme and --port", param="--web")


def _in_a_browser(flux: Invocation, screen: Shown, theme: Theme, port: int) -> ExitCode:
    """Serve it until stopped; the URL is the one line on stdout."""
    if find_spec("textual_serve") is None:
        raise MissingExtra(
            "a dashboard in a browser needs the extra `web`, which is not installed",
            fixes=(Fix("install it", ("pip", "install", "flux-agents[web]")),),
        )
    from flux_cli.entrypoints.http.serve import listen
    from flux_cli.entrypoints.tui.web import Dashboards

    watch = open_watch(flux.config)
    watch.changed()  # there is a ledger, and it can be read: else a viewer would see nothing
    watch.close()
    ledger = str(flux.config.ledger.path)
    shown = ("--db", ledger, "--screen", screen.value, "--theme", theme.value)
    dashboards = Dashboards((sys.executable, "-m", "flux_cli", "tui", *shown), listen(port))
    flux.print(dashboards.url)
    flux.note("read-only, on this machine, for who has that line; Ctrl-C stops it")
    dashboards.serve()
    flux.note("stopped")
    return ExitCode.OK


def _cells(size: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(size)
    if match is None:
        raise InvalidInput(f"{size[:20]!r} is no size: write 120x34", param="--size")
    width, height = int(match.group(1)), int(match.group(2))
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise InvalidInput(f"a picture has at least {SMALLEST[0]}x{SMALLEST[1]}", param="--size")
    return width, height


def _fit_for_a_dashboard(flux: Invocation) -> None:
    """Raise `InvalidInput` where there is no terminal that can show one."""
    instead = (
        Fix("take a picture instead", ("flux", "tui", "--snapshot", "overview.svg")),
        Fix("or see it as text", ("flux", "status")),
    )
    if flux.environ.get("TEXTUAL_DRIVER") == IN_A_BROWSER:
        return
    if not (flux.terminal.out_is_tty and flux.terminal.err_is_tty and sys.stdin.isatty()):
        raise InvalidInput("a dashboard needs a terminal, and this is none", fixes=instead)
    if flux.environ.get("TERM", "") in ("", "dumb"):
        raise InvalidInput("this terminal can only write lines (TERM=dumb)", fixes=instead)
