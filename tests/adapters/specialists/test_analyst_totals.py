"""Three dirty files made by script: what the analyst states equals plain csv and Decimal."""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source

ROWS = 1500
REGIONS = ("North", "South", "East", "West")


@dataclass(frozen=True)
class Dirty:
    """A way of being dirty: its encoding, separator, and how it writes money and dates."""

    name: str
    encoding: str
    separator: str
    money: tuple[Callable[[int], str], ...]
    dates: tuple[str, ...]


def american(cents: int) -> str:
    shown = f"${abs(cents) / 100:,.2f}"
    return f"({shown})" if cents < 0 else shown


def american_bare(cents: int) -> str:
    return f"{cents / 100:,.2f}"


def german(cents: int) -> str:
    return f"{cents / 100:,.2f} €".translate(str.maketrans(",.", ".,"))


def german_before(cents: int) -> str:
    return "€ " + f"{cents / 100:.2f}".replace(".", ",")


def swiss(cents: int) -> str:
    return "CHF " + f"{cents / 100:,.2f}".replace(",", "'")


def trailing_minus(cents: int) -> str:
    return f"{abs(cents) / 100:.2f}" + ("-" if cents < 0 else "")


KINDS = (
    Dirty("american", "utf-8-sig", ",", (american, american_bare),
          ("%Y-%m-%d", "%m/%d/%Y", "%b %d, %Y", "%d.%m.%Y")),
    Dirty("german", "cp1252", ";", (german, german_before),
          ("%d.%m.%Y", "%Y-%m-%d", "%d %b %Y", "%Y/%m/%d")),
    Dirty("swiss", "utf-16", "\t", (swiss, trailing_minus),
          ("%d/%m/%Y", "%d-%b-%Y", "%Y-%m-%d %H:%M", "%B %d, %Y")),
)  # fmt: skip


def made(kind: Dirty) -> bytes:
    """The file: one row in twenty is broken, in four ways."""
    draw = random.Random(kind.name)
    lines = [kind.separator.join(("Invoice", "Day sold", "Region", "Näme", "Net amount"))]
    for number in range(ROWS):
        day = datetime.datetime.fromisoformat("2024-01-01") + datetime.timedelta(
            days=draw.randrange(540), minutes=draw.randrange(1440)
        )
        cents = draw.randrange(100, 2_500_000) * draw.choice((1, 1, 1, 1, -1))
        cells = [
            f"I-{number:05}", day.strftime(draw.choice(kind.dates)), draw.choice(REGIONS),
            draw.choice(("Müller", "Œuvre & Söhne", 'the "Inn"', "Smith, Ltd")),
            draw.choice(kind.money)(cents),
        ]  # fmt: skip
        quoted = [
            '"' + cell.replace('"', '""') + '"' if set(cell) & {kind.separator, '"'} else cell
            for cell in cells
        ]
        broken = draw.randrange(4) if number % 20 == 0 else None
        if broken == 0:
            quoted = quoted[: draw.randrange(1, 4)]
        elif broken == 1:
            quoted.append("surplus")
        elif broken == 2:
            quoted[2] = '"' + quoted[2]
        elif broken == 3:
            quoted = ["#### page 3 ####"]
        lines.append(kind.separator.join(quoted))
    return ("\r\n".join(lines) + "\r\n").encode(kind.encoding)


