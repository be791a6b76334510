"""What an agent closed keeps within what was left open: to the minor unit, and nothing unknown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from flux_cli.adapters.ap2.constraints import Known, judge
from tests.adapters.ap2.forge import CLOSED, OPEN

KNOWN = Known(transaction="tx", checkout="co", spent=0, uses=0)


def faults(
    *constraints: dict[str, Any], known: Known = KNOWN, opened: Any = None, **changed: Any
) -> list[tuple[str, str]]:
    mandate = OPEN | {"constraints": list(constraints)} | (opened or {})
    return [(one.code, one.field) for one in judge([mandate, CLOSED | changed], known)]


def amount(value: Any, currency: str = "USD") -> dict[str, Any]:
    return {"payment_amount": {"amount": value, "currency": currency}}


AT = "hop[0].constraints[0]"
RANGE = {"type": "payment.amount_range", "currency": "USD", "min": 100, "max": 5000}
BUDGET = {"type": "payment.budget", "currency": "USD", "max": 40}


@pytest.mark.parametrize(
    ("value", "broken"),
    [(100, None), (5000, None), (99, "min"), (5001, "max"), (0, "min")],
)
def test_an_amount_is_within_its_range_to_the_cent(value: int, broken: str | None) -> None:
    expected = [] if broken is None else [("ap2_constraint", f"{AT}.{broken}")]
    assert faults(RANGE, **amount(value)) == expected


@pytest.mark.parametrize(
    "value",
    [25.0, Decimal("25.0"), Decimal("2500"), True, "2500", None, -1, 10**16, [2500]],
)
def test_45_what_is_no_whole_number_is_no_amount(value: object) -> None:
    assert ("ap2_amount", "payment_amount.amount") in faults(**amount(value))
    assert ("ap2_amount", "payment_amount.amount") in faults(RANGE, **amount(value))


@pytest.mark.parametrize("most", [50.0, Decimal("50.5"), "5000", True, None, -1])
def test_45_a_cap_that_is_no_whole_number_allows_nothing(most: object) -> None:
    assert faults(RANGE | {"max": most}) == [("ap2_amount", f"{AT}.max")]


@pytest.mark.parametrize("currency", ["EUR", "usd", "", None])
def test_another_currency_is_another_payment(currency: Any) -> None:
    assert faults(RANGE, **amount(2500, currency)) == [("ap2_constraint", f"{AT}.currency")]


BUDGETS: list[tuple[object, str, int]] = [
    (Decimal("0.29"), "USD", 29),  # int(0.29 * 100) is 28
    (Decimal("19.99"), "USD", 1999),  # int(19.99 * 100) is 1998
    (Decimal("19.989999999999999999"), "USD", 1998),
    (40, "USD", 4000),
    (Decimal("4000"), "JPY", 4000),
    (Decimal("1.999"), "KWD", 1999),
    (Decimal("0.999"), "USD", 99),
]


@pytest.mark.parametrize(("most", "currency", "minor"), BUDGETS)
def test_a_budget_is_exact_where_a_float_is_not(most: object, currency: str, minor: int) -> None:
    rule = {"type": "payment.budget", "currency": currency, "max": most}
    assert faults(rule, **amount(minor, currency)) == []
    assert faults(rule, **amount(minor + 1, currency)) == [("ap2_constraint", f"{AT}.max")]


def test_what_was_spent_counts_and_has_to_be_known() -> None:
    assert faults(BUDGET, known=Known("tx", spent=1500)) == []
    assert faults(BUDGET, known=Known("tx", spent=1501)) == [("ap2_constraint", f"{AT}.max")]
    assert faults(BUDGET, known=Known("tx")) == [("ap2_constraint", f"{AT}.max")]
    assert faults(BUDGET | {"max": Decimal("NaN")}) == [("ap2_amount", f"{AT}.max")]


def test_a_payment_recurs_within_its_count_and_only_with_both_caps() -> None:
    recurs = {"type": "payment.agent_recurrence", "frequency": "DAILY", "max_occurrences": 3}
    assert faults(recurs, RANGE, BUDGET, known=Known("tx", spent=0, uses=2)) == []
    assert faults(recurs, RANGE, BUDGET, known=Known("tx", spent=0, uses=3)) == [
        ("ap2_constraint", f"{AT}.max_occurrences")
    ]
    assert faults(recurs) == [("ap2_constraint", "hop[0].constraints")] * 2


def test_a_payee_is_who_its_id_says() -> None:
    rule = {"type": "payment.allowed_payees", "allowed": [{"id": "m-1", "name": "Cat Store"}]}
    assert faults(rule) == []
    for payee in ({"id": "m-2", "name": "Cat Store"}, {"id": "M-1", "name": "Cat Store"}):
        assert faults(rule, payee=payee) == [("ap2_constraint", f"{AT}.allowed")]
    for nobody in ({"name": "Cat Store"}, {"id": "", "name": "Cat Store"}, None, "m-1"):
        assert ("ap2_malformed", "payee.id") in faults(rule, payee=nobody)
    assert faults(rule | {"allowed": [{"name": "Cat Store"}]}, payee={"id": "x"}) == [
        ("ap2_constraint", f"{AT}.allowed")
    ]


def test_an_instrument_and_a_pisp_are_among_those_allowed() -> None:
    cards = {"type": "payment.allowed_payment_instruments", "allowed": [{"id": "card-1"}]}
    assert faults(cards) == []
    other = {"id": "card-2", "type": "card"}
    assert faults(cards, payment_instrument=other) == [("ap2_constraint", f"{AT}.allowed")]
    pisps = {"type": "payment.allowed_pisps", "allowed": [{"domain_name": "a.example"}]}
    assert faults(pisps) == [("ap2_constraint", f"{AT}.allowed")]
    assert faults(pisps, pisp={"domain_name": "a.example"}) == []


def test_a_date_is_within_its_window() -> None:
    rule = {"type": "payment.execution_date", "not_before": "2026-11-20", "not_after": "2026-11-22"}
    assert faults(rule, execution_date="2026-11-22T23:59:59Z") == []
    assert faults(rule) == []
    assert faults(rule, execution_date="2026-11-23") == [("ap2_constraint", f"{AT}.not_after")]
    assert faults(rule, execution_date="2026-11-19") == [("ap2_constraint", f"{AT}.not_before")]


def test_a_payment_is_bound_to_the_checkout_that_is_paid() -> None:
    rule = {"type": "payment.reference", "conditional_transaction_id": "co"}
    where = f"{AT}.conditional_transaction_id"
    assert faults(rule) == []
    assert faults(rule, known=Known("tx", "other")) == [("ap2_binding", where)]
    assert faults(rule, known=Known("tx")) == [("ap2_binding", where)]
    assert faults(known=Known("another")) == [("ap2_binding", "transaction_id")]
    assert faults(known=Known()) == [("ap2_binding", "transaction_id")]


def test_what_was_fixed_stays_as_it_was() -> None:
    fixed = {"payment_amount": {"amount": 2500, "currency": "USD"}}
    assert faults(opened=fixed) == []
    assert faults(opened=fixed, **amount(2501)) == [("ap2_constraint", "payment_amount")]
    assert faults(opened={"payee": {"id": "m-2"}}) == [("ap2_constraint", "payee")]


@pytest.mark.parametrize("rule", [{"type": "payment.moon_phase"}, {}, "x", None, [1]])
def test_a_constraint_nobody_knows_is_not_kept(rule: Any) -> None:
    assert faults(rule) == [("ap2_constraint", f"{AT}.type")]


def test_a_mandate_without_a_list_of_constraints_allows_nothing() -> None:
    for wrong in (None, {}, "any"):
        assert faults(opened={"constraints": wrong}) == [("ap2_constraint", "hop[0].constraints")]


def test_an_open_checkout_pays_nothing() -> None:
    assert faults(opened={"vct": "mandate.checkout.open.1"}) == [("ap2_constraint", "hop[0].vct")]
