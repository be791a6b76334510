"""`flux cards list|show`."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.cards import Card, CardState
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.pages import FILTERED, filters, page
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.describe_run import describe_card

app = noun("One-time virtual cards (simulated).")

COLUMNS = (
    Column("id", "id", "id"),
    Column("number", "SIMULATED card"),
    Column("holder", "holder"),
    Column("limit", "limit", "money"),
    Column("spent", "spent", "money"),
    Column("state", "state", "status"),
)
SIMULATED = "SIMULATED: no card here pays anywhere outside Flux"


@verb(app, "list", options=FILTERED, examples=("flux cards list --status active",))
def list_(flux: Invocation) -> None:
    """List cards, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        cards, following = page(flux, reader, Card, filters(flux, reader, CardState, "holder"))
    rows = [describe_card(card) for card in cards]
    empty = "no cards: `flux run marketing-campaign` makes one"
    last = SIMULATED if rows else ""
    flux.show(Listing("card", rows, COLUMNS, following, empty=empty, last=last))


@verb(app, "show", examples=("flux cards show card_01",))
def show(
    flux: Invocation,
    card_id: Annotated[str, typer.Argument(metavar="ID", help="The card's id, or its start.")],
) -> None:
    """Show a card, masked."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        card = reader.resolve(Card, card_id)
    flux.show(
        Document(
            "card", describe_card(card), headings={"number": "SIMULATED number"}, last=SIMULATED
        )
    )
