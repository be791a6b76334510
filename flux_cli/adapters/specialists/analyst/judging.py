"""An analysis judged from its files and the sources alone, so that anyone can repeat it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flux_cli.adapters.specialists.analyst import pages
from flux_cli.adapters.specialists.analyst.analysis import Sum, adds_up, prepare
from flux_cli.adapters.specialists.analyst.cleaning import Clean
from flux_cli.adapters.specialists.analyst.delivery import LEDGERS, export
from flux_cli.adapters.specialists.analyst.drawing import draw
from flux_cli.adapters.specialists.analyst.engine import Engine
from flux_cli.adapters.specialists.analyst.facts import SCHEMA, Fact, as_json, same
from flux_cli.adapters.specialists.analyst.intake import is_data
from flux_cli.adapters.specialists.analyst.significance import COMPUTATIONS, compute
from flux_cli.adapters.specialists.analyst.story import Chart
from flux_cli.adapters.specialists.progress import say
from flux_cli.domain.work import Assignment, Check
from flux_cli.errors import WorkFailed

LARGEST_REPORT = 16 * 1024 * 1024
LEAST_WIDTH, LEAST_HEIGHT = 800, 450
MOST_FACTS = 2000

FAILURES = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""What reading somebody's files can raise."""


def check_analysis(assignment: Assignment, folder: Path) -> tuple[Check, ...]:
    """Every check of an analyst's delivery; a file that cannot be read fails the first."""
    from flux_cli.adapters.specialists.analyst.trade import workroom

    try:
        report, page = _text(folder, "report.md"), _text(folder, "report.html")
        document = json.loads(_text(folder, "facts.json"))
        listed = json.loads(_text(folder, "charts.json"))
        stated = _facts(document)
        sums = [_sum(one) for one in document["sums"]]
        charts = [_chart(one, stated) for one in listed]
    except FAILURES as error:
        return (Check("files can be read", False, "4 files", f"{type(error).__name__}: {error}"),)
    with workroom() as (engine, scratch):
        tables = prepare(assignment, engine, scratch)
        say("computing every number again")
        recomputed = [_again(engine, fact) for fact in stated]
        data = _same_data(engine, tables, scratch, folder)
    wrong = [fact.id for fact, found in zip(stated, recomputed, strict=True) if found]
    reasons = [f"{f.id} {found}" for f, found in zip(stated, recomputed, strict=True) if found]
    by_id = {fact.id: fact for fact in stated}
    known = pages.Known(by_id, _labels(assignment, tables))
    return (
        Check("files can be read", True, "4 files", "4 files"),
        _sources(document, assignment),
        data,
        _count("every fact computes to its value again", len(stated), wrong, reasons),
        _found("every number in report.md is a fact", pages.loose_in_markdown(report, known)),
        _found("every number in report.html is a fact", pages.loose_in_html(page, known)),
        _found("report.html loads and runs nothing", pages.foreign_in_html(page)),
        _found("parts add up to their totals", adds_up(sums, by_id)),
        _found("every chart is drawn from its fact", _charts(charts, folder, page)),
        _quality(report, page),
    )


def _text(folder: Path, name: str) -> str:
    path = folder / name
    if path.stat().st_size > LARGEST_REPORT:
        raise ValueError(f"{name} is larger than {LARGEST_REPORT} bytes")
    return path.read_text("utf-8")


def _facts(document: Mapping[str, Any]) -> list[Fact]:
    if document["schema"] != SCHEMA or not 0 < len(document["facts"]) <= MOST_FACTS:
        raise ValueError("facts.json is of another schema, or has too few or too many facts")
    facts = []
    for one in document["facts"]:
        columns = tuple(map(str, one["columns"]))
        value = one["value"]
        values = value if isinstance(value, list) else [[value]]
        facts.append(
            Fact(
                str(one["id"]),
                str(one["label"]),
                str(one["sql"]),
                columns,
                tuple(map(str, one["forms"])),
                tuple(map(tuple, one["rows"])),
                tuple(map(tuple, values)),
                str(one["computed"]),
            )
        )
        if any(len(row) != len(columns) for row in values) or len(one["forms"]) != len(columns):
            raise ValueError(f"{one['id']} has rows of another width")
    if len({fact.id for fact in facts}) < len(facts):
        raise ValueError("two facts have the same id")
    return facts


def _sum(one: Mapping[str, Any]) -> Sum:
    whole, parts = one["whole"], one["parts"]
    return Sum(
        (str(whole[0]), str(whole[1])), tuple((str(fact), str(column)) for fact, column in parts)
    )


