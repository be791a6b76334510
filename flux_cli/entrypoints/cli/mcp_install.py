"""`flux mcp install`: telling a client on this machine how to start `flux mcp`."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import close_flux, open_existing
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_requests import named
from flux_cli.entrypoints.cli.verb import verb
from flux_cli.entrypoints.mcp.clients import (
    OF_A_PROJECT,
    PRINT,
    Client,
    Start,
    changed,
    place_of,
    snippet,
)
from flux_cli.entrypoints.mcp.scope import open_scope
from flux_cli.errors import Fix, InvalidInput, MissingExtra, StorageFailed, WrongState
from flux_cli.usecases.exports import Exports

AgentName = Annotated[
    str, typer.Option("--agent", metavar="NAME", help="Whose money it is, by its exact name.")
]
MandateId = Annotated[
    str | None,
    typer.Option(
        "--mandate", metavar="ID", help="What it may spend from; without one it only reads."
    ),
]
MOST_BYTES = 16 << 20
NEEDED = ("mcp", "uvicorn")


def register(app: typer.Typer) -> None:
    """Add the verb to the noun's."""
    verb(
        app,
        "install",
        examples=(
            "flux mcp install claude-desktop --agent researcher --mandate man_01",
            "flux mcp install codex --agent researcher --print",
        ),
    )(install)


def install(
    flux: Invocation,
    client: Annotated[Client, typer.Argument(metavar="CLIENT", help="Which client, e.g. cursor.")],
    agent: AgentName,
    mandate: MandateId = None,
    name: Annotated[
        str, typer.Option(metavar="WORD", help="What the client calls this server.")
    ] = "flux",
    only_print: Annotated[
        bool, typer.Option("--print", help="Print the entry and change nothing.")
    ] = False,
) -> None:
    """Add Flux to a client's configuration.

    The entry is shown and asked about first, and every other entry stays as it is. Clients:
    claude-desktop, claude-code, cursor, vscode, codex, zed, gemini.
    """
    need_extra()
    called = named(name, "--name", 40)
    if not called.replace("-", "").isalnum() or not called.isascii():
        raise InvalidInput("a server's name is letters, digits and -", param="--name")
    deps = open_existing(flux.config, timeout=flux.timeout)
    try:
        scope = open_scope(
            deps,
            named(agent, "--agent"),
            None if mandate is None else named(mandate, "--mandate"),
        )
        start = _start(flux, scope.agent, scope.mandate_id)
        path = place_of(client, Path.home(), flux.cwd, flux.environ, sys.platform)
        if only_print:
            flux.print(snippet(client, called, start))
            return
        before = _text(path)
        after = changed(client, before, called, start, str(path))
        flux.note(f"{path}:\n{snippet(client, called, start).rstrip()}")
        is_same = before == after
        if not is_same:
            if not flux.confirm(f"Write this entry into {path}?"):
                flux.note("nothing is changed")
                return
            in_project = client in OF_A_PROJECT
            _write(path, before, after, deps.exports, make_folder=in_project)
    finally:
        close_flux(deps)
    fields = {"client": client.value, "name": called, "file": path, "changed": not is_same}
    last = "it is there already" if is_same else f"restart {client.value} to use it"
    flux.show(Document("mcp_client", fields, last=last))


def need_extra() -> None:
    """Raise `MissingExtra` unless what `flux mcp` needs is installed."""
    if any(find_spec(module) is None for module in NEEDED):
        raise MissingExtra(
            "`flux mcp` needs the extra `mcp`, which is not installed",
            fixes=(Fix("install it", ("pip", "install", "flux-agents[mcp]")),),
        )


def _start(flux: Invocation, agent: str, mandate: str | None) -> Start:
    """The same command from any folder: paths are whole, and so is the mandate's id."""
    beside = Path(sys.executable).with_name("flux")
    own = (str(beside),) if beside.exists() else (sys.executable, "-m", "flux_cli")
    under = () if mandate is None else ("--mandate", mandate)
    ledger = ("--db", str(flux.config.ledger.path.resolve()))
    return Start(own[0], (*own[1:], "mcp", "serve", "--agent", agent, *under, *ledger))


def _text(path: Path) -> str:
    """What a client's file holds, "" where there is none. Raises `StorageFailed`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"{path} is too large to be a configuration", subject=str(path))
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no UTF-8 text", subject=str(path)) from error
    except OSError as error:
        raise StorageFailed(f"cannot read {path}: {error.strerror}", subject=str(path)) from error


def _write(path: Path, before: str, after: str, exports: Exports, *, make_folder: bool) -> None:
    """Put the new text in place of the old at once, if it still is the old.

    Raises `WrongState` where it was changed meanwhile, `InvalidInput`, `StorageFailed`.
    """
    if make_folder:
        path.parent.mkdir(exist_ok=True)
    elif not path.parent.is_dir():
        raise InvalidInput(
            f"{path.parent} is not there: is the client installed?",
            subject=str(path.parent),
            fixes=(Fix("start the client once"), PRINT),
        )
    with exports.file(path, replace=True) as file:
        file.write(after)
        if _text(path) != before:
            raise WrongState(f"{path} was changed meanwhile; nothing was written")
