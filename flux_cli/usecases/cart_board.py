"""A wish and its offers as the integers a solver takes, and its answers as lines again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flux_cli.domain.cart_problem import (
    Aim,
    Answer,
    CartProblem,
    Choice,
    Item,
    Proof,
    Seller,
    worth,
)
from flux_cli.domain.carts import CartLeg, CartLine
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.offers import Offer, Retailer, from_minor, minor_units
from flux_cli.usecases.search_offers import Found
from flux_cli.usecases.shops import CartSolver

PENALTY_CENTS = 5
"""What each point of trust a shop lacks counts against using it where a strategy weighs trust."""

MOST_PACKS = 100_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a cart may take: days until all is there, and cents; None is no bound."""

    days: int | None
    budget: int | None


@dataclass(frozen=True, slots=True)
class Solved:
    """An answer with what its counts are of; `cents` is what is paid, `weighed` with penalties."""

    answer: Answer
    problem: CartProblem
    offers: tuple[tuple[int, Offer], ...]
    cents: int
    weighed: int

    @property
    def found(self) -> bool:
        """Whether there is a cart."""
        return self.answer.proof in (Proof.OPTIMAL, Proof.FEASIBLE)

    @property
    def bought(self) -> frozenset[int]:
        """The needs that are bought, by number."""
        pairs = zip(self.offers, self.answer.counts, strict=True) if self.found else ()
        return frozenset(need for (need, _), count in pairs if count)


