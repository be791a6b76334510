"""`flux status`: the economy at a glance."""

from __future__ import annotations

from flux_cli.bootstrap import open_existing
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.usecases.view_economy import view_economy

app = daily()


@verb(app, "status")
def status(flux: Invocation) -> None:
    """Show money, counts and what needs attention."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        fields = {"ledger": deps.store.path, **view_economy(reader)}
    flux.show(Document("status", fields))
