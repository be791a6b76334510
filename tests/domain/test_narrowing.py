"""A limit that covers another refuses whatever that refuses; a child only narrows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.mandates import Mandate, MandateState, covers, narrows
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.policies import Limit, Scope, Window
from flux_cli.domain.refusals import Refusal

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = Limit(Window.DAY, Money(50), 5)
PARENT = Mandate(
    "man_1", "k", None, "ann", "ads", Money(100), Money(10), Money(20), Money(30), (DAY,),
    frozenset({"pat", "sue"}), frozenset({"copy"}), MandateState.ACTIVE, NOW,
    NOW + timedelta(days=1),
)  # fmt: skip
CHILD = replace(PARENT, id="man_2", parent_id="man_1", total=Money(70), spent=Money(0),
                reserved=Money(0))  # fmt: skip


def test_a_child_as_wide_as_what_is_left_of_its_parent_narrows_it() -> None:
    assert narrows(PARENT, CHILD) == ()


def test_a_child_may_be_tighter_in_everything() -> None:
    tight = replace(
        CHILD, total=Money(1), per_payment=Money(0), limits=(Limit(Window.WEEK, Money(9), 0),),
        payees=frozenset(), categories=frozenset(), expires_at=NOW,
    )  # fmt: skip
    assert narrows(PARENT, tight) == ()


WIDER: list[tuple[dict[str, Any], Refusal]] = [
    ({"total": Money(1, USDC)}, Refusal("mandate_asset_wider", "the parent is in CREDIT")),
    (
        {"total": Money(71)},
        Refusal("mandate_total_exceeded", "asked of what the parent has left", 70, 71),
    ),
    (
        {"expires_at": PARENT.expires_at + timedelta(microseconds=1)},
        Refusal("mandate_expiry_wider", "it would outlive its parent"),
    ),
    (
        {"payees": frozenset({"pat", "eve", "bob"})},
        Refusal("mandate_payees_wider", "not among the parent's payees: bob, eve"),
    ),
    ({"payees": None}, Refusal("mandate_payees_wider", "not among the parent's payees: any")),
    (
        {"categories": frozenset({"Copy"})},
        Refusal("mandate_categories_wider", "not among the parent's categories: Copy"),
    ),
    (
        {"categories": None},
        Refusal("mandate_categories_wider", "not among the parent's categories: any"),
    ),
    (
        {"per_payment": Money(31)},
        Refusal("mandate_per_payment_wider", "the parent caps each payment", 30, 31),
    ),
    ({"per_payment": None}, Refusal("mandate_per_payment_wider", "the parent caps each payment")),
    ({"limits": ()}, Refusal("mandate_limit_wider", "nothing is as tight as the parent's 24h")),
]


@pytest.mark.parametrize(("changes", "refusal"), WIDER)
def test_each_way_to_be_wider_is_refused_alone(changes: dict[str, Any], refusal: Refusal) -> None:
    assert narrows(PARENT, replace(CHILD, **changes)) == (refusal,)


COVERED: list[tuple[Limit, Limit, bool]] = [
    (DAY, DAY, True),
    (Limit(Window.DAY, Money(50)), DAY, False),
    (Limit(Window.DAY, None, 5), DAY, False),
    (Limit(Window.DAY, Money(51), 5), DAY, False),
    (Limit(Window.DAY, Money(50), 6), DAY, False),
    (Limit(Window.WEEK, Money(50), 5), DAY, True),
    (Limit(Window.HOUR, Money(1), 1), DAY, False),
    (Limit(Window.DAY, Money(9)), Limit(Window.CALENDAR_DAY, Money(9)), True),
    (Limit(Window.CALENDAR_DAY, Money(9)), Limit(Window.DAY, Money(9)), False),
    (Limit(Window.CALENDAR_DAY, Money(9)), Limit(Window.HOUR, Money(9)), False),
    (Limit(Window.DAY, Money(9, USDC)), Limit(Window.DAY, Money(9)), False),
    (Limit(Window.DAY, Money(1), scope=Scope.PAYEE), Limit(Window.DAY, Money(9)), False),
    (
        Limit(Window.DAY, Money(9), scope=Scope.PAYEE),
        Limit(Window.DAY, Money(9), scope=Scope.PAYEE, only="pat"),
        True,
    ),
    (
        Limit(Window.DAY, Money(9), scope=Scope.PAYEE, only="pat"),
        Limit(Window.DAY, Money(9), scope=Scope.PAYEE),
        False,
    ),
    (Limit(Window.DAY, Money(9)), Limit(Window.DAY, Money(9), below=Money(2)), True),
    (Limit(Window.DAY, Money(9), below=Money(2)), Limit(Window.DAY, Money(9)), False),
    (
        Limit(Window.DAY, Money(9), below=Money(3)),
        Limit(Window.DAY, Money(9), below=Money(2)),
        True,
    ),
    (
        Limit(Window.DAY, Money(9), below=Money(1)),
        Limit(Window.DAY, Money(9), below=Money(2)),
        False,
    ),
]


@pytest.mark.parametrize(("narrow", "wide", "expected"), COVERED)
def test_what_covers_what(narrow: Limit, wide: Limit, expected: bool) -> None:
    assert covers(narrow, wide) is expected


LENGTHS = {Window.HOUR: 1, Window.DAY: 24, Window.WEEK: 168, Window.MONTH: 720}
amounts = st.one_of(st.none(), st.integers(0, 9).map(Money))
limits = st.builds(
    Limit,
    window=st.sampled_from(list(LENGTHS)),
    amount=amounts,
    count=st.one_of(st.none(), st.integers(0, 3)),
    below=amounts,
)


def refuses(limit: Limit, payments: list[tuple[int, int]]) -> bool:
    """Whether the limit stops the last of (hours ago, units), counting as the kernel does."""
    small = 99 if limit.below is None else limit.below.units
    *before, (_, units) = payments
    if units > small:
        return False
    counted = [size for age, size in before if age < LENGTHS[limit.window] and size <= small]
    over = limit.amount is not None and sum(counted) + units > limit.amount.units
    return over or (limit.count is not None and len(counted) + 1 > limit.count)


@given(limits, limits, st.lists(st.tuples(st.integers(0, 800), st.integers(1, 9)), min_size=1))
def test_a_limit_that_covers_another_refuses_every_payment_that_it_refuses(
    narrow: Limit, wide: Limit, payments: list[tuple[int, int]]
) -> None:
    if covers(narrow, wide) and refuses(wide, payments):
        assert refuses(narrow, payments)
