"""Backtests: history judged again counts as the engine counted, and no part of it twice over."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_economy import Clock, asked, economy, quiet

from flux_cli.domain.intents import IntentState, PaymentIntent, Share
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import Limit, Policy, Scope, Window
from flux_cli.usecases import backtest_policy as module
from flux_cli.usecases.backtest_policy import Backtest, backtest_policy
from flux_cli.usecases.gather_facts import newest_policy
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

LIMITS = (
    Limit(Window.CALENDAR_DAY, Money(250)),
    Limit(Window.HOUR, Money(90), count=4),
    Limit(Window.DAY, Money(160), scope=Scope.PAYEE),
    Limit(Window.DAY, count=9, scope=Scope.CATEGORY, only="art"),
    Limit(Window.DAY, Money(140), scope=Scope.DESTINATION, below=Money(25)),
    Limit(Window.DAY, Money(600), scope=Scope.EVERYBODY),
)


def live(deps: Deps, clock: Clock, times: int, dice: random.Random) -> None:
    """Ann and Ben pay Pat and Sue, some denied, over days; at times two pay in one instant."""
    clock.go(minutes=1)
    for number in range(times):
        if dice.random() < 0.9:
            clock.go(minutes=dice.randrange(200))
        units = dice.randrange(1, 60)
        request = asked(
            units,
            requester=dice.choice(("ann", "ann", "ben")),
            shares=(Share(dice.choice(("pat", "sue")), Money(units)),),
            purpose=dice.choice(("copy", "copy again")),
            category=dice.choice(("art", "general")),
            reference=dice.choice(("", "", "monday")),
        )
        request_money(deps, request, key=f"k{number}", progress=quiet)


def tried(deps: Deps, **changes: Any) -> Backtest:
    with deps.store.reading() as reader:
        policy = newest_policy(reader, "ann", CREDIT)
        assert isinstance(policy, Policy)
        return backtest_policy(reader, replace(policy, **changes))


@pytest.mark.parametrize("seed", range(3))
def test_under_the_policy_that_was_in_force_nothing_would_end_otherwise(
    tmp_path: Path, seed: int
) -> None:
    clock = Clock()
    deps = economy(tmp_path, clock, limits=LIMITS, duplicate_window=Window.HOUR)
    live(deps, clock, 120, random.Random(seed))
    with deps.store.reading() as reader:
        states = [one.state for one in reader.find(PaymentIntent, requester="ann")]
    codes = set(states)
    assert codes == {IntentState.CAPTURED, IntentState.DENIED}, "the history shows both"
    assert tried(deps) == Backtest(len(states), ())


def test_what_a_payment_costs_to_judge_again_does_not_grow_with_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    deps = economy(tmp_path, clock)
    clock.go(minutes=1)
    for number in range(60):
        request_money(deps, asked(1), key=f"k{number}", progress=quiet)
    looked = 0
    real = module.parts

    def parts(*given: Any) -> Any:
        nonlocal looked
        looked += 1
        return real(*given)

    monkeypatch.setattr(module, "parts", parts)
    found = tried(deps, limits=(Limit(Window.DAY, Money(50)),))
    assert (found.judged, len(found.changed)) == (60, 10)
    assert looked <= 2 * 60
