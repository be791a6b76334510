"""Seeded carts small enough to try every one of them, and the trying."""

from __future__ import annotations

import random
from itertools import product

from flux_cli.domain.cart_problem import CartProblem, Choice, Item, Seller


def small_cart(seed: int) -> CartProblem:
    """Two or three needs, two or three sellers, up to three offers a need."""
    chance = random.Random(seed)
    sellers = tuple(
        Seller(
            fee=chance.choice([0, 299, 499, 995]),
            free_from=chance.choice([None, 1500, 2500, 4000]),
            minimum=chance.choice([0, 0, 700, 1500]),
            penalty=chance.choice([0, 0, 5, 40]),
        )
        for _ in range(chance.choice([2, 3]))
    )
    items, choices = [], []
    for number in range(chance.choice([2, 3])):
        items.append(Item(chance.randint(1, 6), chance.random() < 0.7, chance.randint(1, 20)))
        for _ in range(chance.randint(2, 3)):
            pack = chance.choice([1, 1, 2, 3, 5])
            choices.append(
                Choice(
                    item=number,
                    seller=chance.randrange(len(sellers)),
                    price=chance.randint(40, 900) * pack,
                    pack=pack,
                    most=chance.randint(1, 4),
                    days=chance.randint(1, 5),
                    tie=len(choices) + 1,
                )
            )
    budget = chance.choice([None, chance.randint(500, 6000)])
    most = chance.choice([None, None, 1, 2])
    return CartProblem(tuple(items), sellers, tuple(choices), budget, most)


def every_cart(problem: CartProblem) -> list[tuple[int, int, tuple[int, ...]]]:
    """(cost with penalties, value of what is optional, counts) of every cart there is.

    Written without looking at the solver or at `cart_problem.worth`: one need at a time, every
    count of every offer; then every way of putting needs together.
    """
    ways = []
    for number, item in enumerate(problem.items):
        mine = [n for n, choice in enumerate(problem.choices) if choice.item == number]
        largest = max((problem.choices[n].pack for n in mine), default=0)
        found = [] if item.required else [{}]
        for counts in product(*(range(problem.choices[n].most + 1) for n in mine)):
            units = sum(problem.choices[n].pack * c for n, c in zip(mine, counts, strict=True))
            if item.quantity <= units <= item.quantity + largest - 1:
                found.append({n: c for n, c in zip(mine, counts, strict=True) if c})
        ways.append(found)
    carts = []
    for parts in product(*ways):
        counts = [0] * len(problem.choices)
        for part in parts:
            for n, c in part.items():
                counts[n] = c
        cost = _cost(problem, counts)
        if cost is None:
            continue
        value = sum(
            item.value
            for item, part in zip(problem.items, parts, strict=True)
            if part and not item.required
        )
        carts.append((cost, value, tuple(counts)))
    return carts


def _cost(problem: CartProblem, counts: list[int]) -> int | None:
    """What a cart weighs, None where a seller, the budget or the number of sellers forbids it."""
    paid = weighed = used = 0
    for number, seller in enumerate(problem.sellers):
        goods = sum(
            c * choice.price
            for c, choice in zip(counts, problem.choices, strict=True)
            if choice.seller == number
        )
        if goods == 0:
            continue
        if goods < seller.minimum:
            return None
        reached = seller.free_from is not None and goods >= seller.free_from
        paid += goods + (0 if reached else seller.fee)
        weighed += seller.penalty
        used += 1
    if problem.budget is not None and paid > problem.budget:
        return None
    if problem.most_sellers is not None and used > problem.most_sellers:
        return None
    return paid + weighed
