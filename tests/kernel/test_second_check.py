"""The second check of a yes stands by itself: each row breaks one cap with no rule to say so."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from kernel_case import FACTS, counting, facts, limit, mandate, shared, some_case, spend

from flux_cli.domain.facts import Facts
from flux_cli.domain.intents import Spend
from flux_cli.domain.mandates import MandateState
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit, Scope
from flux_cli.kernel import authorize as door
from flux_cli.kernel.authorize import authorize
from flux_cli.kernel.invariants import holds_after
from flux_cli.kernel.verdict import Permit

S = spend()
UNDER = spend(mandate_id="mdt_1")
TWO = shared(60, 40)


def limited(one: Limit, amount: int, count: int = 0, asked: Spend = S) -> Facts:
    return counting(facts({"limits": (one,)}), asked, amount, count)


EDGES: dict[str, tuple[Spend, Facts, Facts]] = {
    "wallet": (S, facts(available=Money(100)), facts(available=Money(99))),
    "minimum": (
        S,
        facts({"minimum_balance": Money(7)}, available=Money(107)),
        facts({"minimum_balance": Money(7)}, available=Money(106)),
    ),
    "a minimum below nothing": (
        S,
        facts({"minimum_balance": Money(0)}, available=Money(100)),
        facts({"minimum_balance": Money(-1)}, available=Money(99)),
    ),
    "economy": (S, FACTS, facts(economy_frozen=True)),
    "economy, unknown": (S, FACTS, facts(economy_frozen=None)),
    "agent": (S, FACTS, facts(agent_frozen=True)),
    "agent, unknown": (S, FACTS, facts(agent_frozen=None)),
    "per payment": (S, facts({"per_payment": Money(100)}), facts({"per_payment": Money(99)})),
    "budget": (S, facts(budget_left=Money(100)), facts(budget_left=Money(99))),
    "a mandate's cap": (
        UNDER,
        facts(mandates=(mandate(1, 2), mandate(2, per_payment=Money(100)))),
        facts(mandates=(mandate(1, 2), mandate(2, per_payment=Money(99)))),
    ),
    "what a mandate has left": (
        UNDER,
        facts(mandates=(mandate(1, 2, spent=Money(400), reserved=Money(500)), mandate(2))),
        facts(mandates=(mandate(1, 2, spent=Money(400), reserved=Money(501)), mandate(2))),
    ),
    "what its parent has left is not asked": (
        UNDER,
        facts(mandates=(mandate(1, 2), mandate(2, total=Money(0)))),
        facts(mandates=(mandate(1, total=Money(0)),)),
    ),
    "a mandate's state": (
        UNDER,
        facts(mandates=(mandate(1, 2), mandate(2))),
        facts(mandates=(mandate(1, 2), mandate(2, state=MandateState.CLOSED))),
    ),
    "an amount": (S, limited(limit(100), 0), limited(limit(100), 1)),
    "a count": (S, limited(limit(None, 2), 0, 1), limited(limit(None, 2), 0, 2)),
    "small ones": (
        S,
        limited(limit(0, 0, below=Money(99)), 5, 5),
        limited(limit(0, below=Money(100)), 5, 5),
    ),
    "few small ones": (
        S,
        limited(limit(None, 0, below=Money(99)), 5, 5),
        limited(limit(None, 0, below=Money(100)), 5, 5),
    ),
    "the second payee's": (
        TWO,
        limited(limit(60, scope=Scope.PAYEE), 0, asked=TWO),
        limited(limit(60, scope=Scope.PAYEE), 21, asked=TWO),
    ),
    "nothing known": (S, limited(limit(100), 0), facts({"limits": (limit(100),)})),
    "a list": (S, facts({"payees": frozenset({"bob"})}), facts({"payees": frozenset({"cas"})})),
    "a mandate's list": (
        UNDER,
        facts(mandates=(mandate(payees=frozenset({"bob", "cas"})),)),
        facts(mandates=(mandate(payees=frozenset({"cas"})),)),
    ),
    "the directory": (S, FACTS, facts(known_payees=frozenset({"cas"}))),
    "denied": (
        TWO,
        facts({"denied_payees": frozenset({"eve"})}),
        facts({"denied_payees": frozenset({"cas"})}),
    ),
}


@pytest.mark.parametrize(("asked", "within", "beyond"), EDGES.values(), ids=EDGES)
def test_it_holds_at_the_edge_and_not_beyond(asked: Spend, within: Facts, beyond: Facts) -> None:
    assert holds_after(asked, within) is True
    assert holds_after(asked, beyond) is False


@pytest.mark.parametrize("units", [0, -1])
def test_nothing_is_not_a_payment(units: int) -> None:
    assert holds_after(spend(units), FACTS) is False


def test_it_agrees_with_every_permit() -> None:
    for seed in range(700):
        asked, known = some_case(Random(seed))
        if isinstance(authorize(asked, known), Permit):
            assert holds_after(asked, known)


def test_57_a_rule_that_was_lost_does_not_let_a_held_amount_pass_its_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "RULES", ())
    known = limited(limit(150), 51)
    with pytest.raises(AssertionError, match=r"^a rule let a request pass that breaks a cap$"):
        authorize(S, known)
    assert isinstance(authorize(S, limited(limit(151), 51)), Permit)


def test_every_rule_that_is_left_out_changes_some_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [some_case(Random(seed)) for seed in range(500)]
    before = [[one.code for one in door.ruled(*case)] for case in cases]
    for name in ("RULES", "INVARIANTS", "SHAPE"):
        rules = getattr(door, name)
        for left_out in rules:
            monkeypatch.setattr(door, name, tuple(one for one in rules if one is not left_out))
            changed = False
            for case, codes in zip(cases, before, strict=True):
                try:
                    changed = changed or [one.code for one in door.ruled(*case)] != codes
                except (ZeroDivisionError, TypeError):
                    changed = True
            assert changed, left_out.__name__
        monkeypatch.setattr(door, name, rules)


def test_order_of_facts_and_limits_does_not_matter() -> None:
    for seed in range(600):
        asked, known = some_case(Random(seed))
        turned = replace(
            known,
            used=known.used[::-1],
            policy=replace(known.policy, limits=known.policy.limits[::-1]),
        )
        codes = [{one.code for one in door.ruled(asked, way)} for way in (known, turned)]
        assert codes[0] == codes[1]
