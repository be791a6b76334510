"""How a table changes over time: by period, against before, by weekday, and out of line."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from flux_cli.adapters.specialists.analyst.facts import Fact
from flux_cli.adapters.specialists.analyst.segments import level_of
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Chart,
    Label,
    Paragraph,
    Piece,
    Sentence,
    Story,
    TableOf,
)
from flux_cli.adapters.specialists.analyst.subject import Subject

LEAST_PERIODS = 4
MOST_TABLED = 36
UNUSUAL = 5
"""Robust standard deviations from what the weekday and the weeks around lead to expect."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The step periods are cut by, in SQL's words and in people's."""

    step: str
    noun: str
    adverb: str
    form: str
    in_year: int


DAY = Rhythm("day", "day", "daily", "day", 365)
WEEK = Rhythm("week", "week", "weekly", "week", 52)
MONTH = Rhythm("month", "month", "monthly", "month", 12)
YEAR = Rhythm("year", "year", "yearly", "year", 1)


def rhythm(first: datetime.date, last: datetime.date) -> Rhythm:
    """Periods that give a stretch of time a dozen points or more, and few enough to read."""
    days = (last - first).days + 1
    return DAY if days <= 45 else WEEK if days <= 200 else MONTH if days <= 3660 else YEAR


def tell_trends(story: Story, subject: Subject) -> Fact | None:
    """Add the chapters over time; gives back the fact whose parts make the total, if any."""
    if subject.time is None:
        return None
    time = subject.time.sql
    found = story.sheet.engine.run(
        f"SELECT CAST(min({time}) AS DATE), CAST(max({time}) AS DATE) FROM {subject.sql}"
    )[0]
    if found[0] is None:
        return None
    pace = rhythm(*found)
    series = _series(story, subject, pace)
    whole = [row for row, cells in enumerate(series.values) if cells[4] == "yes"]
    if len(whole) < LEAST_PERIODS:
        return None
    blocks: list[Block] = [_course(story, subject, pace, series, whole)]
    blocks.append(_line(story, subject, pace, series))
    compared = _compared(story, subject, pace, series, whole)
    if compared is not None:
        blocks.append(compared)
    if len(series.values) <= MOST_TABLED:
        main = subject.main
        headings = (pace.noun.title(), "Rows", _value_name(subject), "Change", "Whole period")
        caption = f"{_value_name(subject)} by {pace.noun}"
        caption += "; with the rows without a date the parts add up to the total"
        blocks.append(TableOf(series, headings, caption if main.added else caption.split(";")[0]))
    story.section(f"Over time, by {subject.time.label}", blocks)
    _drivers(story, subject, pace, series, whole)
    if (found[1] - found[0]).days >= 56:
        _weekdays(story, subject)
        _unusual_days(story, subject)
    return series


def _value_name(subject: Subject) -> str:
    main = subject.main
    return "Rows" if main.counts_rows else main.label if main.added else f"Average {main.label}"


def _series(story: Story, subject: Subject, pace: Rhythm) -> Fact:
    """Every period with its value; the first and last may be cut short by the data's ends."""
    assert subject.time is not None, "there is a time"
    time, main = subject.time.sql, subject.main
    change = (
        "CAST(value AS DOUBLE) / nullif(CAST(lag(value) OVER (ORDER BY period) AS DOUBLE), 0) - 1"
    )
    slack = {"day": 0, "week": 0, "month": 2, "year": 20}[pace.step]
    return story.sheet.ask(
        f"{_value_name(subject)} by {pace.noun}",
        f"SELECT period, n, value, CASE WHEN lag(value) OVER (ORDER BY period) > 0 THEN {change}"
        f" END AS change, CASE WHEN period + INTERVAL {slack} DAY >= (SELECT CAST(min({time}) AS"
        f" DATE) FROM {subject.sql}) AND period + INTERVAL 1 {pace.step} - INTERVAL {slack + 1} DAY"
        f" <= (SELECT CAST(max({time}) AS DATE) FROM {subject.sql}) THEN 'yes' ELSE 'no' END"
        " AS whole"
        f" FROM (SELECT CAST(date_trunc('{pace.step}', {time}) AS DATE) AS period, count(*) AS n,"
        f" {main.sql} AS value FROM {subject.sql} WHERE {time} IS NOT NULL GROUP BY 1)"
        " ORDER BY period",
        {"period": pace.form, "n": "count", "value": main.form, "change": "share:signed",
         "whole": "text"},
    )  # fmt: skip


