"""Every fault harness is clean at a small size, and turns red for a defect planted for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def harness(name: str, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a harness as a command, to its end."""
    return subprocess.run(
        [sys.executable, "-B", str(BENCH / f"{name}.py"), *argv],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.parametrize("way", [(), ("--cli",)])
def test_01_killed_at_random_instants_the_ledger_recovers_exactly(way: tuple[str, ...]) -> None:
    ended = harness("kill", "--points", "16", *way)
    assert re.search(r"^16 of 16 kills recovered exactly", ended.stdout, re.M), ended.stdout
    assert ended.returncode == 0


@pytest.mark.parametrize("plant", ["ack-first", "no-lookup", "fresh-keys", "no-rollback"])
def test_01_a_planted_defect_is_seen_by_the_kills(plant: str) -> None:
    ended = harness("kill", "--points", "32", "--plant", plant)
    assert ended.returncode == 1, ended.stdout
    assert re.search(r"^kill \d+: ", ended.stdout, re.M), ended.stdout


def test_02_killed_at_a_syscall_the_ledger_recovers_exactly() -> None:
    ended = harness("syscalls", "--points", "12")
    assert re.search(r"^12 of 12 points recovered exactly", ended.stdout, re.M), ended.stdout
    assert ended.returncode == 0


def test_02_an_error_at_a_syscall_is_told_and_the_ledger_recovers_exactly() -> None:
    ended = harness("syscalls", "--errors", "--points", "36")
    assert re.search(r"^36 of 36 points recovered exactly", ended.stdout, re.M), ended.stdout
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("plant", "argv"),
    [
        ("ack-first", ("--points", "9")),
        ("no-journal", ("--points", "20")),
        ("no-sync", ("--points", "1")),
        ("swallowed-errors", ("--points", "14", "--errors")),
    ],
)
def test_02_a_planted_defect_is_seen_at_the_syscalls(plant: str, argv: tuple[str, ...]) -> None:
    ended = harness("syscalls", "--plant", plant, *argv)
    assert ended.returncode == 1, ended.stdout
    found = r"^inject=\w+:.*: \w|^a client was told of a commit with"
    assert re.search(found, ended.stdout, re.M), ended.stdout


def test_02_without_strace_nothing_is_passed_over(tmp_path: Path) -> None:
    for tool in ("env", "sh"):
        os.symlink(str(shutil.which(tool)), tmp_path / tool)
    ended = harness("syscalls", "--points", "1", PATH=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "strace is not installed" in ended.stderr


def test_21_every_flipped_bit_that_changes_a_row_is_found() -> None:
    ended = harness("bitflips", "--flips", "40")
    assert re.search(r"^0 missed, 0 bugs", ended.stdout, re.M), ended.stdout
    assert ended.returncode == 0


def test_21_a_verifier_that_skips_the_chains_is_seen() -> None:
    ended = harness("bitflips", "--flips", "30", "--plant", "no-chain")
    assert ended.returncode == 1, ended.stdout
    assert "changes a row and is not found" in ended.stdout


def test_15_16_processes_and_threads_race_for_the_same_keys_under_a_cap() -> None:
    ended = harness("races", "--processes", "8", "--threads", "4", "--operations", "1600")
    assert re.search(r"attempts at 800 keys .*: 0 faults$", ended.stdout, re.M), ended.stdout
    assert ended.returncode == 0


@pytest.mark.parametrize("plant", ["naive-cap", "no-held", "no-lookup", "no-wait"])
def test_15_16_a_planted_defect_is_seen_by_the_race(plant: str) -> None:
    ended = harness("races", "--operations", "500", "--plant", plant)
    assert ended.returncode == 1, ended.stdout
    assert re.search(r": [1-9]\d* faults$", ended.stdout, re.M), ended.stdout
