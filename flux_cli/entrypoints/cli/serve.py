"""`flux serve`: the ledger over HTTP, for programs that hold a key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import close_flux
from flux_cli.bootstrap_webhooks import open_webhooks
from flux_cli.entrypoints.cli.brain_options import open_for_votes
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, daily, verb
from flux_cli.errors import Fix, InvalidInput, MissingExtra
from flux_cli.usecases.deliver_webhooks import follow_events
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.ports import Deps, Progress

app = daily()

NEEDED = ("fastapi", "uvicorn")
SECONDS_TO_FINISH = 20


@verb(
    app,
    "serve",
    without=TEXT_ONLY - {"db", "timeout"},
    examples=("flux serve --port 8080", "flux serve --openapi openapi.json"),
)
def serve(
    flux: Invocation,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 0,
    rate: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Requests a second that one key may make.")
    ] = 500,
    openapi: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the OpenAPI description there, and end."),
    ] = None,
) -> None:
    """Serve the ledger over HTTP on this machine, to programs with a key, until stopped.

    The URL is printed as one line; `flux keys create` makes a key; /openapi.json says the rest.
    """
    if any(find_spec(module) is None for module in NEEDED):
        raise MissingExtra(
            "the HTTP server needs the extra `server`, which is not installed",
            fixes=(Fix("install it", ("pip", "install", "flux-agents[server]")),),
        )
    if openapi is not None:
        _describe(flux, openapi)
        return
    from flux_cli.entrypoints.http.serve import listen, url_of
    from flux_cli.entrypoints.rest.app import rest_app
    from flux_cli.entrypoints.rest.door import Limits
    from flux_cli.entrypoints.rest.serve import answer

    deps = open_for_votes(flux, None, False, None, None, found=True)
    found_economy(deps)
    leaving, listening = threading.Event(), listen(port)
    flux.print(url_of(listening))
    flux.note("money is simulated unless a live key names a rail; Ctrl-C stops it")
    try:
        with _delivering(deps, flux.progress):
            served = rest_app(deps, flux.progress, Limits(rate=rate), leaving)
            answer(served, leaving, listening)
    except (KeyboardInterrupt, Terminated):
        flux.note("stopped; every request that was taken is answered")
    finally:
        close_flux(deps)


@contextmanager
def _delivering(deps: Deps, progress: Progress) -> Iterator[None]:
    """Have webhooks sent meanwhile; one message at most is still finished at the end."""
    stopped = threading.Event()
    worker = threading.Thread(
        target=follow_events, args=(open_webhooks(deps), progress, stopped), daemon=True
    )
    worker.start()
    try:
        yield
    finally:
        stopped.set()
        worker.join(SECONDS_TO_FINISH)


def _describe(flux: Invocation, path: Path) -> None:
    """Write the OpenAPI description. Raises `InvalidInput`."""
    from flux_cli.entrypoints.rest.app import api, description

    text = json.dumps(description(api()), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        (flux.cwd / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot write {path}: {error.strerror}", param="--openapi") from error
    flux.note(f"{path}: {len(text)} bytes")
