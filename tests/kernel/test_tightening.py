"""98: nothing an agent's own policy says lets pass what everybody's refuses, nor the reverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from kernel_case import NOW, facts, limit, mandate, some_case

from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import Spend
from flux_cli.domain.mandates import MandateState
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Policy
from flux_cli.domain.tighten import tighten
from flux_cli.kernel.authorize import authorize
from flux_cli.kernel.verdict import Permit


def knowing(known: Facts, asked: Spend, *policies: Policy) -> Facts:
    """The facts with nothing counted yet for the limits that only other policies have."""
    limits = dict.fromkeys(one for policy in policies for one in policy.limits)
    told = {used.limit for used in known.used}
    used = [
        Used(one, subject, Money(0), 0)
        for one in limits
        if one not in told
        for subject, _ in parts(one, asked)
    ]
    return replace(known, used=(*known.used, *used))


def test_98_what_two_policies_permit_together_each_permits_alone() -> None:
    permits = 0
    for seed in range(900):
        asked, known = some_case(Random(seed))
        wide = some_case(Random(seed + 10**6))[1].policy
        known = knowing(known, asked, known.policy, wide)
        alone = [
            isinstance(authorize(asked, replace(known, policy=policy)), Permit)
            for policy in (wide, known.policy)
        ]
        both = authorize(asked, replace(known, policy=tighten(wide, known.policy)))
        assert isinstance(both, Permit) == all(alone), seed
        permits += all(alone)
    assert permits > 10


def lower(known: Facts, name: str, cap: int) -> Facts:
    now = getattr(known.policy, name)
    return replace(
        known, policy=replace(known.policy, **{name: Money(min(cap, now.units) if now else cap)})
    )


def of_policy(known: Facts, **changes: Any) -> Facts:
    return replace(known, policy=replace(known.policy, **changes))


def of_mandates(known: Facts, change: Callable[[Any], Any]) -> Facts:
    return replace(known, mandates=tuple(change(one) for one in known.mandates))


TIGHTER: dict[str, Callable[[Facts, int], Facts]] = {
    "per payment": lambda f, n: lower(f, "per_payment", n),
    "owner": lambda f, n: lower(f, "owner_threshold", n),
    "approval": lambda f, n: lower(f, "approval_threshold", n),
    "budget": lambda f, n: replace(
        f, budget_left=Money(min(n, f.budget_left.units) if f.budget_left else n)
    ),
    "wallet": lambda f, n: replace(f, available=Money(min(n, f.available.units))),
    "economy": lambda f, n: replace(f, economy_frozen=None),
    "agent": lambda f, n: replace(f, agent_frozen=True),
    "inactive": lambda f, n: replace(f, agent_active=False),
    "pause": lambda f, n: of_policy(f, paused=True),
    "payees": lambda f, n: of_policy(f, payees=(f.policy.payees or f.known_payees) - {"bob"}),
    "denied": lambda f, n: of_policy(f, denied_payees=f.policy.denied_payees | {"cas"}),
    "assets": lambda f, n: of_policy(f, assets=frozenset({"EUR"})),
    "rails": lambda f, n: of_policy(f, rails=frozenset()),
    "reason": lambda f, n: of_policy(f, require_justification=True),
    "returns": lambda f, n: of_policy(
        f, least_return_percent=(f.policy.least_return_percent or 0) + n
    ),
    "duplicates": lambda f, n: replace(f, duplicates=f.duplicates + n),
    "directory": lambda f, n: replace(f, known_payees=f.known_payees - {"bob"}),
    "the past": lambda f, n: replace(
        f,
        used=tuple(
            replace(one, amount=one.amount + Money(n), count=one.count + n) for one in f.used
        ),
    ),
    "a limit": lambda f, n: of_policy(f, limits=(*f.policy.limits, limit(10**6, 10**6))),
    "unknown": lambda f, n: replace(f, used=()),
    "spent": lambda f, n: of_mandates(f, lambda one: replace(one, spent=one.spent + Money(n))),
    "reserved": lambda f, n: of_mandates(
        f, lambda one: replace(one, reserved=one.reserved + Money(n))
    ),
    "revoked": lambda f, n: of_mandates(f, lambda one: replace(one, state=MandateState.REVOKED)),
    "expired": lambda f, n: of_mandates(f, lambda one: replace(one, expires_at=NOW)),
    "orphaned": lambda f, n: replace(f, mandates=f.mandates[1:]),
    "no owner": lambda f, n: replace(f, owner_approved=False),
}  # fmt: skip


@pytest.mark.parametrize("tighter", TIGHTER.values(), ids=TIGHTER)
def test_98_tightening_anything_never_turns_a_denial_into_a_permit(
    tighter: Callable[[Facts, int], Facts],
) -> None:
    turned = 0
    for seed in range(250):
        asked, known = some_case(Random(seed))
        before = isinstance(authorize(asked, known), Permit)
        after = isinstance(authorize(asked, tighter(known, seed % 7)), Permit)
        assert before or not after, seed
        turned += before and not after
    assert turned, "nothing was tightened"


def test_98_a_child_mandate_permits_nothing_its_parent_does_not() -> None:
    asked, _ = some_case(Random(0))
    asked = replace(asked, mandate_id="mdt_1")
    for parent in (
        mandate(2, payees=frozenset()),
        mandate(2, categories=frozenset()),
        mandate(2, per_payment=Money(0)),
        mandate(2, state=MandateState.REVOKED),
        mandate(2, expires_at=NOW),
    ):
        known = facts(mandates=(mandate(1, 2), parent))
        assert not isinstance(authorize(asked, known), Permit)
