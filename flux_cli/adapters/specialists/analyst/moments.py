"""Dates as people write them, turned into timestamps by SQL.

    2025-03-09   2025/3/9   09.03.2025   9/3/25   9 Mar 2025   March 9, 2025   20250309   2025-03

"03/09/2025" is two dates: the column's other values with the same separator decide which part is
the day. Where none does, the day comes first, except between slashes.
"""

from __future__ import annotations

from flux_cli.adapters.specialists.analyst.engine import text

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?"
_ZONE = r"(?:Z|UTC|[+-]\d{2}:?\d{2})"
_TIME = rf"(?:[T ,]+{_CLOCK}(?: ?{_ZONE})?)?"
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[A-Za-z]*"

ISO = r"(?:19|20|21)\d{2}([-/.])\d{1,2}[-/.]\d{1,2}"
COMPACT = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
YEAR_MONTH = r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])"
PARTS = r"\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? "
DAY_MONTH = rf"(?:{_WEEKDAY})?\d{{1,2}}(?:st|nd|rd|th|\.)?[ -]{_MONTH}\.?,?[ -](?:\d{{4}}|\d{{2}})"
MONTH_DAY = rf"(?:{_WEEKDAY})?{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"

FAMILIES = {
    "year first": ISO,
    "day and month as numbers": PARTS,
    "day, month in words": DAY_MONTH,
    "month in words, day": MONTH_DAY,
    "year and month": YEAR_MONTH,
    "eight digits": COMPACT,
}
"""The ways of writing a date, by the name the report calls them."""

SEPARATORS = ("/", ".", "-")
DEFAULT_DAY_FIRST = {"/": False, ".": True, "-": True}


def is_family(cell: str, family: str) -> str:
    """SQL: whether a tidy cell is a date written in that way."""
    return f"regexp_full_match({cell}, {text(FAMILIES[family] + _TIME)})"


def is_date(cell: str) -> str:
    """SQL: whether a tidy cell is written like a date; eight digits alone are not enough."""
    every = "|".join(
        f"(?:{pattern})" for family, pattern in FAMILIES.items() if family != "eight digits"
    )
    return f"regexp_full_match({cell}, {text(f'(?:{every}){_TIME}')})"


def part(cell: str, which: int) -> str:
    """SQL: the first or second number of a date of numbers."""
    return rf"TRY_CAST(regexp_extract({cell}, '^(\d{{1,2}})[/.-](\d{{1,2}})', {which}) AS INTEGER)"


def separated(cell: str, separator: str) -> str:
    """SQL: whether a tidy cell is a date of numbers with this separator."""
    return (
        f"(regexp_full_match({cell}, {text(PARTS + _TIME)})"
        f" AND substr(regexp_extract({cell}, '[/.-]'), 1, 1) = {text(separator)})"
    )


def moment(cell: str, day_first: dict[str, bool], *, compact: bool) -> str:
    """SQL: a tidy cell as a TIMESTAMP, or NULL. A time's zone is left out: it stays as written."""
    time = rf"regexp_extract({cell}, '(\d{{1,2}}:\d{{2}}.*)$', 1)"
    clock = (
        f"CASE WHEN NOT contains({cell}, ':') THEN INTERVAL 0 SECOND ELSE"
        f" coalesce(try_strptime(trim(regexp_replace(upper({time}), '{_ZONE}$', '')),"
        " ['%H:%M:%S', '%H:%M', '%I:%M:%S %p', '%I:%M %p', '%H:%M:%S.%f'])"
        " - TIMESTAMP '1900-01-01', INTERVAL 0 SECOND) END"
    )
    day = rf"trim(regexp_replace({cell}, '[T ,]+\d{{1,2}}:\d{{2}}.*$', ''))"
    numbers = f"regexp_replace({day}, '[.-]', '/', 'g')"
    words = (
        f"regexp_replace(regexp_replace({day}, '^{_WEEKDAY}', ''),"
        r" '(\d)(?:st|nd|rd|th)\b|[.,]', '\1', 'g')"
    )
    cut = rf"regexp_replace(replace({words}, '-', ' '), '([A-Za-z]{{3}})[A-Za-z]*', '\1')"
    spelt = rf"regexp_replace({cut}, ' (\d\d)$', ' 20\1')"
    first = [separator for separator in SEPARATORS if day_first[separator]]
    chosen = (
        f"substr(regexp_extract({day}, '[/.-]'), 1, 1) IN ({', '.join(map(text, first)) or 'NULL'})"
    )
    dmy = "['%d/%m/%Y', '%m/%d/%Y']"
    mdy = "['%m/%d/%Y', '%d/%m/%Y']"
    short = rf"regexp_replace({numbers}, '/(\d\d)$', '/20\1')"
    parsed = (
        f"CASE WHEN regexp_full_match({cell}, '\\d{{4}}-\\d\\d-\\d\\d')"
        f" THEN TRY_CAST({cell} AS TIMESTAMP)"
        f" WHEN regexp_matches({day}, '^\\d{{4}}[-/.]\\d{{1,2}}[-/.]')"
        f" THEN try_strptime({numbers}, '%Y/%m/%d')"
        f" WHEN regexp_full_match({day}, {text(PARTS)}) THEN CASE WHEN {chosen}"
        f" THEN try_strptime({short}, {dmy}) ELSE try_strptime({short}, {mdy}) END"
        f" WHEN regexp_full_match({day}, {text(YEAR_MONTH)})"
        f" THEN try_strptime({day} || '-01', '%Y-%m-%d')"
        + (
            f" WHEN regexp_full_match({day}, {text(COMPACT)}) THEN try_strptime({day}, '%Y%m%d')"
            if compact
            else ""
        )
        + f" WHEN regexp_matches({day}, '[A-Za-z]{{3}}')"
        f" THEN try_strptime({spelt}, ['%d %b %Y', '%b %d %Y']) ELSE NULL END"
    )
    return f"({parsed}) + ({clock})"
