"""Opening balances from a file: every row checked first, then all of them recorded, or none."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from flux_cli.domain.agents import Agent
from flux_cli.domain.free_text import bounded
from flux_cli.domain.journal import WORLD, Entry, EntryKind, transfer, wallet
from flux_cli.domain.money import Asset, Money, find_asset, parse_money, total
from flux_cli.errors import FluxError, InvalidAmount, InvalidInput
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Deps, Reader

NEEDED = ("agent", "asset", "amount")
COLUMNS = (*NEEDED, "memo")
MEMO = "opening balance"
LONGEST_MEMO = 240
MOST_FAULTS = 20
MOST_ROWS = 100_000
LARGEST_FILE = 32 * 1024 * 1024


class OpeningForm(StrEnum):
    """How a file of opening balances is written."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One opening balance and the line it stands on."""

    line: int
    agent: str
    amount: Money
    memo: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The rows of one file, and what is wrong with others; `digest` is the file's SHA-256."""

    digest: str
    rows: tuple[Row, ...]
    faults: Mapping[int, str]

    def key(self, row: Row) -> str:
        """What names a row's entry for ever: the file and the line."""
        return f"import:{self.digest}:{row.line}"

    @property
    def entries(self) -> list[Entry]:
        """A top-up for each row."""
        return [
            transfer(
                self.key(row),
                EntryKind.TOP_UP,
                WORLD,
                wallet(row.agent),
                row.amount,
                memo=f"{MEMO}: {row.memo}" if row.memo else MEMO,
            )
            for row in self.rows
        ]

    @property
    def totals(self) -> list[Money]:
        """The sum in each asset, by code."""
        assets = sorted({row.amount.asset for row in self.rows}, key=lambda asset: asset.code)
        return [
            total([row.amount for row in self.rows if row.amount.asset == asset], asset)
            for asset in assets
        ]


def read_opening(data: bytes, form: OpeningForm) -> Opening:
    """The rows of a file, UTF-8 with or without a byte order mark, checked as far as they say.

    CSV has a heading of agent, asset, amount and perhaps memo; JSON Lines an object of these
    texts a line. Raises `InvalidInput` for what is no such file; rows are for `check_opening`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the file is not UTF-8 text (at byte {error.start})") from None
    given = _csv_rows(text) if form is OpeningForm.CSV else _json_rows(text)
    rows: list[Row] = []
    faults: dict[int, str] = {}
    places: dict[tuple[str, Asset], int] = {}
    for line, said in given:
        try:
            row = _row(line, said)
            first = places.setdefault((row.agent, row.amount.asset), line)
            if first != line:
                code = row.amount.asset.code
                raise InvalidInput(f"{row.agent!r} has its {code} on line {first} already")
            rows.append(row)
        except FluxError as error:
            faults[line] = error.message
        if len(rows) + len(faults) > MOST_ROWS:
            raise InvalidInput(f"the file has more than {MOST_ROWS} rows")
    if not rows and not faults:
        raise InvalidInput("the file has no rows")
    return Opening(hashlib.sha256(data).hexdigest(), tuple(rows), faults)


def check_opening(reader: Reader, opening: Opening) -> bool:
    """Whether the file was imported before; if not, every row is one that can be.

    Raises `InvalidInput` naming each line that cannot: unreadable, of an unknown agent, or
    with an amount that would leave the bound.
    """
    if opening.rows and reader.entry(opening.key(opening.rows[0])) is not None:
        return True
    faults = dict(opening.faults)
    issued: dict[Asset, Money] = {}
    for row in opening.rows:
        asset = row.amount.asset
        try:
            if reader.lookup(Agent, name=row.agent) is None:
                raise InvalidInput(f"no agent named {row.agent[:64]!r}")
            _ = reader.balance(wallet(row.agent), asset) + row.amount
            issued[asset] = issued.get(asset, reader.balance(WORLD, asset)) - row.amount
        except FluxError as error:
            faults[row.line] = error.message
    if faults:
        lines = [f"line {line}: {faults[line]}" for line in sorted(faults)]
        shown = lines[:MOST_FAULTS]
        if len(lines) > MOST_FAULTS:
            shown.append(f"and {len(lines) - MOST_FAULTS} more")
        rows = "1 row" if len(lines) == 1 else f"{len(lines)} rows"
        raise InvalidInput("\n".join([f"{rows} cannot be used; nothing was imported", *shown]))
    return False


def import_opening(deps: Deps, opening: Opening) -> bool:
    """Record every row in one transaction; True if an earlier call had done so already.

    For the owner only, who has been proved. Raises `InvalidInput`, `Frozen`.
    """
    with deps.store.begin() as tx:
        if check_opening(tx, opening):
            return True
        obey_freeze(tx, *dict.fromkeys(row.agent for row in opening.rows))
        tx.post_many(opening.entries)
    return False


def _row(line: int, said: Mapping[str, object]) -> Row:
    unknown = [name for name in said if name not in COLUMNS]
    if unknown:
        raise InvalidInput(f"no column {unknown[0][:64]!r}: there are {', '.join(COLUMNS)}")
    missing = [name for name in NEEDED if said.get(name) in (None, "")]
    if missing:
        raise InvalidInput(f"no {missing[0]}")
    texts: dict[str, str] = {}
    for name, value in said.items():
        if value is None:
            continue
        if not isinstance(value, str):
            raise InvalidInput(f"write the {name} as text, in quotes")
        texts[name] = value
    amount = parse_money(texts["amount"], find_asset(texts["asset"]))
    if amount.units == 0:
        raise InvalidAmount("an opening balance is more than nothing")
    return Row(line, texts["agent"], amount, bounded(texts.get("memo", ""), LONGEST_MEMO))


def _csv_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """(the line it begins on, cells by column) of each row that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    heading: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if heading is None:
                heading = _heading(cells)
            elif cells:
                # A cell too many has no column, and so is a fault of its row.
                names = [*heading, *(f"number {n + 1}" for n in range(len(heading), len(cells)))]
                yield line, dict(zip(names, cells, strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(f"line {line}: not CSV: {error}") from None


def _heading(cells: list[str]) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    missing = [name for name in NEEDED if name not in names]
    if missing or len(set(names)) != len(names):
        what = f"no column {missing[0]}" if missing else "a column twice"
        raise InvalidInput(f"line 1: {what}: the heading is {','.join(COLUMNS)}")
    return names


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        try:
            said = json.loads(written, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            raise InvalidInput(f"line {line}: not a JSON object with each name once") from None
        if not isinstance(said, dict):
            raise InvalidInput(f"line {line}: not a JSON object")
        yield line, said


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError("a name twice")
        found[name] = value
    return found
