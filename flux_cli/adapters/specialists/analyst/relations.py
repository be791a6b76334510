"""Which differences and connections in a table are more than chance, and how large they are."""

from __future__ import annotations

import itertools

from flux_cli.adapters.specialists.analyst.cleaning import Field
from flux_cli.adapters.specialists.analyst.engine import text
from flux_cli.adapters.specialists.analyst.facts import Fact
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Bullets,
    Label,
    Paragraph,
    Piece,
    Sentence,
    Story,
    TableOf,
)
from flux_cli.adapters.specialists.analyst.subject import Measure, Subject

MOST_RANKED = 300_000
"""Rows that are ranked; of a larger table every n-th row is, which changes p but not its point."""

LEAST_ROWS = 8
MOST_TESTS = 16
SURE = 0.05


def tell_relations(story: Story, subject: Subject) -> None:
    """Add the chapter of tests, adjusted together for their number, and of correlations."""
    tests = _tests(story, subject)
    blocks: list[Block] = []
    if tests:
        values = ", ".join(f"({text(fact.label)}, {fact.number('p')!r})" for fact, *_ in tests)
        adjusted = story.sheet.ask(
            "probabilities adjusted for the number of tests (Holm)",
            f"SELECT * FROM (VALUES {values}) AS tested (test, p)",
            {"test": "text", "p": "p", "adjusted": "p"},
            "adjusted",
        )
        blocks.append(Paragraph((_method(),)))
        blocks.append(Bullets(tuple(_verdicts(story, tests, adjusted))))
    blocks += _correlations(story, subject)
    story.section("Is it more than chance?", blocks)


def _method() -> Sentence:
    return (
        "A small p says that chance alone would rarely make a difference this large. The p of "
        "each test is adjusted for the number of tests made. With many rows even a trifle is "
        "sure, so the size of each difference is named too.",
    )


Test = tuple[Fact, Field, tuple[str, str], str, tuple[Piece, ...]]
"""(fact with p and effect, grouping, (label, key) measured, kind of test, difference in words)."""


def _tests(story: Story, subject: Subject) -> list[Test]:
    tests: list[Test] = []
    # A measure that only some rows have, such as money in one currency, is compared among them.
    for measure in subject.measures[:3]:
        for group in subject.categories[:4]:
            tests += _compare(story, subject, measure, group)
    for one, other in itertools.combinations(subject.categories[:4], 2):
        paired = _pair(story, subject, one, other)
        if paired is not None:
            tests.append(paired)
    return tests[:MOST_TESTS]


def _compare(story: Story, subject: Subject, measure: Measure, group: Field) -> list[Test]:
    """By ranks, which a few wild values cannot move; and where there are two groups by means."""
    levels = story.sheet.engine.run(
        f"SELECT CAST({group.sql} AS VARCHAR), count({measure.cell}), "
        f"var_samp(CAST({measure.cell} AS DOUBLE)) FROM {subject.sql}"
        f" WHERE {group.sql} IS NOT NULL GROUP BY 1 HAVING count({measure.cell}) >= {LEAST_ROWS}"
        " ORDER BY 2 DESC, 1 LIMIT 12"
    )
    if len(levels) < 2:
        return []
    listed = ", ".join(text(str(row[0])) for row in levels)
    chosen = f"CAST({group.sql} AS VARCHAR) IN ({listed}) AND {measure.cell} IS NOT NULL"
    two = len(levels) == 2
    found = [
        _several(
            story, subject, measure, group, chosen, "Mann–Whitney" if two else "Kruskal–Wallis"
        )
    ]
    if two:
        found.append(_two(story, subject, measure, group, chosen))
    return [test for test in found if test is not None]


