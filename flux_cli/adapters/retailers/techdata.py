"""TechData, simulated: invented products, an invented price level, and these terms."""

from __future__ import annotations

from flux_cli.domain.money import parse_money
from flux_cli.domain.offers import Retailer, retailer_id

RETAILER = Retailer(
    id=retailer_id("techdata"),
    name="techdata",
    title="TechData (SIMULATED)",
    trust=92,
    shipping=parse_money("9.95"),
    free_from=parse_money("100.00"),
    minimum=parse_money("15.00"),
    days=4,
    feed_sha256="",
    products=0,
    added_at=None,
)
