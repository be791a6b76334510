"""`flux status`: the economy at a glance."""

from __future__ import annotations

from flux_cli.bootstrap import open_existing
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.usecases.view_economy import view_economy

app = daily()

ASSETS = (
    Column("orchestrator", "orchestrator", "money"),
    Column("reserved", "reserved", "money"),
    Column("issued", "issued", "money"),
)
IN_CREDIT = {"currency", "orchestrator", "reserved", "issued"}
"""What stands in the table too, where there is more than one asset."""


@verb(app, "status")
def status(flux: Invocation) -> None:
    """Show money, counts and what needs attention."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        fields = {"ledger": deps.store.path, **view_economy(reader)}
    assets = fields["assets"]
    if flux.for_people and isinstance(assets, list):
        told_twice = IN_CREDIT if len(assets) > 1 else {"assets", "currency"}
        fields = {name: value for name, value in fields.items() if name not in told_twice}
    flux.show(Document("status", fields, tables={"assets": ASSETS}))