def independent(kind: Dirty, data: bytes) -> tuple[list[tuple[datetime.date, str, Decimal]], int]:
    """(day, region, amount) of each whole row, and how many rows are not, without our code."""
    rows, broken = [], 0
    for line in data.decode(kind.encoding).split("\r\n")[1:-1]:
        try:
            cells = next(csv.reader([line], delimiter=kind.separator, strict=True))
        except csv.Error:
            cells = []
        if len(cells) != 5:
            broken += 1
            continue
        text = re.sub(r"[$€' ]|CHF", "", cells[4])
        if kind.name == "german":
            text = text.replace(".", "").replace(",", ".")
        text = text.replace(",", "")
        negative = text.startswith(("(", "-")) or text.endswith("-")
        amount = Decimal(text.strip("()-")) * (-1 if negative else 1)
        day = None
        for form in kind.dates:
            try:
                day = datetime.date(*time.strptime(cells[1], form)[:3])
                break
            except ValueError:
                continue
        assert day is not None, cells[1]
        rows.append((day, cells[2], amount))
    return rows, broken


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def analysed(request, tmp_path_factory):
    kind = request.param
    place = tmp_path_factory.mktemp(kind.name)
    data = made(kind)
    (place / "sales.csv").write_bytes(data)
    source = Source("sales.csv", "", hashlib.sha256(data).hexdigest(), str(place / "sales.csv"))
    given = Assignment("a", "data-analyst", "Explain the sales", "", (source,))
    out = place / "out"
    out.mkdir()
    DataAnalyst().work(given, out)
    return kind, data, given, out


def facts_of(out: Path) -> list[dict]:
    return json.loads((out / "facts.json").read_text("utf-8"))["facts"]


def fact(out: Path, label: str) -> list[list]:
    (found,) = [one for one in facts_of(out) if one["label"] == label]
    return found["value"]


def test_the_stated_total_equals_an_independent_recomputation(analysed):
    kind, data, _, out = analysed
    rows, _ = independent(kind, data)
    total = sum((amount for *_, amount in rows), Decimal(0))
    assert [[Decimal(v), n] for v, n in fact(out, "total Net amount in sales")] == [
        [total, len(rows)]
    ]
    shown = f"{abs(total):,.2f}"
    assert shown in (out / "report.md").read_text("utf-8")
    assert shown in (out / "report.html").read_text("utf-8")


def test_every_broken_row_is_counted_and_quarantined_and_none_is_lost(analysed):
    kind, data, _, out = analysed
    rows, broken = independent(kind, data)
    assert broken == ROWS // 20
    read, kept, aside, _ = fact(out, "rows read, kept and set aside in sales")[0]
    assert (read, kept, aside) == (ROWS, len(rows), broken)
    with (out / "rejected_rows.csv").open(encoding="utf-8", newline="") as file:
        rejected = list(csv.DictReader(file))
    lines = data.decode(kind.encoding).split("\r\n")
    assert [row["content"].removeprefix("'") for row in rejected] == [
        lines[int(row["line"]) - 1] for row in rejected
    ]
    assert all(row["reason"] for row in rejected)


def test_totals_by_region_and_by_month_equal_an_independent_recomputation(analysed):
    kind, data, _, out = analysed
    rows, _ = independent(kind, data)
    regions: dict[str, Decimal] = defaultdict(Decimal)
    months: dict[str, Decimal] = defaultdict(Decimal)
    for day, region, amount in rows:
        regions[region] += amount
        months[f"{day:%Y-%m}-01"] += amount
    stated = {row[0]: Decimal(row[2]) for row in fact(out, "Net amount by Region")}
    assert stated == regions
    course = {row[0]: Decimal(row[2]) for row in fact(out, "Net amount by month")}
    assert course == months


def test_anyone_can_check_it_again(analysed):
    *_, given, out = analysed
    failed = [check for check in DataAnalyst().check(given, out) if not check.passed]
    assert failed == []


def test_the_delivered_tables_hold_the_same_rows_as_the_independent_reading(analysed):
    kind, data, _, out = analysed
    rows, _ = independent(kind, data)
    with (out / "cleaned_sales.csv").open(encoding="utf-8", newline="") as file:
        cleaned = list(csv.DictReader(file))
    found = [(row["day_sold"][:10], row["region"], Decimal(row["net_amount"])) for row in cleaned]
    assert found == [(day.isoformat(), region, amount) for day, region, amount in rows]
