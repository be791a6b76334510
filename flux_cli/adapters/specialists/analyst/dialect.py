"""How a delimited file is laid out: what separates cells, how many there are, where rows begin."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.errors import WorkFailed

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 600
MOST_COLUMNS = 400
_NUMBER = re.compile(r"[^\w]*[\d.,'\s]+[^\w]*(?:%|[A-Z]{3})?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """`names` are the header's cells; `header_line` counts from 1, 0 where there is no header."""

    delimiter: str
    escape: str | None
    width: int
    names: tuple[str, ...]
    header: str
    header_line: int

    def cells(self, line: str) -> list[str]:
        """The cells of one record; raises `csv.Error` where quotation marks do not add up."""
        reader = csv.reader([line], delimiter=self.delimiter, escapechar=self.escape, strict=True)
        return next(reader, [])


def dialect_of(lines: Sequence[str]) -> Dialect:
    """The layout of a file that begins with `lines`. Raises WorkFailed where it has none."""
    sample = [line for line in lines[:SAMPLE_LINES] if line.strip()]
    if not sample:
        raise WorkFailed("The file has no rows")
    joined = "\n".join(sample)
    escape = "\\" if '\\"' in joined and '""' not in joined.replace('""', "", 1) else None
    delimiter, width = _delimiter(sample, escape)
    if width > MOST_COLUMNS:
        raise WorkFailed(f"The file has {width} columns; at most {MOST_COLUMNS} can be read")
    plain = Dialect(delimiter, escape, width, (), "", 0)
    for number, line in enumerate(lines[:SAMPLE_LINES], 1):
        cells = _cells(plain, line)
        if line.strip() and len(_trimmed(cells, width)) == width:
            if _is_header(cells, plain, sample):
                return Dialect(delimiter, escape, width, tuple(cells[:width]), line, number)
            break
    return Dialect(delimiter, escape, width, tuple(f"column {n + 1}" for n in range(width)), "", 0)


def _delimiter(sample: Sequence[str], escape: str | None) -> tuple[str, int]:
    """The separator that cuts most lines into the same number of cells, and that number."""
    best = (0.5, 0, ",", 1)
    for delimiter in DELIMITERS:
        plain = Dialect(delimiter, escape, 0, (), "", 0)
        widths = Counter(len(_cells(plain, line)) for line in sample)
        width, lines = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
        if width > 1:
            best = max(best, (lines / len(sample), width, delimiter, width))
    return best[2], best[3]


def _cells(dialect: Dialect, line: str) -> list[str]:
    try:
        return dialect.cells(line)
    except csv.Error:
        return line.split(dialect.delimiter)


def _trimmed(cells: list[str], width: int) -> list[str]:
    """The cells without empty ones beyond `width`, which a trailing separator makes."""
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _is_header(cells: Sequence[str], dialect: Dialect, sample: Sequence[str]) -> bool:
    """Whether the first full row names the columns: no numbers, and unlike the rest."""
    named = [cell.strip() for cell in cells]
    filled = [cell for cell in named if cell]
    if len(filled) < len(named) / 2:
        return False
    if any(_NUMBER.fullmatch(cell) and not re.fullmatch(r"(?:19|20)\d\d", cell) for cell in filled):
        return False
    below = [row for line in sample[1:200] if len(row := _cells(dialect, line)) == len(cells)]
    repeated = sum(
        cell in {row[place].strip() for row in below if [c.strip() for c in row] != named}
        for place, cell in enumerate(named)
        if cell
    )
    return repeated <= len(named) / 3
