"""Theorems about the shipped rules, proved for all integers by walking every path they can take.

Unknown are all amounts, counts, votes' caps and times; names, states and flags are tried one by
one. Each limit is walked by itself, since `within_limits` judges them one after the other, and a
permit is the silence of every rule: both are checked against `authorize` on concrete cases below.
Not walked, and tested on concrete cases only: hours (calendars), texts, digests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from random import Random
from typing import Any

import pytest
import z3
from kernel_case import POLICY, facts, mandate, some_case
from symbolic import MADE, Asked, Number, Time, prove, refuses, unknown_money, when
from z3 import z3util

from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import Share, Spend
from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.policies import Limit, Scope, Window
from flux_cli.domain.quorum import Conditions, Tally
from flux_cli.kernel import authorize as door
from flux_cli.kernel.invariants import CLOCK_TOLERANCE, INVARIANTS, SHAPE, holds_after
from flux_cli.kernel.limits import within_limits
from flux_cli.kernel.policy import RULES, nothing_frozen
from flux_cli.kernel.verdict import Permit

LIMITED = [(scope, small) for scope in Scope for small in (False, True)]
SUBJECTS = {
    Scope.AGENT: ("ada",), Scope.CATEGORY: ("work",), Scope.EVERYBODY: ("*",),
    Scope.PAYEE: ("bob", "cas"), Scope.DESTINATION: ("bob", "cas"),
}  # fmt: skip


def money(name: str) -> Money:
    return Money(Number(name))  # type: ignore[arg-type]


def asked(*, turned: bool = False) -> Spend:
    """Ada pays Bob and Cas, all amounts unknown."""
    shares = (Share("bob", money("bob")), Share("cas", money("cas")))
    return Asked(
        requester="ada", amount=money("amount"), shares=shares[::-1] if turned else shares,
        purpose="ads", justification="because", claimed_return=money("claimed"), category="work",
        rail="internal", mandate_id="mdt_1", plan_digest="p", reference="r", escrowed=True, key="k",
    )  # fmt: skip


def a_limit(scope: Scope, small: bool, where: str = "") -> tuple[Limit, tuple[Used, ...]]:
    """A limit with every number unknown, and what it has counted."""
    name = f"{where}{scope.value}{'_small' if small else ''}"
    below = money(f"{name}.below") if small else None
    limit = Limit(
        Window.DAY, money(f"{name}.cap"), Number(f"{name}.most"), scope, None, below  # type: ignore[arg-type]
    )  # fmt: skip
    return limit, tuple(
        Used(limit, who, money(f"{name}.{who}.used"), Number(f"{name}.{who}.count"))  # type: ignore[arg-type]
        for who in SUBJECTS[scope]
    )


def known(limit: Limit | None = None, used: tuple[Used, ...] = (), **changes: Any) -> Facts:
    """All facts unknown, with one limit; two mandates, a vote and an owner that approve."""
    line = [
        mandate(number, parent, total=money(f"m{number}.total"), spent=money(f"m{number}.spent"),
                reserved=money(f"m{number}.reserved"), per_payment=money(f"m{number}.per_payment"),
                payees=frozenset({"bob", "cas"}), expires_at=Time(f"m{number}.expires"))
        for number, parent in ((1, 2), (2, None))
    ]  # fmt: skip
    policy = replace(
        POLICY, per_payment=money("per_payment"), minimum_balance=money("minimum"),
        approval_threshold=money("approval"), owner_threshold=money("owner"),
        least_return_percent=Number("percent"), duplicate_window=Window.DAY,
        limits=() if limit is None else (limit,),
    )  # fmt: skip
    tally = Tally("digest", True, "approved", 4, 1, 0, 0, 3, Conditions(money("seats")))
    found = facts(
        available=money("available"), budget_left=money("budget"), duplicates=Number("duplicates"),
        now=Time("now"), ledger_time=Time("ledger"), mandates=tuple(line), used=used, tally=tally,
    )  # fmt: skip
    return replace(found, policy=policy, **changes)


@pytest.fixture(autouse=True)
def _money_may_be_unknown() -> Iterator[None]:
    with unknown_money():
        yield


@cache
def refusals(owner: bool = False, turned: bool = False) -> tuple[z3.BoolRef, ...]:
    """Where each rule refuses; `within_limits` once for every limit there is."""
    spend, everything = asked(turned=turned), known(owner_approved=owner)
    rules = [rule for rule in (*SHAPE, *RULES, *INVARIANTS) if rule is not within_limits]
    limited = [known(*a_limit(scope, small)) for scope, small in LIMITED]
    return (
        *(refuses(rule, spend, everything) for rule in rules),
        *(refuses(within_limits, spend, one) for one in limited),
    )


def permitted(owner: bool = False) -> z3.BoolRef:
    """Every rule is silent."""
    return z3.Not(z3.Or(*refusals(owner)))


def test_the_unknown_facts_can_be_permitted_and_can_be_denied() -> None:
    for claim in (permitted(), z3.Not(permitted())):
        solver = z3.Solver()
        solver.add(claim, unknown("percent") == 0)
        assert solver.check() == z3.sat


def unknown(name: str) -> z3.ArithRef:
    return z3.Int(name)


def parts_of(scope: Scope) -> list[tuple[str, str]]:
    """(subject, the variable of what it would get) of a scope, written out."""
    if scope in (Scope.PAYEE, Scope.DESTINATION):
        return [("bob", "bob"), ("cas", "cas")]
    return [(SUBJECTS[scope][0], "amount")]


def safe() -> list[z3.BoolRef]:
    """What must be so after any permit, written out in numbers alone."""
    amount, left = unknown("amount"), unknown("m1.total")
    claims = [
        amount > 0, amount <= BOUND, unknown("bob") > 0, unknown("cas") > 0,
        unknown("bob") + unknown("cas") == amount,
        amount <= unknown("available"), unknown("available") - amount >= unknown("minimum"),
        amount <= unknown("per_payment"), amount <= unknown("budget"), amount <= unknown("seats"),
        unknown("m1.spent") + unknown("m1.reserved") + amount <= left,
        amount <= unknown("m1.per_payment"), amount <= unknown("m2.per_payment"),
        *(unknown(time) < unknown(f"{line}.expires")
          for time in ("now", "ledger") for line in ("m1", "m2")),
        unknown("ledger") - unknown("now") <= CLOCK_TOLERANCE.total_seconds() * 10**6,
        unknown("duplicates") <= 0,
        100 * unknown("claimed") >= unknown("percent") * amount,
    ]  # fmt: skip
    for scope, small in LIMITED:
        name = f"{scope.value}{'_small' if small else ''}"
        for who, part in parts_of(scope):
            used, count = unknown(f"{name}.{who}.used"), unknown(f"{name}.{who}.count")
            fits = z3.And(
                used + unknown(part) <= unknown(f"{name}.cap"), count + 1 <= unknown(f"{name}.most")
            )
            spared = unknown(part) > unknown(f"{name}.below") if small else z3.BoolVal(False)
            claims += [z3.Or(spared, fits), used >= 0, count >= 0]
    return claims


@pytest.mark.parametrize("owner", [False, True])
def test_no_unsafe_permit(owner: bool) -> None:
    large = [] if owner else [unknown("amount") <= unknown("owner")]
    prove(z3.And(*safe(), *large), permitted(owner))


def test_no_safe_request_is_denied() -> None:
    prove(permitted(owner=True), *safe())


def test_32_57_spent_and_held_stay_within_every_cap_after_an_allowed_step() -> None:
    for scope in Scope:
        for who, part in parts_of(scope):
            used, cap = unknown(f"{scope.value}.{who}.used"), unknown(f"{scope.value}.cap")
            after = used + unknown(part)
            prove(z3.And(after <= cap, after > used, after >= 0), permitted())


TIGHTER_IF_HIGHER = (
    "used",
    "count",
    "below",
    "minimum",
    "percent",
    "spent",
    "reserved",
    "duplicates",
    "ledger",
)
FIXED = ("amount", "bob", "cas", "claimed", "now")


def test_98_tightening_never_permits_more() -> None:
    """Rule by rule: what it refused, it refuses still. The request's own numbers stay."""
    names = {str(one) for rule in refusals() for one in z3util.get_vars(rule)} - {*FIXED}
    tighter, renamed = [unknown("amount") > 0], []
    for name in names:
        one, other = unknown(name), unknown(f"{name}'")
        renamed.append((one, other))
        last = name.rsplit(".", 1)[-1]
        tighter.append(other >= one if last in TIGHTER_IF_HIGHER else other <= one)
        # What a limit has counted is never below zero, or the facts are refused as unsound.
        tighter += [one >= 0] if last in ("used", "count") else []
    for rule in refusals():
        prove(z3.Implies(rule, z3.substitute(rule, *renamed)), *tighter)


