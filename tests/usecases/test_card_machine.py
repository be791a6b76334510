"""Cards, their network and the ledger against a plain reference model: 20,000 steps a commit.

The counted steps come from fixed seeds; a smaller hypothesis machine of the same steps is there to
shrink what it finds. `bench/cards.py machine` runs other seeds, and more of them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from card_plants import PLANTS
from card_sides import STEPS, Mismatch, Sides, Steps, live
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from flux_cli.domain.card_network import DeclineReason

LEDGERS, STEPS_EACH, PARTS = 40, 500, 4
NOT_REACHED = {"too_many_open", "clock_behind_ledger"}
"""What five hundred steps do not come to; each has a test of its own."""


@pytest.mark.parametrize("part", range(PARTS))
def test_80_81_each_of_5000_steps_ends_as_the_model_says(part: int) -> None:
    lives = [live(f"commit:{n}", STEPS_EACH) for n in range(part, LEDGERS, PARTS)]
    assert [one.fault for one in lives if one.fault] == []
    assert sum(one.steps for one in lives) == LEDGERS * STEPS_EACH // PARTS
    told = sum((one.told for one in lives), start=Counter())
    reasons = {str(reason) for reason in DeclineReason}
    assert reasons - {said for _, said in told} == NOT_REACHED
    sent = {"authorise", "charge", "force_post", "capture", "reverse", "refund"}
    assert {kind for kind in sent if told[kind, "yes"] < 50} == set()


class Drawn:
    """Choices that hypothesis makes, and shrinks."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def integer(self, least: int, most: int) -> int:
        return self.data.draw(st.integers(least, most))


class CardMachine(RuleBasedStateMachine):
    """Any kind of step at any time, with any arguments it can be proposed with."""

    def __init__(self) -> None:
        super().__init__()
        self.sides = Sides(verify_every=20)
        self.steps = Steps(self.sides, Drawn(None))
        self.agreed = True

    @rule(kind=st.sampled_from(sorted(set(STEPS))), data=st.data())
    def step(self, kind: str, data: Any) -> None:
        self.steps.chance, self.agreed = Drawn(data), False
        self.steps.take(kind)
        self.agreed = True

    def teardown(self) -> None:
        try:
            if self.agreed:
                self.sides.finish()
        finally:
            self.sides.engine.close()


def test_80_any_sequence_that_hypothesis_finds_ends_as_the_model_says() -> None:
    run_state_machine_as_test(
        CardMachine,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_defect_is_found(plant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name, broken in PLANTS[plant]:
        monkeypatch.setattr(place, name, broken)
    faults = (live(f"plant:{number}", STEPS_EACH).fault for number in range(8))
    fault = next((fault for fault in faults if fault), "")
    assert Mismatch.__name__ in fault or "IntegrityError" in fault
    assert "the last steps:" in fault
