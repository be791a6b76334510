"""Leave for what follows from a payment: refunds and late captures, within what was permitted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kernel_case import NOW, TICK

from flux_cli.domain.money import BOUND, USDC, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.authorize import PERMIT_LIFETIME
from flux_cli.kernel.corrections import Correction, correct
from flux_cli.kernel.invariants import CLOCK_TOLERANCE
from flux_cli.kernel.verdict import Denied, Permit

ASK = Correction(
    payment_id="pi_1", purpose="refund", key="k1", payer="bob", amount=Money(100),
    allowance=Money(100), available=Money(100), economy_frozen=False, payer_frozen=False,
    policy_version=3, now=NOW, ledger_time=NOW,
)  # fmt: skip

SHAPE = Refusal("amount_not_positive", "nothing, out of bounds or another asset")
CLOCK = Refusal("clock_behind_ledger", "the clock is behind the ledger's latest record")
FROZEN = Refusal("economy_frozen", "the economy is frozen")

REFUSED: dict[str, tuple[dict[str, Any], tuple[Refusal, ...], int | None]] = {
    "nothing": ({"amount": Money(0)}, (SHAPE,), None),
    "less than nothing": ({"amount": Money(-1)}, (SHAPE,), None),
    "another asset": ({"amount": Money(1, USDC)}, (SHAPE,), None),
    "another allowance": ({"allowance": Money(100, USDC)}, (SHAPE,), None),
    "another wallet": ({"available": Money(100, USDC)}, (SHAPE,), None),
    "frozen": ({"economy_frozen": True}, (FROZEN,), None),
    "unknown": ({"economy_frozen": None}, (FROZEN,), None),
    "payer frozen": ({"payer_frozen": True}, (Refusal("agent_frozen", "bob is frozen"),), None),
    "payer unknown": ({"payer_frozen": None}, (Refusal("agent_frozen", "bob is frozen"),), None),
    "the clock": ({"ledger_time": NOW + CLOCK_TOLERANCE + TICK}, (CLOCK,), None),
    "more than was paid": (
        {"allowance": Money(99)},
        (Refusal("over_payment", "more than is left of it", 99, 100),),
        99,
    ),
    "none left of it": (
        {"allowance": Money(0)},
        (Refusal("over_payment", "more than is left of it", 0, 100),),
        None,
    ),
    "more than there is": (
        {"available": Money(98)},
        (Refusal("insufficient_funds", "asked of the wallet", 98, 100),),
        98,
    ),
    "both": (
        {"allowance": Money(1), "available": Money(98)},
        (
            Refusal("over_payment", "more than is left of it", 1, 100),
            Refusal("insufficient_funds", "asked of the wallet", 98, 100),
        ),
        1,
    ),
    "frozen and too much": (
        {"economy_frozen": True, "allowance": Money(98)},
        (FROZEN, Refusal("over_payment", "more than is left of it", 98, 100)),
        None,
    ),
}


@pytest.mark.parametrize(("changes", "refusals", "most"), REFUSED.values(), ids=REFUSED)
def test_each_reason_against_a_correction(
    changes: dict[str, Any], refusals: tuple[Refusal, ...], most: int | None
) -> None:
    verdict = correct(replace(ASK, **changes))
    assert verdict == Denied(refusals, None if most is None else Money(most))


@pytest.mark.parametrize(
    "changes", [{}, {"ledger_time": NOW + CLOCK_TOLERANCE}, {"allowance": Money(BOUND)}]
)
def test_a_correction_at_its_edge_gets_leave_for_exactly_itself(changes: dict[str, Any]) -> None:
    ask = replace(ASK, **changes)
    permit = correct(ask)
    assert isinstance(permit, Permit)
    assert (permit.request_digest, permit.requester, permit.amount, permit.policy_version) == (
        ask.digest,
        "bob",
        Money(100),
        3,
    )
    assert (permit.made_at, permit.expires_at) == (NOW, NOW + PERMIT_LIFETIME)
    assert timedelta(minutes=15) == PERMIT_LIFETIME


def test_the_largest_amount_there_can_be_is_in_bounds() -> None:
    whole = Money(BOUND)
    assert isinstance(correct(replace(ASK, amount=whole, allowance=whole, available=whole)), Permit)


@pytest.mark.parametrize(
    "changes",
    [
        {"payment_id": "pi_2"},
        {"purpose": "late"},
        {"key": "k2"},
        {"payer": "cas"},
        {"amount": Money(99)},
    ],
)
def test_leave_is_for_one_correction_and_no_other(changes: dict[str, Any]) -> None:
    assert replace(ASK, **changes).digest != ASK.digest


def test_one_unit_can_be_corrected() -> None:
    assert isinstance(correct(replace(ASK, amount=Money(1))), Permit)
