"""The cart as integers: what a solver is asked, and what its answer is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Item:
    """One need: at least `quantity` units of it, or none where it is not `required`."""

    quantity: int
    required: bool
    value: int


@dataclass(frozen=True, slots=True)
class Seller:
    """A shop in cents: shipping is `fee`, nothing from `free_from`; `minimum` worth of goods.

    `penalty` counts against using it and is never paid.
    """

    fee: int
    free_from: int | None = None
    minimum: int = 0
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One offer for one item: `pack` units at `price` cents, at most `most` packs.

    `tie` decides between carts that cost the same; less is better.
    """

    item: int
    seller: int
    price: int
    pack: int
    most: int
    days: int
    tie: int = 0


@dataclass(frozen=True, slots=True)
class CartProblem:
    """Buy the items from the choices. `budget` bounds goods and shipping, not penalties.

    Over-buying is at most one pack short of an item's largest pack. `least_value` is of the
    optional items that are bought.
    """

    items: tuple[Item, ...]
    sellers: tuple[Seller, ...]
    choices: tuple[Choice, ...]
    budget: int | None = None
    most_sellers: int | None = None
    least_value: int = 0

    def largest_packs(self) -> list[int]:
        """The largest pack among each item's choices, 0 where it has none."""
        largest = [0] * len(self.items)
        for choice in self.choices:
            largest[choice.item] = max(largest[choice.item], choice.pack)
        return largest


class Aim(StrEnum):
    """What is to be the least, or the most."""

    COST = "cost"
    VALUE = "value"


class Proof(StrEnum):
    """What is known of an answer."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """Packs of each choice. `bound` is what no cart can beat; `objective` is what this one has.

    Both count penalties for `Aim.COST` and value for `Aim.VALUE`. Nothing is bought in an
    infeasible answer.
    """

    proof: Proof
    counts: tuple[int, ...] = ()
    objective: int = 0
    bound: int = 0

    @property
    def gap(self) -> int:
        """How far the bound is from the answer; 0 is proof."""
        return abs(self.objective - self.bound)


@dataclass(frozen=True, slots=True)
class Worth:
    """What counts of packs come to, in cents, added up without the solver."""

    goods: int
    shipping: int
    penalty: int
    value: int
    by_seller: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What is paid."""
        return self.goods + self.shipping


def worth(problem: CartProblem, counts: Sequence[int]) -> Worth:
    """Add up a cart: goods, shipping by each shop's own terms, penalties, optional value."""
    goods: dict[int, int] = {}
    bought: set[int] = set()
    for choice, count in zip(problem.choices, counts, strict=True):
        if count:
            goods[choice.seller] = goods.get(choice.seller, 0) + count * choice.price
            bought.add(choice.item)
    by_seller = {}
    for number, worth_of_goods in sorted(goods.items()):
        seller = problem.sellers[number]
        free = seller.free_from is not None and worth_of_goods >= seller.free_from
        by_seller[number] = (worth_of_goods, 0 if free else seller.fee)
    return Worth(
        goods=sum(goods.values()),
        shipping=sum(shipping for _, shipping in by_seller.values()),
        penalty=sum(problem.sellers[number].penalty for number in by_seller),
        value=sum(problem.items[n].value for n in bought if not problem.items[n].required),
        by_seller=by_seller,
    )


def violations(problem: CartProblem, counts: Sequence[int]) -> tuple[str, ...]:
    """What a cart breaks, a sentence each; a good one breaks nothing."""
    found: list[str] = []
    units = [0] * len(problem.items)
    for number, (choice, count) in enumerate(zip(problem.choices, counts, strict=True)):
        units[choice.item] += count * choice.pack
        if not 0 <= count <= choice.most:
            found.append(f"choice {number}: {count} packs of at most {choice.most}")
    for number, (item, largest) in enumerate(
        zip(problem.items, problem.largest_packs(), strict=True)
    ):
        if units[number] == 0 and not item.required:
            continue
        if not item.quantity <= units[number] <= item.quantity + largest - 1:
            found.append(f"item {number}: {units[number]} units for {item.quantity}")
    sums = worth(problem, counts)
    for seller, (goods, _) in sums.by_seller.items():
        if goods < problem.sellers[seller].minimum:
            found.append(f"seller {seller}: {goods} is below its minimum")
    if problem.budget is not None and sums.total > problem.budget:
        found.append(f"the total of {sums.total} is above the budget of {problem.budget}")
    if problem.most_sellers is not None and len(sums.by_seller) > problem.most_sellers:
        found.append(f"{len(sums.by_seller)} sellers of at most {problem.most_sellers}")
    if sums.value < problem.least_value:
        found.append(f"a value of {sums.value} of at least {problem.least_value}")
    return tuple(found)


def objective_of(problem: CartProblem, counts: Sequence[int], aim: Aim) -> int:
    """What a cart has of what the aim looks at."""
    sums = worth(problem, counts)
    return sums.value if aim is Aim.VALUE else sums.total + sums.penalty
