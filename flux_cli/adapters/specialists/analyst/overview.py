"""The totals of a table, how its main measure is spread, and what lies far outside."""

from __future__ import annotations

import math

from flux_cli.adapters.specialists.analyst.engine import name
from flux_cli.adapters.specialists.analyst.facts import Fact
from flux_cli.adapters.specialists.analyst.intake import LINE
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Bullets,
    Chart,
    Label,
    Paragraph,
    Piece,
    Sentence,
    Story,
    TableOf,
)
from flux_cli.adapters.specialists.analyst.subject import Measure, Subject

BINS = 40
LEAST_CHARTED = 20
"""Rows that a distribution needs to have a shape."""

FAR, FAR_IN_RATIO = 3, 1.5
"""Interquartile ranges beyond the quartiles at which a value counts as far out (Tukey, 1977): on
the plain scale, and on the scale of ratios that suits amounts with a long upper end."""


def tell_overview(story: Story, subject: Subject) -> Fact:
    """Add the chapter of totals; gives back the fact that holds the main measure's total."""
    total = _total(story, subject)
    period = _period(story, subject)
    items = [_bullet(story, subject, measure) for measure in subject.measures]
    opening: list[Piece] = ["The table has ", total.at("rows"), " rows"]
    if period is not None:
        opening += [", from ", period.at("first"), " to ", period.at("last")]
    story.section(
        "Totals", [Paragraph(((*opening, "."),)), *([Bullets(tuple(items))] if items else [])]
    )
    _headline(story, subject, total, period)
    _spread(story, subject)
    return total


def _total(story: Story, subject: Subject) -> Fact:
    main = subject.main
    return story.sheet.ask(
        f"{main.phrase.lower()} {main.label} in {subject.clean.table.name}",
        f"SELECT {main.sql} AS value, count(*) AS rows FROM {subject.sql}",
        {"value": main.form, "rows": "count"},
    )


def _period(story: Story, subject: Subject) -> Fact | None:
    if subject.time is None:
        return None
    time = subject.time.sql
    return story.sheet.ask(
        f"first and last {subject.time.label}",
        f"SELECT CAST(min({time}) AS DATE) AS first, CAST(max({time}) AS DATE) AS last"
        f" FROM {subject.sql}",
        {"first": "day", "last": "day"},
    )


def _bullet(story: Story, subject: Subject, measure: Measure) -> Sentence:
    cell = measure.cell
    form = measure.cell_form
    fact = story.sheet.ask(
        f"summary of {measure.label}",
        f"SELECT sum({cell}) AS total, count({cell}) AS n, avg({cell}) AS mean,"
        f" median({cell}) AS middle, min({cell}) AS lowest, max({cell}) AS highest,"
        f" count(*) FILTER ({cell} < 0) AS below, sum({cell}) FILTER ({cell} < 0) AS negative"
        f" FROM {subject.sql}",
        {"total": form, "n": "count", "mean": form, "middle": form, "lowest": form,
         "highest": form, "below": "count", "negative": form},
    )  # fmt: skip
    _returns(story, measure, fact)
    pieces: list[Piece] = [Label(measure.label), ": "]
    if measure.added:
        pieces += ["total ", fact.at("total"), " over ", fact.at("n"), " rows, "]
    pieces += [
        "average ", fact.at("mean"), ", median ", fact.at("middle"), ", from ",
        fact.at("lowest"), " to ", fact.at("highest"), ".",
    ]  # fmt: skip
    if measure.added and 0 < fact.number("below") < 0.5 * fact.number("n"):
        pieces += [" ", fact.at("below"), " rows are negative and add up to ",
                   fact.at("negative"), "; they are part of the total."]  # fmt: skip
    return tuple(pieces)


