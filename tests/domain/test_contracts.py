"""The moves a contract may make, and every other one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flux_cli.domain.contracts import MOVES, Contract, ContractState
from flux_cli.domain.money import Money
from flux_cli.errors import WrongState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

LEGAL = """
draft quoting
quoting quoted | quoting cancelled | quoting expired
quoted pending_approval | quoted cancelled | quoted expired
pending_approval approved | pending_approval refused
approved funded | approved cancelled | approved expired
funded working | funded cancelled | funded expired
working submitted | working expired | working rejected
submitted settled | submitted revision | submitted rejected | submitted expired
revision working | revision expired
"""
PAIRS = {tuple(pair.split()) for pair in LEGAL.replace("\n", "|").split("|") if pair.strip()}
EVERY = [(a.value, b.value) for a in ContractState for b in ContractState]
ENDS = {"settled", "refused", "rejected", "expired", "cancelled"}


def contract(state: str) -> Contract:
    return Contract(
        "ct_1", "run_1", "copy", "ada", "bob", "lst_1", "copy", 1, Money(5), ContractState(state),
        "t" * 64, (), None, 0, (), (), "", "rule", NOW, NOW, NOW,
    )  # fmt: skip


@pytest.mark.parametrize(("source", "target"), sorted(PAIRS))
def test_a_legal_move_changes_the_state_and_the_time_only(source: str, target: str) -> None:
    before = contract(source)
    assert before.move(ContractState(target), LATER) == replace(
        before, state=ContractState(target), updated_at=LATER
    )


@pytest.mark.parametrize(("source", "target"), [pair for pair in EVERY if pair not in PAIRS])
def test_every_other_move_is_refused(source: str, target: str) -> None:
    with pytest.raises(WrongState) as caught:
        contract(source).move(ContractState(target), LATER)
    assert caught.value.message == f"a {source} contract cannot become {target}"
    assert caught.value.subject == "ct_1"


def test_the_ends_are_the_states_with_no_way_out() -> None:
    assert {state.value for state in ContractState if not MOVES.get(state)} == ENDS


def test_every_state_is_reached_from_a_draft() -> None:
    reached, left = {ContractState.DRAFT}, [ContractState.DRAFT]
    while left:
        for state in MOVES.get(left.pop(), frozenset()) - reached:
            reached.add(state)
            left.append(state)
    assert reached == set(ContractState)
