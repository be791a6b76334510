"""A raw table made clean: typed, spelt one way, without repeated records; every change is kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.adapters.specialists.analyst.amounts import CODES, currency
from flux_cli.adapters.specialists.analyst.columns import Column, Kind, columns_of
from flux_cli.adapters.specialists.analyst.engine import Engine, name, text
from flux_cli.adapters.specialists.analyst.intake import FILE, LINE, Table, drop
from flux_cli.errors import WorkFailed

MOST_SPELLINGS = 400
"""Different values a column of words may have for their spellings to be compared."""

_ISSUES = {Kind.NUMBER: "not a number", Kind.DATE: "not a date"}
_MONEY = re.compile(
    r"amount|price|revenue|total|cost|sales|value|fee|net|gross|tax|pay|spend|betrag|umsatz|preis"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One column of the cleaned table. `unit` is a currency code, `%` or nothing."""

    key: str
    label: str
    kind: Kind
    type: str
    unit: str
    column: Column | None

    @property
    def sql(self) -> str:
        return name(self.key)


@dataclass(frozen=True, slots=True)
class Clean:
    """A cleaned table, what identifies a record in it if anything does, and what was merged."""

    table: Table
    fields: tuple[Field, ...]
    identifier: str
    merged: tuple[tuple[str, int, int], ...]

    @property
    def sql(self) -> str:
        return name(self.table.name)

    def field(self, key: str) -> Field:
        """The field of this name, which is there."""
        return next(field for field in self.fields if field.key == key)


def clean(engine: Engine, table: Table) -> Clean:
    """Make the table `table.name` from its raw one; tell `intake` and `cell_issues`."""
    engine.run(
        "CREATE TABLE IF NOT EXISTS cell_issues"
        " (source VARCHAR, line BIGINT, field VARCHAR, content VARCHAR, reason VARCHAR)"
    )
    columns = columns_of(engine, table)
    named = _currency_column(engine, table, columns)
    fields, values = _fields(engine, table, columns, named)
    if not fields:
        raise WorkFailed(f"{table.name} has no column with values")
    inner = ", ".join(f"{column.tidy} AS {column.cell}" for column in columns)
    outer = ", ".join(
        f"{value} AS {field.sql}" for field, value in zip(fields, values, strict=True)
    )
    several = f"{FILE}, " if len(table.parts) > 1 else ""
    engine.run(
        f"CREATE TABLE {name(table.name)} AS SELECT {several}{LINE}, {outer}"
        f" FROM (SELECT {FILE}, {LINE}, {inner} FROM {name(table.raw)})"
    )
    _note_issues(engine, table, columns, fields)
    _note_rules(engine, table, columns)
    drop(engine, table)
    merged = tuple(
        found
        for field in fields
        if field.kind is Kind.TEXT and (found := _one_spelling(engine, table, field))
    )
    for key, before, after in merged:
        _note(engine, table, f"spellings before: {key}", before)
        _note(engine, table, f"spellings after: {key}", after)
    made = Clean(table, fields, "", merged)
    identifier = _identifier(engine, made)
    made = Clean(table, fields, identifier, merged)
    _repeats(engine, made)
    return made


def _currency_column(
    engine: Engine, table: Table, columns: Sequence[Column]
) -> tuple[Column, tuple[str, ...]] | None:
    """The column that names each row's currency, and its codes, where there are several."""
    for column in columns:
        if column.kind is not Kind.TEXT or not column.filled:
            continue
        # A few rows rule out nearly every column; only a likely one is read to its end.
        for rows in (f"(SELECT * FROM {name(table.raw)} LIMIT 5000)", name(table.raw)):
            found = engine.run(
                f"SELECT DISTINCT upper({column.tidy}) AS t FROM {rows} WHERE t IS NOT NULL LIMIT 9"
            )
            codes = sorted(str(row[0]) for row in found)
            if not (0 < len(codes) <= 8 and set(codes) <= set(CODES)):
                break
        else:
            if len(codes) > 1:
                return column, tuple(codes)
    return None


def _fields(
    engine: Engine,
    table: Table,
    columns: Sequence[Column],
    named: tuple[Column, tuple[str, ...]] | None,
) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """The fields of the cleaned table and the SQL of each; money never mixes currencies."""
    fields: list[Field] = []
    values: list[str] = []
    for column in columns:
        if column.kind is Kind.EMPTY:
            continue
        value = column.value(column.cell)
        unit = _unit(column)
        split = _split(engine, table, column, named)
        for code, condition in split:
            part = f"CASE WHEN {condition} THEN {value} END"
            key = f"{column.key}_{code.lower()}"
            label = f"{column.label} ({code})"
            fields.append(Field(key, label, column.kind, column.type, code, column))
            values.append(part)
        if not split:
            fields.append(Field(column.key, column.label, column.kind, column.type, unit, column))
            values.append(value)
    return tuple(fields), tuple(values)


def _unit(column: Column) -> str:
    if column.kind is not Kind.NUMBER:
        return ""
    if column.currencies:
        return column.currencies[0]
    if column.percent or "%" in column.label:
        return "%"
    for code in CODES:
        if re.search(rf"(?:^|_){code.lower()}(?:_|$)", column.key):
            return code
    signs = {"$": "USD", "€": "EUR", "£": "GBP"}
    return next((code for sign, code in signs.items() if sign in column.label), "")


