"""What was wrong with the data and what was done about it, as a chapter of the report."""

from __future__ import annotations

from flux_cli.adapters.specialists.analyst.cleaning import Clean, Field
from flux_cli.adapters.specialists.analyst.columns import Kind
from flux_cli.adapters.specialists.analyst.engine import text
from flux_cli.adapters.specialists.analyst.facts import Fact
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Bullets,
    Label,
    Paragraph,
    Sentence,
    Story,
    TableOf,
)
from flux_cli.adapters.specialists.analyst.subject import Subject

MOST_DISTINCT_ROWS = 1_000_000
"""Rows up to which different values are counted exactly."""

MOST_COLUMNS_SHOWN = 40


def tell_quality(story: Story, subject: Subject) -> None:
    """Add the chapter on the data's quality, and its headline."""
    clean = subject.clean
    rows = _rows(story, clean)
    blocks: list[Block] = [_account(story, clean, rows), *_reasons(story, clean)]
    notes = [*_issue_notes(story, clean), *_reading_notes(story, clean)]
    if notes:
        blocks.append(Bullets(tuple(notes)))
    blocks += _cells(story, clean)
    blocks.append(_columns(story, subject))
    story.section("Data quality", blocks)


def _files(clean: Clean) -> str:
    return ", ".join(text(part.file) for part in clean.table.parts)


def _rows(story: Story, clean: Clean) -> Fact:
    files = _files(clean)
    return story.sheet.ask(
        f"rows read, kept and set aside in {clean.table.name}",
        f"SELECT CAST((SELECT sum(amount) FROM intake WHERE measure = 'rows read' AND source IN"
        f" ({files})) AS BIGINT) AS read, (SELECT count(*) FROM {clean.sql}) AS kept,"
        f" (SELECT count(*) FROM rejected_rows WHERE source IN ({files})) AS aside,"
        f" (SELECT count(*) FROM rejected_rows WHERE source IN ({files})) / (SELECT sum(amount)"
        f" FROM intake WHERE measure = 'rows read' AND source IN ({files})) AS share",
        {"read": "count", "kept": "count", "aside": "count", "share": "share"},
    )


def _account(story: Story, clean: Clean, rows: Fact) -> Paragraph:
    opening: Sentence = (
        rows.at("read"), " rows were read from ", *_named_files(clean), ". ",
        rows.at("kept"), " were kept and analysed; ", rows.at("aside"), " were set aside (",
        rows.at("share"), "). The two make up every row that was read.",
    )  # fmt: skip
    if rows.number("aside"):
        weight = 63 + min(30.0, rows.number("share") * 300)
        story.headline(
            weight,
            ("Data quality: ", rows.at("aside"), " of ", rows.at("read"), " rows (",
             rows.at("share"), ") were set aside as broken or repeated and count towards no "
             "figure here."),
            "quality", "good", "clean", "trust", "reliable", "complete", "rows", "broken",
            "duplicates", "repeated",
        )  # fmt: skip
        return Paragraph(
            (opening, ("The rows set aside are in `rejected_rows.csv`, each with its line and the "
                       "reason, so that they can be repaired and added.",))
        )  # fmt: skip
    return Paragraph((opening,))


def _named_files(clean: Clean) -> tuple[Label | str, ...]:
    named: list[Label | str] = []
    for number, part in enumerate(clean.table.parts):
        named += [", "] if number else []
        named.append(Label(part.file))
    return tuple(named)


def _reasons(story: Story, clean: Clean) -> list[Block]:
    fact = story.sheet.ask(
        f"reasons for setting rows aside in {clean.table.name}",
        "SELECT CASE WHEN starts_with(reason, 'the same record') THEN 'a record that is there"
        f" already' ELSE regexp_replace(reason, ':.*', '') END AS why, count(*) AS n"
        f" FROM rejected_rows WHERE source IN ({_files(clean)})"
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 15",
        {"why": "text", "n": "count"},
    )
    if not fact.values:
        return []
    return [TableOf(fact, ("Why rows were set aside", "Rows"), "Rows set aside, by reason")]


def _cells(story: Story, clean: Clean) -> list[Block]:
    fact = story.sheet.ask(
        f"cells that could not be read in {clean.table.name}",
        "SELECT field, any_value(reason) AS why, count(*) AS n, min(content) AS example"
        f" FROM cell_issues WHERE source IN ({_files(clean)}) GROUP BY 1 ORDER BY 3 DESC, 1"
        " LIMIT 20",
        {"field": "text", "why": "text", "n": "count", "example": "text"},
    )
    if not fact.values:
        return []
    headings = ("Column", "What is wrong", "Cells", "Example")
    return [TableOf(fact, headings, "Cells left empty because they could not be read")]


def _noted(story: Story, clean: Clean, measure: str) -> Fact:
    return story.sheet.ask(
        f"{measure} in {clean.table.name}",
        f"SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) AS n FROM intake"
        f" WHERE measure = {text(measure)} AND source IN ({_files(clean)})",
        {"n": "count"},
    )


