"""A simulated shop's prices and stock on a day: they move, and the same day gives the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from flux_cli.domain.money import Money
from flux_cli.domain.offers import Offer

WIDEST_PER_MILLE = 30
"""A week's price is within 3 % of the catalogue's."""

SOLD_OUT_ONE_IN = 60


def offers_on(catalogue: Mapping[str, Offer], day: date) -> list[Offer]:
    """Every product as it is sold that day."""
    return [_moved(offer, day) for offer in catalogue.values()]


def _moved(offer: Offer, day: date) -> Offer:
    year, week, _ = day.isocalendar()
    swing = _number(offer.ref, year, week) % (2 * WIDEST_PER_MILLE + 1) - WIDEST_PER_MILLE
    cents = offer.price.units // 10_000
    moved = max(1, cents + cents * swing // 1000)
    sold_out = _number(offer.ref, day.toordinal(), 0) % SOLD_OUT_ONE_IN == 0
    return replace(
        offer,
        price=Money(moved * 10_000, offer.price.asset),
        stock=0 if sold_out else offer.stock,
    )


def _number(text: str, first: int, second: int) -> int:
    digest = hashlib.sha256(f"{text} {first} {second}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