def _course(
    story: Story, subject: Subject, pace: Rhythm, series: Fact, whole: list[int]
) -> Paragraph:
    """Whether it rises or falls as a whole, its best period and its worst."""
    name = _value_name(subject)
    ends = [series.values[row][0] for row in (whole[0], whole[-1])]
    seasonal = pace is MONTH and len(whole) >= 2 * MONTH.in_year
    season = "month(period)" if seasonal else "0"
    test = "Mann–Kendall test" + (" month by month of the year" if seasonal else "")
    trend = story.sheet.ask(
        f"trend of {name} over whole {pace.noun}s",
        f"SELECT period, value, {season} AS season FROM ({series.sql})"
        " WHERE whole = 'yes' AND value IS NOT NULL"
        f" AND period BETWEEN DATE '{ends[0]}' AND DATE '{ends[1]}' ORDER BY period",
        {"slope": subject.main.form, "relative": "share:signed", "score": "count", "p": "p"},
        "trend",
    )
    sure = trend.number("p") < 0.05
    rising = trend.number("slope") > 0
    if sure:
        direction = "rises" if rising else "falls"
        sentence: Sentence = (
            Label(name), f" {direction} over the whole stretch: typically by ",
            trend.at("slope"), f" a {pace.noun} (", trend.at("relative"), " of the median ",
            f"{pace.noun}; p ", *_p(trend), f", {test}).",
        )  # fmt: skip
    else:
        sentence = (
            "Over the whole stretch ", Label(name), " shows no steady rise or fall (p ",
            *_p(trend), f", {test}).",
        )  # fmt: skip
    about = ("trend", "time", "grow", "growth", "rise", "fall", "change", pace.noun, "over")
    story.headline(90 if sure else 35, sentence, subject.main.key, *about)
    order = sorted(whole, key=lambda row: series.number("value", row))
    extremes: Sentence = (
        f"The best whole {pace.noun} was ", series.at("period", order[-1]), " with ",
        series.at("value", order[-1]), ", the weakest ", series.at("period", order[0]), " with ",
        series.at("value", order[0]), ".",
    )  # fmt: skip
    story.headline(38, extremes, "best", "worst", "peak", "season", "when", pace.noun)
    partial = len(series.values) - len(whole)
    note: tuple[Sentence, ...] = ()
    if partial:
        note = ((f"A {pace.noun} at either end that the data covers only in part is marked so and "
                 "left out of comparisons.",),)  # fmt: skip
    return Paragraph((sentence, extremes, *note))


def _p(fact: Fact) -> tuple[Piece, ...]:
    """`= 0.012` or `< 0.001`."""
    return (fact.at("p"),) if fact.number("p") < 0.001 else ("= ", fact.at("p"))


def _line(story: Story, subject: Subject, pace: Rhythm, series: Fact) -> Chart:
    name = _value_name(subject)
    return story.chart(
        Chart(
            f"{subject.clean.table.name}-over-time",
            "line",
            f"{name} by {pace.noun}",
            series,
            "period",
            "value",
            subject.time.label if subject.time else "",
            name,
            f"Line chart of {name} by {pace.noun}; periods covered in part are hollow",
            mark="whole",
        )
    )


def _stretches(pace: Rhythm, whole: list[int]) -> tuple[list[int], list[int], str] | None:
    """(earlier periods, later periods, what they are called) to be compared."""
    year = pace.in_year
    if pace.step == "month" and len(whole) >= 2 * year:
        called = "the last twelve whole months and the twelve before"
        return whole[-2 * year : -year], whole[-year:], called
    if pace.step in ("month", "week") and len(whole) >= year + 3:
        late, early = whole[-3:], whole[-3 - year : len(whole) - year]
        return early, late, f"the last three whole {pace.noun}s and the same ones a year before"
    if len(whole) >= 6:
        return whole[-6:-3], whole[-3:], f"the last three whole {pace.noun}s and the three before"
    return whole[-2:-1], whole[-1:], f"the last whole {pace.noun} and the one before"


def _bounds(pace: Rhythm, series: Fact, rows: list[int]) -> str:
    return (
        f">= DATE '{series.values[rows[0]][0]}' AND {{time}} < DATE '{series.values[rows[-1]][0]}'"
        f" + INTERVAL 1 {pace.step}"
    )


