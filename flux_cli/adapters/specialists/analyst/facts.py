"""The numbers of a report: each with the SQL it came from and the rows that gave it."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from flux_cli.adapters.specialists.analyst import significance
from flux_cli.adapters.specialists.analyst.engine import Engine
from flux_cli.domain.text import visible

SCHEMA = "flux.analysis/1"
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
TOLERANCE = 1e-9
"""Relative; sums of floating-point numbers depend on the order they are added in."""

LARGEST_WRITTEN = Decimal("1e36")
"""Numbers from here on are shown with an exponent."""

Cell = str | int | float | None
"""A value as JSON holds it; exact decimals and dates are text."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One number or name in a sentence: the fact's cell in that row and column."""

    fact: Fact
    row: int
    column: str

    @property
    def value(self) -> Cell:
        return self.fact.values[self.row][self.fact.columns.index(self.column)]

    @property
    def shown(self) -> str:
        """The value as people read it."""
        return show(self.value, self.fact.forms[self.fact.columns.index(self.column)])


@dataclass(frozen=True, slots=True)
class Fact:
    """What one query found. `computed` names the function of `significance` that made `values`
    of `rows`; without one they are the same. `forms` say how each column is shown.
    """

    id: str
    label: str
    sql: str
    columns: tuple[str, ...]
    forms: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    values: tuple[tuple[Cell, ...], ...]
    computed: str = ""

    def at(self, column: str, row: int = 0) -> Ref:
        """The cell to be put into a sentence."""
        return Ref(self, row, column)

    def number(self, column: str, row: int = 0) -> float:
        """The cell as a number to decide by, NaN where there is none; never for money."""
        value = self.values[row][self.columns.index(column)]
        return math.nan if value is None else float(value)

    def column(self, column: str) -> list[Cell]:
        """Every value of one column."""
        place = self.columns.index(column)
        return [row[place] for row in self.values]

    def shown(self) -> list[list[str]]:
        """Every value as people read it."""
        return [
            [show(value, form) for value, form in zip(row, self.forms, strict=True)]
            for row in self.values
        ]


@dataclass(slots=True)
class FactSheet:
    """The facts of one report, in the order they were asked for."""

    engine: Engine
    facts: list[Fact] = field(default_factory=list)

    def ask(self, label: str, sql: str, forms: Mapping[str, str], computed: str = "") -> Fact:
        """Run a query and keep what it found; `forms` has the columns of the result in order."""
        rows = tuple(tuple(as_json(cell) for cell in row) for row in self.engine.run(sql))
        values = significance.compute(computed, rows) if computed else rows
        number = f"f{len(self.facts) + 1}"
        columns = tuple(forms)
        assert all(len(row) == len(columns) for row in values), f"{label}: {columns}"
        tidy = " ".join(sql.split())
        fact = Fact(number, label, tidy, columns, tuple(forms.values()), rows, values, computed)
        self.facts.append(fact)
        return fact


def as_json(value: Any) -> Cell:
    """A database's value as JSON holds it, without losing any of it but noise of the last bits."""
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    if isinstance(value, datetime.datetime):
        moment = value.isoformat(sep=" ")
        return moment.removesuffix(" 00:00:00")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def same(one: Cell, other: Cell) -> bool:
    """Whether two values are equal; floating-point numbers to nine digits."""
    if isinstance(one, float) or isinstance(other, float):
        if isinstance(one, str | None) or isinstance(other, str | None):
            return one == other
        return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=1e-12)
    return one == other


def show(value: Cell, form: str) -> str:
    """A value as people read it.

    Forms: count, number, decimal:N, money:XXX, share, points, times, effect, p, day, week, month,
    quarter, year, weekday, text.
    """
    if value is None:
        return "–"
    kind, _, unit = form.partition(":")
    if kind in _NUMBERS:
        return _NUMBERS[kind](Decimal(str(value)), unit)
    if kind in ("month", "quarter", "year", "day", "week"):
        return _period(str(value), kind)
    if kind == "weekday":
        return _WEEKDAYS[int(value) - 1]
    shown = visible(str(value))
    return shown if len(shown) <= 60 else shown[:59] + "…"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _period(value: str, kind: str) -> str:
    moment = datetime.datetime.fromisoformat(value)
    if kind == "month":
        return f"{moment:%b %Y}"
    if kind == "quarter":
        return f"Q{(moment.month + 2) // 3} {moment.year}"
    if kind == "year":
        return str(moment.year)
    day = f"{moment.day} {moment:%b %Y}"
    if kind == "week":
        return f"week of {day}"
    return day if moment.time() == datetime.time() else f"{day}, {moment:%H:%M}"


def _rounded(value: Decimal, places: int) -> str:
    if abs(value) >= LARGEST_WRITTEN:
        return f"{value:.3e}".replace("-", "−")
    quantum = Decimal(1).scaleb(-places)
    with localcontext(prec=60):
        shown = f"{value.quantize(quantum, rounding=ROUND_HALF_UP):,f}"
    return shown.replace("-", "−") if shown.strip("-0.,") else shown.replace("-", "")


def _number(value: Decimal, unit: str) -> str:
    del unit
    if value == value.to_integral_value() and abs(value) < Decimal("1e15"):
        return _rounded(value, 0)
    size = value.adjusted()
    return _rounded(value, max(0, min(6, (0 if size >= 4 else 2 if size >= 0 else 3 - size))))


def _money(value: Decimal, unit: str) -> str:
    shown = _rounded(value, 0 if unit in ("JPY", "KRW") else 2)
    sign = "−" if shown.startswith("−") else ""
    digits = shown.removeprefix("−")
    return f"{sign}{SIGNS[unit]}{digits}" if unit in SIGNS else f"{sign}{unit} {digits}"


def _share(value: Decimal, unit: str) -> str:
    shown = _rounded(value * 100, 1) + " %"
    return f"+{shown}" if unit == "signed" and value > 0 and shown != "0.0 %" else shown


def _p(value: Decimal, unit: str) -> str:
    del unit
    return "< 0.001" if value < Decimal("0.001") else _rounded(value, 3)


_NUMBERS = {
    "count": lambda value, _: _rounded(value, 0),
    "number": _number,
    "money": _money,
    "share": _share,
    "decimal": lambda value, unit: _rounded(value, int(unit)),
    "points": lambda value, _: _rounded(value, 1) + " %",
    "times": lambda value, _: _rounded(value, 1) + "×",
    "effect": lambda value, _: _rounded(value, 2),
    "p": _p,
}


def facts_json(facts: Sequence[Fact], about: Mapping[str, object]) -> bytes:
    """The text of `facts.json`."""
    document = {
        "schema": SCHEMA,
        **about,
        "facts": [
            {
                "id": fact.id,
                "label": fact.label,
                "sql": fact.sql,
                "computed": fact.computed,
                "columns": fact.columns,
                "forms": fact.forms,
                "rows": fact.rows,
                "value": fact.values[0][0]
                if len(fact.values) == 1 and len(fact.columns) == 1
                else fact.values,
            }
            for fact in facts
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
