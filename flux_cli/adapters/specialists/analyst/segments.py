"""Groups of rows side by side: what each has of the whole, and how much hangs on a few."""

from __future__ import annotations

from flux_cli.adapters.specialists.analyst.cleaning import Field
from flux_cli.adapters.specialists.analyst.engine import text
from flux_cli.adapters.specialists.analyst.facts import Fact
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Chart,
    Label,
    Paragraph,
    Sentence,
    Story,
    TableOf,
)
from flux_cli.adapters.specialists.analyst.subject import Measure, Subject

MOST_SHOWN = 12
MOST_PICTURED = 3
OTHERS, NOTHING = "all others", "(empty)"


def tell_segments(story: Story, subject: Subject) -> list[Fact]:
    """Add a section for each grouping; gives back the facts whose parts make the total."""
    facts = []
    for place, field in enumerate(subject.categories):
        fact = _groups(story, subject, field)
        facts.append(fact)
        blocks: list[Block] = [_leader(story, subject, field, fact, place)]
        if place < MOST_PICTURED:
            blocks.append(_picture(story, subject, field, fact))
        headings = (field.label, "Rows", *_headings(subject.main))
        blocks.append(TableOf(fact, headings, _caption(subject.main, field)))
        story.section(f"By {field.label}", blocks)
    for field in subject.entities:
        _concentration(story, subject, field)
    return facts


def _headings(main: Measure) -> tuple[str, ...]:
    if main.counts_rows:
        return ("Share of rows",)
    if main.added:
        return (main.label, "Share", "Average", "Median")
    return (f"Average {main.label}", "Median")


def _caption(main: Measure, field: Field) -> str:
    whole = "the rows" if main.counts_rows else main.label
    return f"{whole} by {field.label}" + ("; the parts add up to the total" if main.added else "")


def level_of(story: Story, subject: Subject, field: Field) -> str:
    """SQL: a row's group in `field`, the small ones together and the empty ones named."""
    top = story.sheet.engine.run(
        f"SELECT {field.sql} FROM {subject.sql} WHERE {field.sql} IS NOT NULL GROUP BY 1"
        f" ORDER BY {_order(subject.main)} DESC NULLS LAST, 1 LIMIT {MOST_SHOWN}"
    )
    listed = ", ".join(text(str(row[0])) for row in top)
    cell = f"CAST({field.sql} AS VARCHAR)"
    return (
        f"CASE WHEN {field.sql} IS NULL THEN {text(NOTHING)} WHEN {cell} IN ({listed})"
        f" THEN {cell} ELSE {text(OTHERS)} END"
    )


def _order(main: Measure) -> str:
    return main.sql if main.added else "count(*)"


def _groups(story: Story, subject: Subject, field: Field) -> Fact:
    main = subject.main
    level = level_of(story, subject, field)
    forms = {"level": "text", "n": "count"}
    if main.counts_rows:
        parts, forms = ", n / sum(n) OVER () AS share", forms | {"share": "share"}
        inner = ""
    elif main.added:
        inner = f", {main.sql} AS value, avg({main.cell}) AS mean, median({main.cell}) AS middle"
        parts = ", value, CAST(value AS DOUBLE) / sum(value) OVER () AS share, mean, middle"
        forms |= {"value": main.form, "share": "share", "mean": main.form, "middle": main.form}
    else:
        inner = f", {main.sql} AS value, median({main.cell}) AS middle"
        parts, forms = ", value, middle", forms | {"value": main.form, "middle": main.form}
    last = "value" if main.added and not main.counts_rows else "n"
    return story.sheet.ask(
        f"{main.label} by {field.label}",
        f"SELECT level, n{parts} FROM (SELECT {level} AS level, count(*) AS n{inner}"
        f" FROM {subject.sql} GROUP BY 1) ORDER BY level IN ({text(OTHERS)}, {text(NOTHING)}),"
        f" {last} DESC NULLS LAST, level",
        forms,
    )


_ASKED = ("which", "segment", "group", "largest", "best", "share", "earn", "sell", "sold", "top",
          "important")  # fmt: skip


