"""The facts as they are read, and attacks on limits through the whole of asking for money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_economy import START, Clock, asked, economy, quiet

from flux_cli.domain.facts import Used
from flux_cli.domain.intents import IntentState, PaymentIntent, Share
from flux_cli.domain.money import Money
from flux_cli.domain.policies import EVERYBODY, Limit, Policy, Scope, Window
from flux_cli.errors import NotFound
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.gather_facts import gather_facts, mandates_of, policy_of
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pay(deps: Deps, key: str, units: int = 40, **changes: Any) -> PaymentIntent:
    return request_money(deps, asked(units, **changes), key=key, progress=quiet)


def codes(intent: PaymentIntent) -> list[str]:
    return [refusal.code for refusal in intent.refusals]


def day(amount: int | None, count: int | None = None, **changes: Any) -> Limit:
    cap = None if amount is None else Money(amount)
    return replace(Limit(Window.DAY, cap, count), **changes)


def test_every_limit_is_told_what_it_has_counted(tmp_path: Path, clock: Clock) -> None:
    limits = (day(999), day(999, 9, scope=Scope.PAYEE), day(99, scope=Scope.PAYEE, only="sue"))
    deps = economy(tmp_path, clock, limits=limits)
    pay(deps, "one", 30)
    with deps.store.reading() as reader:
        intent = reader.find(PaymentIntent, limit=1)[0]
        facts = gather_facts(reader, intent, None, owner_approved=True)
    assert facts.used == (
        Used(limits[0], "ann", Money(30), 1),
        Used(limits[1], "pat", Money(30), 1),
    )
    assert (facts.now, facts.moment, facts.duplicates) == (START, START, 0)
    assert (facts.mandates, facts.owner_approved) == ((), True)
    assert facts.known_payees == frozenset({"pat"})


def test_50_many_small_payments_are_stopped_by_their_number(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, per_payment=Money(100), limits=(day(90, 3, below=Money(50)),))
    assert [pay(deps, f"k{n}", 30).state for n in range(3)] == [IntentState.CAPTURED] * 3
    assert codes(pay(deps, "k4", 30)) == [
        "structuring_24h_exceeded",
        "structuring_count_24h_exceeded",
    ]
    assert pay(deps, "large", 51).state is IntentState.CAPTURED
    assert codes(pay(deps, "too large", 101)) == ["per_payment_exceeded"]


def test_51_spread_over_agents_a_destination_is_still_one(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=(day(100, scope=Scope.DESTINATION),))
    assert pay(deps, "a", 60).state is IntentState.CAPTURED
    refused = pay(deps, "b", 60, requester="ben")
    assert codes(refused) == ["destination_24h_exceeded"]
    assert refused.most_that_would_pass == Money(40)
    elsewhere = (Share("sue", Money(60)),)
    assert pay(deps, "c", 60, requester="ben", shares=elsewhere).state is IntentState.CAPTURED


def test_51_everybody_together_has_one_cap(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=(day(100, scope=Scope.EVERYBODY),))
    assert pay(deps, "a", 60).state is IntentState.CAPTURED
    assert codes(pay(deps, "b", 60, requester="ben")) == ["everybody_24h_exceeded"]


def test_52_midnight_does_not_empty_a_rolling_day(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=(day(100), day(100, window=Window.CALENDAR_DAY)))
    clock.time = START.replace(hour=23, minute=59, second=59)
    assert pay(deps, "a", 100).state is IntentState.CAPTURED
    clock.go(seconds=2)
    assert codes(pay(deps, "b", 100)) == ["rolling_24h_exceeded"]
    clock.go(hours=24)
    assert pay(deps, "c", 100).state is IntentState.CAPTURED


def test_54_a_clock_set_back_resets_no_cap_and_set_forward_stays(
    tmp_path: Path, clock: Clock
) -> None:
    deps = economy(tmp_path, clock, limits=(day(100),))
    assert pay(deps, "a", 100).state is IntentState.CAPTURED
    clock.go(days=-2)
    assert codes(pay(deps, "b")) == ["rolling_24h_exceeded", "clock_behind_ledger"]
    clock.go(days=4)
    assert pay(deps, "c", 100).state is IntentState.CAPTURED
    clock.go(days=-2)
    assert codes(pay(deps, "d", 1)) == ["rolling_24h_exceeded", "clock_behind_ledger"]


def test_58_a_refund_does_not_refill_the_cap(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=(day(100),))
    paid = pay(deps, "a", 100)
    refund_payment(deps, paid.id, None, key="r1")
    with deps.store.reading() as reader:
        assert reader.get(PaymentIntent, paid.id).refunded == Money(100)
    assert codes(pay(deps, "b", 1)) == ["rolling_24h_exceeded"]


def test_59_nobody_pays_itself(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock)
    assert codes(pay(deps, "a", shares=(Share("ann", Money(40)),))) == ["self_payment"]


def test_a_payment_asked_for_again_under_another_key_is_a_duplicate(
    tmp_path: Path, clock: Clock
) -> None:
    deps = economy(tmp_path, clock, duplicate_window=Window.HOUR)
    first = pay(deps, "a")
    assert pay(deps, "a") == first
    assert codes(pay(deps, "b")) == ["duplicate_payment"]
    assert pay(deps, "c", reference="may").state is IntentState.CAPTURED
    assert codes(pay(deps, "d", reference="may")) == ["duplicate_payment"]
    clock.go(hours=1)
    assert pay(deps, "e").state is IntentState.CAPTURED


def test_98_everybodys_policy_tightens_each_agents_own(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, per_payment=Money(50))
    with deps.store.begin() as tx:
        own = tx.find(Policy, agent="ann", limit=1)[0]
        wide = replace(
            own, id=deps.ids.new("policy"), agent=EVERYBODY, number=1, per_payment=Money(90),
            denied_payees=frozenset({"sue"}),
        )  # fmt: skip
        tx.put(wide, "policy.set")
    with deps.store.reading() as reader:
        both = policy_of(reader, "ann")
    assert both == replace(own, denied_payees=frozenset({"sue"}))
    assert codes(pay(deps, "a", 60)) == ["per_payment_exceeded"]
    assert codes(pay(deps, "b", shares=(Share("sue", Money(40)),))) == ["payee_denied"]


def test_without_a_policy_of_its_own_an_agent_spends_nothing(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock)
    with pytest.raises(NotFound, match="has no policy"):
        pay(deps, "a", requester="pat", shares=(Share("sue", Money(40)),))


def test_an_unknown_mandate_is_not_found_and_none_is_none(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock)
    with deps.store.reading() as reader:
        assert mandates_of(reader, None) == ()
        with pytest.raises(NotFound):
            mandates_of(reader, "mdt_none")


def test_a_count_is_over_the_whole_of_its_window(tmp_path: Path, clock: Clock) -> None:
    deps = economy(tmp_path, clock, limits=(day(100, 1),))
    assert pay(deps, "a", 50).state is IntentState.CAPTURED
    clock.time = START + timedelta(hours=24) - timedelta(microseconds=1)
    assert codes(pay(deps, "b", 50)) == ["count_24h_exceeded"]
    clock.go(seconds=1)
    assert pay(deps, "c", 50).state is IntentState.CAPTURED
