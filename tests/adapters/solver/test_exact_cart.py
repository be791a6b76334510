"""The solver's carts against every cart there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flux_cli.adapters.solver import HighsSolver
from flux_cli.domain.cart_problem import (
    Aim,
    CartProblem,
    Choice,
    Item,
    Proof,
    Seller,
    objective_of,
    violations,
    worth,
)
from tests.adapters.solver.random_carts import every_cart, small_cart

INSTANCES = 500
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_on_500_carts_the_solver_finds_what_trying_every_cart_finds(part: int) -> None:
    solver = HighsSolver()
    for seed in range(part, INSTANCES, PARTS):
        problem = small_cart(seed)
        every = every_cart(problem)
        cost = solver.solve(problem, Aim.COST)
        value = solver.solve(problem, Aim.VALUE)
        if not every:
            assert (cost.proof, value.proof) == (Proof.INFEASIBLE, Proof.INFEASIBLE), seed
            continue
        assert (cost.proof, value.proof) == (Proof.OPTIMAL, Proof.OPTIMAL), seed
        assert cost.objective == min(one[0] for one in every), seed
        assert value.objective == max(one[1] for one in every), seed
        assert (cost.gap, value.gap) == (0, 0), seed
        for answer in (cost, value):
            assert violations(problem, answer.counts) == (), seed
            assert answer.counts in {one[2] for one in every}, seed


@pytest.mark.parametrize("seed", range(0, 100, 7))
def test_among_carts_that_cost_the_same_the_least_tie_is_taken(seed: int) -> None:
    problem = small_cart(seed)
    every = every_cart(problem)
    if not every:
        assert HighsSolver().solve(problem, Aim.COST).proof is Proof.INFEASIBLE
        return
    least = min(one[0] for one in every)

    def tie(counts: tuple[int, ...]) -> int:
        return sum(c * choice.tie for c, choice in zip(counts, problem.choices, strict=True))

    best = min(tie(counts) for cost, _, counts in every if cost == least)
    assert tie(HighsSolver().solve(problem, Aim.COST).counts) == best


def test_the_same_problem_gives_the_same_cart() -> None:
    problem = small_cart(3)
    first = HighsSolver().solve(problem, Aim.COST)
    assert [HighsSolver().solve(problem, Aim.COST) for _ in range(3)] == [first] * 3


def test_buying_more_to_ship_free_is_found() -> None:
    """Two packs for 12.00 ship free; one for 6.00 and 9.00 of shipping would be dearer."""
    item, seller = Item(1, True, 10), Seller(fee=900, free_from=1200)
    choices = (Choice(0, 0, 600, 1, 1, 1), Choice(0, 0, 1200, 2, 1, 1))
    problem = CartProblem((item,), (seller,), choices)
    answer = HighsSolver().solve(problem, Aim.COST)
    assert answer.counts == (0, 1)
    assert worth(problem, answer.counts).total == 1200


def test_one_cent_less_than_the_cart_costs_is_no_budget() -> None:
    problem = CartProblem(
        (Item(3, True, 1),), (Seller(fee=499),), (Choice(0, 0, 333, 1, 3, 1),), budget=1498
    )
    assert HighsSolver().solve(problem, Aim.COST).objective == 1498
    tight = replace(problem, budget=1497)
    assert HighsSolver().solve(tight, Aim.COST).proof is Proof.INFEASIBLE


def test_a_million_dollars_is_still_counted_to_the_cent() -> None:
    choices = (Choice(0, 0, 99_999_999, 1, 1, 1), Choice(0, 0, 100_000_000, 1, 1, 1))
    seller = Seller(fee=1, free_from=100_000_000)
    problem = CartProblem((Item(1, True, 1),), (seller,), choices, budget=100_000_000)
    answer = HighsSolver().solve(problem, Aim.COST)
    assert objective_of(problem, answer.counts, Aim.COST) == 100_000_000
    assert violations(problem, answer.counts) == ()


def test_what_a_cart_breaks_is_said() -> None:
    problem = CartProblem(
        items=(Item(2, True, 1),),
        sellers=(Seller(fee=100, minimum=5000),),
        choices=(Choice(0, 0, 1000, 1, 1, 1),),
        budget=1000,
        most_sellers=0,
        least_value=1,
    )
    assert violations(problem, (2,)) == (
        "choice 0: 2 packs of at most 1",
        "seller 0: 2000 is below its minimum",
        "the total of 2100 is above the budget of 1000",
        "1 sellers of at most 0",
        "a value of 0 of at least 1",
    )
    assert "item 0: 1 units for 2" in violations(problem, (1,))
