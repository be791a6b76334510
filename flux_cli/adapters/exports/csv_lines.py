"""The ledger as CSV (RFC 4180): one posting a row, and no text that a spreadsheet would run.

A cell of text that could begin a formula gets an apostrophe in front, and so does such text after
a semicolon, a bar, a tab or a line break within the cell, which some spreadsheets take for the
next cell. `unguarded` gives back exactly what was written. The columns of numbers hold plain
numbers, so a negative amount does begin with `-`.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from flux_cli.domain.canonical import instant
from flux_cli.usecases.ports import EntryRecord

COLUMNS = (
    "seq",
    "entry_id",
    "line",
    "recorded_at",
    "kind",
    "account",
    "amount",
    "currency",
    "amount_minor",
    "exponent",
    "key",
    "memo",
    "decision_id",
    "reference",
    "run_id",
)

_BEGINS = r"(?:^|(?<=[;|\t\r\n]))"
# The wide forms are read as the narrow ones by spreadsheets set to Japanese or Chinese.
_GUARDED = re.compile(_BEGINS + r"""(?=\s*[=+\-@'"\t\r\n\uff1d\uff0b\uff0d\uff20])""")
_MARK = re.compile(_BEGINS + "'")


class _Rows(Protocol):
    def writerow(self, row: Iterable[str | int], /) -> str: ...


class _Through:
    """A file that hands each row back instead of keeping it."""

    def write(self, row: str, /) -> str:
        return row


def csv_lines(entries: Iterable[EntryRecord]) -> Iterator[str]:
    """The header and a row for each posting, with CR LF; what is absent is an empty cell."""
    rows: _Rows = csv.writer(_Through())
    yield rows.writerow(COLUMNS)
    for record in entries:
        entry = record.entry
        for line, posting in enumerate(entry.postings):
            amount = posting.amount
            yield rows.writerow(
                (
                    record.seq,
                    guarded(record.id),
                    line,
                    instant(record.recorded_at),
                    entry.kind.value,
                    guarded(posting.account),
                    amount.decimal,
                    amount.asset.code,
                    amount.units,
                    amount.asset.exponent,
                    guarded(entry.key),
                    guarded(entry.memo),
                    guarded(entry.decision_id or ""),
                    guarded(entry.reference or ""),
                    guarded(entry.run_id or ""),
                )
            )


def guarded(text: str) -> str:
    """`text` with an apostrophe wherever a formula, or another apostrophe, could begin a cell."""
    return _GUARDED.sub("'", text)


def unguarded(cell: str) -> str:
    """The text that `guarded` made safe."""
    return _MARK.sub("", cell)
