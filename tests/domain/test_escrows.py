"""The moves an escrow may make, every other one, and where its money goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flux_cli.domain.escrows import MOVES, Escrow, EscrowState, Milestone, MilestoneState
from flux_cli.domain.money import Money
from flux_cli.errors import WrongState

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
END = NOW + timedelta(days=7)

LEGAL = """
funded submitted | funded disputed | funded rejected | funded expired
submitted submitted | submitted disputed | submitted completed | submitted rejected
submitted expired
disputed completed | disputed rejected
"""
PAIRS = {tuple(pair.split()) for pair in LEGAL.replace("\n", "|").split("|") if pair.strip()}
EVERY = [(a.value, b.value) for a in EscrowState for b in EscrowState]


def escrow(state: str, released: int = 0, parts: tuple[Milestone, ...] = ()) -> Escrow:
    return Escrow(
        "esc_1", "k", EscrowState(state), "ada", "bob", "eve", Money(10), Money(released),
        Money(0), "", parts, None, None, "pi_1", END, NOW, NOW,
    )  # fmt: skip


def milestones(*states: str) -> tuple[Milestone, ...]:
    return tuple(
        Milestone(name, Money(5), MilestoneState(state))
        for name, state in zip(("draft", "final"), states, strict=True)
    )


@pytest.mark.parametrize(("source", "target"), sorted(PAIRS))
def test_a_legal_move_changes_the_state_and_the_time_only(source: str, target: str) -> None:
    before = escrow(source)
    assert before.move(EscrowState(target), LATER) == replace(
        before, state=EscrowState(target), updated_at=LATER
    )


@pytest.mark.parametrize(("source", "target"), [pair for pair in EVERY if pair not in PAIRS])
def test_every_other_move_is_refused(source: str, target: str) -> None:
    with pytest.raises(WrongState) as caught:
        escrow(source).move(EscrowState(target), LATER)
    assert caught.value.message == f"a {source} escrow cannot become {target}"
    assert caught.value.subject == "esc_1"


def test_the_ends_are_the_states_with_no_way_out() -> None:
    ends = {state.value for state in EscrowState if state not in MOVES}
    assert ends == {"completed", "rejected", "expired"}


def test_a_part_that_is_released_leaves_the_rest_locked_and_the_last_one_completes() -> None:
    part = escrow("submitted").release(Money(4), frozenset(), LATER)
    assert part == replace(escrow("submitted"), released=Money(4), updated_at=LATER)
    whole = part.release(Money(6), frozenset(), LATER)
    assert (whole.state, whole.released, whole.locked) == ("completed", Money(10), Money(0))


def test_only_the_milestones_that_were_named_are_released() -> None:
    before = escrow("submitted", parts=milestones("pending", "pending"))
    after = before.release(Money(5), frozenset({"draft"}), LATER)
    assert after.milestones == milestones("released", "pending")
    assert after.give_back(EscrowState.REJECTED, LATER).milestones == milestones(
        "released", "refunded"
    )


@pytest.mark.parametrize("state", ["funded", "disputed", "completed", "rejected", "expired"])
def test_nothing_is_released_before_work_is_handed_in_or_in_a_dispute(state: str) -> None:
    with pytest.raises(WrongState, match=f"nothing of a {state} escrow is released"):
        escrow(state).release(Money(1), frozenset(), LATER)


@pytest.mark.parametrize("state", ["funded", "submitted", "completed"])
def test_only_a_dispute_is_resolved(state: str) -> None:
    with pytest.raises(WrongState, match=f"a {state} escrow has no open dispute"):
        escrow(state).resolve(Money(1), LATER)


@pytest.mark.parametrize(
    ("to_payee", "state", "released", "refunded", "final"),
    [(0, "rejected", 5, 5, "refunded"), (2, "completed", 7, 3, "split"),
     (5, "completed", 10, 0, "released")],
)  # fmt: skip
def test_a_dispute_gives_each_side_its_part_and_leaves_nothing(
    to_payee: int, state: str, released: int, refunded: int, final: str
) -> None:
    before = escrow("disputed", released=5, parts=milestones("released", "pending"))
    assert before.resolve(Money(to_payee), LATER) == replace(
        before,
        state=EscrowState(state),
        released=Money(released),
        refunded=Money(refunded),
        milestones=milestones("released", final),
        updated_at=LATER,
    )


@pytest.mark.parametrize("state", list(EscrowState))
def test_an_escrow_is_due_from_its_expiry_on_while_it_is_open_and_undisputed(
    state: EscrowState,
) -> None:
    one = escrow(state)
    assert not one.is_due(END - timedelta(microseconds=1))
    assert one.is_due(END) is (state in ("funded", "submitted"))


def test_more_than_is_locked_is_never_released() -> None:
    with pytest.raises(AssertionError, match="no more is released"):
        escrow("submitted", released=5).release(Money(6), frozenset(), LATER)
