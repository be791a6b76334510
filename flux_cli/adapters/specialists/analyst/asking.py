"""What a client's question asks of a table: a measure, over what, of which rows, and how.

A question is understood whole or not at all: a word that nothing in the table accounts for makes
it none that the table can answer.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from flux_cli.adapters.specialists.analyst.cleaning import Field
from flux_cli.adapters.specialists.analyst.columns import Kind
from flux_cli.adapters.specialists.analyst.engine import text
from flux_cli.adapters.specialists.analyst.subject import Measure, Subject, measure_of

Does = Literal[
    "rank", "share", "change", "average", "median", "total", "list", "count", "correlation"
]

MOST_TOP = 20
MOST_SPANS = 8


@dataclass(frozen=True, slots=True)
class Over:
    """What rows are grouped by: a column, or a part of the time. `form` says how it is shown."""

    label: str
    noun: str
    sql: str
    form: str
    several: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A month, quarter or year, which `form` says: from its first day to before the last."""

    form: str
    first: datetime.date
    last: datetime.date


@dataclass(frozen=True, slots=True)
class Only:
    """Rows of one value of a column."""

    field: Field
    value: str

    @property
    def sql(self) -> str:
        """As a condition."""
        return f"CAST({self.field.sql} AS VARCHAR) = {text(self.value)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, understood."""

    does: Does
    measures: tuple[Measure, ...]
    over: tuple[Over, ...] = ()
    spans: tuple[Span, ...] = ()
    only: tuple[Only, ...] = ()
    least: bool = False
    top: int = 0
    distinct: Field | None = None


