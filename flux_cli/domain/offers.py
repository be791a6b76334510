"""What shops sell, as they quote it: an offer, and the terms of the shop that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.money import Money

MOST_STOCK = 1_000_000
LONGEST_DELIVERY = 60


@dataclass(frozen=True, slots=True)
class Offer:
    """One pack a shop sells: `pack` units of its category, delivered in `days`.

    `price` is of the whole pack, `stock` counts packs, `rating` is out of 100. `title` and `text`
    are the seller's words: data to match against, never instructions.
    """

    shop: str
    sku: str
    title: str
    category: str
    price: Money
    pack: int
    stock: int
    days: int
    rating: int
    text: str = ""

    @property
    def ref(self) -> str:
        """What people name it by: `amazon/A1042`."""
        return f"{self.shop}/{self.sku}"

    def packs_for(self, quantity: int) -> int:
        """How many packs cover `quantity` units."""
        return -(-quantity // self.pack)

    @property
    def unit_price(self) -> Money:
        """The price of one unit, rounded up to the asset's smallest unit."""
        return Money(-(-self.price.units // self.pack), self.price.asset)


@dataclass(frozen=True, slots=True)
class Retailer:
    """A shop's terms. `trust` is out of 100; shipping is free from `free_from` worth of goods.

    `minimum` is the least worth of goods it sells at once; `days` how long it delivers where a
    product does not say. `feed_sha256` is the product feed it was added with, "" for a shop that
    comes with Flux.
    """

    id: str
    name: str
    title: str
    trust: int
    shipping: Money
    free_from: Money | None
    minimum: Money
    days: int
    feed_sha256: str
    products: int
    added_at: datetime | None


def retailer_id(name: str) -> str:
    """The id of the one shop of this name."""
    return f"retailer:{name}"


def minor_units(amount: Money) -> int:
    """The amount in the currency's own smallest unit, cents for US dollars, rounded down."""
    return amount.units // _finer(amount)


def from_minor(cents: int, like: Money) -> Money:
    """So many cents (or the currency's own smallest units) as money like `like`."""
    return Money(cents * _finer(like), like.asset)


def _finer(amount: Money) -> int:
    """How many of the ledger's units are one unit of the currency: 10,000 for CREDIT."""
    return 10_000 if amount.asset.exponent == 6 else 1
