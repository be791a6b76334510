"""Offers in order for one need: a score out of 10,000 whose every part can be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.offers import Offer
from flux_cli.domain.shopping import Need

WHOLE = 10_000

OFFER_WEIGHTS: dict[Strategy, dict[str, int]] = {
    Strategy.BALANCED: {"fit": 30, "price": 35, "speed": 15, "trust": 10, "rating": 10},
    Strategy.CHEAPEST: {"fit": 20, "price": 60, "speed": 5, "trust": 10, "rating": 5},
    Strategy.FASTEST: {"fit": 20, "price": 15, "speed": 50, "trust": 10, "rating": 5},
}
"""Percent of the score each part decides."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An offer for a need and its parts, each out of 10,000.

    `cost` is what covering the need with this offer alone takes, in the ledger's units, without
    shipping.
    """

    offer: Offer
    fit: int
    price: int
    speed: int
    trust: int
    rating: int
    score: int
    cost: int


def rank_offers(
    need: Need, matches: Sequence[tuple[Offer, int]], trust: Mapping[str, int], strategy: Strategy
) -> tuple[Ranked, ...]:
    """(offer, fit) pairs best first; ties go to the cheaper, then by the shop's and product's id.

    The price part is the cheapest way to cover the need against this one, the speed part the
    fastest against this one; packs that are too large count whole.
    """
    if not matches:
        return ()
    costs = {o.ref: o.packs_for(need.quantity) * o.price.units for o, _ in matches}
    cheapest, fastest = min(costs.values()), min(offer.days for offer, _ in matches)
    weights = OFFER_WEIGHTS[strategy]
    ranked = []
    for offer, fit in matches:
        parts = {
            "fit": fit,
            "price": WHOLE * cheapest // max(1, costs[offer.ref]),
            "speed": WHOLE * (fastest + 1) // (offer.days + 1),
            "trust": 100 * trust[offer.shop],
            "rating": 100 * offer.rating,
        }
        score = sum(weights[name] * part for name, part in parts.items()) // 100
        ranked.append(Ranked(offer, **parts, score=score, cost=costs[offer.ref]))
    return tuple(sorted(ranked, key=lambda one: (-one.score, one.cost, one.offer.ref)))
