"""A simulated shop's product feeds: its own catalogue, and those that were pushed to it.

Agentic Commerce Protocol, feeds: metadata, the whole product set, partial upserts by product id.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from flux_cli.adapters.retailers.acp_form import Json, Refused, Reply, product_of
from flux_cli.adapters.retailers.feed import MOST_PRODUCTS, product_rows, read_rows
from flux_cli.domain.canonical import instant
from flux_cli.domain.offers import Offer
from flux_cli.errors import InvalidInput

OWN = "feed_catalogue"
"""What the shop itself sells today."""

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def begin(book: Json, body: Json, now: datetime) -> Reply:
    """A feed without products."""
    country = body.get("target_country", "US")
    if not isinstance(country, str) or not _COUNTRY.fullmatch(country):
        raise Refused(400, "invalid", "two letters of ISO 3166-1", "$.target_country")
    book["feed"] = {"id": book["id"], "target_country": country, "updated_at": instant(now)}
    book["products"] = {}
    return Reply(201, book["feed"])


def upsert(book: Json, body: Json, shop: str, days: int, now: datetime) -> Reply:
    """Put products in by their id; the others stay. All of them are taken, or none."""
    products = body.get("products")
    if not isinstance(products, list) or not products:
        raise Refused(400, "invalid", "products holds one or more", "$.products")
    for number, product in enumerate(products):
        if not isinstance(product, dict) or not isinstance(product.get("id"), str):
            raise Refused(400, "invalid", "a product has an id", f"$.products[{number}]")
    whole = book["products"] | {product["id"]: product for product in products}
    if len(whole) > MOST_PRODUCTS:
        raise Refused(400, "invalid", f"a feed has at most {MOST_PRODUCTS}", "$.products")
    try:
        read_rows(product_rows(enumerate(whole.values(), 1)), shop, days)
    except InvalidInput as error:
        raise Refused(400, "invalid", error.message, "$.products") from None
    book["products"] = whole
    book["feed"]["updated_at"] = instant(now)
    return Reply(200, {"id": book["id"], "accepted": True})


def own_feed(now: datetime) -> Json:
    """The metadata of the shop's own catalogue."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"id": OWN, "target_country": "US", "updated_at": instant(midnight)}


def own_products(offers: Sequence[Offer]) -> Json:
    """The shop's own catalogue: every product with its one variant."""
    return {
        "products": [
            {"id": offer.sku, "title": offer.title, "variants": [product_of(offer)]}
            for offer in offers
        ]
    }
