"""The fault matrix of settlements is clean at a small size, and red for what is planted in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


def harness(*argv: str) -> subprocess.CompletedProcess[str]:
    """Run it as a command; the real cache is where the node is."""
    from fetch_anvil import CACHE

    environ = {**os.environ, "XDG_CACHE_HOME": str(CACHE.parent)}
    command = [sys.executable, "-B", str(BENCH / "settle.py"), *argv]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=280)


def test_18_72_73_killed_and_lied_to_a_payment_is_made_exactly_once() -> None:
    ended = harness("--sample", "4")
    assert "4 of 4 paid exactly once" in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == 0


def test_67_two_processes_on_one_key_pay_each_payment_once_without_a_gap() -> None:
    ended = harness("--processes", "2", "--payments", "3", "--at-once")
    assert "each settled once, the account's order gapless" in ended.stdout, ended.stdout
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("plant", "argv", "said"),
    [
        ("fresh-nonce", ("--lost-database", "--at-once"), "FAILED: paid [1000000, 1000000]"),
        ("send-first", ("--only", "signed     delay          blocks at once"), "differ by"),
    ],
)
def test_a_planted_defect_is_seen(plant: str, argv: tuple[str, ...], said: str) -> None:
    ended = harness("--plant", plant, *argv)
    assert said in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == 1
