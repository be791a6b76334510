"""How long the exact cart takes beside the bare solver on the same model.

`python bench/cart.py` solves seeded markets of 50 needs × 20 shops. *Bare* is HiGHS alone on the
model already built; *Flux* builds it, solves it, breaks ties by a second solve, and adds the cart
up again in whole cents. Ends with 1 where the median is above 3 × bare.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time

from flux_cli.adapters.solver import HighsSolver, _Model
from flux_cli.domain.cart_problem import Aim, CartProblem, Choice, Item, Proof, Seller

MOST_TIMES = 3.0


def market(seed: int, needs: int, shops: int) -> CartProblem:
    """A market in which about seven shops in ten sell each thing, at 80 to 130 % of its price."""
    chance = random.Random(seed)
    usual = [chance.randint(300, 6000) for _ in range(needs)]
    sellers = tuple(
        Seller(
            fee=chance.choice([399, 499, 599, 799, 999]),
            free_from=chance.choice([None, 2500, 3500, 5000, 10000]),
            minimum=chance.choice([0, 0, 500, 1000]),
        )
        for _ in range(shops)
    )
    choices: list[Choice] = []
    for need in range(needs):
        for shop in range(shops):
            if chance.random() < 0.7 or shop == 0:
                price = max(50, int(usual[need] * chance.uniform(0.8, 1.3)))
                days, most = chance.randint(1, 7), chance.randint(4, 20)
                choices.append(Choice(need, shop, price, 1, most, days, len(choices) + 1))
    items = tuple(Item(chance.randint(1, 4), True, 10) for _ in range(needs))
    return CartProblem(items, sellers, tuple(choices))


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--needs", type=int, default=50)
    parser.add_argument("--shops", type=int, default=20)
    parser.add_argument("--markets", type=int, default=25)
    given = parser.parse_args()
    HighsSolver().solve(market(0, 5, 3), Aim.COST)  # what loading costs is not what solving costs
    bare, whole = [], []
    for seed in range(given.markets):
        problem = market(seed, given.needs, given.shops)
        model = _Model(problem, 60.0)
        begun = time.perf_counter()
        model.best(Aim.COST)
        bare.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        answer = HighsSolver(60.0).solve(problem, Aim.COST)
        whole.append(time.perf_counter() - begun)
        assert answer.proof is Proof.OPTIMAL, seed
    one, other = statistics.median(bare), statistics.median(whole)
    print(f"{given.needs} needs × {given.shops} shops, {given.markets} markets, all proven optimal")
    print(f"bare HiGHS   median {one * 1000:7.1f} ms   max {max(bare) * 1000:7.1f} ms")
    print(f"flux cart    median {other * 1000:7.1f} ms   max {max(whole) * 1000:7.1f} ms")
    print(f"times        {other / one:.2f}   at most {MOST_TIMES:.0f}")
    if other > MOST_TIMES * one:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
