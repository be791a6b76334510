"""A goal in words is asked for with what its own plan does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]

GOALS = [
    ("Launch a campaign for a solar lantern", (),
     "3 tasks within 72 hours, each checked before it is paid; 8 deliverables: "),
    ("Review the code of the shop", ("--source", "shop"),
     "1 task within 72 hours, each checked before it is paid; "),
    ("Analyse the sales table", ("--source", "sales.csv"),
     "1 task within 72 hours, each checked before it is paid; "),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "more", "said"), GOALS, ids=["campaign", "review", "analysis"])
def test_a_goals_request_says_what_its_plan_does(
    flux: Flux, home: Path, goal: str, more: tuple[str, ...], said: str
) -> None:
    (home / "work" / "shop").mkdir()
    (home / "work" / "shop" / "load.py").write_text(
        "import pickle\n\n\ndef load(data):\n    return pickle.loads(data)\n"
    )
    rows = "".join(f"2026-01-{day:02},{day * 10}\n" for day in range(1, 29))
    (home / "work" / "sales.csv").write_text("day,amount\n" + rows)

    run = flux("run", goal, *more, "--json", "--out", "o").json()

    titles = "; ".join(task["title"] for task in run["plan"]["tasks"])
    told = run["payment"]["justification"]
    assert told.startswith(f"Owner's goal: {goal}. {said}")
    assert told.endswith(f": {titles}.")
    assert ("banner" in told) is ("campaign" in goal)
