"""`flux merchant serve`: a shop on this machine where cards can be tried out."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_requests import LONGEST_CATEGORY, named
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, noun, verb
from flux_cli.errors import Fix, MissingExtra
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.merchant import Till

app = noun("A simulated merchant that cards can pay at.")

NEEDED = ("fastapi", "uvicorn")


@verb(
    app,
    "serve",
    without=TEXT_ONLY - {"db", "timeout"},
    examples=("flux merchant serve --port 8099", "flux merchant serve --name api-hub"),
)
def serve(
    flux: Invocation,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 0,
    name: Annotated[
        str, typer.Option(metavar="ID", help="Which merchant to be, by its exact name.")
    ] = "corner-shop",
    category: Annotated[
        str, typer.Option(metavar="WORD", help="The kind of thing it sells.")
    ] = "general",
) -> None:
    """Sell for SIMULATED cards over HTTP, on this machine only, until stopped.

    The URL is printed as one line; the requests it understands are at /openapi.json.
    """
    if any(find_spec(module) is None for module in NEEDED):
        raise MissingExtra(
            "the HTTP merchant needs the extra `server`, which is not installed",
            fixes=(Fix("install it", ("pip", "install", "flux-agents[server]")),),
        )
    from flux_cli.entrypoints.http.serve import listen, url_of
    from flux_cli.entrypoints.http.serve import serve as answer
    from flux_cli.entrypoints.merchant.app import merchant_app

    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    merchant = named(name, "--name")
    till = Till(deps, merchant, named(category, "--category", LONGEST_CATEGORY))
    listening = listen(port)
    flux.print(url_of(listening))
    flux.note(f"{merchant} sells for SIMULATED cards; Ctrl-C stops it")
    try:
        answer(merchant_app(till, flux.progress), listening)
    except (KeyboardInterrupt, Terminated):
        flux.note("stopped; every request that was taken is answered")
    finally:
        close_flux(deps)
