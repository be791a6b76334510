"""What each column holds, decided from its cells: numbers, dates, words, and of which kind."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from flux_cli.adapters.specialists.analyst import amounts, moments
from flux_cli.adapters.specialists.analyst.engine import Engine, name, text
from flux_cli.adapters.specialists.analyst.intake import LINE, Table

MISSING = (
    "", "na", "n/a", "#n/a", "n.a.", "null", "none", "nil", "nan", "-", "--", "—", "–", "?",
    "missing", "(blank)", "<na>", "#ref!", "#value!", "#div/0!", "#name?", "k.a.",
)  # fmt: skip
"""Cells that say there is no value, in lower case."""

SAMPLE = 200_000
"""Rows that decide a column's kind; a larger table is looked at evenly spread."""

ENOUGH = 0.85
"""Share of a column's filled cells that have to be numbers, or dates, for it to be of them."""

MOST_SCALE = 9
"""Decimal places kept exactly; a column with more is measurements, kept as floating point."""


class Kind(StrEnum):
    """What a column's values are."""

    NUMBER = "number"
    DATE = "date"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `cell` is its raw cell, `key` its name once cleaned, `label` what people read.

    `type` is its SQL type. `mark` and `day_first` say how what is ambiguous was read; `undecided`
    counts the cells that only this decided. `currencies` are the ISO codes its cells name.
    """

    cell: str
    key: str
    label: str
    kind: Kind
    type: str
    filled: int
    fitting: int
    mark: str = "."
    day_first: tuple[tuple[str, bool], ...] = ()
    undecided: int = 0
    conflicting: bool = False
    compact: bool = False
    timed: bool = False
    percent: bool = False
    currencies: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    @property
    def tidy(self) -> str:
        """SQL: the raw cell without stray spaces, NULL where it says that nothing is there."""
        return f"nullif_missing({amounts.tidy(self.cell)})"

    def value(self, cell: str) -> str:
        """SQL: the cleaned value of a tidy cell, NULL where it cannot be read."""
        if self.kind is Kind.NUMBER:
            plain = amounts.canonical(cell, self.mark)
            if self.type == "DOUBLE":
                read = f"coalesce(TRY_CAST({plain} AS DOUBLE), TRY_CAST({cell} AS DOUBLE))"
                # Beyond this, squares and sums overflow; no measurement is that large.
                return f"list_transform([{read}], lambda v: CASE WHEN abs(v) < 1e100 THEN v END)[1]"
            return f"TRY_CAST({plain} AS {self.type})"
        if self.kind is Kind.DATE:
            moment = moments.moment(cell, dict(self.day_first), compact=self.compact)
            bounded = f"CASE WHEN year(m) BETWEEN 1800 AND 2200 THEN CAST(m AS {self.type}) END"
            return f"list_transform([{moment}], lambda m: {bounded})[1]"
        ragged = f"regexp_matches({cell}, '\\s\\s|[^\\S ]')"
        return f"CASE WHEN {ragged} THEN regexp_replace({cell}, '\\s+', ' ', 'g') ELSE {cell} END"


def define_missing(engine: Engine) -> None:
    """Make the macro that turns a cell which stands for nothing into NULL."""
    listed = ", ".join(map(text, MISSING))
    engine.run(
        f"CREATE MACRO nullif_missing(c) AS CASE WHEN lower(c) IN ({listed}) THEN NULL ELSE c END"
    )


def columns_of(engine: Engine, table: Table) -> tuple[Column, ...]:
    """Every column of a raw table with its kind."""
    define_missing_once(engine)
    total = int(engine.run(f"SELECT count(*) FROM {name(table.raw)}")[0][0])
    step = max(1, total // SAMPLE)
    engine.run(
        f"CREATE OR REPLACE TEMP VIEW sampled AS SELECT * FROM {name(table.raw)}"
        f" WHERE {LINE} % {step} = 0"
    )
    if step > 1 and not engine.run("SELECT count(*) FROM sampled")[0][0]:
        engine.run(f"CREATE OR REPLACE TEMP VIEW sampled AS SELECT * FROM {name(table.raw)}")
    found = [
        _column(engine, f"c{number}", key, header)
        for number, (key, header) in enumerate(zip(table.keys, table.headers, strict=True), 1)
    ]
    house = _house_mark(found, table)
    settled = [
        replace(column, mark=house) if column.kind is Kind.NUMBER and column.mark == "" else column
        for column in found
    ]
    return tuple(_typed(engine, table, column) for column in settled)


def define_missing_once(engine: Engine) -> None:
    """`define_missing` unless it is there."""
    there = "SELECT count(*) FROM duckdb_functions() WHERE function_name = 'nullif_missing'"
    if not engine.run(there)[0][0]:
        define_missing(engine)


def _column(engine: Engine, cell: str, key: str, header: str) -> Column:
    tidy = f"nullif_missing({amounts.tidy(cell)})"
    cells = f"(SELECT {tidy} AS t FROM sampled)"
    filled, numbers, dates, compact, padded, longest = engine.run(
        f"SELECT count(t), count(*) FILTER ({amounts.is_number('t')}),"
        f" count(*) FILTER ({moments.is_date('t')}),"
        f" count(*) FILTER ({moments.is_family('t', 'eight digits')}),"
        " count(*) FILTER (regexp_full_match(t, '0\\d+')),"
        f" max(length(regexp_extract(t, '\\d+'))) FROM {cells}"
    )[0]
    label = " ".join(header.split()) or key
    plain = Column(cell, key, label, Kind.TEXT, "VARCHAR", int(filled), int(filled))
    if not filled:
        return replace(plain, kind=Kind.EMPTY)
    dated = re.search(r"date|day|time|_at$|datum|month", key)
    if dates >= ENOUGH * filled and dates >= numbers:
        return _dates(engine, cells, plain, int(dates), compact=False)
    if dates + compact >= ENOUGH * filled and dated and compact:
        return _dates(engine, cells, plain, int(dates + compact), compact=True)
    code = padded > 0.01 * filled or (longest or 0) > 17
    if numbers >= ENOUGH * filled and not code:
        return _numbers(engine, cells, plain, int(numbers))
    return plain


def _numbers(engine: Engine, cells: str, plain: Column, fitting: int) -> Column:
    comma, dot, undecided, percent = engine.run(
        f"SELECT count(*) FILTER (regexp_full_match(d, {text(amounts.COMMA_IS_DECIMAL)})),"
        f" count(*) FILTER (regexp_full_match(d, {text(amounts.DOT_IS_DECIMAL)})),"
        f" count(*) FILTER (regexp_full_match(d, {text(amounts.UNDECIDED)})),"
        " count(*) FILTER (contains(t, '%'))"
        f" FROM (SELECT t, {amounts.digits('t')} AS d FROM {cells})"
    )[0]
    currencies = engine.run(
        f"SELECT {amounts.currency('t')} AS code, count(*) FROM {cells}"
        f" WHERE NOT regexp_full_match(t, {text(amounts.PLAIN)}) AND {amounts.is_number('t')}"
        " GROUP BY 1 HAVING code IS NOT NULL ORDER BY 2 DESC, 1"
    )
    mark = "," if comma > dot else "." if dot else ""
    return replace(
        plain,
        kind=Kind.NUMBER,
        type="DOUBLE",
        fitting=fitting,
        mark=mark,
        undecided=int(undecided),
        conflicting=bool(comma and dot and undecided),
        percent=percent > 0.5 * fitting,
        currencies=tuple(str(code) for code, _ in currencies)[:6],
    )


def _dates(engine: Engine, cells: str, plain: Column, fitting: int, *, compact: bool) -> Column:
    order: list[tuple[str, bool]] = []
    undecided, conflicting = 0, False
    for separator in moments.SEPARATORS:
        day, month, either = engine.run(
            f"SELECT count(*) FILTER (a > 12 AND b <= 12), count(*) FILTER (b > 12 AND a <= 12),"
            f" count(*) FILTER (a <= 12 AND b <= 12 AND a <> b)"
            f" FROM (SELECT {moments.part('t', 1)} AS a, {moments.part('t', 2)} AS b FROM {cells}"
            f" WHERE {moments.separated('t', separator)})"
        )[0]
        first = moments.DEFAULT_DAY_FIRST[separator] if day == month else day > month
        order.append((separator, first))
        if either and (not (day or month) or (day and month)):
            undecided += int(either)
            conflicting |= bool(day and month)
    used = [
        family
        for family in moments.FAMILIES
        if (compact or family != "eight digits")
        and engine.run(f"SELECT count(*) FROM {cells} WHERE {moments.is_family('t', family)}")[0][0]
    ]
    timed = engine.run(
        f"SELECT count(*) FROM {cells} WHERE regexp_matches(t, '\\d:\\d\\d')"
        " AND NOT regexp_matches(t, '[T ]0?0:00(:00(\\.0+)?)?(Z|[+-]\\d\\d:?\\d\\d)?$')"
    )[0][0]
    return replace(
        plain,
        kind=Kind.DATE,
        type="TIMESTAMP" if timed else "DATE",
        fitting=fitting,
        day_first=tuple(order),
        undecided=undecided,
        conflicting=conflicting,
        compact=compact,
        timed=bool(timed),
        families=tuple(used),
    )


def _house_mark(found: list[Column], table: Table) -> str:
    """The decimal mark of the columns that show theirs, for those that do not."""
    commas = sum(column.mark == "," for column in found if column.kind is Kind.NUMBER)
    dots = sum(column.mark == "." for column in found if column.kind is Kind.NUMBER)
    if commas == dots:
        return "," if table.parts[0].delimiter == ";" and commas else "."
    return "," if commas > dots else "."


def _typed(engine: Engine, table: Table, column: Column) -> Column:
    """A column of numbers with the exact SQL type that holds all of them."""
    if column.kind is not Kind.NUMBER:
        return column
    scale, whole, scientific = engine.run(
        "SELECT max(length(split_part(n, '.', 2))),"
        " max(length(split_part(ltrim(n, '-'), '.', 1))), count(*) FILTER (e) FROM ("
        f"SELECT {amounts.canonical('t', column.mark)} AS n, {amounts.is_scientific('t')} AS e"
        f" FROM (SELECT {column.tidy} AS t FROM {name(table.raw)}))"
    )[0]
    scale, whole = scale or 0, whole or 1
    if scientific or scale > MOST_SCALE or whole + scale > 34:
        return replace(column, type="DOUBLE")
    if scale == 0 and whole <= 18:
        return replace(column, type="BIGINT")
    return replace(column, type=f"DECIMAL({18 if whole + scale <= 18 else 38},{scale})")