def _split(
    engine: Engine,
    table: Table,
    column: Column,
    named: tuple[Column, tuple[str, ...]] | None,
) -> list[tuple[str, str]]:
    """(currency, SQL condition) of each currency in a column of money that has several."""
    if column.kind is not Kind.NUMBER:
        return []
    if len(column.currencies) > 1:
        code = currency(column.cell)
        bare = engine.run(
            f"SELECT count(*) FROM (SELECT {column.tidy} AS {column.cell} FROM {name(table.raw)})"
            f" WHERE {column.cell} IS NOT NULL AND {code} IS NULL"
        )[0][0]
        found = [(one, f"({code}) = {text(one)}") for one in column.currencies]
        return [*found, *([("unmarked", f"({code}) IS NULL")] if bare else [])]
    if named and not column.currencies and not column.percent and _MONEY.search(column.key):
        return [(code, f"upper({named[0].cell}) = {text(code)}") for code in named[1]]
    return []


def _lost(engine: Engine, table: Table, column: Column, fields: Sequence[Field]) -> bool:
    """Whether fewer cells of a column have a value once cleaned than are filled."""
    own = " + ".join(f"count({field.sql})" for field in fields if field.column is column)
    filled = engine.run(f"SELECT count({column.tidy}) FROM {name(table.raw)}")[0][0]
    return bool(filled != engine.run(f"SELECT {own} FROM {name(table.name)}")[0][0])


def _note_issues(
    engine: Engine, table: Table, columns: Sequence[Column], fields: Sequence[Field]
) -> None:
    """Keep every cell that is filled but could not be read, with its line."""
    for column in columns:
        if column.kind in _ISSUES and _lost(engine, table, column, fields):
            engine.run(
                f"INSERT INTO cell_issues SELECT {FILE}, {LINE}, {text(column.key)},"
                f" left(t, 200), {text(_ISSUES[column.kind])} FROM (SELECT {FILE}, {LINE},"
                f" {column.tidy} AS t FROM {name(table.raw)}) WHERE t IS NOT NULL"
                f" AND {column.value('t')} IS NULL"
            )


def _note(engine: Engine, table: Table, measure: str, amount: int) -> None:
    engine.run("INSERT INTO intake VALUES (?, ?, ?)", (table.parts[0].file, measure, amount))


def _note_rules(engine: Engine, table: Table, columns: Sequence[Column]) -> None:
    """Keep how many cells were read by a rule because they can be read in two ways."""
    for column in columns:
        if column.undecided and column.kind in _ISSUES:
            kind = "dates" if column.kind is Kind.DATE else "numbers"
            _note(engine, table, f"{kind} read by a rule: {column.key}", column.undecided)


def _one_spelling(engine: Engine, table: Table, field: Field) -> tuple[str, int, int] | None:
    """Give values that differ in case and spaces only their commonest spelling.

    (column, spellings before, values after), or None where nothing was merged.
    """
    counted = engine.run(
        f"SELECT {field.sql}, count(*) FROM {name(table.name)} WHERE {field.sql} IS NOT NULL"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_SPELLINGS + 1}"
    )
    if len(counted) > MOST_SPELLINGS:
        return None
    groups: dict[str, list[str]] = defaultdict(list)
    for spelling, _ in counted:
        groups[" ".join(str(spelling).casefold().split())].append(str(spelling))
    changes = [(one, members[0]) for members in groups.values() for one in members[1:]]
    if not changes:
        return None
    cases = " ".join(f"WHEN {text(one)} THEN {text(other)}" for one, other in changes)
    listed = ", ".join(text(one) for one, _ in changes)
    engine.run(
        f"UPDATE {name(table.name)} SET {field.sql} = CASE {field.sql} {cases} END"
        f" WHERE {field.sql} IN ({listed})"
    )
    return field.key, len(counted), len(groups)


_NAMED_ID = re.compile(
    r"(?:^|_)(?:id|ids|no|nr|num|number|key|code|uuid|guid|ref|reference)$|^(?:id|nr|no)_"
)


def _identifier(engine: Engine, made: Clean) -> str:
    """The column that identifies a record: named so, and different in nearly every record."""
    for field in made.fields:
        exact = field.kind is Kind.TEXT or field.type == "BIGINT"
        if exact and _NAMED_ID.search(field.key):
            cells = ", ".join(one.sql for one in made.fields)
            rows, values, records = engine.run(
                f"SELECT count(*), count(DISTINCT hash({field.sql})),"
                f" count(DISTINCT hash({cells})) FROM {made.sql}"
            )[0]
            if 3 * values >= rows and values >= 0.95 * records:
                return field.key
    return ""


def _repeats(engine: Engine, made: Clean) -> None:
    """Count rows that are the same throughout; drop them where a record has an identifier."""
    cells = ", ".join(field.sql for field in made.fields)
    several = f"{FILE}, " if len(made.table.parts) > 1 else ""
    origin = f" || ' of ' || {FILE}" if several else ""
    engine.run(
        "CREATE OR REPLACE TEMP TABLE repeats AS SELECT place, file, line, first FROM ("
        f"SELECT rowid AS place, {FILE if several else text(made.table.parts[0].file)} AS file,"
        f" {LINE} AS line, row_number() OVER w AS turn, first_value({LINE}{origin}) OVER w AS first"
        f" FROM {made.sql} WHERE hash({cells}) IN (SELECT hash({cells}) FROM {made.sql}"
        f" GROUP BY 1 HAVING count(*) > 1) WINDOW w AS (PARTITION BY {cells}"
        f" ORDER BY {several}{LINE})) WHERE turn > 1"
    )
    dropped = bool(made.identifier)
    measure = "repeated records removed" if dropped else "repeated rows kept"
    engine.run(f"INSERT INTO intake SELECT file, {text(measure)}, count(*) FROM repeats GROUP BY 1")
    if dropped:
        engine.run(
            "INSERT INTO rejected_rows SELECT file, line,"
            " 'the same record as line ' || first, NULL FROM repeats"
        )
        engine.run(f"DELETE FROM {made.sql} WHERE rowid IN (SELECT place FROM repeats)")
