"""Numbers as people write them, turned into exact decimals by SQL.

    $1,234.50    1.234,50 €    1 234,50    (120.00)    -3,5 %    CHF 1'200.-    1,23,456.00

A value that can be read in one way only is read in that way. "1,234" and "1.234" can be read in
two: their column's other values decide, or, where none does, the comma groups thousands and the
dot is a decimal point.
"""

from __future__ import annotations

from flux_cli.adapters.specialists.analyst.engine import text

CODES = (
    "USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "INR", "CNY", "SEK", "NOK", "DKK", "PLN",
    "BRL", "MXN", "ZAR", "NZD", "SGD", "HKD", "KRW", "TRY", "CZK", "HUF",
)  # fmt: skip

SYMBOLS = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY",
    "₹": "INR", "₩": "KRW", "₺": "TRY", "zł": "PLN", "Fr.": "CHF",
}  # fmt: skip
"""What each sign is taken to mean; the dollar sign alone is taken for the US dollar."""

_CURRENCY = r"(?:US\$|A\$|C\$|[$€£¥₹₩₺]|zł|Fr\.|" + "|".join(CODES) + ")"
_SPACES = "\u00a0\u202f\u2009\u2007"
_DIGITS = r"(?:\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d*)?|[.,]?\d[\d.,]*)"
SHAPE = (
    rf"(?:\( ?)?[-+−]? ?(?:{_CURRENCY} ?)?(?:\( ?)?[-+−]? ?({_DIGITS})(?:[.,]?[-–])?"
    rf" ?(?:{_CURRENCY}|%)? ?(?:\)|[-−])?"
)
"""A whole cell that is one number; the group is its digits and marks."""

PLAIN = r"-?\d+(?:\.\d+)?"
EXPONENT = r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d+"

_AMERICAN = r"\d{1,3}(?:,\d{2,3})*,\d{3}\.\d+|\d{1,3}(?:,\d{2,3})+,\d{3}"
_EUROPEAN = r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"
_EITHER_COMMA = r"[1-9]\d{0,2},\d{3}"
_EITHER_DOT = r"[1-9]\d{0,2}\.\d{3}"
COMMA_IS_DECIMAL = rf"{_EUROPEAN}|\d*,(?:\d{{1,2}}|\d{{4,}})|0,\d+|\d{{4,}},\d+"
DOT_IS_DECIMAL = rf"{_AMERICAN}|\d*\.(?:\d{{1,2}}|\d{{4,}})|0\.\d+|\d{{4,}}\.\d+"
UNDECIDED = rf"{_EITHER_COMMA}|{_EITHER_DOT}"


def tidy(cell: str) -> str:
    """SQL: the cell with the spaces that typography uses made plain ones, and none around it."""
    return f"trim(translate({cell}, {text(_SPACES)}, {text(' ' * len(_SPACES))}), ' \t\r\n')"


def is_number(cell: str) -> str:
    """SQL: whether a tidy cell is one number."""
    return f"(regexp_full_match({cell}, {text(SHAPE)}) OR {is_scientific(cell)})"


def is_scientific(cell: str) -> str:
    """SQL: whether a tidy cell is a number with an exponent."""
    return f"regexp_full_match({cell}, {text(EXPONENT)})"


def digits(cell: str) -> str:
    """SQL: the digits and marks of a tidy cell that is a number, without spaces."""
    return (
        f"regexp_replace(regexp_extract({cell}, {text('^' + SHAPE + '$')}, 1), '[ ''’]', '', 'g')"
    )


def currency(cell: str) -> str:
    """SQL: the ISO code of the currency a cell names, or NULL."""
    found = f"regexp_extract({cell}, {text(_CURRENCY)})"
    cases = " ".join(f"WHEN {text(sign)} THEN {text(code)}" for sign, code in SYMBOLS.items())
    return f"CASE {found} WHEN '' THEN NULL {cases} ELSE {found} END"


def canonical(cell: str, mark: str) -> str:
    """SQL: a tidy cell as `-1234.50`, or NULL where it is no number.

    `mark`, `.` or `,`, is what separates decimals where a value alone does not show it.
    """
    d = "d"
    no_commas, no_dots = f"replace({d}, ',', '')", f"replace(replace({d}, '.', ''), ',', '.')"
    comma, dot = (f"replace({d}, ',', '.')", no_dots) if mark == "," else (no_commas, d)
    unsigned = (
        f"CASE WHEN regexp_full_match({d}, '\\d+') THEN {d}"
        f" WHEN regexp_full_match({d}, {text(_AMERICAN)}) THEN {no_commas}"
        f" WHEN regexp_full_match({d}, {text(_EUROPEAN)}) THEN {no_dots}"
        f" WHEN regexp_full_match({d}, {text(_EITHER_COMMA)}) THEN {comma}"
        f" WHEN regexp_full_match({d}, {text(_EITHER_DOT)}) THEN {dot}"
        f" WHEN regexp_full_match({d}, '\\d*\\.\\d+') THEN {d}"
        f" WHEN regexp_full_match({d}, '\\d*,\\d+') THEN replace({d}, ',', '.')"
        f" WHEN regexp_full_match({d}, '\\d+[.,]') THEN regexp_replace({d}, '[.,]', '')"
        " ELSE NULL END"
    )
    # A list of one is how SQL names a value so that it is worked out once.
    value = f"list_transform([{digits(cell)}], lambda d: {unsigned})[1]"
    slow = (
        f"CASE WHEN regexp_matches({cell}, '^[^0-9]*[-−(]|[-−]$')"
        f" AND NOT regexp_matches({cell}, '[.,][-–]$') THEN '-' ELSE '' END || {value}"
    )
    quick = PLAIN if mark == "." else r"-?\d+"
    common = r"[$€£] ?\d{1,3}(?:,\d{3})*\.\d\d|[$€£] ?\d+\.\d\d"
    return (
        f"CASE WHEN regexp_full_match({cell}, {text(quick)}) THEN {cell}"
        f" WHEN regexp_full_match({cell}, {text(common)}) THEN translate({cell}, '$€£, ', '')"
        f" WHEN regexp_full_match({cell}, {text(SHAPE)}) THEN {slow} ELSE NULL END"
    )
