"""Questions that a table answers: the statement, its numbers, and how they were computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flux_cli.adapters.specialists.analyst.asking import Asked, Over, Span, understood
from flux_cli.adapters.specialists.analyst.cleaning import Field
from flux_cli.adapters.specialists.analyst.story import Label, Piece, Sentence, Story, listed
from flux_cli.adapters.specialists.analyst.subject import Measure, Subject

MOST_LEVELS = 2000
MOST_LISTED = 12


def reply(story: Story, subjects: Sequence[Subject], question: str) -> tuple[Sentence, ...]:
    """The answer of the first table that understands the question, () where none does."""
    for subject in subjects:

        def levels(one: Field, subject: Subject = subject) -> list[str]:
            rows = story.sheet.engine.run(
                f"SELECT DISTINCT CAST({one.sql} AS VARCHAR) FROM {subject.sql}"
                f" WHERE {one.sql} IS NOT NULL ORDER BY 1 LIMIT {MOST_LEVELS}"
            )
            return [str(row[0]) for row in rows]

        asked = understood(subject, question, levels)
        if asked is None:
            continue
        return _DO[asked.does](story, subject, asked)
    return ()


def _rows(subject: Subject, asked: Asked, *more: str) -> str:
    """SQL: the rows that count."""
    parts = [one.sql for one in asked.only] + [p for p in more if p]
    if len(asked.spans) == 1:
        parts.append(_within(subject, asked.spans[0]))
    return f"FROM {subject.sql}" + (f" WHERE {' AND '.join(parts)}" if parts else "")


def _within(subject: Subject, span: Span) -> str:
    assert subject.time is not None, "a span needs a time"
    time = subject.time.sql
    return f"{time} >= DATE '{span.first}' AND {time} < DATE '{span.last}'"


def _which(story: Story, asked: Asked, *, timed: bool = True) -> list[Piece]:
    """Which rows count, in words."""
    pieces: list[Piece] = []
    for one in asked.only:
        pieces += [" where ", Label(one.field.label), " is ", Label(one.value)]
    for span in asked.spans if timed else ():
        pieces += [" in ", _when(story, span)]
    return pieces


def _when(story: Story, span: Span) -> Piece:
    """The period's name; it is a number of the report, so it is a fact too."""
    label = f"the {span.form} that begins on {span.first}"
    known = next((fact for fact in story.sheet.facts if fact.label == label), None)
    fact = known or story.sheet.ask(label, f"SELECT DATE '{span.first}' AS day", {"day": span.form})
    return fact.at("day")


def _what(measure: Measure) -> list[Piece]:
    """How a measure is computed, in words."""
    if measure.counts_rows:
        return ["number of rows"]
    return ["sum of " if measure.sql.startswith("sum(") else "average of ", Label(measure.label)]


def _computed(*pieces: Piece) -> Sentence:
    return ("Computation: ", *pieces, ".")