@pytest.mark.parametrize(
    ("economy", "agent"),
    [flags for flags in product([False, True, None], repeat=2) if flags != (False, False)],
)
def test_a_freeze_dominates_whatever_else_is_so(economy: bool | None, agent: bool | None) -> None:
    frozen = known(economy_frozen=economy, agent_frozen=agent, owner_approved=True)
    prove(refuses(nothing_frozen, asked(), frozen))
    prove(z3.Not(when(lambda: holds_after(asked(), frozen))))


def test_the_second_check_never_contradicts_the_rules() -> None:
    for scope, small in LIMITED:
        one = known(*a_limit(scope, small))
        prove(when(lambda one=one: holds_after(asked(), one)), permitted(owner=True))


def test_the_second_check_alone_keeps_every_cap() -> None:
    for scope, small in LIMITED:
        one = known(*a_limit(scope, small))
        holds, name = when(lambda one=one: holds_after(asked(), one)), scope.value
        prove(unknown("amount") <= unknown("available"), holds)
        prove(unknown("amount") <= unknown("per_payment"), holds)
        prove(unknown("m1.spent") + unknown("amount") <= unknown("m1.total"), holds,
              unknown("m1.reserved") >= 0)  # fmt: skip
        if not small:
            for who, part in parts_of(scope):
                after = unknown(f"{name}.{who}.used") + unknown(part)
                prove(after <= unknown(f"{name}.cap"), holds)


