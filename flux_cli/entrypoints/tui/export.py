"""A view as files: JSON, CSV and Markdown of its tables, and an SVG of the screen."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from flux_cli.domain.text import visible
from flux_cli.usecases.dashboard_view import Table, View

if TYPE_CHECKING:
    from flux_cli.entrypoints.tui.app import FluxApp

FORMULA = ("=", "+", "-", "@")


def export_view(app: FluxApp, view: View) -> str:
    """Write `flux-<view>.json|csv|md|svg` into the working folder; what was done, in words."""
    from flux_cli.entrypoints.tui.snapshot import plain_svg

    words = "".join(letter if letter.isalnum() else "-" for letter in view.title.lower())
    stem = "flux-" + "-".join(part for part in words.split("-") if part)[:60]
    tables = [panel for panel in (*view.main, *view.side) if isinstance(panel, Table)]
    texts = {
        "json": as_json(view.title, tables),
        "csv": as_csv(tables),
        "md": as_markdown(view.title, tables),
        "svg": plain_svg(app),
    }
    try:
        for ending, text in texts.items():
            Path(f"{stem}.{ending}").write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        return f"cannot write {stem}: {error.strerror}"
    return f"wrote {stem}.json, .csv, .md and .svg"


def as_json(title: str, tables: list[Table]) -> str:
    """Every table with its rows by heading."""
    shown = [
        {
            "title": table.title,
            "rows": [
                {"id": row.ref.id if row.ref else None}
                | {
                    column.title: cell.text
                    for column, cell in zip(table.columns, row.cells, strict=True)
                }
                for row in table.rows
            ],
        }
        for table in tables
    ]
    return json.dumps({"view": title, "tables": shown}, indent=2, ensure_ascii=False) + "\n"


def as_csv(tables: list[Table]) -> str:
    """The rows of the tables, each table under its headings; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    for table in tables:
        writer.writerow(["table", "id", *(column.title for column in table.columns)])
        for row in table.rows:
            cells = [_inert(cell.text) for cell in row.cells]
            writer.writerow([table.title, row.ref.id if row.ref else "", *cells])
    return text.getvalue()


def _inert(text: str) -> str:
    shown = visible(text)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown


def as_markdown(title: str, tables: list[Table]) -> str:
    """The tables as Markdown."""
    lines = [f"# {_escaped(title)}"]
    for table in tables:
        lines += ["", f"## {_escaped(table.title)}", ""]
        lines.append("| " + " | ".join(column.title or " " for column in table.columns) + " |")
        lines.append("|" + "---|" * len(table.columns))
        lines += [
            "| " + " | ".join(_escaped(cell.text) for cell in row.cells) + " |"
            for row in table.rows
        ]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    marks = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|#"})
    return visible(text).translate(marks)