def _compared(
    story: Story, subject: Subject, pace: Rhythm, series: Fact, whole: list[int]
) -> Paragraph | None:
    chosen = _stretches(pace, whole)
    if chosen is None or subject.time is None:
        return None
    early, late, called = chosen
    time, main = subject.time.sql, subject.main
    before = f"{time} " + _bounds(pace, series, early).format(time=time)
    after = f"{time} " + _bounds(pace, series, late).format(time=time)
    fact = story.sheet.ask(
        f"{_value_name(subject)}: {called}",
        f"SELECT a, b, b - a AS change, CAST(b AS DOUBLE) / nullif(CAST(a AS DOUBLE), 0) - 1 AS"
        f" relative FROM (SELECT {main.sql} FILTER ({before}) AS a, {main.sql} FILTER ({after})"
        f" AS b FROM {subject.sql})",
        {"a": main.form, "b": main.form, "change": main.form, "relative": "share:signed"},
    )
    sentence: Sentence = (
        f"Comparing {called}, ", Label(_value_name(subject)), " went from ", fact.at("a"), " to ",
        fact.at("b"), " (", fact.at("relative"), ").",
    )  # fmt: skip
    weight = 60 + min(38.0, 150 * abs(fact.number("relative")))
    story.headline(
        weight, sentence, subject.main.key, "grow", "growth", "change", "last", "year", "recent",
        "compare", "trend",
    )  # fmt: skip
    return Paragraph((sentence,))


def _drivers(story: Story, subject: Subject, pace: Rhythm, series: Fact, whole: list[int]) -> None:
    """Which groups the latest change came from; their parts add up to it."""
    chosen = _stretches(pace, whole)
    if chosen is None or subject.time is None or not subject.main.added or not subject.categories:
        return
    early, late, called = chosen
    time, main = subject.time.sql, subject.main
    before = f"{time} " + _bounds(pace, series, early).format(time=time)
    after = f"{time} " + _bounds(pace, series, late).format(time=time)
    for place, group in enumerate(subject.categories[:2]):
        level = level_of(story, subject, group)
        fact = story.sheet.ask(
            f"change of {_value_name(subject)} by {group.label}: {called}",
            f"SELECT level, a, b, b - a AS change, CAST(b AS DOUBLE) / nullif(CAST(a AS DOUBLE), 0)"
            f" - 1 AS relative FROM (SELECT {level} AS level, coalesce({main.sql} FILTER"
            f" ({before}), 0) AS a, coalesce({main.sql} FILTER ({after}), 0) AS b"
            f" FROM {subject.sql} GROUP BY 1) WHERE a <> 0 OR b <> 0 ORDER BY change DESC, level",
            {"level": "text", "a": main.form, "b": main.form, "change": main.form,
             "relative": "share:signed"},
        )  # fmt: skip
        if len(fact.values) < 2:
            continue
        _tell_driver(story, subject, (group.label, group.key), fact, called, place)


def _tell_driver(
    story: Story,
    subject: Subject,
    group: tuple[str, str],
    fact: Fact,
    called: str,
    place: int,
) -> None:
    label, key = group
    name = _value_name(subject)
    last = len(fact.values) - 1
    up, down = fact.number("change") > 0, fact.number("change", last) < 0
    pieces: list[Piece] = [f"Between {called}, "]
    if up:
        pieces += [Label(label), " ", fact.at("level"), " added most (", fact.at("change"), ", ",
                   fact.at("relative"), ")"]  # fmt: skip
    if up and down:
        pieces.append(" and ")
    if down:
        pieces += [Label(label), " ", fact.at("level", last), " lost most (",
                   fact.at("change", last), ", ", fact.at("relative", last), ")"]  # fmt: skip
    if not (up or down):
        return
    sentence = (*pieces, ".")
    moved = sum(abs(fact.number("change", row)) for row in range(last + 1))
    held = sum(abs(fact.number("a", row)) for row in range(last + 1))
    weight = 45 + min(40.0, 80 * moved / max(held, 1e-9)) - place
    story.headline(
        weight, sentence, key, subject.main.key, "why", "driver", "change", "grow", "growth",
        "fastest",
        "lost", "lose", "decline", "declined", "fall", "fell",
    )  # fmt: skip
    chart = story.chart(
        Chart(
            f"{subject.clean.table.name}-change-by-{key}",
            "change",
            f"Change of {name} by {label}{_moved(fact, up=up, down=down)}",
            fact,
            "level",
            "change",
            label,
            f"Change of {name}",
            f"Bar chart of the change of {name} by {label}, gains to the right",
        )
    )
    headings = (label, "Before", "After", "Change", "Change in %")
    table = TableOf(fact, headings, f"Change by {label}; the parts add up to the whole change")
    story.section(f"What changed, by {label}", [Paragraph((sentence,)), chart, table])


def _moved(fact: Fact, *, up: bool, down: bool) -> str:
    gained, lost = fact.at("level").shown, fact.at("level", len(fact.values) - 1).shown
    return f": {gained} up, {lost} down" if up and down else f": {gained if up else lost} most"


