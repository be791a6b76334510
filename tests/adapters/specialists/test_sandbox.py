"""A specialist's process: what it may do, and that it is ended where it does more."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import hostile_trades as hostile
import pytest

from flux_cli.adapters.specialists import sandbox
from flux_cli.adapters.specialists.sandbox import Bounded, Craft, boundary, kernel_bounds
from flux_cli.adapters.specialists.sandbox_child import Limits
from flux_cli.domain.work import Assignment, Check, Submission
from flux_cli.errors import WorkFailed

ASSIGNMENT = Assignment("task", "honest", "goal", "the brief")
TIGHT = Limits(seconds=30, cpu_seconds=20, folder_bytes=16 << 20, file_bytes=4 << 20, files=50)


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    folder = tmp_path / "out" / "stage"
    folder.mkdir(parents=True)
    return folder


def why(
    craft: Craft, stage: Path, limits: Limits = TIGHT, assignment: Assignment = ASSIGNMENT
) -> str:
    """What is said of a specialist whose work failed."""
    with pytest.raises(WorkFailed) as caught:
        Bounded(craft, limits).work(assignment, stage)
    return str(caught.value)


def test_honest_work_comes_back_as_it_was_handed_in_with_its_progress(stage: Path) -> None:
    heard: list[str] = []
    bounded = Bounded(hostile.Honest(), TIGHT, heard.append)

    assert bounded.work(ASSIGNMENT, stage) == Submission(
        (hostile.write_artefact(stage, "a.txt", b"the brief", "text/plain"),), "done"
    )
    assert heard == ["writing"]
    assert bounded.check(ASSIGNMENT, stage) == (
        Check("says the brief", True, "the brief", "the brief"),
        Check(
            "bounded process",
            True,
            "no network, no keys, no file but its own and its sources",
            boundary(TIGHT),
        ),
    )


def test_the_boundary_says_what_this_kernel_enforces() -> None:
    landlock, seccomp = kernel_bounds()

    assert (f"Landlock {landlock}" in boundary(TIGHT)) == (landlock > 0)
    assert ("network by seccomp" in boundary(TIGHT)) == seccomp
    assert ("weaker" in boundary(TIGHT)) == (not seccomp)


def test_a_specialist_that_hangs_is_stopped_and_it_is_said_where(stage: Path) -> None:
    began = time.monotonic()

    said = why(hostile.Hangs(), stage, replace(TIGHT, seconds=8))

    assert said == "it took longer than 8 s, while at 'thinking'"
    assert time.monotonic() - began < 50


def test_a_specialist_that_only_spins_runs_out_of_processor_time(stage: Path) -> None:
    said = why(hostile.Spins(), stage, replace(TIGHT, cpu_seconds=1))

    assert said.startswith("it was killed: over 1 s of processor time")


@pytest.mark.parametrize(
    ("craft", "said"),
    [
        (hostile.FloodsFiles(), "it wrote more than 50 files"),
        (hostile.FloodsDisk(), "it wrote more than 16 MiB"),
        (hostile.OneHugeFile(), "Cannot write huge: File too large"),
        (hostile.PrintsEscapes(), "it printed control characters"),
        (hostile.PrintsForEver(), "it printed more than 65536 bytes"),
        (hostile.Lists(), "it lists a file that is not there: gone.txt"),
        (hostile.ListsOutside(), "it lists a file that is not there: ../../flux.db"),
        (hostile.LiesAboutBytes(), "a file is not what it is listed as: a.txt"),
        (hostile.LeavesMore(), "it left a file that it does not list: unlisted"),
        (hostile.EscapesInSummary(), "its summary holds control characters or is too long"),
        (hostile.Breaks(), r"it broke: KeyError: '\x1b[2Jnothing' at hostile_trades.py"),
        (hostile.Dies(), "it ended with 0 and no answer"),
        (hostile.GivesUp(), "the brief names no product"),
        (hostile.ForgesAnAnswer(), "it answered more than once"),
        (hostile.Greedy(), "it needed more than 4096 MiB of memory"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, hostile.Honest) else "",
)
def test_what_a_specialist_may_not_do_fails_its_work_and_says_why(
    craft: Craft, said: str, stage: Path
) -> None:
    assert said in why(craft, stage)


@pytest.mark.parametrize("craft", [hostile.CallsHome(), hostile.CallsHomeInC()])
def test_102_a_specialist_that_tries_the_network_is_stopped_at_once(
    craft: Craft, stage: Path
) -> None:
    if kernel_bounds()[1] or isinstance(craft, hostile.CallsHome):
        assert "tried to reach the network" in why(craft, stage)
    else:
        assert "audit hook only (weaker)" in boundary(TIGHT)


def test_a_fork_bomb_does_not_get_its_first_fork(stage: Path) -> None:
    said = why(hostile.ForkBomb(), stage)

    if kernel_bounds()[1]:
        assert said == "cannot fork: Operation not permitted"


def test_programs_are_counted_where_they_are_allowed(stage: Path) -> None:
    said = why(hostile.ProgramBomb(), stage, replace(TIGHT, programs=4))

    assert said == "it started more than 4 programs"
    assert standing_in(stage) == []


def test_nothing_a_specialist_started_outlives_it(stage: Path) -> None:
    limits = replace(TIGHT, programs=4)

    submission = Bounded(hostile.LeavesBehind(), limits).work(ASSIGNMENT, stage)

    left_behind = int((stage / "a.txt").read_text())
    assert not alive(left_behind)
    if kernel_bounds()[1]:
        assert submission.summary == "left its group: no"


def test_97_the_ledger_the_owner_file_and_secrets_are_out_of_reach(
    stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, owner = tmp_path / "flux.db", tmp_path / "flux.db.owner"
    ledger.write_text("ledger")
    owner.write_text("owner")
    neighbour = stage.parent / "other-task"
    neighbour.write_text("notes")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("FLUX_DB", str(ledger))
    monkeypatch.chdir(tmp_path)
    brief = f"{ledger} {owner} {neighbour} /etc/passwd"

    seen = Bounded(hostile.Spy(), TIGHT).work(replace(ASSIGNMENT, brief=brief), stage).summary

    if kernel_bounds() != (0, False):
        assert seen == "|".join(["PermissionError"] * 6)
    assert (stage / "env.txt").read_text() == (
        "HOME LANG PATH PYTHONDONTWRITEBYTECODE PYTHONHASHSEED PYTHONPATH TMPDIR TZ"
    )
    assert not (stage.parent / "beside").exists()


@pytest.mark.parametrize(
    ("craft", "said"),
    [
        (hostile.Linker(), "it left something that is no plain file: a.txt"),
        (hostile.CallsHome(), "it tried to reach the network (socket."),
        (hostile.PrintsEscapes(), "it printed control characters"),
        (hostile.FloodsDisk(), "it wrote more than 16 MiB"),
        (hostile.Hangs(), "it took longer than 8 s, while at 'thinking'"),
    ],
)
def test_where_the_kernel_gives_no_bounds_the_rest_still_holds(
    craft: Craft, said: str, stage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "kernel_bounds", lambda: (0, False))

    limits = replace(TIGHT, seconds=8) if isinstance(craft, hostile.Hangs) else TIGHT
    assert said in why(craft, stage, limits)
    assert "files not bounded" in boundary(TIGHT)
    assert "audit hook only (weaker)" in boundary(TIGHT)


def test_checks_that_never_end_are_a_failed_check(stage: Path) -> None:
    Bounded(hostile.ChecksForEver(), TIGHT).work(ASSIGNMENT, stage)

    hurried = Bounded(hostile.ChecksForEver(), replace(TIGHT, seconds=2))
    assert hurried.check(ASSIGNMENT, stage) == (
        Check("checks", False, "an answer", "it took longer than 2 s"),
    )


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def standing_in(folder: Path) -> list[str]:
    """The processes whose working directory is `folder`."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                place = os.readlink(f"{entry.path}/cwd")
            except OSError:
                continue
            found += [entry.name] if place == str(folder) and alive(int(entry.name)) else []
    return found
