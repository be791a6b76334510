"""`flux thaw`: let what was frozen go on."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.agents import ECONOMY
from flux_cli.entrypoints.cli.freeze import freeze_document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.view_agents import agent_named

app = daily()


@verb(app, "thaw", examples=("flux thaw --yes", "flux thaw researcher"))
def thaw(
    flux: Invocation,
    subject: Annotated[
        str, typer.Argument(metavar="[AGENT]", help="Only this agent; the economy without.")
    ] = ECONOMY,
) -> None:
    """Let a frozen economy or agent go on."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    if subject != ECONOMY:
        with deps.store.reading() as reader:
            agent_named(reader, subject)
    who = "the economy" if subject == ECONOMY else subject
    if not flux.confirm(f"Let {who} spend again?"):
        flux.note(f"{who} stays as it is")
        return
    found_economy(deps)
    flag = set_frozen(deps, subject, frozen=False, reason="")
    flux.show(freeze_document(flag, subject, f"{who} may go on"))
