"""A delimited file made whole: full rows go on, each with its line; the rest is set aside.

Quotation marks that do not close cost one line, not the rest of the file: reading goes on at the
next line. Rows go on as standard CSV with their line number as first cell.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from flux_cli.adapters.specialists.analyst.decoding import Reading, blocks
from flux_cli.adapters.specialists.analyst.dialect import Dialect, dialect_of
from flux_cli.errors import WorkFailed

MOST_JOINED = 50
"""Lines that one quoted cell may run over."""

LONGEST_KEPT = 2000
"""Characters of a rejected line that are kept to be looked at."""

_SUMMARY = re.compile(
    r"^\W*(?:grand[ -]?total|sub[ -]?total|totals?|sum|summe|gesamt|insgesamt)\b", re.I | re.M
)


@dataclass(slots=True)
class Rows:
    """What became of a file's lines: `read` = `kept` + `rejected`, blank lines apart."""

    reading: Reading = field(default_factory=Reading)
    dialect: Dialect | None = None
    lines: int = 0
    blank: int = 0
    preamble: int = 0
    kept: int = 0
    rejected: int = 0
    joined: int = 0


class _Cutter:
    """Sorts lines into kept and rejected; a record may span lines and blocks."""

    def __init__(self, dialect: Dialect, out: TextIO, reject: TextIO, rows: Rows, name: str):
        self.dialect, self.out, self.rows, self.name = dialect, out, rows, name
        self.writer = csv.writer(out, delimiter=dialect.delimiter, lineterminator="\n")
        self.reject = csv.writer(reject, lineterminator="\n")
        self.pending: list[tuple[int, str]] = []
        self.number = 0

    def block(self, lines: list[str]) -> None:
        """Take whole lines; the common case, no quotation marks, without parsing."""
        separators = self.dialect.width - 1
        mark = self.dialect.delimiter
        whole = "\n".join(lines)
        careful = bool(self.pending) or self.dialect.escape is not None
        suspects = _SUMMARY.search(whole) is not None
        if not careful and not suspects and '"' not in whole and self.dialect.width > 1:
            good: list[str] = []
            for number, line in enumerate(lines, self.number + 1):
                if line.count(mark) == separators and line != self.dialect.header:
                    good.append(f"{number}{mark}{line}\n")
                else:
                    self.line(number, line)
            self.out.writelines(good)
            self.rows.kept += len(good)
        else:
            for number, line in enumerate(lines, self.number + 1):
                self.line(number, line)
        self.number += len(lines)

    def line(self, number: int, line: str) -> None:
        """Take one line, perhaps as a continuation of a quoted cell."""
        if self.pending:
            self._continued(number, line)
            return
        if not line.strip():
            self.rows.blank += 1
            return
        try:
            cells = self.dialect.cells(line) if '"' in line else self._split(line)
        except csv.Error as error:
            if "end of data" in str(error):
                self.pending.append((number, line))
            else:
                self.refuse(number, line, "quotation marks that do not add up")
            return
        self.record(number, line, cells)

    def _split(self, line: str) -> list[str]:
        return [line] if self.dialect.width == 1 else line.split(self.dialect.delimiter)

    def _continued(self, number: int, line: str) -> None:
        self.pending.append((number, line))
        text = "\n".join(part for _, part in self.pending)
        try:
            cells = next(
                csv.reader(
                    io.StringIO(text, newline=""),
                    delimiter=self.dialect.delimiter,
                    escapechar=self.dialect.escape,
                    strict=True,
                )
            )
        except csv.Error as error:
            open_still = "end of data" in str(error) and len(self.pending) <= MOST_JOINED
            if not open_still:
                self.give_up()
            return
        if len(cells) == self.dialect.width:
            first = self.pending[0]
            self.rows.joined += len(self.pending) - 1
            self.pending = []
            self.record(first[0], first[1], cells)
        else:
            self.give_up()

    def give_up(self) -> None:
        """Set aside the line whose quotation mark never closed, and read on after it."""
        (number, line), *rest = self.pending
        self.pending = []
        self.refuse(number, line, "a quotation mark that is not closed")
        for later, text in rest:
            self.line(later, text)

    def record(self, number: int, line: str, cells: list[str]) -> None:
        width = self.dialect.width
        extra = [cell for cell in cells[width:] if cell.strip()]
        if len(cells) < width or extra:
            amount = "few" if len(cells) < width else "many"
            self.refuse(number, line, f"too {amount} cells: {len(cells)} where {width} belong")
        elif line == self.dialect.header and number != self.dialect.header_line:
            self.refuse(number, line, "the header again")
        elif _is_summary(cells):
            self.refuse(number, line, "a row of totals, which repeats the rows above it")
        else:
            self.writer.writerow([number, *cells[:width]])
            self.rows.kept += 1

    def refuse(self, number: int, line: str, reason: str) -> None:
        self.rows.rejected += 1
        self.reject.writerow((self.name, number, reason, line[:LONGEST_KEPT]))


def _is_summary(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    few = len(filled) <= max(2, len(cells) / 2)
    return len(cells) > 2 and few and bool(filled) and bool(_SUMMARY.match(filled[0]))


def cut(path: Path, name: str, out: TextIO, reject: TextIO) -> Rows:
    """Write the full rows of `path` to `out` and the broken ones to `reject`. Raises WorkFailed.

    A rejected row is (source, line, reason, the line as it was).
    """
    rows = Rows()
    cutter: _Cutter | None = None
    for lines in _line_blocks(blocks(path, rows.reading)):
        rows.lines += len(lines)
        if cutter is None:
            rows.dialect = dialect_of(lines)
            cutter = _Cutter(rows.dialect, out, reject, rows, name)
            rows.preamble = sum(bool(line.strip()) for line in lines[: _before(rows.dialect)])
            cutter.number = rows.dialect.header_line
            lines = lines[rows.dialect.header_line :]
        cutter.block(lines)
    if cutter is None:
        raise WorkFailed(f"{name} is empty", subject=name)
    while cutter.pending:
        cutter.give_up()
    if rows.kept == 0:
        raise WorkFailed(f"{name} has a header but no whole row", subject=name)
    if rows.rejected > rows.kept:
        raise WorkFailed(
            f"{name}: {rows.rejected} rows are broken and only {rows.kept} are whole, so what "
            "could be counted would mislead",
            subject=name,
        )
    return rows


def _before(dialect: Dialect) -> int:
    return max(0, dialect.header_line - 1)


def _line_blocks(texts: Iterator[str]) -> Iterator[list[str]]:
    """Lists of lines; the first one has something in it, so that a layout can be seen."""
    empty: list[str] = []
    for text in texts:
        lines = text[:-1].split("\n")
        if empty or not any(map(str.strip, itertools.islice(lines, 600))):
            empty += lines
            if not any(map(str.strip, empty)):
                continue
            lines, empty = empty, []
        yield lines
