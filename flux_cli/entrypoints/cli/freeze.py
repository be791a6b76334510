"""`flux freeze`: the kill switch."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_flux
from flux_cli.domain.agents import ECONOMY, Freeze
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.freeze import set_frozen

app = daily()


@verb(app, "freeze", examples=("flux freeze", "flux freeze researcher --reason audit"))
def freeze(
    flux: Invocation,
    subject: Annotated[
        str, typer.Argument(metavar="[AGENT]", help="Only this agent; the economy without.")
    ] = ECONOMY,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Stop the economy, or one agent, at once; nothing new moves until it is thawed."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    flag = set_frozen(deps, subject, frozen=True, reason=reason)
    undo = "flux thaw" if subject == ECONOMY else f"flux thaw {subject}"
    flux.show(freeze_document(flag, subject, f"frozen; `{undo}` lets it go on"))


def freeze_document(flag: Freeze, subject: str, last: str) -> Document:
    """A kill switch as it stands."""
    fields = {
        "id": flag.id,
        "subject": subject,
        "frozen": flag.frozen,
        "reason": flag.reason,
        "changed_at": flag.changed_at,
    }
    return Document("freeze", fields, last=last)