def test_the_order_of_payees_does_not_matter() -> None:
    for one, other in zip(refusals(), refusals(turned=True), strict=True):
        prove(one == other)


def test_32_no_number_a_rule_makes_leaves_int64() -> None:
    """For amounts within `BOUND`, counts within 2^31 and returns of at most 9,000 percent."""
    MADE.clear()
    refusals.__wrapped__()
    made = {str(one): one for one in MADE}
    assert len(made) > 20
    bounds = []
    for name in {str(v) for one in made.values() for v in z3util.get_vars(one)}:
        most = 2**31 if name.endswith((".count", ".most")) else BOUND
        most = 9000 if name == "percent" else most
        bounds.append(z3.And(z3.Int(name) <= most, z3.Int(name) >= -most))
    for one in made.values():
        prove(z3.And(one < 2**63, one >= -(2**63)), *bounds)


def test_a_permit_is_the_silence_of_every_rule_in_any_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice = Random(3)
    for seed in range(600):
        spend, given = some_case(Random(seed))
        if any(one.refusal for rule in SHAPE for one in rule(spend, given)):
            continue
        silent = not any(
            one.refusal for rule in (*RULES, *INVARIANTS) for one in rule(spend, given)
        )
        monkeypatch.setattr(door, "RULES", tuple(dice.sample(RULES, len(RULES))))
        assert isinstance(door.authorize(spend, given), Permit) == silent


def test_limits_are_judged_one_by_one() -> None:
    for seed in range(600):
        spend, given = some_case(Random(seed))
        spend = replace(spend, mandate_id=None)
        alone = [
            ruling
            for front, limit in given.limits
            for ruling in within_limits(spend, replace(
                given, mandates=() if not front else (mandate(limits=(limit,)),),
                policy=replace(given.policy, limits=() if front else (limit,)),
            ))
        ]  # fmt: skip
        assert list(within_limits(spend, given)) == alone


def test_the_unknown_parts_are_what_limits_count() -> None:
    for scope, _ in LIMITED:
        assert [who for who, _ in parts(Limit(Window.DAY, scope=scope), asked())] == [
            who for who, _ in parts_of(scope)
        ]
