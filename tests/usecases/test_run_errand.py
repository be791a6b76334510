"""A run's errand where something goes wrong: nobody is there to be asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import parse_money
from flux_cli.domain.plan import Plan, faults
from flux_cli.domain.purchases import Errand
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.runs import Run
from flux_cli.usecases.run_errand import NotBought, cart_of, run_errand
from flux_cli.usecases.run_goal import Goal, start_run
from tests.usecases.shopping_economy import Mall, cents_of, locked, mall
from tests.usecases.small_economy import PLENTY, quiet
from tests.usecases.small_economy import faults as ledger_faults


@pytest.fixture
def here(tmp_path: Path) -> Mall:
    return mall(tmp_path)


def begun(here: Mall, tmp_path: Path) -> Run:
    errand = Errand("2 ssds, 20 goodie bags and 20 apples", 6, Strategy.CHEAPEST)
    goal = Goal(
        scenario="", goal="kit", brief="", sources=(), purpose="kit", justification="",
        claimed_return=None, urgency=Urgency.MEDIUM, budget=parse_money("260"), seed=1,
        strategy=Strategy.CHEAPEST, out=None, plan=Plan("kit", (), errand=errand),
        requester="ann",
    )  # fmt: skip
    return start_run(here.deps, goal, key="k", default_out=tmp_path / "out")


def cart(here: Mall, run: Run) -> Cart:
    with here.deps.store.reading() as reader:
        found = cart_of(reader, run)
    assert found is not None
    return found


def test_a_cart_whose_prices_moved_is_solved_again_and_bought_once(
    here: Mall, tmp_path: Path
) -> None:
    run = begun(here, tmp_path)
    here.script.faults[("amazon", "price")] = ["price_up"]
    here.script.faults[("walmart", "price")] = ["price_up"]
    ended = run_errand(here.deps, run, quiet)

    assert isinstance(ended, Cart)
    assert (ended.state, ended.number, ended.run_id) == (CartState.BOUGHT, 2, run.id)
    assert run_errand(here.deps, run, quiet) == ended
    assert cents_of(here, "ann") == PLENTY // 10_000 - ended.total.units // 10_000
    assert ledger_faults(here.deps) == []


def test_prices_that_never_stay_end_it_with_nothing_spent(here: Mall, tmp_path: Path) -> None:
    run = begun(here, tmp_path)
    for shop in ("amazon", "walmart", "techdata"):
        here.script.faults[(shop, "price")] = ["price_up"] * 20
    ended = run_errand(here.deps, run, quiet)

    assert isinstance(ended, NotBought)
    assert "costs" in ended.why
    assert (cart(here, run).state, cents_of(here, "ann")) == (CartState.OPEN, PLENTY // 10_000)


def test_where_a_shop_sells_nothing_all_of_the_money_is_back(here: Mall, tmp_path: Path) -> None:
    run = begun(here, tmp_path)
    for shop in ("amazon", "walmart", "techdata"):
        here.script.faults[(shop, "complete")] = ["out_of_stock"] * 20
    ended = run_errand(here.deps, run, quiet)

    kept = cart(here, run)
    assert ended == NotBought(f"nothing of {kept.id} is bought; all of the money came back")
    assert (locked(here, kept), cents_of(here, "ann")) == (0, PLENTY // 10_000)
    assert ledger_faults(here.deps) == []


def test_a_plan_that_shops_does_nothing_else() -> None:
    errand = Errand("snacks", 5, Strategy.BALANCED)
    assert faults(Plan("g", (), errand=errand), ()) == ()
