"""A question beside documents is a research task, planned without a model."""

from __future__ import annotations

import pytest

from flux_cli.errors import CannotPlan
from tests.adapters.brains.test_reviewer_plan import trades


@pytest.mark.parametrize(
    "goal", ["What does it cost?", "Compare the three offers", "Find out who complains"]
)
def test_a_question_with_documents_is_researched(goal: str) -> None:
    assert trades(goal, "offers.pdf", "notes.html") == ["researcher"]


@pytest.mark.parametrize(
    ("goal", "sources"), [("What does it cost?", ()), ("Paint a picture", ("notes.md",))]
)
def test_without_documents_or_a_question_there_is_nothing_to_look_up(
    goal: str, sources: tuple[str, ...]
) -> None:
    with pytest.raises(CannotPlan):
        trades(goal, *sources)
