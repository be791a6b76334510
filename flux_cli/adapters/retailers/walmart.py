"""Walmart, simulated: invented products, an invented price level, and these terms."""

from __future__ import annotations

from flux_cli.domain.money import parse_money
from flux_cli.domain.offers import Retailer, retailer_id

RETAILER = Retailer(
    id=retailer_id("walmart"),
    name="walmart",
    title="Walmart (SIMULATED)",
    trust=95,
    shipping=parse_money("6.99"),
    free_from=parse_money("35.00"),
    minimum=parse_money("10.00"),
    days=3,
    feed_sha256="",
    products=0,
    added_at=None,
)
