"""`flux market publish|withdraw|show|card`: a listing from its seller's side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing, open_flux
from flux_cli.domain.marketplace import Listing as Offer
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import verb
from flux_cli.usecases.describe_run import shallow
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.listing_cards import listing_card
from flux_cli.usecases.publish_listing import publish_listing, withdraw_listing
from flux_cli.usecases.view_market import describe_listing

ListingId = Annotated[str, typer.Argument(metavar="ID", help="The listing's id, or its start.")]

PAYERS = (
    Column("payer", "payer"),
    Column("standing", "standing", "number"),
    Column("contracts", "contracts", "number"),
    Column("accepted", "accepted", "number"),
    Column("rejected", "rejected", "number"),
    Column("on_time", "on time", "number"),
    Column("late", "late", "number"),
)
NOT_COUNTED = (Column("reason", "not counted"), Column("contracts", "contracts", "number"))
REVIEWS = (
    Column("stars", "stars", "number"),
    Column("author", "by"),
    Column("contract_id", "contract", "id"),
    Column("text", "said"),
)


EXAMPLE = (
    "",
    "A listing.toml:",
    '  schema = "flux.listing/1"',
    '  provider = "acme"',
    '  owner = "acme"',
    '  trade = "researcher"',
    '  title = "Answers from your own documents"',
    '  description = "Reads what it is given and cites file and passage."',
    '  media_types = ["text/markdown", "application/json"]',
    '  price_min = "20.00"',
    '  price_max = "45.00"',
    "  turnaround_hours = 24",
)
"""A whole listing, at the end of the help."""


def register(app: typer.Typer) -> None:
    """Add these verbs to `flux market`."""
    verb(app, "publish", examples=("flux market publish listing.toml", *EXAMPLE))(publish)
    verb(app, "withdraw", examples=("flux market withdraw lst_01 --owner acme",))(withdraw)
    verb(app, "card", examples=("flux market card lst_01 --json",))(card)
    verb(app, "show", examples=("flux market show lst_01",))(show)


def publish(
    flux: Invocation,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The listing in TOML or JSON; - for stdin.")
    ],
) -> None:
    """Put work on offer; publishing the same title again changes its terms."""
    from flux_cli.entrypoints.cli.listing_file import read_listing

    new = read_listing(file)
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    listing = publish_listing(deps, new)
    last = "on offer; to be paid, its provider is listed in a client's policy"
    flux.show(Document("listing", shallow(listing), last=last))
    if listing.is_outside and (why := deps.outside.barred(listing)) is not None:
        flux.note(f"it cannot be hired yet, for it is {why}: {deps.outside.allowance(listing).say}")


def withdraw(
    flux: Invocation,
    listing_id: ListingId,
    owner: Annotated[str, typer.Option(metavar="NAME", help="Whose listing it is.")],
) -> None:
    """Take a listing off the market; hires that are under way go on."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        found = reader.resolve(Offer, listing_id)
    listing = withdraw_listing(deps, found.id, owner=owner)
    flux.show(Document("listing", shallow(listing), last="no longer on offer"))


def card(flux: Invocation, listing_id: ListingId) -> None:
    """Export a listing as an A2A agent card and ERC-8004 records; nothing is registered."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        found = listing_card(deps, reader, reader.resolve(Offer, listing_id))
    last = "export only, simulated; --json gives each record as it would be published"
    flux.show(Document("listing_card", found, last=last))


def show(flux: Invocation, listing_id: ListingId) -> None:
    """Show a listing, its provider's reputation and what it comes from, and reviews."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = describe_listing(deps, reader, reader.resolve(Offer, listing_id))
    shown = whole
    said = whole["reputation"]
    if flux.for_people and isinstance(said, Mapping):
        parts = {name: said[name] for name in ("payers", "not_counted") if said[name]}
        words = f"quality {said['quality']}, reliability {said['reliability']} of 10000"
        shown = {k: v for k, v in whole.items() if v not in ("", [])} | {"reputation": words}
        shown |= parts
    tables = {"payers": PAYERS, "not_counted": NOT_COUNTED, "reviews": REVIEWS}
    last = str(said["formula"]) if isinstance(said, Mapping) else ""
    flux.show(Document("listing", shown, tables=tables, last=last))
