"""Which offers fit which need: every trusted shop asked, nothing filtered without a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flux_cli.domain.carts import Choice
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT
from flux_cli.domain.offers import Offer, Retailer
from flux_cli.domain.ranking import WHOLE, Ranked, rank_offers
from flux_cli.domain.shopping import Need, ShoppingSpec
from flux_cli.errors import Fix, InvalidInput, ShopFailed, StorageFailed
from flux_cli.usecases.ports import Deps, Reader, Transaction
from flux_cli.usecases.shops import OfferIndex, Shop

MOST_SHOPS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """The offers for each need, best first, late ones too; who was asked and who was not.

    `skipped` are (shop, why); `notes` are sentences about needs that no offer fits whole.
    """

    needs: tuple[Need, ...]
    ranked: tuple[tuple[Ranked, ...], ...]
    retailers: tuple[Retailer, ...]
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    searched: int


def open_shops(deps: Deps) -> list[Shop]:
    """Every shop there is, trusted or not."""
    with deps.store.reading() as reader:
        return shops_known(deps, reader)


def shops_known(deps: Deps, reader: Reader | Transaction) -> list[Shop]:
    """Every shop there is, by one view of the ledger."""
    added = reader.find(Retailer, limit=MOST_SHOPS, oldest_first=True)
    return deps.shopping.shops.open(added)


def search_offers(
    deps: Deps, spec: ShoppingSpec, strategy: Strategy, day: date, choice: Choice
) -> Found:
    """Every offer for every need on a day, ranked for a strategy.

    Raises `InvalidInput` for a wish in another currency than the shops sell in.
    """
    if spec.currency != "USD":
        raise InvalidInput(
            f"the shops sell in USD, not in {spec.currency}",
            param="--budget",
            fixes=(Fix("give the budget in US dollars"),),
        )
    asked, skipped = [], []
    for shop in open_shops(deps):
        retailer = shop.retailer
        if retailer.trust < deps.shopping.trust_floor:
            skipped.append(
                (retailer.name, f"trust {retailer.trust} is below {deps.shopping.trust_floor}")
            )
        elif retailer.name in choice.excluded:
            skipped.append((retailer.name, "excluded"))
        else:
            asked.append(shop)
    offers, answered = [], []
    for shop in asked:
        try:
            sold = shop.offers(day)
        except (ShopFailed, StorageFailed) as failure:
            skipped.append((shop.retailer.name, failure.message))
            continue
        answered.append(shop.retailer)
        offers += [
            offer
            for offer in sold
            if offer.price.asset == CREDIT and offer.ref not in choice.excluded
        ]
    index = deps.shopping.index(offers)
    trust = {retailer.name: retailer.trust for retailer in answered}
    pinned = {need: f"{shop}/{sku}" for need, shop, sku in choice.pins}
    found, notes = [], []
    for need in spec.needs:
        matches, note = _matches(need, spec.exclusions, offers, index, pinned.get(need.name))
        found.append(rank_offers(need, matches, trust, strategy))
        notes += [note] if note else []
    return Found(
        spec.needs, tuple(found), tuple(answered), tuple(skipped), tuple(notes), len(offers)
    )


def _matches(
    need: Need,
    never: Sequence[str],
    offers: Sequence[Offer],
    index: OfferIndex,
    pinned: str | None,
) -> tuple[list[tuple[Offer, int]], str]:
    """(offer, fit) of what may be bought for a need, and a note where no offer fits whole."""
    if pinned is not None:
        return [(offer, WHOLE) for offer in offers if offer.ref == pinned and offer.stock], ""
    barred = set[int]().union(*index.fits([*never, *need.exclusions]))
    may = [
        number
        for number, offer in enumerate(offers)
        if offer.category == need.category and offer.stock and number not in barred
        if need.max_unit_price is None or offer.unit_price <= need.max_unit_price
    ]
    if not need.terms:
        return [(offers[number], WHOLE) for number in may], ""
    having = index.fits(need.terms)
    fit = {number: sum(number in one for one in having) for number in may}
    best = max(fit.values(), default=0)
    said = ", ".join(need.terms)
    note = ""
    if best < len(need.terms) and may:
        note = f"{need.name}: no offer has all of {said}; the nearest are taken"
    kept = [number for number in may if fit[number] == best]
    return [(offers[number], WHOLE * best // len(need.terms)) for number in kept], note