def _two(
    story: Story, subject: Subject, measure: Measure, group: Field, chosen: str
) -> Test | None:
    sql = (
        f"SELECT CAST({group.sql} AS VARCHAR) AS level, count(*) AS n,"
        f" avg(CAST({measure.cell} AS DOUBLE)) AS mean,"
        f" var_samp(CAST({measure.cell} AS DOUBLE)) AS variance"
        f" FROM {subject.sql} WHERE {chosen} GROUP BY 1 ORDER BY mean DESC, level"
    )
    means = story.sheet.ask(
        f"{measure.label} in the two groups of {group.label}", sql,
        {"level": "text", "n": "count", "mean": measure.cell_form, "variance": "number"},
    )  # fmt: skip
    fact = story.sheet.ask(
        f"does the average {measure.label} differ by {group.label}?",
        sql,
        {"t": "number", "freedom": "number", "p": "p", "effect": "effect"},
        "welch",
    )
    if fact.values[0][2] is None:
        return None
    words = (
        "on average ", means.at("mean", 0), " in ", means.at("level", 0), ", ",
        means.at("mean", 1), " in ", means.at("level", 1),
    )  # fmt: skip
    return fact, group, (measure.label, measure.key), "Welch’s t-test, Hedges’ g", words


def _several(
    story: Story, subject: Subject, measure: Measure, group: Field, chosen: str, kind: str
) -> Test | None:
    step = max(1, subject.rows // MOST_RANKED)
    every = f" AND source_line % {step} = 0" if step > 1 else ""
    fact = story.sheet.ask(
        f"does {measure.label} differ by {group.label}?",
        "SELECT level, count(*) AS n, sum(place) AS ranks, any_value(ties) AS ties FROM (SELECT"
        " level, place, sum(t * t * t - t) FILTER (turn = 1) OVER () AS ties FROM (SELECT level,"
        " rank() OVER (ORDER BY v) + (count(*) OVER (PARTITION BY v) - 1) / 2 AS place,"
        " CAST(count(*) OVER (PARTITION BY v) AS DOUBLE) AS t, row_number() OVER (PARTITION BY v)"
        f" AS turn FROM (SELECT CAST({group.sql} AS VARCHAR) AS level, {measure.cell} AS v"
        f" FROM {subject.sql} WHERE {chosen}{every}))) GROUP BY 1 ORDER BY 1",
        {"h": "number", "freedom": "count", "p": "p", "effect": "effect"},
        "kruskal",
    )
    if fact.values[0][2] is None:
        return None
    middles = story.sheet.ask(
        f"median {measure.label} by {group.label}",
        f"SELECT CAST({group.sql} AS VARCHAR) AS level, median({measure.cell}) AS middle"
        f" FROM {subject.sql} WHERE {chosen} GROUP BY 1 ORDER BY 2 DESC, 1",
        {"level": "text", "middle": measure.cell_form},
    )
    last = len(middles.values) - 1
    words = (
        "the median row has ", middles.at("middle"), " in ", middles.at("level"), ", ",
        middles.at("middle", last), " in ", middles.at("level", last),
    )  # fmt: skip
    return fact, group, (measure.label, measure.key), f"{kind} test, ε²", words


def _pair(story: Story, subject: Subject, one: Field, other: Field) -> Test | None:
    """Whether two groupings are connected; only where every expected count is large enough."""
    cells = (
        f"SELECT CAST({one.sql} AS VARCHAR) AS a, CAST({other.sql} AS VARCHAR) AS b,"
        f" count(*) AS n FROM {subject.sql} WHERE {one.sql} IS NOT NULL AND {other.sql} IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    least = story.sheet.engine.run(
        f"SELECT (SELECT min(s) FROM (SELECT sum(n) AS s FROM ({cells}) GROUP BY a))"
        f" * (SELECT min(s) FROM (SELECT sum(n) AS s FROM ({cells}) GROUP BY b))"
        f" / (SELECT sum(n) FROM ({cells}))"
    )[0][0]
    if least is None or least < 5:
        return None
    fact = story.sheet.ask(
        f"are {one.label} and {other.label} connected?",
        cells,
        {"chi2": "number", "freedom": "count", "p": "p", "effect": "effect"},
        "chi_square",
    )
    if fact.values[0][2] is None:
        return None
    return fact, one, (other.label, other.key), "chi-square test, Cramér’s V", ()


_SIZES = {
    "g": ((0.2, "negligible"), (0.5, "small"), (0.8, "medium")),
    "²": ((0.01, "negligible"), (0.06, "small"), (0.14, "medium")),
    "V": ((0.1, "negligible"), (0.3, "small"), (0.5, "medium")),
}
"""Cohen's conventions: below the number, the word; above the last, large."""


_WEIGHTS = {"negligible": 5, "small": 36, "medium": 50, "large": 57}


def _size(test: Test) -> str:
    effect = abs(test[0].number("effect"))
    return next((word for limit, word in _SIZES[test[3][-1]] if effect < limit), "large")


def _verdicts(story: Story, tests: list[Test], adjusted: Fact) -> list[Sentence]:
    verdicts = []
    for row, test in enumerate(tests):
        fact, group, (what, key), kind, words = test
        p = adjusted.number("adjusted", row)
        sign: tuple[Piece, ...] = (
            (adjusted.at("adjusted", row),) if p < 0.001 else ("= ", adjusted.at("adjusted", row))
        )
        size = _size(test)
        test_name, effect_name = kind.split(", ")
        figures: tuple[Piece, ...] = (
            f" ({test_name}, adjusted p ", *sign, f", {effect_name} ", fact.at("effect"), ").",
        )  # fmt: skip
        if not p < SURE:
            sentence: Sentence = (Label(what), " and ", Label(group.label), ": no difference that "
                                  "chance would not make", *figures)  # fmt: skip
        elif words:
            sentence = (Label(what), " differs by ", Label(group.label), ": ", *words,
                        f". That is more than chance and {size}", *figures)  # fmt: skip
        else:
            sentence = (Label(what), " and ", Label(group.label),
                        f" are connected: more than chance, and {size}", *figures)  # fmt: skip
        weight = _WEIGHTS[size] if p < SURE else 4
        # That two groupings are connected answers no question about either alone.
        about = (group.key, key, "differ", "difference", "compare") if words else ("connected",)
        story.headline(
            weight, sentence, *about, "test", "significant", "effect", "relationship", "related"
        )
        verdicts.append(sentence)
    return verdicts


def _correlations(story: Story, subject: Subject) -> list[Block]:
    """Spearman's correlation of every pair of measures, the strongest first."""
    pairs = list(itertools.combinations(subject.measures[:5], 2))
    if not pairs:
        return []
    step = max(1, subject.rows // MOST_RANKED)
    every = f" AND source_line % {step} = 0" if step > 1 else ""
    lines = []
    for one, other in pairs:
        both = f"{one.cell} IS NOT NULL AND {other.cell} IS NOT NULL{every}"
        ranked = ", ".join(
            f"rank() OVER (ORDER BY {m.cell}) + (count(*) OVER (PARTITION BY {m.cell}) - 1) / 2"
            f" AS {alias}"
            for m, alias in ((one, "a"), (other, "b"))
        )
        lines.append(
            f"SELECT {text(one.label)} AS one, {text(other.label)} AS other, count(*) AS n,"
            f" CASE WHEN count(*) >= {LEAST_ROWS} AND count(DISTINCT a) > 1 AND count(DISTINCT b)"
            f" > 1 THEN corr(a, b) END AS r FROM (SELECT {ranked} FROM {subject.sql} WHERE {both})"
        )
    fact = story.sheet.ask(
        "rank correlations (Spearman)",
        f"SELECT * FROM ({' UNION ALL '.join(lines)}) WHERE r IS NOT NULL"
        " ORDER BY abs(r) DESC, one, other LIMIT 10",
        {"one": "text", "other": "text", "n": "count", "r": "effect"},
    )
    if not fact.values:
        return []
    if abs(fact.number("r")) >= 0.3:
        together = "rise together" if fact.number("r") > 0 else "go opposite ways"
        sentence: Sentence = (
            fact.at("one"), " and ", fact.at("other"), f" {together} (rank correlation ",
            fact.at("r"), "). That does not say which causes which, or whether either does.",
        )  # fmt: skip
        story.headline(
            30 + 20 * abs(fact.number("r")), sentence, "correlation", "related", "relationship",
            "connected", "affect", "influence",
        )  # fmt: skip
    else:
        sentence = ("No two measures are strongly connected; the strongest rank correlation is ",
                    fact.at("r"), ".")  # fmt: skip
    headings = ("One measure", "Other measure", "Rows", "Rank correlation")
    return [Paragraph((sentence,)), TableOf(fact, headings, "Rank correlations, strongest first")]
