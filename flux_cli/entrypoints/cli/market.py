"""`flux market list|search`."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.marketplace import Listing as Offer
from flux_cli.domain.marketplace import Strategy, weights_of
from flux_cli.entrypoints.cli import market_hiring, market_selling
from flux_cli.entrypoints.cli.document import Column, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.pages import PAGED, page
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.describe_run import shallow
from flux_cli.usecases.search_market import describe_candidate, formula, search_market

app = noun("What agents sell, searched and ranked.")

COLUMNS = (
    Column("provider", "agent"),
    Column("price_min", "from", "money"),
    Column("price_max", "to", "money"),
    Column("turnaround_hours", "hours", "number"),
    Column("active", "active"),
    Column("title", "what"),
)
FOUND = (
    Column("provider", "agent"),
    Column("score", "score", "number"),
    Column("quote", "full job", "money"),
    Column("turnaround_hours", "hours", "number"),
    Column("ineligible", "why not"),
    Column("title", "what"),
)


@verb(app, "list", options=PAGED, examples=("flux market list",))
def list_(flux: Invocation) -> None:
    """List what is on offer."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        offers, following = page(flux, reader, Offer, {})
    rows = [shallow(offer) for offer in offers]
    flux.show(Listing("listing", rows, COLUMNS, following, empty="no listings: try `flux init`"))


@verb(app, "search", examples=("flux market search banners --explain",))
def search(
    flux: Invocation,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="What the work is about.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the formula and each part of each score.")
    ] = False,
    strategy: Annotated[Strategy | None, typer.Option(help="What to weigh most.")] = None,
) -> None:
    """Search the market; the ranking is the one that hires."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    chosen = strategy or deps.settings.strategy
    with deps.store.reading() as reader:
        found = search_market(deps, reader, " ".join(words), chosen, deps.settings.seed)
    rows = [describe_candidate(one, chosen) for one in found]
    last = ""
    if explain:
        rows = [row | {"formula": formula(chosen)} for row in rows]
        last = formula(chosen)
    columns = _explained(chosen) if explain else FOUND
    empty = "nothing matches: `flux market list` shows all there is"
    flux.show(Listing("candidate", rows, columns, empty=empty, last=last if rows else ""))


def _explained(strategy: Strategy) -> tuple[Column, ...]:
    """The score and each part of it, headed by its weight."""
    parts = (
        Column(f"parts.{name}.value", f"{name}×{weight}", "number")
        for name, weight in weights_of(strategy).items()
    )
    return (Column("provider", "agent"), Column("score", "score", "number"), *parts)


market_selling.register(app)
market_hiring.register(app)