def _weekdays(story: Story, subject: Subject) -> None:
    """The typical week, where days differ by more than chance."""
    assert subject.time is not None, "there is a time"
    time, main = subject.time.sql, subject.main
    daily = (
        f"SELECT CAST({time} AS DATE) AS day, {main.sql} AS v FROM {subject.sql}"
        f" WHERE {time} IS NOT NULL GROUP BY 1 HAVING v IS NOT NULL"
    )
    fact = story.sheet.ask(
        f"{_value_name(subject)} of a typical day, by weekday",
        "SELECT isodow(day) AS weekday, count(*) AS days, median(v) AS typical, avg(v) AS mean"
        f" FROM ({daily}) GROUP BY 1 ORDER BY 1",
        {"weekday": "weekday", "days": "count", "typical": main.form, "mean": main.form},
    )
    if len(fact.values) < 2 or min(fact.number("days", n) for n in range(len(fact.values))) < 6:
        return
    test = story.sheet.ask(
        "do weekdays differ?",
        "SELECT weekday, count(*) AS n, sum(place) AS ranks, any_value(ties) AS ties FROM (SELECT"
        " weekday, place, sum(t * t * t - t) FILTER (turn = 1) OVER () AS ties FROM (SELECT"
        " isodow(day) AS weekday, rank() OVER (ORDER BY v) + (count(*) OVER (PARTITION BY v) - 1)"
        " / 2 AS place, CAST(count(*) OVER (PARTITION BY v) AS DOUBLE) AS t, row_number() OVER"
        f" (PARTITION BY v) AS turn FROM ({daily}))) GROUP BY 1 ORDER BY 1",
        {"h": "number", "freedom": "count", "p": "p", "effect": "effect"},
        "kruskal",
    )
    if not test.number("p") < 0.01:
        return
    order = sorted(range(len(fact.values)), key=lambda row: fact.number("typical", row))
    sentence: Sentence = (
        "The week has a shape: a typical ", fact.at("weekday", order[-1]), " has ",
        fact.at("typical", order[-1]), ", a typical ", fact.at("weekday", order[0]), " ",
        fact.at("typical", order[0]), " (p ", *_p(test), ", Kruskal–Wallis test).",
    )  # fmt: skip
    story.headline(42, sentence, "weekday", "week", "season", "when", "day", "pattern")
    chart = story.chart(
        Chart(
            f"{subject.clean.table.name}-weekdays", "columns", "The shape of a week", fact,
            "weekday", "typical", "Weekday", f"Typical day: {_value_name(subject)}",
            f"Column chart of {_value_name(subject)} on a typical day, by weekday",
        )
    )  # fmt: skip
    story.section("The shape of a week", [Paragraph((sentence,)), chart])


def _unusual_days(story: Story, subject: Subject) -> None:
    """Days far from what their weekday and the four weeks around lead to expect."""
    assert subject.time is not None, "there is a time"
    time, main = subject.time.sql, subject.main
    value = f"CAST({main.sql} AS DOUBLE)"
    fact = story.sheet.ask(
        f"days with an unusual {_value_name(subject)}",
        f"WITH daily AS (SELECT CAST({time} AS DATE) AS day, {value} AS v FROM {subject.sql}"
        f" WHERE {time} IS NOT NULL GROUP BY 1 HAVING v IS NOT NULL), level AS (SELECT day, v,"
        " median(v) OVER (ORDER BY day ROWS BETWEEN 14 PRECEDING AND 14 FOLLOWING) AS base FROM"
        " daily), shape AS (SELECT isodow(day) AS weekday, median(v - base) AS usual FROM level"
        " GROUP BY 1), expected AS (SELECT day, v, base + usual AS e, v - base - usual AS r FROM"
        " level JOIN shape ON isodow(day) = weekday), spread AS (SELECT 1.4826 * median(abs(r)) AS"
        " s FROM expected) SELECT day, v AS value, e AS expected, r / s AS score FROM expected,"
        f" spread WHERE s > 0 AND abs(r) > {UNUSUAL} * s ORDER BY abs(r) DESC, day LIMIT 10",
        {"day": "day", "value": main.form, "expected": main.form, "score": "effect"},
    )
    if not fact.values:
        return
    sentence: Sentence = (
        "The most unusual day is ", fact.at("day"), ": ", fact.at("value"), " where about ",
        fact.at("expected"), " was to be expected from its weekday and the weeks around it.",
    )  # fmt: skip
    story.headline(
        58, sentence, "anomaly", "anomalies", "unusual", "strange", "spike", "day", "days",
        "happened", "outlier",
    )  # fmt: skip
    headings = ("Day", _value_name(subject), "Expected", "Robust deviations")
    table = TableOf(fact, headings, "Days out of line, the furthest first")
    story.section("Unusual days", [Paragraph((sentence,)), table])
