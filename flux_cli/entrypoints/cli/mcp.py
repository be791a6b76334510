"""`flux mcp`: an agent's money as tools for a model, within one mandate."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flux_cli.bootstrap import close_flux
from flux_cli.entrypoints.cli import mcp_install
from flux_cli.entrypoints.cli.brain_options import open_for_votes
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.mcp_install import AgentName, MandateId, need_extra
from flux_cli.entrypoints.cli.payment_requests import named
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, noun, verb
from flux_cli.errors import InvalidInput

app = noun("An agent's money as tools for a model (Model Context Protocol).")


class ServedByDefault(TyperGroup):
    """`flux mcp --agent …` is `flux mcp serve --agent …`: what clients are told to start."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `serve` where options stand and no verb does."""
        bare = args and args[0].startswith("-") and args[0] not in ("--help", "-h")
        return super().parse_args(ctx, ["serve", *args] if bare else args)


app.info.cls = ServedByDefault


@verb(
    app,
    "serve",
    without=TEXT_ONLY - {"db", "timeout"},
    examples=(
        "flux mcp --agent researcher --mandate man_01",
        "flux mcp --agent researcher",
        "flux mcp --http --port 8100 --agent researcher --mandate man_01",
    ),
)
def serve(
    flux: Invocation,
    agent: AgentName,
    mandate: MandateId = None,
    http: Annotated[
        bool, typer.Option("--http", help="Over HTTP on this machine, with a bearer token.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="With --http; any that is free if not given."),
    ] = None,
) -> None:
    """Serve one agent's money to a model.

    Over stdin and stdout, until the client leaves. It cannot name another agent, and spends only
    within the mandate; without one it only reads. `flux mcp --agent NAME` means this.
    """
    if port is not None and not http:
        raise InvalidInput("a port is for --http", param="--port")
    need_extra()
    from flux_cli.entrypoints.mcp.reads import Desk
    from flux_cli.entrypoints.mcp.scope import open_scope
    from flux_cli.entrypoints.mcp.server import mcp_server

    who = named(agent, "--agent")
    deps = open_for_votes(flux, None, False, None, None)
    scope = open_scope(deps, who, None if mandate is None else named(mandate, "--mandate"))
    server = mcp_server(Desk(deps, scope, flux.progress))
    may = f"spends under {scope.mandate_id}" if scope.mandate_id else "only reads"
    try:
        if http:
            from flux_cli.entrypoints.http.serve import listen, url_of
            from flux_cli.entrypoints.mcp.over_http import PATH, serve_http, token_at

            ledger = flux.config.ledger.path
            kept = ledger.with_name(f"{ledger.name}.mcp-{scope.name}")
            token = token_at(kept, deps.exports)
            listening = listen(port or 0)
            flux.print(f"{url_of(listening)}{PATH}")
            flux.note(f"{scope.agent} {may}; the bearer token is in {kept}; Ctrl-C stops it")
            serve_http(server, token, listening, flux.progress)
        else:
            from flux_cli.entrypoints.mcp.stdio import serve_stdio

            flux.note(f"{scope.agent} {may}; waiting for a client on stdin")
            serve_stdio(server, flux.progress)
    except* (KeyboardInterrupt, Terminated):
        flux.note("stopped; every call that was begun is done")
    finally:
        close_flux(deps)


mcp_install.register(app)
