"""Tables nobody designed for: whatever the columns hold, the work passes its own checks."""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Callable

import pytest

from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source

KINDS: dict[str, Callable[[random.Random], str]] = {
    "whole numbers": lambda r: str(r.randint(-50, 1000)),
    "one value": lambda r: "7",
    "money": lambda r: f"${r.uniform(-5, 9e6):,.2f}",
    "measurements": lambda r: repr(r.gauss(0, 1) * 10 ** r.randint(-9, 9)),
    "days": lambda r: f"20{r.randint(10, 25)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    "times": lambda r: f"2025-{r.randint(1, 12):02}-01 {r.randint(0, 23)}:{r.randint(0, 59):02}",
    "groups": lambda r: r.choice(("a", "b", "c", "")),
    "untidy groups": lambda r: r.choice(("x", "Y 2", "y 2", "n/a")),
    "nothing": lambda r: "",
    "shares": lambda r: f"{r.uniform(0, 100):.1f}%",
    "a mixture": lambda r: r.choice(("1", "x", "2025-01-01", "")),
    "huge numbers": lambda r: str(r.randint(10**30, 10**33)),
    "extremes": lambda r: r.choice(("1e308", "-1e308", "nan", "5")),
    "years": lambda r: str(r.randint(1990, 2025)),
    "words": lambda r: " ".join(
        r.choice(("lorem", "😀", "naïve", "=1", "`x`", "|")) for _ in "abc"
    ),
}
NAMES = ("id", "date", "Amount", "Region", "Store 5", "Größe", "total", "value", "n", "level",
         "rows", "period", "a b", "", "id", "source_line", "select")  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_an_odd_table_is_analysed_and_passes_every_check(tmp_path, seed):
    draw = random.Random(seed)
    rows, columns = draw.choice((1, 2, 30, 200)), draw.randint(2, 8)
    kinds = [draw.choice(list(KINDS)) for _ in range(columns - 1)] + ["whole numbers"]
    path = tmp_path / "t 2.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=draw.choice(",;\t"))
        writer.writerow([draw.choice(NAMES) for _ in kinds])
        writer.writerows([KINDS[kind](draw) for kind in kinds] for _ in range(rows))
    source = Source(path.name, "", hashlib.sha256(path.read_bytes()).hexdigest(), str(path))
    given = Assignment("a", "data-analyst", "Explain 2024", "", (source,))
    out = tmp_path / "out"
    out.mkdir()
    DataAnalyst().work(given, out)
    failed = [check for check in DataAnalyst().check(given, out) if not check.passed]
    assert failed == []
