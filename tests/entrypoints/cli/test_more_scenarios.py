"""The small and the large scenario, from nothing to deliverables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]

BENCH = Path(__file__).resolve().parents[3] / "bench"


@pytest.mark.parametrize(
    ("scenario", "agents"),
    [
        ("simple-hire", ["researcher"]),
        ("product-launch", ["content-writer", "data-analyst", "image-generator", "researcher"]),
    ],
)
def test_each_hire_is_paid_for_work_that_passed_its_checks(
    flux: Flux, tmp_path: Path, scenario: str, agents: list[str]
) -> None:
    ended = flux("run", scenario, "--out", str(tmp_path / "out"), "--json")
    assert ended.code == 0, ended.err
    run = ended.json()
    assert sorted(hire["agent"] for hire in run["hires"]) == agents
    assert {hire["state"] for hire in run["hires"]} == {"settled"}
    assert all(check["passed"] for hire in run["hires"] for check in hire["checks"])
    assert run["simulated"] is True
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert flux("verify").code == 0


def test_the_preorders_are_the_same_bytes_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
    import camping_lanterns

    assert camping_lanterns.PATH.read_text(encoding="utf-8") == camping_lanterns.preorders()


def test_a_new_scenario_is_valid_as_it_stands_and_can_be_run(flux: Flux, tmp_path: Path) -> None:
    made = flux("scenarios", "new", "market-check", "--in", str(tmp_path), "--json")
    assert (made.code, made.json()["folder"]) == (0, str(tmp_path / "market-check"))
    folder = str(tmp_path / "market-check")
    assert flux("scenarios", "validate", folder).code == 0
    again = flux("scenarios", "new", "market-check", "--in", str(tmp_path), "--json")
    assert (again.code, again.json()["error"]["code"]) == (2, "invalid_input")
    assert flux("scenarios", "new", "../up", "--in", str(tmp_path)).code == 2
    assert flux("run", folder, "--dry-run", "--json").code == 0
