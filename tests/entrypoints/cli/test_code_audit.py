"""`flux run code-audit`, and a code goal in words: offline, paid, and delivered."""

from __future__ import annotations

import json
from pathlib import Path

SHOP = "import pickle\n\n\ndef load(data):\n    return pickle.loads(data)\n"


def test_the_code_audit_scenario_delivers_ranked_findings_and_is_paid(flux, home: Path) -> None:
    ended = flux("run", "code-audit", "--json", "--out", "audit")

    assert ended.code == 0, ended.err
    run = ended.json()
    assert run["state"] == "completed"
    assert [(hire["agent"], hire["state"]) for hire in run["hires"]] == [
        ("code-reviewer", "settled")
    ]
    assert [check["name"] for check in run["hires"][0]["checks"] if not check["passed"]] == []
    assert run["hires"][0]["checks"][-1]["name"] == "bounded process"
    assert sorted(path.name for path in (home / "work" / "audit" / "review").iterdir()) == [
        "findings.json",
        "findings.sarif",
        "review.html",
        "review.md",
    ]
    found = json.loads((home / "work" / "audit" / "review" / "findings.json").read_text())
    assert len({item["kind"] for item in found["findings"]}) >= 30
    assert [item["kind"] for item in found["silenced"]] == ["sql-injection"]
    assert "code-reviewer" in ended.err
    assert flux("verify").code == 0


def test_a_goal_with_a_source_tree_hires_a_reviewer(flux, home: Path) -> None:
    tree = home / "work" / "shop"
    tree.mkdir()
    (tree / "load.py").write_text(SHOP)

    ended = flux("run", "Review the code of the shop", "--source", "shop", "--json", "--out", "o")

    assert ended.code == 0, ended.err
    assert [(hire["agent"], hire["summary"]) for hire in ended.json()["hires"]] == [
        ("code-reviewer", "1 finding of 1 kind: 1 high, 0 medium, 0 low, in 1 file.")
    ]
