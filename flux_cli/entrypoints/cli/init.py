"""`flux init`: found an economy in a new ledger."""

from __future__ import annotations

from flux_cli.bootstrap import open_flux
from flux_cli.domain.agents import ORCHESTRATOR, Agent
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import CREDIT
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.usecases.found_economy import found_economy

app = daily()


@verb(app, "init", examples=("flux init", "flux init --db ./flux.db"))
def init(flux: Invocation) -> None:
    """Found an economy: a ledger, the default agents and market, and the opening grant."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    made = found_economy(deps)
    with deps.store.reading() as reader:
        fields = {
            "ledger": deps.store.path,
            "created": made,
            "agents": len(reader.find(Agent)),
            "orchestrator": reader.balance(wallet(ORCHESTRATOR), CREDIT),
            "simulated": True,
        }
    last = "next: flux run marketing-campaign" if made else "it was there already; nothing changed"
    flux.show(Document("economy", fields, last=last))