@dataclass(slots=True)
class _Reading:
    """A question while it is read: what is found is taken out, what is left was not understood."""

    left: str
    does: set[str] = field(default_factory=set)
    least: bool = False
    most: bool = False
    rows: bool = False
    top: int = 0

    def take(self, pattern: str) -> list[re.Match[str]]:
        """Every match of a whole-word pattern, taken out."""
        found = list(re.finditer(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", self.left))
        for match in reversed(found):
            gone = "\x00" * len(match[0])
            self.left = self.left[: match.start()] + gone + self.left[match.end() :]
        return found


_NUMBER = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
_MONTH = "|".join(f"{name}|{name[:3]}" for name in _MONTHS)
_ORDER = ("first", "second", "third", "fourth")

_MOST = r"most|best|highest|largest|top|biggest|greatest|strongest|busiest|leading|maximum"
_LEAST = r"least|worst|lowest|smallest|fewest|weakest|quietest|minimum"
_DOES: tuple[tuple[str, str], ...] = (
    ("share", r"share|percent|percentage|proportion|fraction|%"),
    ("change", r"changes?|changed|grow|grew|grown|growth|rise|rose|risen|fall|fell|fallen|"
               r"increased?|decreased?|dropp?(?:ed)?|develop(?:ed)?|compared?|versus|vs|"
               r"differences?"),
    ("correlation", r"correlat\w*|relationship|relat(?:ed|ion)|linked|connected|associated"),
    ("median", r"median"),
    ("average", r"average|mean|on average|avg"),
    ("count", r"how many|number of|count"),
    ("total", r"how much|totals?|sum|overall|altogether|in total"),
)  # fmt: skip
_PARTS: tuple[tuple[str, str, str, str], ...] = (
    (r"weekdays?|days? of the week|day of week", "weekday", "isodow({t})", "weekday"),
    (r"months?", "month", "CAST(date_trunc('month', {t}) AS DATE)", "month"),
    (r"quarters?", "quarter", "CAST(date_trunc('quarter', {t}) AS DATE)", "quarter"),
    (r"years?", "year", "CAST(date_trunc('year', {t}) AS DATE)", "year"),
    (r"weeks?", "week", "CAST(date_trunc('week', {t}) AS DATE)", "week"),
    (r"days?|dates?", "day", "CAST({t} AS DATE)", "day"),
)
_SELLS = r"sells?|sold|selling|sales|revenues?|turnover|earn(?:s|ed|ing)?|income|takings|money"
_ROWS = r"rows?|records?|entries|transactions?|orders?|purchases?|sales?"
_SMALL = (
    r"what|which|who|when|where|whose|how|is|are|was|were|be|been|do|does|did|has|have|had|the|a|"
    r"an|of|in|on|at|for|from|to|and|or|by|with|between|than|per|each|every|all|our|we|us|you|"
    r"your|my|it|its|there|that|this|these|those|as|most|much|many|show|give|tell|me|list|find|"
    r"name|come|comes|came|made|make|makes|bring|brings|brought|during|over|within|one|ones|go|"
    r"goes|went|up|down|same|with|together|any|their|they|get|gets|against|value|column|table|"
    r"data|contributes?|belongs?|accounts?"
)


def understood(subject: Subject, question: str, levels: Callable[[Field], Sequence[str]]) -> (
    Asked | None
):  # fmt: skip
    """What the question asks of this table, or None; `levels` gives a column's values."""
    reading = _Reading(" ".join(re.sub(r"[?!.,;:“”\"'’()]+", " ", question).lower().split()))
    spans = _spans(reading)
    only = _only(reading, subject, levels)
    parts = _parts(reading, subject) or _whenever(reading, subject)
    _read_what(reading)
    columns = _columns(reading, subject)
    sells, rows = reading.take(_SELLS), reading.take(_ROWS)
    reading.rows = bool(rows) or any(match[0] == "sales" for match in sells)
    reading.take(_SMALL)
    if re.search(r"[^\s\x00]", reading.left) or (spans and subject.time is None):
        return None
    groups = tuple(_over(one, several=True) for one in columns if one.kind is not Kind.NUMBER)
    measures = tuple(measure_of(one) for one in columns if one.kind is Kind.NUMBER)
    counted = "count" in reading.does
    if (
        not measures
        and sells
        and not counted
        and subject.main.added
        and not subject.main.counts_rows
    ):
        measures = (subject.main,)
    if not measures and (rows or counted):
        measures = (COUNTED,)
    return _settled(reading, subject, measures, (*parts, *groups), spans, only, columns)


COUNTED = Measure("rows", "rows", "count(*)", "count", "", "", added=True)


def _settled(
    reading: _Reading, subject: Subject, measures: tuple[Measure, ...], over: tuple[Over, ...],
    spans: tuple[Span, ...], only: tuple[Only, ...], columns: list[Field],
) -> Asked | None:  # fmt: skip
    """The question with everything in its place, None where a part that it needs is missing."""
    does, least = reading.does, reading.least
    if "correlation" in does:
        two = measures if len(measures) == 2 and not over else ()
        return Asked("correlation", two, spans=spans, only=only) if two else None
    if "change" in does or (len(spans) == 2 and not over):
        if len(spans) != 2 or over or "share" in does:
            return None
        ordered = tuple(sorted(spans, key=lambda span: span.first))
        return Asked("change", (measures or (subject.main,))[:1], spans=ordered, only=only)
    if "share" in does:
        if len(over) > 1 or not (over or only):
            return None
        added = [one for one in measures if one.added] or [subject.main]
        return Asked("share", (added[0],), over, spans, only) if added[0].added else None
    named = len(columns) == 1 and over and not (reading.most or least or reading.rows)
    if "count" in does and named:
        return Asked("count", (COUNTED,), spans=spans, only=only, distinct=columns[0])
    # Of one order, or of all of them on average, it is the amount that is asked for.
    if measures == (COUNTED,) and not over and does != {"count"} and not subject.main.counts_rows:
        measures = (
            (subject.main,) if does & {"median", "average"} or reading.most or least else (measures)
        )
    if reading.most or least or reading.top:
        return _ranking(reading, subject, measures, over, spans, only)
    for kind in ("median", "average"):
        if kind in does and measures and len(over) <= 1 and (measures[0].cell or over):
            asked: Does = "median" if kind == "median" else "average"
            return Asked(asked, measures[:1], over, spans, only)
    if len(measures) == 1 and not does - {"total", "count"} and len(over) <= 1:
        return Asked("list" if over else "total", measures, over, spans, only)
    return None


def _ranking(
    reading: _Reading, subject: Subject, measures: tuple[Measure, ...], over: tuple[Over, ...],
    spans: tuple[Span, ...], only: tuple[Only, ...],
) -> Asked | None:  # fmt: skip
    chosen = measures[:1] or ((subject.main,) if over else ())
    if not chosen or not (over or chosen[0].cell):
        return None
    made = (_averaged(chosen[0]),) if "average" in reading.does else chosen
    top = reading.top if over else 0
    return Asked("rank", made, over, spans, only, reading.least, top)


def _averaged(measure: Measure) -> Measure:
    """The measure's average in place of its sum."""
    if measure.counts_rows or not measure.added:
        return measure
    return replace(measure, sql=f"avg({measure.cell})", form=measure.cell_form, added=False)


def _read_what(reading: _Reading) -> None:
    for kind, pattern in _DOES:
        if reading.take(pattern):
            reading.does.add(kind)
    for match in reading.take(rf"(?:top|best|largest|first) (\d{{1,2}}|{'|'.join(_NUMBER)})"):
        word = match[1]
        reading.top = int(word) if word.isdecimal() else _NUMBER.index(word) + 2
        reading.most = True
    for match in reading.take(rf"(\d{{1,2}}|{'|'.join(_NUMBER)})"):
        word = match[1]
        reading.top = int(word) if word.isdecimal() else _NUMBER.index(word) + 2
    reading.top = min(reading.top, MOST_TOP)
    reading.least = bool(reading.take(_LEAST))
    reading.most = bool(reading.take(_MOST)) or reading.most


def _spans(reading: _Reading) -> tuple[Span, ...]:
    """Months, quarters and years that are named, in the question's order."""
    found: list[tuple[int, Span]] = []
    patterns: tuple[tuple[str, Callable[[re.Match[str]], tuple[int, int, int]]], ...] = (
        (rf"({_MONTH}) ((?:19|20)\d\d)", lambda m: (int(m[2]), _month(m[1]), 1)),
        (r"((?:19|20)\d\d)-(0[1-9]|1[0-2])", lambda m: (int(m[1]), int(m[2]), 1)),
        (r"q([1-4]) (?:of )?((?:19|20)\d\d)", lambda m: (int(m[2]), 3 * int(m[1]) - 2, 3)),
        (
            r"(first|second|third|fourth) quarter (?:of )?((?:19|20)\d\d)",
            lambda m: (int(m[2]), 3 * _ORDER.index(m[1]) + 1, 3),
        ),
        (r"((?:19|20)\d\d)", lambda m: (int(m[1]), 1, 12)),
    )
    for pattern, read in patterns:
        for match in reading.take(pattern):
            year, month, months = read(match)
            last = datetime.date(year + (month + months > 12), (month + months - 1) % 12 + 1, 1)
            form = {1: "month", 3: "quarter"}.get(months, "year")
            span = Span(form, datetime.date(year, month, 1), last)
            found.append((match.start(), span))
    ordered = [span for _, span in sorted(found, key=lambda one: one[0])]
    return tuple(dict.fromkeys(ordered))[:MOST_SPANS]


def _month(word: str) -> int:
    return next(number for number, name in enumerate(_MONTHS, 1) if name.startswith(word[:3]))


def _only(
    reading: _Reading, subject: Subject, levels: Callable[[Field], Sequence[str]]
) -> tuple[Only, ...]:
    """Values of text columns that the question names, the longest first."""
    named = [
        (value, one)
        for one in subject.clean.fields
        if one.kind is Kind.TEXT and one.key != subject.clean.identifier
        for value in levels(one)
        if len(value) > 2 and not re.fullmatch(f"(?:{_SMALL}|{_MOST}|{_LEAST})", value.lower())
    ]
    found: dict[str, Only] = {}
    for value, one in sorted(named, key=lambda pair: -len(pair[0])):
        spelt = " ".join(re.sub(r"[?!.,;:“”\"'’()]+", " ", value.lower()).split())
        if spelt and one.key not in found and reading.take(re.escape(spelt)):
            found[one.key] = Only(one, value)
    return tuple(found.values())


def _parts(reading: _Reading, subject: Subject) -> tuple[Over, ...]:
    """Parts of the time that are named, unless a column has that name."""
    if subject.time is None:
        return ()
    taken = {word for one in subject.clean.fields for word in _words(one)} - {"date", "day"}
    found = []
    for pattern, noun, sql, form in _PARTS:
        if noun not in taken and reading.take(pattern):
            label = f"{noun} of {subject.time.label}"
            found.append(Over(label, noun, sql.format(t=subject.time.sql), form))
    return tuple(found)


def _whenever(reading: _Reading, subject: Subject) -> tuple[Over, ...]:
    """What "when" asks for: the month and the weekday."""
    if subject.time is None or not reading.take("when"):
        return ()
    time = subject.time
    return tuple(
        Over(f"{noun} of {time.label}", noun, sql.format(t=time.sql), form)
        for _, noun, sql, form in _PARTS
        if noun in ("month", "weekday")
    )


def _words(one: Field) -> list[str]:
    return re.findall(r"[^\W\d_]+", f"{one.label}".lower())


def _columns(reading: _Reading, subject: Subject) -> list[Field]:
    """Columns that the question names, by all the words of their name or by its last."""
    found: list[tuple[int, Field]] = []
    kept = reading.left
    fields = [one for one in subject.clean.fields if one.kind is not Kind.DATE]
    for whole in (True, False):
        for one in sorted(fields, key=lambda each: -len(each.label)):
            words = _words(one)
            if not words or any(known is one for _, known in found):
                continue
            spelt = r"[\s_]+".join(map(_any_number, words if whole else words[-1:]))
            if taken := reading.take(spelt):
                found.append((taken[0].start(), one))
    found.sort(key=lambda pair: pair[0])
    # In "product category" the last word says what is meant, and the first only of what.
    return [
        one
        for (at, one), after in zip(found, [*found[1:], None], strict=False)
        if after is None or not _describes(kept[at : after[0]], one, after[1])
    ]


def _describes(between: str, one: Field, other: Field) -> bool:
    both = Kind.NUMBER not in (one.kind, other.kind)
    return both and len(between.split()) <= len(_words(one))


def _any_number(word: str) -> str:
    """The word in its singular and its plural."""
    stem = re.escape(word[:-3] + "y" if word.endswith("ies") else word.removesuffix("s"))
    many = re.escape(word.removesuffix("s").removesuffix("y")) + "ies" if stem[-1:] == "y" else ""
    return rf"(?:{stem}(?:s|es)?" + (f"|{many}" if many else "") + ")"


def _over(one: Field, *, several: bool) -> Over:
    return Over(one.label, one.label, f"CAST({one.sql} AS VARCHAR)", "text", several)
