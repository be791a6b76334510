"""From sources to a story: read, clean, decide what matters, ask the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from flux_cli.adapters.specialists.analyst.answers import tell_answers
from flux_cli.adapters.specialists.analyst.cleaning import Clean, clean
from flux_cli.adapters.specialists.analyst.engine import Engine
from flux_cli.adapters.specialists.analyst.facts import Fact, FactSheet
from flux_cli.adapters.specialists.analyst.intake import take_in
from flux_cli.adapters.specialists.analyst.overview import tell_overview
from flux_cli.adapters.specialists.analyst.quality import tell_quality
from flux_cli.adapters.specialists.analyst.relations import tell_relations
from flux_cli.adapters.specialists.analyst.segments import tell_segments
from flux_cli.adapters.specialists.analyst.story import Section, Story
from flux_cli.adapters.specialists.analyst.subject import Subject, subject_of
from flux_cli.adapters.specialists.analyst.trends import tell_trends
from flux_cli.adapters.specialists.progress import say
from flux_cli.domain.brief import parse_brief
from flux_cli.domain.work import Assignment
from flux_cli.errors import WorkFailed


@dataclass(frozen=True, slots=True)
class Sum:
    """Columns of facts whose values together make one value of another: (fact, column) each."""

    whole: tuple[str, str]
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything there is to be written down."""

    tables: tuple[Clean, ...]
    story: Story
    sums: tuple[Sum, ...]


def prepare(assignment: Assignment, engine: Engine, folder: Path) -> tuple[Clean, ...]:
    """The cleaned tables of an assignment; the same sources give the same tables."""
    say("reading the data")
    tables = take_in(assignment.sources, folder, engine)
    cleaned = []
    for table in tables:
        say(f"cleaning {table.name}")
        made = clean(engine, table)
        if not engine.run(f"SELECT count(*) FROM {made.sql}")[0][0]:
            raise WorkFailed(f"{table.name} has no row left to analyse")
        cleaned.append(made)
    return tuple(cleaned)


def analyse(assignment: Assignment, engine: Engine, tables: Sequence[Clean]) -> Analysis:
    """Ask every table all that its columns allow."""
    story = Story(FactSheet(engine))
    sums: list[Sum] = []
    subjects = []
    asked = f"{assignment.goal}\n{assignment.brief}"
    for made in tables:
        say(f"analysing {made.table.name}")
        subject = subject_of(engine, made, asked)
        subjects.append(subject)
        if len(tables) > 1:
            story.sections.append(Section(f"The table {made.table.name}", (), 1))
        total = tell_overview(story, subject)
        series = tell_trends(story, subject)
        groups = tell_segments(story, subject)
        tell_relations(story, subject)
        tell_quality(story, subject)
        sums += _sums(story, subject, total, series, groups)
    questions = parse_brief(assignment.brief, assignment.goal).questions
    if questions:
        tell_answers(story, subjects, questions)
        story.sections.insert(0, story.sections.pop())
    return Analysis(tuple(tables), story, tuple(sums))


def _sums(
    story: Story, subject: Subject, total: Fact, series: Fact | None, groups: Sequence[Fact]
) -> list[Sum]:
    """What has to add up: every grouping, and the course of time with the rows without a date."""
    main = subject.main
    if not main.added:
        return [Sum((total.id, "rows"), ((fact.id, "n"),)) for fact in groups]
    column = "n" if main.counts_rows else "value"
    sums = [Sum((total.id, "value"), ((fact.id, column),)) for fact in groups]
    if series is not None and subject.time is not None:
        without = story.sheet.ask(
            f"{main.label} of rows without {subject.time.label}",
            f"SELECT {main.sql} AS value FROM {subject.sql} WHERE {subject.time.sql} IS NULL",
            {"value": main.form},
        )
        sums.append(Sum((total.id, "value"), ((series.id, "value"), (without.id, "value"))))
    return sums


def adds_up(sums: Sequence[Sum], facts: dict[str, Fact]) -> list[str]:
    """The sums that do not hold, as `whole ≠ parts`; money to the last unit."""
    wrong = []
    for one in sums:
        whole = _added(facts, *one.whole)
        parts = sum((_added(facts, *part) for part in one.parts), Decimal(0))
        exact = not any(isinstance(v, float) for v in facts[one.whole[0]].column(one.whole[1]))
        near = abs(whole - parts) <= abs(whole) * Decimal("1e-9")
        if whole != parts and (exact or not near):
            wrong.append(f"{one.whole[0]}: {whole} ≠ {parts}")
    return wrong


def _added(facts: dict[str, Fact], fact: str, column: str) -> Decimal:
    values = facts[fact].column(column)
    return sum((Decimal(str(value)) for value in values if value is not None), Decimal(0))
