"""A file of payments, read whole and checked to the last cell before anything is paid."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.money import CREDIT, find_asset, parse_money
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import InvalidInput
from flux_cli.usecases.batch_payments import Fault, Row
from flux_cli.usecases.money_request import MoneyRequest

MOST_BYTES = 10_000_000
MOST_ROWS = 10_000
MOST_FAULTS = 20
"""How many faults are named; whoever mends these sees the rest the next time."""

REQUIRED = ("from", "to", "amount")
LONGEST = {
    "from": 200,
    "to": 200,
    "amount": 40,
    "asset": 12,
    "purpose": 600,
    "memo": 600,
    "category": 64,
    "key": 200,
    "reference": 200,
    "mandate": 64,
}
"""The columns there are, and the most characters of each."""

FORMULAS = ("=", "+", "-", "@")

Record = tuple[int, Mapping[str, str] | str]
"""A line's number and its cells by column, without the empty ones; or why it cannot be used."""


class BadLine(Exception):
    """One line cannot be used; says which, and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(line, message)


def read_batch(path: Path) -> list[Row]:
    """The payments a CSV or JSON Lines file asks for, in its order.

    A row without a key gets one from the file's bytes and its line, so that the same file pays
    once however often it is run. Raises `InvalidInput` that names the lines at fault.
    """
    records = {".csv": _csv, ".jsonl": _json_lines, ".ndjson": _json_lines}.get(path.suffix.lower())
    if records is None:
        raise InvalidInput(f"{path.name}: name it .csv or .jsonl for what it is", param="FILE")
    data = _bytes(path)
    name = hashlib.sha256(data).hexdigest()
    rows: list[Row] = []
    faults: list[Fault] = []
    try:
        for found in _counted(records, _text(data)):
            try:
                rows.append(_row(*_read(found), name))
            except BadLine as bad:
                faults.append(bad.fault)
    except BadLine as bad:
        faults.append(bad.fault)
    faults += _repeated_keys(rows)
    refuse_faults(path, faults)
    if not rows:
        raise InvalidInput(f"{path.name} has no rows", param="FILE")
    return rows


def refuse_faults(path: Path, faults: list[Fault]) -> None:
    """Raise `InvalidInput` that names each fault with its line, if there are any."""
    if not faults:
        return
    ordered = sorted(faults, key=lambda fault: fault.line)
    told = [f"line {fault.line}: {fault.message}" for fault in ordered[:MOST_FAULTS]]
    if len(ordered) > MOST_FAULTS:
        told.append(f"and {len(ordered) - MOST_FAULTS} more")
    raise InvalidInput(
        f"{path.name} cannot be used; nothing was paid\n  " + "\n  ".join(told), param="FILE"
    )


def _bytes(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise InvalidInput(f"{path} is no file", param="FILE")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="FILE") from error
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"{path.name} is larger than {MOST_BYTES:,} bytes", param="FILE")
    return data


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")  # spreadsheets begin their UTF-8 with a mark
    except UnicodeDecodeError as error:
        raise BadLine(data.count(b"\n", 0, error.start) + 1, "not UTF-8 text") from None
    if "\0" in text:
        raise BadLine(text.count("\n", 0, text.index("\0")) + 1, "holds a NUL character")
    return text


def _counted(records: Callable[[str], Iterator[Record]], text: str) -> Iterator[Record]:
    for number, record in enumerate(records(text), 1):
        if number > MOST_ROWS:
            raise BadLine(record[0], f"more than {MOST_ROWS:,} rows")
        yield record


def _read(record: Record) -> tuple[int, Mapping[str, str]]:
    line, cells = record
    if isinstance(cells, str):
        raise BadLine(line, cells)
    return line, cells


def _csv(text: str) -> Iterator[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: list[str] | None = None
    try:
        for cells in reader:
            if columns is None:
                columns = _columns(reader.line_num, cells)
            elif len(cells) > len(columns):
                yield reader.line_num, f"{len(cells)} cells under {len(columns)} columns"
            elif cells:
                # What spreadsheets leave off at the end of a line is as good as empty.
                named = zip(columns, cells, strict=False)
                yield reader.line_num, {name: cell for name, cell in named if cell}
    except csv.Error as error:
        raise BadLine(reader.line_num, f"not CSV: {error}") from None


def _columns(line: int, names: list[str]) -> list[str]:
    _known(line, names)
    if len(set(names)) < len(names):
        raise BadLine(line, "a column is named twice")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise BadLine(line, f"no column {', '.join(missing)}")
    return names


def _known(line: int, names: list[str]) -> None:
    unknown = [name for name in names if name not in LONGEST]
    if unknown:
        raise BadLine(line, f"unknown column {unknown[0][:40]!r}: there are {', '.join(LONGEST)}")


def _json_lines(text: str) -> Iterator[Record]:
    for line, written in enumerate(text.split("\n"), 1):
        if written.strip():
            try:
                yield line, _json_cells(line, written)
            except BadLine as bad:
                yield line, bad.fault.message


def _json_cells(line: int, written: str) -> Mapping[str, str]:
    try:
        pairs = json.loads(written, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        raise BadLine(line, "not JSON") from None
    if not isinstance(pairs, _Pairs):
        raise BadLine(line, "not a JSON object")
    names = [name for name, _ in pairs]
    _known(line, names)
    if len(set(names)) < len(names):
        raise BadLine(line, "a field is named twice")
    for name, value in pairs:
        if value is not None and not isinstance(value, str):
            raise BadLine(line, f"{name}: write it as text in quotes")
    return {name: value for name, value in pairs if isinstance(value, str) and value}


class _Pairs(list[tuple[str, object]]):
    """A JSON object as it is written, so that a name given twice is seen."""


def _row(line: int, cells: Mapping[str, str], file_digest: str) -> Row:
    """The payment of one line. Raises `BadLine`."""
    missing = [name for name in REQUIRED if name not in cells]
    if missing:
        raise BadLine(line, f"no {', '.join(missing)}")
    for name, cell in cells.items():
        if len(cell) > LONGEST[name]:
            raise BadLine(line, f"{name}: longer than {LONGEST[name]} characters")
        if HIDDEN.search(cell):
            raise BadLine(line, f"{name}: holds a hidden or control character")
        if name != "amount" and cell.lstrip().startswith(FORMULAS):
            raise BadLine(line, f"{name}: a spreadsheet would take {cell[:20]!r} for a formula")
    if "purpose" in cells and "memo" in cells:
        raise BadLine(line, "memo is another word for purpose: give one")
    try:
        amount = parse_money(cells["amount"], find_asset(cells.get("asset", CREDIT.code)))
    except InvalidInput as error:
        raise BadLine(line, error.message) from None
    if amount.units == 0:
        raise BadLine(line, "amount: pay more than nothing")
    payer, payee = cells["from"], cells["to"]
    purpose = cells.get("purpose") or cells.get("memo") or f"payment to {payee}"
    request = MoneyRequest(
        requester=payer,
        amount=amount,
        shares=(Share(payee, amount),),
        purpose=bounded(purpose, 600),
        justification="",
        claimed_return=None,
        urgency=Urgency.MEDIUM,
        plan_digest="",
        reference=cells.get("reference", ""),
        escrowed=False,
        budget=None,
        category=cells.get("category", "general"),
        mandate_id=cells.get("mandate"),
        capture_method=CaptureMethod.AUTOMATIC,
    )
    return Row(line, cells.get("key", f"batch:{file_digest}:{line}"), request)


def _repeated_keys(rows: list[Row]) -> list[Fault]:
    first: dict[str, int] = {}
    return [
        Fault(row.line, f"key: the same as on line {first[row.key]}")
        for row in rows
        if first.setdefault(row.key, row.line) != row.line
    ]