def _returns(story: Story, measure: Measure, fact: Fact) -> None:
    """What the rows below zero take from the total, for whoever asks about returns."""
    if measure.added and 0 < fact.number("below") < 0.5 * fact.number("n"):
        sentence: Sentence = (
            fact.at("below"), " rows of ", Label(measure.label), " are negative, as returns and "
            "corrections are, and change the total by ", fact.at("negative"), ".",
        )  # fmt: skip
        story.headline(
            33, sentence, measure.key, "return", "refund", "negative", "correction", "distort",
            "cancelled", "loss",
        )  # fmt: skip


def _headline(story: Story, subject: Subject, total: Fact, period: Fact | None) -> None:
    main = subject.main
    if main.counts_rows:
        pieces: list[Piece] = ["There are ", total.at("value"), " rows"]
    else:
        pieces = [f"{main.phrase} ", Label(main.label), ": ", total.at("value"), " over ",
                  total.at("rows"), " rows"]  # fmt: skip
    if period is not None:
        pieces += [", from ", period.at("first"), " to ", period.at("last")]
    words = ("total", "average", "how", "much", "many", "overall", "sum", main.key)
    story.headline(1000, (*pieces, "."), *words)


def _spread(story: Story, subject: Subject) -> None:
    """The distribution of the main measure, and the values far outside it."""
    main = subject.main
    if main.counts_rows:
        return
    cell, form = main.cell, main.cell_form
    quarters = story.sheet.ask(
        f"spread of {main.label}",
        f"SELECT quantile_cont(CAST({cell} AS DOUBLE), 0.25) AS low,"
        f" quantile_cont(CAST({cell} AS DOUBLE), 0.5) AS middle,"
        f" quantile_cont(CAST({cell} AS DOUBLE), 0.75) AS high,"
        f" quantile_cont(CAST({cell} AS DOUBLE), 0.01) AS least,"
        f" quantile_cont(CAST({cell} AS DOUBLE), 0.99) AS most,"
        f" avg({cell}) AS mean FROM {subject.sql}",
        dict.fromkeys(("low", "middle", "high", "least", "most", "mean"), form),
    )
    blocks: list[Block] = [
        Paragraph((
            ("Half of all values of ", Label(main.label), " lie between ", quarters.at("low"),
             " and ", quarters.at("high"), "; the middle one is ", quarters.at("middle"), "."),
            *_skew(quarters),
        ))
    ]  # fmt: skip
    least, most = quarters.number("least"), quarters.number("most")
    if most > least and subject.rows >= LEAST_CHARTED:
        blocks.append(_histogram(story, subject, least, most))
    blocks += _outliers(story, subject, quarters)
    story.section("How values are spread", blocks)


def _skew(quarters: Fact) -> tuple[Sentence, ...]:
    mean, middle = quarters.number("mean"), quarters.number("middle")
    width = quarters.number("high") - quarters.number("low")
    if width <= 0 or abs(mean - middle) < 0.2 * width:
        return ()
    pulled = "up by a few large" if mean > middle else "down by a few small"
    words = f" is pulled {pulled} values, so the median says more about a typical row."
    return (("The average of ", quarters.at("mean"), words),)


