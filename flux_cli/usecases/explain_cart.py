"""Why a cart is as it is: the score of every offer, and what each other choice would cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_cli.domain.carts import Cart
from flux_cli.domain.money import Money
from flux_cli.domain.ranking import OFFER_WEIGHTS, Ranked
from flux_cli.errors import NotFound
from flux_cli.usecases.choose_cart import choose_cart
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.relax_wish import Unfillable
from flux_cli.usecases.search_offers import Found, search_offers

MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class NeedExplained:
    """One need: its offers in the order of their scores, what was bought, and the next best cart.

    `without` is what the whole cart costs with none of the offers that were bought for it.
    """

    need: str
    quantity: int
    unit: str
    offers: tuple[Ranked, ...]
    of: int
    bought: tuple[str, ...]
    without: Money | None
    why_first: str
    why_bought: str


@dataclass(frozen=True, slots=True)
class OfferExplained:
    """Why one offer is not in the cart, or that it is; `total` is the cart's with it."""

    ref: str
    need: str
    place: int
    of: int
    score: int
    total: Money | None
    answer: str


def explain_needs(deps: Deps, cart: Cart) -> tuple[NeedExplained, ...]:
    """Every need's ranking on the cart's day, and what leaving out its offers would cost."""
    found = search_offers(deps, cart.spec, cart.strategy, cart.day, cart.choice)
    explained = []
    for need, ranked in zip(found.needs, found.ranked, strict=True):
        bought = tuple(line.ref for line in cart.lines if line.need == need.name)
        without = _total_without(deps, cart, bought) if bought else None
        explained.append(
            NeedExplained(
                need=need.name,
                quantity=need.quantity,
                unit=need.unit,
                offers=ranked[:MOST_SHOWN],
                of=len(ranked),
                bought=bought,
                without=without,
                why_first=_why_first(ranked, cart),
                why_bought=_why_bought(cart, bought, without),
            )
        )
    return tuple(explained)


def explain_offer(deps: Deps, cart: Cart, ref: str) -> OfferExplained:
    """Why not this offer: the cart is solved again with it. Raises `NotFound`."""
    found = search_offers(deps, cart.spec, cart.strategy, cart.day, cart.choice)
    place = next(
        (
            (need.name, number, len(ranked), one)
            for need, ranked in zip(found.needs, found.ranked, strict=True)
            for number, one in enumerate(ranked, 1)
            if one.offer.ref == ref
        ),
        None,
    )
    if place is None:
        raise NotFound(f"{_why_unseen(found, ref)}", subject=ref[:80])
    need, number, of, one = place
    if any(line.ref == ref for line in cart.lines):
        return OfferExplained(ref, need, number, of, one.score, cart.total, "it is in the cart")
    pinned = replace(
        cart.choice,
        pins=(
            *(pin for pin in cart.choice.pins if pin[0] != need),
            (need, one.offer.shop, one.offer.sku),
        ),
    )
    other = search_offers(deps, cart.spec, cart.strategy, cart.day, pinned)
    chosen = choose_cart(other, cart.spec, cart.strategy, cart.day, deps.shopping.solver)
    if isinstance(chosen, Unfillable):
        answer = f"no cart has it: {chosen.reason}"
        return OfferExplained(ref, need, number, of, one.score, None, answer)
    more = chosen.total - cart.total
    arrives = max(leg.arrives for leg in chosen.legs)
    days = (arrives - cart.arrives).days
    said = [f"with it the cart costs {chosen.total}"]
    said.append(f"{more} more" if more.units > 0 else f"{-more} less" if more.units else "the same")
    if days:
        unit = "day" if abs(days) == 1 else "days"
        said.append(f"and is there {abs(days)} {unit} {'later' if days > 0 else 'sooner'}")
    if len(chosen.dropped) > len(cart.dropped):
        said.append("and leaves out more")
    return OfferExplained(ref, need, number, of, one.score, chosen.total, ", ".join(said))


def _total_without(deps: Deps, cart: Cart, refs: tuple[str, ...]) -> Money | None:
    """What the cart costs with none of these offers, None where there is none."""
    shunned = replace(
        cart.choice,
        pins=tuple(pin for pin in cart.choice.pins if f"{pin[1]}/{pin[2]}" not in refs),
        excluded=(*cart.choice.excluded, *refs),
    )
    found = search_offers(deps, cart.spec, cart.strategy, cart.day, shunned)
    chosen = choose_cart(found, cart.spec, cart.strategy, cart.day, deps.shopping.solver)
    return None if isinstance(chosen, Unfillable) else chosen.total


def _why_first(ranked: tuple[Ranked, ...], cart: Cart) -> str:
    """The parts in which the first beats the second, by what they add to its score."""
    if not ranked:
        return "no offer"
    if len(ranked) == 1:
        return "the only offer"
    first, second = ranked[:2]
    weights = OFFER_WEIGHTS[cart.strategy]
    parts = [
        (weights[name] * (getattr(first, name) - getattr(second, name)) // 100, name)
        for name in weights
    ]
    ahead = ", ".join(f"{name} {gain:+d}" for gain, name in sorted(parts, reverse=True) if gain)
    return (
        f"{first.offer.ref} scores {first.score}, {second.offer.ref} {second.score}:"
        f" {ahead or 'equal parts, the cheaper comes first'}"
    )


def _why_bought(cart: Cart, bought: tuple[str, ...], without: Money | None) -> str:
    if not bought:
        return "not bought"
    if without is None:
        return "without it there is no cart"
    more = without - cart.total
    if more.units > 0:
        return f"without it the cart costs {without}, {more} more"
    if more.units == 0:
        return "the next best cart costs the same"
    return f"without it the cart costs {without}, {-more} less, and is there later or lacks more"


def _why_unseen(found: Found, ref: str) -> str:
    shop = ref.partition("/")[0]
    for name, why in found.skipped:
        if name == shop:
            return f"{shop} was not searched: {why}"
    if shop not in {retailer.name for retailer in found.retailers}:
        return f"there is no shop {shop[:40]!r}"
    return f"{ref[:80]!r} fits no need: another category, words, price or stock"
