"""What the planner makes of a goal that comes with a source tree."""

from __future__ import annotations

import pytest

from flux_cli.adapters.brains.planner import propose
from flux_cli.domain.money import parse_money
from flux_cli.errors import CannotPlan
from flux_cli.usecases.brain_ports import PlanQuestion

MOST = {
    trade: parse_money("60")
    for trade in ("researcher", "content-writer", "image-generator", "code-reviewer")
}


def trades(goal: str, *sources: str) -> list[str]:
    plan = propose(PlanQuestion(goal, "", sources, MOST, ("code-audit",)))
    return [task.trade for task in plan.tasks]


@pytest.mark.parametrize(
    "goal",
    ["Review the code", "Find the bugs in our shop", "Look at this", "Audit before our launch"],
)
def test_a_source_tree_implies_a_reviewer(goal: str) -> None:
    assert trades(goal, "brief.md", "shop/") == ["code-reviewer"]


def test_a_campaign_stays_one_beside_a_source_tree() -> None:
    assert trades("Advertise our shop", "shop/") == [
        "researcher",
        "content-writer",
        "image-generator",
    ]


def test_without_a_source_tree_there_is_nothing_to_review() -> None:
    with pytest.raises(CannotPlan, match="code-audit"):
        trades("Review the code", "shop.md")