def _rank(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    if not asked.over:
        return _extreme(story, subject, asked)
    answers: list[Sentence] = []
    for over in asked.over:
        answers += _ranked(story, subject, asked, over)
    return tuple(answers)


def _ranked(story: Story, subject: Subject, asked: Asked, over: Over) -> list[Sentence]:
    (measure,) = asked.measures
    share = ", CAST(value AS DOUBLE) / sum(value) OVER () AS share" if measure.added else ""
    forms = {"level": over.form, "n": "count", "value": measure.form}
    fact = story.sheet.ask(
        f"{measure.label} by {over.label}, for a question",
        f"SELECT level, n, value{share} FROM (SELECT {over.sql} AS level, count(*) AS n,"
        f" {measure.sql} AS value {_rows(subject, asked, f'{over.sql} IS NOT NULL')} GROUP BY 1)"
        f" WHERE value IS NOT NULL ORDER BY value {'ASC' if asked.least else 'DESC'}, level"
        f" LIMIT {max(asked.top, 2)}",
        forms | ({"share": "share"} if share else {}),
    )
    if not fact.values:
        return [_nothing(story, asked)]
    word = "least" if asked.least else "most"
    how: list[Piece] = [*_what(measure), " over the rows of each ", Label(over.label)]
    if asked.top > 1:
        first: list[Piece] = ["The ", Label(over.label), " with the ", word, " "]
        items: list[Sentence] = [
            (fact.at("level", row), " with ", fact.at("value", row))
            for row in range(min(asked.top, len(fact.values)))
        ]
        said = (*first, *_named(measure), *_which(story, asked), ": ", *listed(items), ".")
        return [said, _computed(*how, *_which(story, asked))]
    pieces: list[Piece] = [
        fact.at("level"), " has the ", _word(measure, least=asked.least), *_named(measure),
        *_which(story, asked), ": ", fact.at("value"),
    ]  # fmt: skip
    if share:
        pieces += [", ", fact.at("share"), " of the whole"]
    if len(fact.values) > 1:
        pieces += ["; next is ", fact.at("level", 1), " with ", fact.at("value", 1)]
    return [(*pieces, "."), _computed(*how, *_which(story, asked))]


def _word(measure: Measure, *, least: bool) -> str:
    if measure.added:
        return "least " if least else "most "
    return "lowest average " if least else "highest average "


def _named(measure: Measure) -> list[Piece]:
    return [Label(measure.label)]


def _extreme(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    """The one row with the largest or smallest value."""
    (measure,) = asked.measures
    cell = measure.cell if measure.cell else ""
    if not cell:
        return (_nothing(story, asked),)
    end = "min" if asked.least else "max"
    word = "smallest" if asked.least else "largest"
    fact = story.sheet.ask(
        f"{word} {measure.label}, for a question",
        f"SELECT {end}({cell}) AS value, count({cell}) AS n {_rows(subject, asked)}",
        {"value": measure.cell_form, "n": "count"},
    )
    if fact.values[0][0] is None:
        return (_nothing(story, asked),)
    return (
        (f"The {word} ", Label(measure.label), " of one row", *_which(story, asked), " is ",
         fact.at("value"), "."),
        _computed(f"{word} value of ", Label(measure.label), " among ", fact.at("n"), " rows"),
    )  # fmt: skip


def _share(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    (measure,) = asked.measures
    if asked.over and not asked.only:
        (over,) = asked.over
        fact = story.sheet.ask(
            f"share of {measure.label} by {over.label}, for a question",
            f"SELECT level, value, CAST(value AS DOUBLE) / sum(value) OVER () AS share FROM"
            f" (SELECT {over.sql} AS level, {measure.sql} AS value"
            f" {_rows(subject, asked, f'{over.sql} IS NOT NULL')} GROUP BY 1)"
            f" WHERE value IS NOT NULL ORDER BY value DESC, level LIMIT {MOST_LISTED}",
            {"level": over.form, "value": measure.form, "share": "share"},
        )
        items: list[Sentence] = [
            (fact.at("level", row), " ", fact.at("share", row)) for row in range(len(fact.values))
        ]
        how = _computed(*_what(measure), " of each ", Label(over.label), " over that of all")
        said = ("Shares of the ", *_what(measure), " by ", Label(over.label), ": ")
        return ((*said, *listed(items), "."), how)
    condition = " AND ".join(one.sql for one in asked.only)
    rows = _rows(subject, replace(asked, only=()))
    fact = story.sheet.ask(
        f"share of {measure.label}, for a question",
        f"SELECT part, whole, CAST(part AS DOUBLE) / whole AS share FROM (SELECT"
        f" {measure.sql} FILTER ({condition}) AS part, {measure.sql} AS whole {rows})",
        {"part": measure.form, "whole": measure.form, "share": "share"},
    )
    if fact.values[0][2] is None:
        return (_nothing(story, asked),)
    time = _which(story, replace(asked, only=()))
    where = _which(story, asked, timed=False)
    return (
        (fact.at("share"), " of the ", *_what(measure), *time, " comes from the rows", *where,
         ": ", fact.at("part"), " of ", fact.at("whole"), "."),
        _computed(*_what(measure), *where, " over that of all rows", *time),
    )  # fmt: skip


def _change(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    (measure,), (one, other) = asked.measures, asked.spans
    rows = _rows(subject, asked)
    fact = story.sheet.ask(
        f"{measure.label} in two periods, for a question",
        f"SELECT a, b, b - a AS change, CASE WHEN a > 0 THEN CAST(b AS DOUBLE) / CAST(a AS DOUBLE)"
        f" - 1 END AS relative FROM (SELECT {measure.sql} FILTER ({_within(subject, one)}) AS a,"
        f" {measure.sql} FILTER ({_within(subject, other)}) AS b {rows})",
        {"a": measure.form, "b": measure.form, "change": measure.form, "relative": "share:signed"},
    )
    a, b = fact.values[0][:2]
    if measure.counts_rows and not (a and b):
        a = None
    if a is None or b is None:
        return (_nothing(story, asked),)
    pieces: list[Piece] = [
        *_subject_of(measure), *_which(story, asked, timed=False), " went from ", fact.at("a"),
        " in ", _when(story, one), " to ", fact.at("b"), " in ", _when(story, other), ": ",
        fact.at("change"),
    ]  # fmt: skip
    if fact.values[0][3] is not None:
        pieces += [", ", fact.at("relative")]
    how: list[Piece] = [
        *_what(measure),
        *_which(story, asked, timed=False),
        " in each period, the later less",
    ]
    return ((*pieces, "."), _computed(*how, " the earlier"))


def _mean(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    """Averages and medians: of rows, of each group, or of what each period or name adds up to."""
    (measure,) = asked.measures
    word, function = ("Median", "median") if asked.does == "median" else ("Average", "avg")
    if not asked.over:
        fact = story.sheet.ask(
            f"{word.lower()} {measure.label}, for a question",
            f"SELECT {function}({measure.cell}) AS value, count({measure.cell}) AS n"
            f" {_rows(subject, asked)}",
            {"value": measure.cell_form, "n": "count"},
        )
        if fact.values[0][0] is None:
            return (_nothing(story, asked),)
        said = (
            f"{word} ",
            Label(measure.label),
            *_which(story, asked),
            ": ",
            fact.at("value"),
            ".",
        )
        label = Label(measure.label)
        how = _computed(f"{word.lower()} of ", label, " over ", fact.at("n"), " rows")
        return (said, how)
    (over,) = asked.over
    if measure.added and (not over.several or _is_entity(subject, over)):
        return _each(story, subject, asked, over, word, function)
    fact = story.sheet.ask(
        f"{word.lower()} {measure.label} by {over.label}, for a question",
        f"SELECT {over.sql} AS level, {function}({measure.cell}) AS value, count({measure.cell})"
        f" AS n {_rows(subject, asked, f'{over.sql} IS NOT NULL')} GROUP BY 1"
        f" HAVING value IS NOT NULL ORDER BY value DESC, level LIMIT {MOST_LISTED}",
        {"level": over.form, "value": measure.cell_form, "n": "count"},
    )
    if not fact.values:
        return (_nothing(story, asked),)
    items: list[Sentence] = [
        (fact.at("level", row), " ", fact.at("value", row)) for row in range(len(fact.values))
    ]
    how = _computed(f"{word.lower()} of ", Label(measure.label), " over the rows of each ",
                    Label(over.label))  # fmt: skip
    said = (f"{word} ", Label(measure.label), *_which(story, asked), " by ", Label(over.label),
            ": ", *listed(items), ".")  # fmt: skip
    return (said, how)


def _is_entity(subject: Subject, over: Over) -> bool:
    return any(over.label == one.label for one in subject.entities)


def _each(
    story: Story, subject: Subject, asked: Asked, over: Over, word: str, function: str
) -> tuple[Sentence, ...]:
    """The average of what every period, or every name, adds up to."""
    (measure,) = asked.measures
    fact = story.sheet.ask(
        f"{word.lower()} {measure.label} per {over.noun}, for a question",
        f"SELECT {function}(value) AS value, count(value) AS many FROM (SELECT {over.sql} AS level,"
        f" {measure.sql} AS value {_rows(subject, asked, f'{over.sql} IS NOT NULL')} GROUP BY 1)",
        {"value": measure.form, "many": "count"},
    )
    if fact.values[0][0] is None:
        return (_nothing(story, asked),)
    said = (f"{word} ", Label(measure.label), *_which(story, asked), " per ", Label(over.noun),
            ": ", fact.at("value"), ".")  # fmt: skip
    how = _computed(f"{word.lower()} over ", fact.at("many"), " ", Label(over.noun),
                    " totals, each the ", *_what(measure))  # fmt: skip
    return (said, how)


def _total(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    (measure,) = asked.measures
    fact = story.sheet.ask(
        f"{measure.label} as asked",
        f"SELECT {measure.sql} AS value, count(*) AS n {_rows(subject, asked)}",
        {"value": measure.form, "n": "count"},
    )
    if not fact.values[0][1]:
        return (_nothing(story, asked),)
    said = (*_opening(measure), *_which(story, asked), ": ", fact.at("value"), ".")
    return (said, _computed(*_what(measure), *_which(story, asked), ", ", fact.at("n"), " rows"))


def _list(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    """A total of every group, the largest first."""
    (measure,), (over,) = asked.measures, asked.over
    fact = story.sheet.ask(
        f"{measure.label} of each {over.label}, for a question",
        f"SELECT {over.sql} AS level, {measure.sql} AS value"
        f" {_rows(subject, asked, f'{over.sql} IS NOT NULL')} GROUP BY 1"
        f" HAVING value IS NOT NULL ORDER BY value DESC, level LIMIT {MOST_LISTED}",
        {"level": over.form, "value": measure.form},
    )
    if not fact.values:
        return (_nothing(story, asked),)
    items: list[Sentence] = [
        (fact.at("level", row), " ", fact.at("value", row)) for row in range(len(fact.values))
    ]
    which = _which(story, asked)
    said = (*_opening(measure), *which, " by ", Label(over.label), ": ", *listed(items), ".")
    how = _computed(*_what(measure), " over the rows of each ", Label(over.label), *which)
    return (said, how)


def _subject_of(measure: Measure) -> list[Piece]:
    return ["The number of rows"] if measure.counts_rows else [Label(measure.label)]


def _opening(measure: Measure) -> list[Piece]:
    if measure.counts_rows:
        return ["Number of rows"]
    return [f"{measure.phrase} ", Label(measure.label)]


def _count(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    assert asked.distinct is not None, "it counts the values of a column"
    column = asked.distinct
    fact = story.sheet.ask(
        f"different values of {column.label}, for a question",
        f"SELECT count(DISTINCT {column.sql}) AS many, count({column.sql}) AS n"
        f" {_rows(subject, asked)}",
        {"many": "count", "n": "count"},
    )
    said = ("There are ", fact.at("many"), " different values of ", Label(column.label),
            *_which(story, asked), ".")  # fmt: skip
    return (said, _computed("different values of ", Label(column.label), " among ", fact.at("n"),
                            " rows that have one"))  # fmt: skip


STRENGTHS = ((0.7, "a strong"), (0.4, "a moderate"), (0.2, "a weak"))


def _correlation(story: Story, subject: Subject, asked: Asked) -> tuple[Sentence, ...]:
    one, other = asked.measures
    a, b = (f"CAST({measure.cell} AS DOUBLE)" for measure in (one, other))
    fact = story.sheet.ask(
        f"correlation of {one.label} and {other.label}, for a question",
        f"SELECT corr({a}, {b}) AS r, count(*) FILTER ({one.cell} IS NOT NULL AND"
        f" {other.cell} IS NOT NULL) AS n {_rows(subject, asked)}",
        {"r": "effect", "n": "count"},
    )
    if fact.values[0][0] is None:
        return (_nothing(story, asked),)
    size = abs(fact.number("r"))
    strength = next((word for least, word in STRENGTHS if size >= least), "no clear")
    way = "rise together" if fact.number("r") > 0 else "go opposite ways"
    end = f"; they {way}." if size >= STRENGTHS[-1][0] else "."
    said = (Label(one.label), " and ", Label(other.label), *_which(story, asked),
            f" have {strength} correlation, r = ", fact.at("r"), end)  # fmt: skip
    return (said, _computed("Pearson’s r over ", fact.at("n"), " rows that have both"))


def _nothing(story: Story, asked: Asked) -> Sentence:
    return ("The data does not answer this: no row", *_which(story, asked), " has a value.")


_DO = {
    "rank": _rank,
    "share": _share,
    "change": _change,
    "average": _mean,
    "median": _mean,
    "total": _total,
    "list": _list,
    "count": _count,
    "correlation": _correlation,
}
