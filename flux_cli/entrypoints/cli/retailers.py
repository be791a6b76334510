"""`flux retailers list|show|add|serve`: the shops that `flux buy` searches."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import close_flux, open_flux, shop_desks
from flux_cli.domain.money import CREDIT
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.interruption import Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_requests import amount_or_nothing
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, noun, verb
from flux_cli.errors import Fix, MissingExtra, NotFound
from flux_cli.usecases.add_retailer import NewShop, add_retailer
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.search_offers import open_shops
from flux_cli.usecases.view_carts import describe_retailer

app = noun("The shops that `flux buy` searches.")

COLUMNS = (
    Column("name", "name", "id"),
    Column("title", "title"),
    Column("trust", "trust", "number"),
    Column("shipping", "shipping", "money"),
    Column("free_from", "free from", "money"),
    Column("minimum", "minimum", "money"),
    Column("products", "products", "number"),
)
CATEGORY_COLUMNS = (
    Column("category", "category"),
    Column("products", "products", "number"),
    Column("cheapest", "cheapest", "money"),
)


@verb(app, "list", examples=("flux retailers list",))
def list_(flux: Invocation) -> None:
    """List the shops: trust, shipping terms, how much they sell today."""
    deps = _open(flux)
    today = flux.now.date()
    shops = open_shops(deps)
    rows = [describe_retailer(one.retailer, len(one.offers(today)), today) for one in shops]
    floor = deps.shopping.trust_floor
    flux.show(Listing("retailer", rows, COLUMNS, last=f"bought at from a trust of {floor} on"))


@verb(app, "show", examples=("flux retailers show amazon",))
def show(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The shop's exact name.")],
) -> None:
    """Show a shop: its terms, and what it sells by category."""
    deps, today = _open(flux), flux.now.date()
    shop = next((one for one in open_shops(deps) if one.retailer.name == name), None)
    if shop is None:
        raise NotFound(
            f"no shop named {name[:64]!r}",
            subject=name[:64],
            fixes=(Fix("see which there are", ("flux", "retailers", "list")),),
        )
    offers = shop.offers(today)
    found: dict[str, list[int]] = {}
    for offer in offers:
        found.setdefault(offer.category or "(none)", []).append(offer.price.units)
    money = type(offers[0].price)
    rows = [
        {"category": category, "products": len(prices), "cheapest": money(min(prices))}
        for category, prices in sorted(found.items())
    ]
    whole = describe_retailer(shop.retailer, len(offers), today) | {"categories": rows}
    tables = {"categories": CATEGORY_COLUMNS}
    flux.show(Document("retailer", whole, tables=tables, last="money is simulated"))


@verb(
    app,
    "add",
    examples=(
        "flux retailers add corner.csv --name corner-shop --trust 93 --shipping 4.50",
        "flux retailers add feed.jsonl --name depot --trust 95 --free-from 50 --days 2",
    ),
)
def add(
    flux: Invocation,
    feed: Annotated[
        Path, typer.Argument(metavar="FEED", help="An ACP product feed: .csv, or JSON Lines.")
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="Its exact name, for good: a-z0-9-.")],
    trust: Annotated[int, typer.Option(min=0, max=100, help="How far you trust it, of 100.")],
    title: Annotated[str, typer.Option(help="What people see; the name without.")] = "",
    shipping: Annotated[str, typer.Option(metavar="USD", help="For one order.")] = "0",
    free_from: Annotated[
        str, typer.Option(metavar="USD", help="Goods that ship free; 0 for never.")
    ] = "0",
    minimum: Annotated[str, typer.Option(metavar="USD", help="The least it sells at once.")] = "0",
    days: Annotated[
        int, typer.Option(min=0, max=60, help="Delivery where a product does not say.")
    ] = 3,
) -> None:
    """Add a shop from its product feed; the feed is taken whole or not at all."""
    deps = _open(flux)
    amounts = [amount_or_nothing(text, CREDIT) for text in (shipping, free_from, minimum)]
    wanted = NewShop(
        feed=feed,
        name=name,
        title=title,
        trust=trust,
        shipping=amounts[0],
        free_from=amounts[1],
        minimum=amounts[2],
        days=days,
    )
    retailer, unplaced = add_retailer(deps, wanted)
    whole = describe_retailer(retailer, retailer.products, flux.now.date())
    last = f"{retailer.products} products, simulated; to be paid it is listed in a buyer's policy"
    if unplaced:
        last += f"; {unplaced} are of no category flux knows and are never found"
    if trust < deps.shopping.trust_floor:
        last += f"; nothing is bought below a trust of {deps.shopping.trust_floor}"
    flux.show(Document("retailer", whole | {"unplaced": unplaced}, last=last))


@verb(
    app,
    "serve",
    without=TEXT_ONLY - {"db", "timeout"},
    examples=("flux retailers serve --port 8400",),
)
def serve(
    flux: Invocation,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 0,
) -> None:
    """Be the SIMULATED shops over HTTP, on this machine only, until stopped.

    The URL is printed as one line; `shopping.address` is where `flux buy` looks for it.
    """
    if any(find_spec(module) is None for module in ("fastapi", "uvicorn")):
        raise MissingExtra(
            "serving shops needs the extra `server`, which is not installed",
            fixes=(Fix("install it", ("pip", "install", "flux-agents[server]")),),
        )
    from flux_cli.entrypoints.http.serve import listen, url_of
    from flux_cli.entrypoints.http.serve import serve as answer
    from flux_cli.entrypoints.retailers.app import retailers_app

    deps = _open(flux)
    desks = shop_desks(flux.config, [one.retailer for one in open_shops(deps)])
    listening = listen(port)
    flux.print(url_of(listening))
    flux.note(f"{len(desks)} SIMULATED shops; Ctrl-C stops them")
    try:
        answer(retailers_app(desks, flux.progress), listening)
    except (KeyboardInterrupt, Terminated):
        flux.note("stopped; every request that was taken is answered")
    finally:
        close_flux(deps)


def _open(flux: Invocation) -> Deps:
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    return deps