class Board:
    """Everything that can be bought for a wish on a day, asked in any part."""

    def __init__(self, found: Found, strategy: Strategy, day: date, solver: CartSolver) -> None:
        self.needs = found.needs
        self.day = day
        self._shops = {shop.name: shop for shop in found.retailers}
        self._names = sorted(self._shops)
        self._solver = solver
        self._weighs_trust = strategy is Strategy.BALANCED
        self._offers = [
            (number, offer)
            for number, ranked in enumerate(found.ranked)
            for offer in sorted((one.offer for one in ranked), key=lambda offer: offer.ref)
        ]
        liked = sorted(
            {offer.ref: offer for _, offer in self._offers}.values(),
            key=lambda o: (o.days, -self._shops[o.shop].trust, -o.rating, o.price.units, o.ref),
        )
        self._ties = {offer.ref: 1 + place for place, offer in enumerate(liked)}
        self._asked: dict[object, Solved] = {}

    @property
    def musts(self) -> frozenset[int]:
        """The needs that have to be met."""
        return frozenset(number for number, need in enumerate(self.needs) if need.must)

    @property
    def shops(self) -> list[Retailer]:
        """The shops whose offers these are, by name."""
        return [self._shops[name] for name in self._names]

    def offered(self, days: int | None) -> frozenset[int]:
        """The needs that what is in stock and in time covers, whatever it costs."""
        have = dict.fromkeys(range(len(self.needs)), 0)
        for number, offer in self._offers:
            if days is None or offer.days <= days:
                have[number] += offer.stock * offer.pack
        return frozenset(n for n, units in have.items() if units >= self.needs[n].quantity)

    def days(self, most: int | None) -> list[int]:
        """Every number of days something takes, up to `most`."""
        return sorted({o.days for _, o in self._offers if most is None or o.days <= most})

    def solve(
        self,
        wanted: Collection[int],
        bounds: Bounds,
        *,
        aim: Aim = Aim.COST,
        required: Collection[int] | None = None,
        least_value: int = 0,
        shop: str | None = None,
    ) -> Solved:
        """The best cart of the wanted needs, all of them or those `required`; of one shop, or any.

        For `Aim.COST` the least that is paid, for `Aim.VALUE` the most that is had for it.
        """
        if bounds.budget is not None and aim is Aim.COST and required is None:
            # Every budget has the same answer until it is too small for that one.
            free = self.solve(wanted, Bounds(bounds.days, None), shop=shop)
            if free.found and free.cents <= bounds.budget:
                return free
            if not free.found or free.weighed == free.cents:
                return Solved(Answer(Proof.INFEASIBLE), free.problem, (), 0, 0)
        must = frozenset(wanted) if required is None else frozenset(required)
        asked = (frozenset(wanted), bounds, aim, must, least_value, shop)
        if asked not in self._asked:
            problem, offers = self._problem(*asked[:2], must, least_value, shop)
            self._asked[asked] = _solved(self._solver.solve(problem, aim), problem, offers)
        return self._asked[asked]

    def settle(self, solved: Solved, budget: int | None) -> Solved:
        """The same cart, or of those that weigh the same the one that is liked best."""
        problem = solved.problem
        choices = tuple(
            replace(choice, tie=self._ties[offer.ref])
            for choice, (_, offer) in zip(problem.choices, solved.offers, strict=True)
        )
        # Weighing the same it may be paid otherwise, so the budget has to be said again.
        tied = replace(problem, choices=choices, budget=budget)
        return _solved(self._solver.solve(tied, Aim.COST), tied, solved.offers)

    def _problem(
        self,
        wanted: frozenset[int],
        bounds: Bounds,
        must: frozenset[int],
        least_value: int,
        shop: str | None,
    ) -> tuple[CartProblem, tuple[tuple[int, Offer], ...]]:
        numbers = sorted(wanted)
        place = {need: item for item, need in enumerate(numbers)}
        offers = tuple(
            (need, offer)
            for need, offer in self._offers
            if need in place and (bounds.days is None or offer.days <= bounds.days)
            if shop is None or offer.shop == shop
        )
        items = [Item(self.needs[n].quantity, n in must, self.needs[n].value) for n in numbers]
        problem = CartProblem(
            items=tuple(items),
            sellers=tuple(self._seller(name) for name in self._names),
            choices=tuple(self._choice(place[need], offer, need) for need, offer in offers),
            budget=bounds.budget,
            least_value=least_value,
        )
        return problem, offers

    def lines(self, solved: Solved) -> tuple[tuple[CartLine, ...], tuple[CartLeg, ...]]:
        """What is bought, need by need, and what each shop gets for it, to the cent."""
        lines = tuple(
            CartLine(
                need=self.needs[need].name,
                shop=offer.shop,
                sku=offer.sku,
                title=offer.title,
                units=count * offer.pack,
                count=count,
                price=offer.price,
                total=Money(count * offer.price.units, offer.price.asset),
                days=offer.days,
            )
            for (need, offer), count in zip(solved.offers, solved.answer.counts, strict=True)
            if count
        )
        legs = []
        for seller, (goods, shipping) in worth(
            solved.problem, solved.answer.counts
        ).by_seller.items():
            name = self._names[seller]
            days = max(line.days for line in lines if line.shop == name)
            legs.append(
                CartLeg(
                    shop=name,
                    goods=dollars(goods),
                    shipping=dollars(shipping),
                    total=dollars(goods + shipping),
                    arrives=self.day + timedelta(days=days),
                )
            )
        return lines, tuple(legs)

    def cheapest_each(self, wanted: Collection[int], days: int | None) -> int | None:
        """Cents paid by who buys each need's cheapest single offer and looks at nothing else.

        None where a need takes more than one offer has.
        """
        goods: dict[str, int] = {}
        for number in wanted:
            quantity = self.needs[number].quantity
            costs = [
                (o.packs_for(quantity) * minor_units(o.price), o.ref, o.shop)
                for need, o in self._offers
                if need == number and o.stock >= o.packs_for(quantity)
                if days is None or o.days <= days
            ]
            if not costs:
                return None
            cents, _, shop = min(costs)
            goods[shop] = goods.get(shop, 0) + cents
        shipping = 0
        for name, cents in goods.items():
            seller = self._seller(name)
            free = seller.free_from is not None and cents >= seller.free_from
            shipping += 0 if free else seller.fee
        return sum(goods.values()) + shipping

    def _seller(self, name: str) -> Seller:
        shop = self._shops[name]
        return Seller(
            fee=minor_units(shop.shipping),
            free_from=None if shop.free_from is None else minor_units(shop.free_from),
            minimum=minor_units(shop.minimum),
            penalty=PENALTY_CENTS * (100 - shop.trust) if self._weighs_trust else 0,
        )

    def _choice(self, item: int, offer: Offer, need: int) -> Choice:
        most = min(offer.stock, offer.packs_for(self.needs[need].quantity), MOST_PACKS)
        return Choice(
            item=item,
            seller=self._names.index(offer.shop),
            price=minor_units(offer.price),
            pack=offer.pack,
            most=most,
            days=offer.days,
        )


def _solved(answer: Answer, problem: CartProblem, offers: tuple[tuple[int, Offer], ...]) -> Solved:
    if answer.proof not in (Proof.OPTIMAL, Proof.FEASIBLE):
        return Solved(answer, problem, offers, 0, 0)
    sums = worth(problem, answer.counts)
    return Solved(answer, problem, offers, sums.total, sums.total + sums.penalty)


def dollars(cents: int) -> Money:
    """Cents as CREDIT."""
    return from_minor(cents, Money(0, CREDIT))