def _issue_notes(story: Story, clean: Clean) -> list[Sentence]:
    """How cells that can be read in two ways were read, column by column."""
    notes: list[Sentence] = []
    for field in _source_fields(clean):
        column = field.column
        if column is None or not column.undecided:
            continue
        if field.kind is Kind.DATE:
            noted = _noted(story, clean, f"dates read by a rule: {column.key}")
            rule = ", ".join(
                f"{'day' if first else 'month'} first between “{separator}”"
                for separator, first in column.day_first
            )
            why = "the column has both orders" if column.conflicting else "no cell shows the order"
            notes.append(
                ("In ", Label(column.label), ", ", noted.at("n"), " dates can be read in two ways "
                 f"({why}). They were read with the {rule}. Please confirm.")
            )  # fmt: skip
        elif column.conflicting:
            noted = _noted(story, clean, f"numbers read by a rule: {column.key}")
            sign = "comma" if column.mark == "," else "dot"
            notes.append(
                ("In ", Label(column.label), ", points and commas are used both ways. ",
                 noted.at("n"), " cells that could mean either were read with the "
                 f"{sign} as decimal mark, like most of the column.")
            )  # fmt: skip
    return notes


def _source_fields(clean: Clean) -> list[Field]:
    seen: dict[str, Field] = {}
    for field in clean.fields:
        if field.column is not None:
            seen.setdefault(field.column.key, field)
    return list(seen.values())


_READ = {
    "lines in Windows-1252": ("line", "in the old Western encoding of Windows, read as such"),
    "unreadable characters": ("character", "that could not be decoded and shows as �"),
    "zero bytes removed": ("zero byte", "taken out"),
    "lines before the header": ("line", "before the header, skipped"),
    "repeated rows kept": ("row", "the same as an earlier one in every column, kept because no "
                           "column identifies a record and two sales may be alike"),
}  # fmt: skip


def _reading_notes(story: Story, clean: Clean) -> list[Sentence]:
    notes: list[Sentence] = []
    for measure, (noun, words) in _READ.items():
        fact = _noted(story, clean, measure)
        if fact.number("n"):
            many = "" if fact.number("n") == 1 else "s"
            notes.append((fact.at("n"), f" {noun}{many} {words}."))
    for key, _, _ in clean.merged:
        fact = story.sheet.ask(
            f"spellings merged in {key}",
            "SELECT max(amount) FILTER (measure = " + text(f"spellings before: {key}") + ") AS a,"
            " max(amount) FILTER (measure = " + text(f"spellings after: {key}") + ") AS b"
            f" FROM intake WHERE source IN ({_files(clean)})",
            {"a": "count", "b": "count"},
        )
        notes.append(
            ("In ", Label(clean.field(key).label), ", ", fact.at("a"), " spellings that differ "
             "only in case or spaces became ", fact.at("b"), " values.")
        )  # fmt: skip
    for field in _source_fields(clean):
        column = field.column
        if column is not None and len(column.families) > 1:
            ways = ", ".join(column.families)
            notes.append(
                (
                    "Dates in ",
                    Label(column.label),
                    f" come in several forms: {ways}.",
                )
            )
        if column is not None and len(column.currencies) > 1:
            notes.append(
                ("Money in ", Label(column.label), " comes in several currencies: "
                 f"{', '.join(column.currencies)}. They are never added together.")
            )  # fmt: skip
    return notes


def _columns(story: Story, subject: Subject) -> TableOf:
    """A line for every column: what it holds, how full it is, from what to what."""
    clean = subject.clean
    exact = subject.rows <= MOST_DISTINCT_ROWS
    lines = []
    for field in clean.fields[:MOST_COLUMNS_SHOWN]:
        distinct = (
            f"count(DISTINCT {field.sql})" if exact else f"approx_count_distinct({field.sql})"
        )
        lines.append(
            f"SELECT {text(field.label)} AS label, {text(field.kind.value)} AS kind,"
            f" count(*) - count({field.sql}) AS missing,"
            f" (count(*) - count({field.sql})) / count(*) AS share, {distinct} AS different,"
            f" CAST(min({field.sql}) AS VARCHAR) AS lowest, CAST(max({field.sql}) AS VARCHAR)"
            f" AS highest FROM {clean.sql}"
        )
    fact = story.sheet.ask(
        f"profile of {clean.table.name}",
        " UNION ALL ".join(lines),
        {"label": "text", "kind": "text", "missing": "count", "share": "share",
         "different": "count", "lowest": "text", "highest": "text"},
    )  # fmt: skip
    _missing_headline(story, subject, fact)
    headings = ("Column", "Holds", "Missing", "Share missing", "Different", "Lowest", "Highest")
    caption = "Every column once cleaned" + ("" if exact else "; different values are estimated")
    return TableOf(fact, headings, caption)


def _missing_headline(story: Story, subject: Subject, fact: Fact) -> None:
    for number, (field, row) in enumerate(zip(subject.clean.fields, fact.values, strict=False)):
        share = float(row[3] or 0)
        if field.key == subject.main.key and share >= 0.01:
            story.headline(
                45 + 100 * share,
                ("In ", fact.at("missing", number), " rows (", fact.at("share", number), ") there "
                 "is no ", Label(field.label), "; totals and averages are of the other rows."),
                "quality", "missing", field.key,
            )  # fmt: skip
