"""What is handed in: the report, its facts and charts, and the data it stands on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from flux_cli.adapters.specialists.analyst.analysis import Analysis
from flux_cli.adapters.specialists.analyst.cleaning import Clean
from flux_cli.adapters.specialists.analyst.columns import Kind
from flux_cli.adapters.specialists.analyst.drawing import draw, to_png
from flux_cli.adapters.specialists.analyst.engine import Engine, text
from flux_cli.adapters.specialists.analyst.facts import facts_json
from flux_cli.adapters.specialists.analyst.intake import FILE, LINE, is_data
from flux_cli.adapters.specialists.analyst.writing import html, markdown, queries_sql
from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.domain.work import Artefact, Assignment
from flux_cli.errors import StorageFailed

MOST_CSV_ROWS = 100_000
"""Rows up to which the cleaned data comes as CSV too; Parquet comes always."""

MOST_REJECTED = 100_000
"""Rows of `rejected_rows.csv` and `cell_issues.csv`; the counts in the report are of all."""

LEDGERS = ("rejected_rows", "cell_issues", "intake")
"""The tables that say what became of the input."""

_FORMULA = text("^\\s*[=+\\-@''\\t\\r＝＋－＠]")


def deliver(
    assignment: Assignment, analysis: Analysis, folder: Path, scratch: Path
) -> list[Artefact]:
    """Write every file below `folder`; raises StorageFailed."""
    engine = analysis.story.sheet.engine
    pictures = {chart.name: draw(chart) for chart in analysis.story.charts}
    files: list[Artefact] = []

    def put(path: str, data: bytes, kind: str) -> None:
        files.append(write_artefact(folder, path, data, kind))

    put(
        "report.md", markdown(assignment.goal, analysis).encode("utf-8", "replace"), "text/markdown"
    )
    page = html(assignment.goal, analysis, pictures)
    put("report.html", page.encode("utf-8", "replace"), "text/html")
    put("facts.json", facts_json(analysis.story.sheet.facts, _about(assignment, analysis)),
        "application/json")  # fmt: skip
    put("queries.sql", queries_sql(analysis, LEDGERS).encode("utf-8", "replace"), "application/sql")
    put("charts.json", _charts_json(analysis), "application/json")
    for chart_name, svg in pictures.items():
        put(f"charts/{chart_name}.svg", svg, "image/svg+xml")
        put(f"charts/{chart_name}.png", to_png(svg), "image/png")
    for path, kind in export(engine, analysis.tables, scratch):
        files.append(_moved(path, folder, kind))
    return files


def export(engine: Engine, tables: tuple[Clean, ...], scratch: Path) -> Iterator[tuple[Path, str]]:
    """Write the cleaned tables and the ledgers of what was set aside; (file, media type) each."""
    for made in tables:
        path = scratch / f"cleaned_{made.table.name}.parquet"
        order = f"{FILE}, {LINE}" if len(made.table.parts) > 1 else LINE
        engine.run(
            f"COPY (SELECT * FROM {made.sql} ORDER BY {order}) TO {text(str(path))}"
            " (FORMAT parquet, COMPRESSION zstd)"
        )
        yield path, "application/vnd.apache.parquet"
        if engine.run(f"SELECT count(*) FROM {made.sql}")[0][0] <= MOST_CSV_ROWS:
            yield _csv(engine, _guarded(made), order, path.with_suffix(".csv")), "text/csv"
    for ledger in LEDGERS:
        order = "source, measure, amount" if ledger == "intake" else "source, line, reason"
        columns = {
            "rejected_rows": f"{guard('source')}, line, reason, {guard('content')}",
            "cell_issues": f"{guard('source')}, line, field, {guard('content')}, reason",
            "intake": f"{guard('source')}, measure, amount",
        }[ledger]
        path = scratch / f"{ledger}.csv"
        yield (
            _csv(engine, f"SELECT {columns} FROM {ledger}", order, path, MOST_REJECTED),
            "text/csv",
        )


def guard(column: str) -> str:
    """SQL: a text with an apostrophe in front where a spreadsheet would take it for a formula."""
    formula = f"regexp_matches({column}, {_FORMULA})"
    return f"CASE WHEN {formula} THEN '''' || {column} ELSE {column} END AS {column}"


def _guarded(made: Clean) -> str:
    several = [guard(FILE)] if len(made.table.parts) > 1 else []
    cells = [guard(field.sql) if field.kind is Kind.TEXT else field.sql for field in made.fields]
    return f"SELECT {', '.join([*several, LINE, *cells])} FROM {made.sql}"


def _csv(engine: Engine, select: str, order: str, path: Path, most: int | None = None) -> Path:
    limit = f" LIMIT {most}" if most else ""
    engine.run(f"COPY ({select} ORDER BY {order}{limit}) TO {text(str(path))} (FORMAT csv, HEADER)")
    return path


def _moved(path: Path, folder: Path, kind: str) -> Artefact:
    """A file of the scratch folder put among the deliverables without reading it whole."""
    target = folder / path.name
    try:
        shutil.copyfile(path, target)
        path.unlink()
        os.chmod(target, 0o644)
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Artefact(path.name, kind, target.stat().st_size, digest)
    except OSError as error:
        raise StorageFailed(f"Cannot write {path.name}: {error.strerror or error}") from error


def _about(assignment: Assignment, analysis: Analysis) -> dict[str, object]:
    return {
        "goal": assignment.goal,
        "sources": [
            {"name": source.name, "sha256": source.sha256}
            for source in assignment.sources
            if is_data(source)
        ],
        "tables": [
            {
                "name": made.table.name,
                "files": made.table.files,
                "identifier": made.identifier,
                "columns": {field.key: field.label for field in made.fields},
            }
            for made in analysis.tables
        ],
        "sums": [{"whole": one.whole, "parts": one.parts} for one in analysis.sums],
    }


def _charts_json(analysis: Analysis) -> bytes:
    listed = [
        {
            "name": chart.name,
            "kind": chart.kind,
            "title": chart.title,
            "fact": chart.fact.id,
            "x": chart.x,
            "y": chart.y,
            "x_title": chart.x_title,
            "y_title": chart.y_title,
            "alt": chart.alt,
            "mark": chart.mark,
        }
        for chart in analysis.story.charts
    ]
    return (json.dumps(listed, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def fingerprint(engine: Engine, relation: str) -> tuple[int, str]:
    """(rows, a number of all their cells that does not depend on their order)."""
    row = engine.run(
        f"SELECT count(*), sum(CAST(hash(COLUMNS(*)::VARCHAR) AS HUGEINT)) FROM {relation}"
    )[0]
    return int(row[0]), str(row[1:])