def _leader(story: Story, subject: Subject, field: Field, fact: Fact, place: int) -> Paragraph:
    """The sentence that names a grouping's largest and smallest part."""
    main = subject.main
    sentence: Sentence
    if main.added:
        sentence = _largest(main, field, fact)
        fair = 1 / max(1, len(fact.values))
        weight = 55 + 40 * (fact.number("share") - fair) - 8 * place
    else:
        found = _highest(main, field, fact)
        if found is None:
            return Paragraph(((Label(field.label), " has one group with values."),))
        sentence, weight = found, 50.0 - 8 * place
    story.headline(weight, sentence, field.key, main.key, *_ASKED)
    return Paragraph((sentence,))


def _largest(main: Measure, field: Field, fact: Fact) -> Sentence:
    column = "n" if main.counts_rows else "value"
    sentence: Sentence = (
        Label(field.label), " ", fact.at("level"), " has the most ", Label(main.label), ": ",
        fact.at(column), ", ", fact.at("share"), " of the whole.",
    )  # fmt: skip
    last = sum(row[0] not in (OTHERS, NOTHING) for row in fact.values) - 1
    if last > 0:
        sentence += (
            " Least of those listed has ", fact.at("level", last), " with ",
            fact.at(column, last), ".",
        )  # fmt: skip
    return sentence


def _highest(main: Measure, field: Field, fact: Fact) -> Sentence | None:
    order = [
        row
        for row, cells in enumerate(fact.values)
        if fact.at("value", row).value is not None and cells[0] != NOTHING
    ]
    order.sort(key=lambda row: -fact.number("value", row))
    if len(order) < 2:
        return None
    return (
        "On average ", Label(main.label), " is highest in ", Label(field.label), " ",
        fact.at("level", order[0]), " (", fact.at("value", order[0]), ") and lowest in ",
        fact.at("level", order[-1]), " (", fact.at("value", order[-1]), ").",
    )  # fmt: skip


def _picture(story: Story, subject: Subject, field: Field, fact: Fact) -> Chart:
    main = subject.main
    y = "n" if main.counts_rows else "value"
    title = "Rows" if main.counts_rows else (main.label if main.added else f"Average {main.label}")
    return story.chart(
        Chart(
            f"{subject.clean.table.name}-by-{field.key}",
            "bars",
            f"{title} by {field.label}: {fact.at('level').shown} leads"
            if main.added
            else f"{title} by {field.label}",
            fact,
            "level",
            y,
            field.label,
            title,
            f"Bar chart of {title} by {field.label}, the largest first",
        )
    )


def _concentration(story: Story, subject: Subject, field: Field) -> None:
    """How much of the whole the largest tenth has, and which the largest are."""
    main = subject.main
    if not main.added:
        return
    value = main.sql
    fact = story.sheet.ask(
        f"how much of {main.label} the largest {field.label} have",
        f"SELECT count(*) AS many, count(*) FILTER (place <= 0.1) AS tenth,"
        " CAST(sum(v) FILTER (place <= 0.1) AS DOUBLE) / sum(v) AS share FROM ("
        f"SELECT v, row_number() OVER (ORDER BY v DESC, k) / count(*) OVER () AS place FROM ("
        f"SELECT {field.sql} AS k, {value} AS v FROM {subject.sql} WHERE {field.sql} IS NOT NULL"
        " GROUP BY 1) WHERE v IS NOT NULL)",
        {"many": "count", "tenth": "count", "share": "share"},
    )
    top = story.sheet.ask(
        f"largest {field.label}",
        f"SELECT {field.sql} AS k, count(*) AS n, {value} AS v,"
        f" CAST({value} AS DOUBLE) / (SELECT {value} FROM {subject.sql}) AS share"
        f" FROM {subject.sql} WHERE {field.sql} IS NOT NULL GROUP BY 1"
        f" ORDER BY v DESC NULLS LAST, k LIMIT 10",
        {"k": "text", "n": "count", "v": main.form, "share": "share"},
    )
    sentence = (
        "There are ", fact.at("many"), " different values of ", Label(field.label),
        ". The largest tenth, ", fact.at("tenth"), " of them, makes ", fact.at("share"),
        " of ", Label(main.label), ".",
    )  # fmt: skip
    weight = 25 + 60 * max(0.0, fact.number("share") - 0.3)
    story.headline(weight, sentence, field.key, "concentration", "top", "largest", "depend", "best")
    headings = (field.label, "Rows", main.label, "Share")
    story.section(
        f"Largest by {field.label}",
        [
            Paragraph((sentence,)),
            TableOf(top, headings, f"The largest {field.label} by {main.label}"),
        ],
    )
