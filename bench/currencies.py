"""Whether the currencies Flux knows are the official ones; with --write, make them so.

    python bench/currencies.py [--write]

Exponents are those of ISO 4217's List One, which `iso4217` carries whole. The official list of
withdrawn codes has no minor units and no package carries it, so the withdrawn are what CLDR, in
`babel`, records as some territory's legal tender and List One has no more. A code once carried
stays when it is withdrawn, so that a ledger which holds it can still be read.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path

import iso4217
from babel.core import get_global

from flux_cli.domain import currencies

MODULE = Path(currencies.__file__)

TEXT = '''\
"""The currencies of ISO 4217, as published on {published}.

Generated: `python bench/currencies.py --write` writes it again, and without `--write` says
whether it still agrees with the official list.
"""

from __future__ import annotations

EXPONENTS: dict[str, int] = {{
{exponents}
}}  # fmt: skip
"""How many decimals one whole unit has, for every currency that has a minor unit."""

UNITLESS: frozenset[str] = frozenset({{
{unitless}
}})  # fmt: skip
"""Codes without a minor unit: metals, baskets of currencies, tests."""

WITHDRAWN: frozenset[str] = frozenset({{
{withdrawn}
}})  # fmt: skip
"""Codes that were once some territory's legal tender and are no currency now."""
'''


def official() -> dict[str, int | None]:
    """Every code of List One and its exponent; None where it has no minor unit."""
    units = {code: row["CcyMnrUnts"] for code, row in iso4217.raw_table.items() if code}
    return {code: None if unit == "N.A." else int(str(unit)) for code, unit in units.items()}


def withdrawn() -> set[str]:
    """Codes that CLDR records as legal tender and List One has no more."""
    history = get_global("territory_currencies").values()
    return {row[0] for rows in history for row in rows if row[3]} - official().keys()


def module() -> str:
    """The text `flux_cli/domain/currencies.py` is to have."""
    listed = official()
    exponents = {code: unit for code, unit in listed.items() if unit is not None}
    carried = {code: unit for code, unit in currencies.EXPONENTS.items() if code not in listed}
    gone = withdrawn() | carried.keys()
    return TEXT.format(
        published=iso4217.__published__,
        exponents=_lines(f'"{code}": {unit}' for code, unit in (exponents | carried).items()),
        unitless=_lines(f'"{code}"' for code, unit in listed.items() if unit is None),
        withdrawn=_lines(f'"{code}"' for code in gone),
    )


def _lines(items: Iterable[str]) -> str:
    ordered = sorted(items)
    rows = [ordered[start : start + 9] for start in range(0, len(ordered), 9)]
    return "\n".join("    " + ", ".join(row) + "," for row in rows)


def main() -> None:
    """Print what differs and end with 1, or write the module."""
    wanted = module()
    if "--write" in sys.argv[1:]:
        MODULE.write_text(wanted, encoding="utf-8")
        return
    found = MODULE.read_text(encoding="utf-8")
    names = (MODULE.name, "official list")
    difference = list(
        difflib.unified_diff(found.splitlines(), wanted.splitlines(), *names, lineterm="")
    )
    print("\n".join(difference) or f"{MODULE.name} is the official list")
    sys.exit(1 if difference else 0)


if __name__ == "__main__":
    main()
