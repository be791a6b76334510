"""A run killed by SIGKILL at a step and resumed twice at once: one hire paid, or all refunded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import rehire

from flux_cli.domain.runs import Run
from flux_cli.usecases.run_goal import carry_out_run, start_run
from tests.usecases.market_economy import carried_out, goal, hires, market, quiet


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, tuple[Any, ...]]:
    """How many commits a run makes that nobody kills, and what its ledger says in the end."""
    folder = tmp_path_factory.mktemp("whole")
    return rehire.commits_of(folder), rehire.state(folder)


def test_40_108_killed_anywhere_and_resumed_by_two_at_once_it_is_one_hire(
    tmp_path: Path, whole: tuple[int, tuple[Any, ...]]
) -> None:
    commits, wanted = whole
    assert wanted[0] == [(0, "rejected"), (1, "settled")]
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        where, wrong = rehire.point(folder, number, commits, seed=7)
        assert (where, wrong, rehire.state(folder)) == (where, [], wanted)


def test_40_without_what_keeps_two_processes_apart_the_harness_turns_red(
    tmp_path: Path, whole: tuple[int, tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    commits, wanted = whole
    monkeypatch.setattr(rehire.Folders, "held", rehire.Folders.held)
    rehire.plant()
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, wrong = rehire.point(folder, number, commits, seed=7)
        if wrong or rehire.state(folder) != wanted:
            return
    pytest.fail("two processes at once were never seen to get in each other's way")


def test_a_run_that_another_process_carries_out_is_left_to_it(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=0)
    wanted = goal(tmp_path)
    assert wanted.out is not None
    with (
        deps.workspace.held(wanted.out, "another"),
        pytest.raises(rehire.LedgerBusy, match="another process is at work in"),
    ):
        carried_out(deps, wanted)
    assert str(carried_out(deps, wanted).state) == "completed"
    assert hires(deps) == [(0, "settled")]


def test_a_run_that_two_processes_plan_at_once_is_planned_and_carried_out_once(
    tmp_path: Path,
) -> None:
    deps = market(tmp_path, garbage=0)
    run = start_run(deps, goal(tmp_path), key="k", default_out=Path("unused"))
    others: list[Run] = []

    def another_is_faster(step: str, /, **facts: object) -> None:
        if step == "planned" and not others:
            others.append(run)
            others[0] = carry_out_run(deps, run.id, quiet)

    ended = carry_out_run(deps, run.id, another_is_faster)
    assert (ended, hires(deps)) == (others[0], [(0, "settled")])
    with deps.store.reading() as reader:
        kinds = [event.kind for event in reader.events(run_id=run.id)]
    assert (kinds.count("run.planned"), kinds.count("run.completed")) == (1, 1)
