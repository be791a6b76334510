"""`flux run data-pipeline`: offline, from raw exports to a report that was checked and paid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[3]


def test_the_scenario_runs_offline_and_the_analyst_is_paid_for_checked_work(flux, home):
    ended = flux("run", "data-pipeline", "--out", "out", "--json")
    assert ended.code == 0, ended.err
    run = ended.json()["data"] if "data" in ended.json() else ended.json()
    (hire,) = run["hires"]
    assert (hire["agent"], hire["state"], hire["revisions"]) == ("data-analyst", "settled", 0)
    assert [check["name"] for check in hire["checks"] if not check["passed"]] == []
    assert flux("verify").code == 0
    folder = home / "work" / "out" / "analysis"
    page = (folder / "report.html").read_text("utf-8")
    assert page.count("<svg") == len(list(folder.glob("charts/*.svg"))) >= 6
    for picture in folder.glob("charts/*.png"):
        with Image.open(picture) as image:
            assert image.width >= 800
            assert image.height >= 450


def test_a_csv_among_the_sources_implies_an_analyst(flux, home):
    (home / "work" / "numbers.csv").write_text(
        "day,shop,visits\n" + "".join(f"2025-01-{n % 28 + 1:02},S{n % 2},{n}\n" for n in range(90))
    )
    ended = flux("run", "What do these numbers say?", "--source", "numbers.csv", "--out", "o")
    assert ended.code == 0, ended.err
    assert (home / "work" / "o" / "analysis" / "report.html").is_file()


@pytest.mark.parametrize("year", ["2024", "2025"])
def test_the_bundled_orders_are_what_their_script_writes(year, tmp_path):
    made = ROOT / "scenarios" / "data-pipeline" / "data" / f"orders-{year}.csv"
    script = (ROOT / "bench" / "coffee_orders.py").read_text("utf-8")
    copy = tmp_path / "bench" / "coffee_orders.py"
    copy.parent.mkdir()
    copy.write_text(script, "utf-8")
    (tmp_path / "scenarios" / "data-pipeline").mkdir(parents=True)
    subprocess.run([sys.executable, str(copy)], check=True)
    again = tmp_path / "scenarios" / "data-pipeline" / "data" / made.name
    assert again.read_bytes() == made.read_bytes()