def _histogram(story: Story, subject: Subject, least: float, most: float) -> Chart:
    main = subject.main
    width = _round_step((most - least) / BINS)
    start = (least // width) * width
    fact = story.sheet.ask(
        f"distribution of {main.label}",
        f"SELECT {start!r} + {width!r} * floor((CAST({main.cell} AS DOUBLE) - {start!r})"
        f" / {width!r}) AS start, count(*) AS rows FROM {subject.sql}"
        f" WHERE {main.cell} BETWEEN {least!r} AND {most!r} GROUP BY 1 ORDER BY 1",
        {"start": main.cell_form, "rows": "count"},
    )
    return story.chart(
        Chart(
            f"{subject.clean.table.name}-distribution",
            "histogram",
            f"How {main.label} is spread",
            fact,
            "start",
            "rows",
            f"{main.label}, without the highest and lowest hundredth",
            "Rows",
            f"Histogram of {main.label}: number of rows in equal steps",
        )
    )


def _round_step(wanted: float) -> float:
    """The next larger 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(wanted))
    return next((power * k for k in (1, 2, 2.5, 5) if power * k >= wanted), power * 10)


def _outliers(story: Story, subject: Subject, quarters: Fact) -> list[Block]:
    main, sql = subject.main, subject.sql
    low, high = _fences(quarters)
    if not low < high:
        return []
    outside = f"({main.cell} < {low!r} OR {main.cell} > {high!r})"
    fact = story.sheet.ask(
        f"values of {main.label} far outside the rest",
        f"SELECT count(*) FILTER ({outside}) AS n, count(*) FILTER ({outside})"
        f" / count({main.cell}) AS share, sum({main.cell}) FILTER ({outside}) AS amount,"
        f" CAST(sum({main.cell}) FILTER ({outside}) AS DOUBLE) / sum({main.cell}) AS part,"
        f" CAST({low!r} AS DOUBLE) AS low, CAST({high!r} AS DOUBLE) AS high FROM {sql}",
        {
            "n": "count",
            "share": "share",
            "amount": main.cell_form,
            "part": "share",
            "low": main.cell_form,
            "high": main.cell_form,
        },
    )
    if not fact.number("n"):
        return [Paragraph((("No value lies far outside the rest.",),))]
    top = _furthest(story, subject, outside, quarters.number("middle"))
    words: Sentence = (
        fact.at("n"), " values (", fact.at("share"), " of rows) lie far outside the rest: below ",
        fact.at("low"), " or above ", fact.at("high"), ", the limits of Tukey’s rule.",
    )  # fmt: skip
    together: Sentence = (
        ("Together they are ", fact.at("amount"), ", ", fact.at("part"), " of the total. Check "
         "them before deciding on the total: a few typing errors would move it.")
        if main.added
        else ("Check them: a few typing errors would move the average.",)
    )  # fmt: skip
    weight = 30 + min(45.0, 300 * abs(fact.number("part"))) if main.added else 30
    story.headline(
        weight,
        (fact.at("n"), " values of ", Label(main.label), " lie far outside the rest; the furthest "
         "is ", top.at("main_value"), ". They are kept in every figure and listed under “How "
         "values are spread”."),
        "outlier", "anomaly", "unusual", "error", "strange", "extreme", "large", "distort",
        main.key,
    )  # fmt: skip
    return [Paragraph((words, together)), _table(subject, top)]


def _fences(quarters: Fact) -> tuple[float, float]:
    """(low, high) beyond which a value is far out; equal where the middle half has no width."""
    low, high = quarters.number("low"), quarters.number("high")
    if low > 0 and quarters.number("mean") - quarters.number("middle") > 0.2 * (high - low):
        reach = float(f"{high * (high / low) ** FAR_IN_RATIO:.6g}")
        return (-reach, reach) if reach > high else (0.0, 0.0)
    reach = FAR * (high - low)
    return (low - reach, high + reach) if reach > 0 else (0.0, 0.0)


def _furthest(story: Story, subject: Subject, outside: str, middle: float) -> Fact:
    main = subject.main
    extra = [field for field in (subject.time, *subject.categories[:2]) if field is not None]
    identifier = subject.clean.identifier
    shown = {LINE: "count"} | ({identifier: "text"} if identifier else {})
    shown |= {field.key: "day" if field is subject.time else "text" for field in extra}
    columns = ", ".join(name(key) for key in shown)
    return story.sheet.ask(
        f"furthest values of {main.label}",
        f"SELECT {columns}, {main.cell} AS main_value FROM {subject.sql} WHERE {outside}"
        f" ORDER BY abs({main.cell} - {middle!r}) DESC, {LINE} LIMIT 8",
        shown | {"main_value": main.cell_form},
    )


def _table(subject: Subject, top: Fact) -> TableOf:
    labels = {field.key: field.label for field in subject.clean.fields}
    headings = tuple(
        "Line" if key == LINE else subject.main.label if key == "main_value" else labels[key]
        for key in top.columns
    )
    return TableOf(top, headings, "The values furthest from the middle, with their lines")
