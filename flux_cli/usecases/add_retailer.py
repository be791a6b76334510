"""Adding a shop from its product feed, under terms and a trust that the owner sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.offers import LONGEST_DELIVERY, Retailer, retailer_id
from flux_cli.errors import InvalidAmount, InvalidInput, WrongState
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.search_offers import open_shops

_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewShop:
    """A shop's feed and the owner's terms for it; `name` is what it is matched by, everywhere."""

    feed: Path
    name: str
    title: str
    trust: int
    shipping: Money
    free_from: Money | None
    minimum: Money
    days: int


def add_retailer(deps: Deps, shop: NewShop) -> tuple[Retailer, int]:
    """Add a shop, and say how many of its products are of no category Flux knows.

    Raises `InvalidInput` for a name, a title or a feed that cannot be used, and `WrongState` where
    there is a shop of this name.
    """
    if not _NAME.fullmatch(shop.name):
        raise InvalidInput(
            "a shop's name is 2 to 40 of a-z, 0-9 and dashes: it is matched exactly",
            param="--name",
        )
    title = bounded(shop.title or shop.name, 120)
    if not title.isascii():
        # Who reads a cart tells shops by their titles, and раypal is not paypal.
        raise InvalidInput("a shop's title is plain ASCII, so that none looks like another")
    if not 0 <= shop.trust <= 100 or not 0 <= shop.days <= LONGEST_DELIVERY:
        raise InvalidInput(f"trust is 0 to 100, days 0 to {LONGEST_DELIVERY}", param="--trust")
    amounts = [shop.shipping, shop.minimum, *([shop.free_from] if shop.free_from else [])]
    if any(amount.asset != CREDIT or amount.units % 10_000 for amount in amounts):
        raise InvalidAmount("a shop's terms are in whole cents of US dollars")
    taken = {known.retailer.name: known.retailer.title for known in open_shops(deps)}
    if shop.name in taken or title.casefold() in {one.casefold() for one in taken.values()}:
        raise WrongState(f"there is a shop {shop.name} or one titled {title!r}", subject=shop.name)
    sha, products, unplaced = deps.shopping.shops.keep_feed(shop.feed, shop.name, shop.days)
    with deps.store.begin() as tx:
        if tx.lookup(Retailer, name=shop.name) is not None:
            raise WrongState(f"there is a shop {shop.name}", subject=shop.name)
        retailer = Retailer(
            id=retailer_id(shop.name),
            name=shop.name,
            title=title,
            trust=shop.trust,
            shipping=shop.shipping,
            free_from=shop.free_from if shop.free_from and shop.free_from.units else None,
            minimum=shop.minimum,
            days=shop.days,
            feed_sha256=sha,
            products=products,
            added_at=tx.now,
        )
        tx.put(retailer, "retailer.added")
    return retailer, unplaced
