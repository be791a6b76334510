"""The report as Markdown and as one HTML file, in which every number names its computation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from flux_cli.adapters.specialists.analyst.analysis import Analysis
from flux_cli.adapters.specialists.analyst.facts import Fact, Ref
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Bullets,
    Chart,
    Headline,
    Label,
    Paragraph,
    Section,
    Sentence,
    TableOf,
)
from flux_cli.domain.text import visible

MOST_HEADLINES = 7
TEMPLATES = Path(__file__).parent / "templates"
QUERIES = "queries.sql"
LEFT = ("text", "weekday", "day", "week", "month", "quarter", "year")
"""The forms whose column is set from the left; numbers are set from the right."""

METHOD: tuple[str, ...] = (
    "Every number in the text links to the query it comes from. `facts.json` holds each with its "
    "query and rows, `queries.sql` runs them all again over the delivered data.",
    "Money and other decimals are added exactly, as decimals and never as floating-point numbers. "
    "Shares and averages are rounded only where they are shown.",
    "Rows that are broken or repeated are set aside and never guessed at. A cell that cannot be "
    "read is left empty and listed in `cell_issues.csv`; its row stays.",
    "Values far out are those beyond the quartiles by three times the distance between them, or, "
    "where amounts have a long upper end, by one and a half times on the scale of ratios. Unusual "
    "days are those far from the median of the four weeks around and their weekday’s habit.",
)
"""How the work was done, in words without numbers."""


def plain(words: str) -> str:
    """Words that have no power in Markdown or HTML."""
    safe = " ".join(visible(words).split()).replace("\\", "\\\\")
    safe = safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = re.sub(r"([\[\]|`*_~#!])", r"\\\1", safe)
    return safe.replace("://", ":&#47;/")


def title_of(goal: str, analysis: Analysis) -> str:
    """The report's title: the goal, or the files' names."""
    files = ", ".join(file for made in analysis.tables for file in made.table.files)
    return visible(goal.strip())[:160] or f"Analysis of {files}"


def headlines(analysis: Analysis) -> list[Headline]:
    """What the summary says: the heaviest, each sentence once."""
    ordered = sorted(analysis.story.headlines, key=lambda one: -one.weight)
    return list({one.sentence: one for one in ordered}.values())[:MOST_HEADLINES]


def markdown(goal: str, analysis: Analysis) -> str:
    """The text of `report.md`."""
    parts = [f"# {plain(title_of(goal, analysis))}", "## In short"]
    parts.append("\n".join(f"- {sentence_md(one.sentence)}" for one in headlines(analysis)))
    for section in analysis.story.sections:
        parts.append(f"{'#' * (section.depth + (section.depth == 1))} {plain(section.title)}")
        parts += [_block_md(block) for block in section.blocks]
    parts += ["## How this was made", "\n".join(f"- {words}" for words in METHOD)]
    return "\n\n".join(parts) + "\n"


def sentence_md(sentence: Sentence) -> str:
    """A sentence whose numbers are links that name fact, column and row."""
    return "".join(_piece_md(piece) for piece in sentence)


def _piece_md(piece: str | Ref | Label) -> str:
    if isinstance(piece, Label):
        return f"*{plain(piece.text)}*"
    if isinstance(piece, Ref):
        return f'[{plain(piece.shown)}]({QUERIES} "{piece.fact.id} {piece.column} {piece.row}")'
    return piece


def _block_md(block: Block) -> str:
    if isinstance(block, Paragraph):
        return " ".join(sentence_md(one) for one in block.sentences)
    if isinstance(block, Bullets):
        return "\n".join(f"- {sentence_md(one)}" for one in block.items)
    if isinstance(block, Chart):
        return f"![{plain(block.alt)}](charts/{block.name}.png)"
    return table_md(block)


def table_md(table: TableOf) -> str:
    """A fact's values as a Markdown table that names the fact."""
    head = "| " + " | ".join(map(plain, table.headings)) + " |"
    aligned = [":---" if form in LEFT else "---:" for form in table.fact.forms]
    rows = ["| " + " | ".join(map(plain, row)) + " |" for row in table.fact.shown()]
    lines = [head, "| " + " | ".join(aligned) + " |", *rows]
    note = f'\n\n*{plain(table.caption)}* ([computation]({QUERIES} "{table.fact.id}"))'
    return "\n".join(lines) + note


def html(goal: str, analysis: Analysis, pictures: Mapping[str, bytes]) -> str:
    """The text of `report.html`: no script, nothing loaded, pictures inside."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    drawn = {name: Markup(svg.decode()) for name, svg in pictures.items()}  # noqa: S704 - we drew it
    return environment.get_template("report.html.j2").render(
        title=title_of(goal, analysis),
        summary=[one.sentence for one in headlines(analysis)],
        sections=[_section(section) for section in analysis.story.sections],
        files=[part for made in analysis.tables for part in made.table.parts],
        facts=analysis.story.sheet.facts,
        method=[words.split("`") for words in METHOD],
        pictures=drawn,
        kind=kind_of,
        left=LEFT,
        computation=computation_of,
    )


def _section(section: Section) -> dict[str, object]:
    return {"title": section.title, "depth": section.depth, "blocks": section.blocks}


def computation_of(fact: Fact) -> str:
    """What a fact is called in the list of computations."""
    then = f" (rows of the query, then {fact.computed})" if fact.computed else ""
    return f"{fact.id} {fact.label}{then}"


def kind_of(thing: object) -> str:
    """The name of a piece's or block's class, for the template."""
    return type(thing).__name__


def queries_sql(analysis: Analysis, csv_tables: Sequence[str]) -> str:
    """A script that DuckDB runs in the folder of the deliverables."""
    lines = ["-- duckdb < queries.sql, in this folder, computes every number of the report again."]
    for made in analysis.tables:
        lines.append(
            f"CREATE VIEW {made.sql} AS SELECT * FROM 'cleaned_{made.table.name}.parquet';"
        )
    for name in csv_tables:
        lines.append(
            f"CREATE VIEW {name} AS SELECT * FROM read_csv('{name}.csv', header = true, "
            "escape = '\"', quote = '\"', all_varchar = false);"
        )
    for fact in analysis.story.sheet.facts:
        then = f" (then: {fact.computed})" if fact.computed else ""
        lines.append(f"\n-- {fact.id}: {visible(fact.label)}{then}\n{fact.sql};")
    return "\n".join(lines) + "\n"