def _chart(one: Mapping[str, str], facts: Sequence[Fact]) -> Chart:
    fact = next(fact for fact in facts if fact.id == one["fact"])
    return Chart(
        one["name"], one["kind"], one["title"], fact, one["x"], one["y"], one["x_title"],
        one["y_title"], one["alt"], one["mark"],
    )  # fmt: skip


def _again(engine: Engine, fact: Fact) -> str:
    """What is wrong with a fact once its query is run again, or nothing."""
    try:
        found = tuple(tuple(map(as_json, row)) for row in engine.ask(fact.sql))
        if fact.computed and fact.computed not in COMPUTATIONS:
            return "names a computation that is not known"
        values = compute(fact.computed, found) if fact.computed else found
    except (WorkFailed, ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        return str(error)
    for stated, real in ((fact.rows, found), (fact.values, values)):
        if len(stated) != len(real):
            return f"has {len(stated)} rows where there are {len(real)}"
        for one, other in zip(stated, real, strict=True):
            if len(one) != len(other) or not all(map(same, one, other)):
                return f"says {one} where there is {other}"
    return ""


def _same_data(engine: Engine, tables: tuple[Clean, ...], scratch: Path, folder: Path) -> Check:
    """The delivered data is, byte for byte, what the sources give when they are cleaned again."""
    wrong, files = [], 0
    for path, _ in export(engine, tables, scratch):
        files += 1
        if _digest(path) != _digest(folder / path.name):
            wrong.append(path.name)
    return _count("the delivered data follows from the sources", files, wrong, wrong)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "gone"


def _labels(assignment: Assignment, tables: Sequence[Clean]) -> frozenset[str]:
    """Names from the client that may stand in the report with their digits."""
    from flux_cli.domain.brief import parse_brief

    names = {source.name for source in assignment.sources}
    names |= set(parse_brief(assignment.brief, assignment.goal).questions)
    names.add(" ".join(assignment.goal.split())[:160])
    for made in tables:
        names |= {made.table.name, *(field.label for field in made.fields)}
    return frozenset(name for name in names if any(map(str.isdigit, name)))


def _sources(document: Mapping[str, Any], assignment: Assignment) -> Check:
    wanted = {source.name: source.sha256 for source in assignment.sources if is_data(source)}
    listed = document.get("sources")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    found = {str(row.get("name")): str(row.get("sha256")) for row in rows}
    right = sum(found.get(name) == digest for name, digest in wanted.items())
    return Check(
        "facts.json names every source with its hash",
        found == wanted,
        f"{len(wanted)} of {len(wanted)}",
        f"{right} of {len(wanted)}, {len(found)} listed",
    )


def _charts(charts: Sequence[Chart], folder: Path, page: str) -> list[str]:
    """What is wrong with the charts: not of their fact, too small, axes without a title."""
    from PIL import Image

    wrong = []
    for chart in charts:
        try:
            drawn = draw(chart)
            if (folder / "charts" / f"{chart.name}.svg").read_bytes() != drawn:
                wrong.append(f"{chart.name} is not what its fact draws")
            whole, page = page, page.replace(drawn.decode().strip(), "", 1)
            if page == whole:
                wrong.append(f"{chart.name} is not in the page")
            with Image.open(folder / "charts" / f"{chart.name}.png", formats=("PNG",)) as picture:
                if picture.width < LEAST_WIDTH or picture.height < LEAST_HEIGHT:
                    wrong.append(f"{chart.name} is {picture.width} × {picture.height}")
        except FAILURES as error:
            wrong.append(f"{chart.name}: {error}")
        if not (chart.x_title.strip() and chart.y_title.strip()):
            wrong.append(f"{chart.name} has an axis without a title")
    return wrong + ["the page has a drawing that is no chart"] * ("<svg" in page.lower())


def _quality(report: str, page: str) -> Check:
    heading = re.search(r"^## Data quality$", report, re.M) and ">Data quality</h2>" in page
    files = ", ".join(f"{ledger}.csv" for ledger in LEDGERS)
    return Check(
        "the report has a section on the data’s quality",
        bool(heading),
        f"a section, and {files}",
        "there" if heading else "not there",
    )


def _count(name: str, total: int, wrong: Sequence[str], reasons: Sequence[str]) -> Check:
    told = f"; {'; '.join(reasons[:3])}"[:400] if reasons else ""
    return Check(name, not wrong, f"{total} of {total}", f"{total - len(wrong)} of {total}{told}")


def _found(name: str, wrong: Sequence[str]) -> Check:
    told = f": {'; '.join(wrong[:4])}"[:400] if wrong else ""
    return Check(name, not wrong, "0 wrong", f"{len(wrong)} wrong{told}")
