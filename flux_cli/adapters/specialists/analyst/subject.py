"""What a cleaned table is about: what it measures, when, and by which groups."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flux_cli.adapters.specialists.analyst.cleaning import Clean, Field
from flux_cli.adapters.specialists.analyst.columns import Kind
from flux_cli.adapters.specialists.analyst.engine import Engine, name

MOST_LEVELS = 40
"""Different values a column may have to be a grouping; more make it a list of names."""

MOST_MEASURES = 6
MOST_CATEGORIES = 6

_NOT_MEASURED = re.compile(
    r"(?:^|_)(?:id|ids|nr|no|key|code|zip|zipcode|postcode|postal|plz|phone|tel|fax|year|jahr|month|"
    r"lat|lon|lng|latitude|longitude|index|rank|week|hour)(?:_|$)"
)
_AVERAGED = re.compile(
    r"price|rate|ratio|percent|pct|share|score|rating|age|temp|avg|average|mean|median|index|"
    r"margin_pct|discount|per_|_per|weight|height|length|width|speed|preis|satisfaction|nps|grade"
)
_ADDED = re.compile(
    r"revenue|sales|turnover|amount|total|qty|quantity|units|count|visits|clicks|orders|cost|spend|"
    r"hours|minutes|volume|pieces|items|rides|trips|passengers|sold|fee|tax|profit|umsatz|menge|betrag|pay"
)
_CENTRAL = re.compile(r"revenue|sales|turnover|total|amount|umsatz|betrag|spend|profit")
_MAIN_TIME = re.compile(r"order|sale|date|day|created|time|datum|period")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something counted. `sql` is its value over rows: a sum, an average or a number of rows."""

    key: str
    label: str
    sql: str
    form: str
    cell: str
    cell_form: str
    added: bool

    @property
    def phrase(self) -> str:
        """How a sentence begins to speak of it."""
        return "Total" if self.added else "Average"

    @property
    def counts_rows(self) -> bool:
        return not self.cell


@dataclass(frozen=True, slots=True)
class Subject:
    """A table with the parts its columns play, the most important first."""

    clean: Clean
    rows: int
    main: Measure
    measures: tuple[Measure, ...]
    time: Field | None
    categories: tuple[Field, ...]
    entities: tuple[Field, ...]

    @property
    def sql(self) -> str:
        return self.clean.sql


def subject_of(engine: Engine, clean: Clean, asked: str) -> Subject:
    """Give each column its part; `asked` is the goal and the brief, whose words count."""
    rows = int(engine.run(f"SELECT count(*) FROM {clean.sql}")[0][0])
    wanted = set(re.findall(r"[a-zà-ÿ]{3,}", asked.lower()))
    filled, levels = _counts(engine, clean)
    measures = sorted(
        (field for field in clean.fields if _is_measure(field, levels[field.key])),
        key=lambda field: -_importance(field, filled[field.key] / max(1, rows), wanted),
    )
    times = [field for field in clean.fields if field.kind is Kind.DATE]
    times.sort(
        key=lambda field: (
            filled[field.key] < 0.8 * rows,
            not _MAIN_TIME.search(field.key),
            -filled[field.key],
        )
    )
    words = [
        field
        for field in clean.fields
        if field.key != clean.identifier
        and filled[field.key] > 0.5 * rows
        and (field.kind is Kind.TEXT or (field.type == "BIGINT" and _coded(field)))
    ]
    groups = [f for f in words if 2 <= levels[f.key] <= min(MOST_LEVELS, max(2, rows / 5))]
    groups.sort(key=lambda f: (not _named(f, wanted), abs(levels[f.key] - 6), f.key))
    entities = [
        f for f in words if levels[f.key] > MOST_LEVELS and levels[f.key] < 0.6 * filled[f.key]
    ]
    made = tuple(measure_of(field) for field in measures[:MOST_MEASURES])
    rows_counted = Measure("rows", "rows", "count(*)", "count", "", "", added=True)
    main = made[0] if made else rows_counted
    return Subject(
        clean,
        rows,
        main,
        made,
        times[0] if times else None,
        tuple(groups[:MOST_CATEGORIES]),
        tuple(entities[:3]),
    )


def measure_of(field: Field) -> Measure:
    """A numeric field as a measure: added where its name or unit says that sums mean something."""
    added = is_added(field)
    exact = re.fullmatch(r"DECIMAL\(\d+,(\d+)\)", field.type)
    bare = f"decimal:{exact.group(1)}" if exact else "number"
    cell_form = f"money:{field.unit}" if len(field.unit) == 3 else "points" if field.unit else bare
    sql = f"sum({field.sql})" if added else f"avg({field.sql})"
    return Measure(field.key, field.label, sql, cell_form, field.sql, cell_form, added)


def is_added(field: Field) -> bool:
    """Whether the sum of a field means something."""
    if field.unit == "%" or _AVERAGED.search(field.key):
        return False
    return len(field.unit) == 3 or bool(_ADDED.search(field.key))


def _counts(engine: Engine, clean: Clean) -> tuple[dict[str, int], dict[str, int]]:
    parts = ", ".join(
        f"count({field.sql}), approx_count_distinct({field.sql})" for field in clean.fields
    )
    row = engine.run(f"SELECT {parts} FROM {clean.sql}")[0]
    keys = [field.key for field in clean.fields]
    levels = dict(zip(keys, map(int, row[1::2]), strict=True))
    for field in clean.fields:
        # The quick count is rough; what is near a limit is counted.
        if levels[field.key] < 4 * MOST_LEVELS:
            exact = f"SELECT count(DISTINCT {name(field.key)}) FROM {clean.sql}"
            levels[field.key] = int(engine.run(exact)[0][0])
    return dict(zip(keys, map(int, row[::2]), strict=True)), levels


def _is_measure(field: Field, levels: int) -> bool:
    return field.kind is Kind.NUMBER and levels > 1 and not _NOT_MEASURED.search(field.key)


def _coded(field: Field) -> bool:
    return bool(
        re.search(r"(?:^|_)(?:code|year|month|store|week|hour|class|grade|zip)(?:_|$)", field.key)
    )


def _importance(field: Field, filled: float, wanted: set[str]) -> float:
    score = 4.0 * filled
    score += 3 * (is_added(field) and len(field.unit) == 3) + 2 * is_added(field)
    score += 3 * bool(_CENTRAL.search(field.key)) + (len(field.unit) == 3)
    return score + 1.5 * _named(field, wanted) - 3 * field.key.endswith("_unmarked")


def _named(field: Field, wanted: set[str]) -> bool:
    words = set(re.findall(r"[a-zà-ÿ]{3,}", field.key))
    return bool(words & wanted) or any(
        word + "s" in wanted or word[:-1] in wanted for word in words
    )
