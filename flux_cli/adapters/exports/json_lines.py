"""The ledger as JSON Lines: one entry a line, in ASCII, with all that its hash is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flux_cli.domain.canonical import canonical, instant
from flux_cli.domain.journal import Entry, EntryKind, Move
from flux_cli.domain.money import ASSETS, Money
from flux_cli.errors import InvalidInput
from flux_cli.usecases.ports import EntryRecord

SCHEMA = "flux.entry/1"


def json_lines(entries: Iterable[EntryRecord]) -> Iterator[str]:
    """A line for each entry; times are RFC 3339 in UTC, amounts exact in `amount_minor`."""
    for record in entries:
        yield _line(record)


def head_of(lines: Iterable[str]) -> str:
    """The hash of the last movement, in hexadecimal, made anew from an export of all entries.

    Where it is the ledger's own, the copy says what the ledger holds; nothing else is needed to
    tell. Raises `InvalidInput` at a line that `json_lines` would not have written so.
    """
    head = b""
    for number, line in enumerate(lines, 1):
        try:
            record = _record(json.loads(line))
            exact = _line(record) == line
            for movement in _movements(record):
                head = hashlib.sha256(head + canonical(movement).encode()).digest()
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidInput(f"line {number} is no entry of {SCHEMA}") from error
        if not exact:
            raise InvalidInput(f"line {number} is not written as {SCHEMA} is")
    return head.hex()


def _movements(record: EntryRecord) -> Iterator[list[str | int | None]]:
    """What the journal hashes of each move; only the first tells what is said of the entry."""
    entry = record.entry
    key: str | None = entry.key
    said = [entry.memo, entry.decision_id, entry.reference, entry.run_id]
    for place, move in enumerate(entry.moves):
        yield [
            record.seq + place,
            record.seq,
            len(entry.moves),
            key,
            entry.kind.value,
            move.source,
            move.target,
            move.amount.asset.code,
            move.amount.units,
            *said,
            instant(record.recorded_at),
        ]
        key, said = None, ["", None, None, None]


def _line(record: EntryRecord) -> str:
    entry = record.entry
    document = {
        "schema": SCHEMA,
        "seq": record.seq,
        "id": record.id,
        "key": entry.key,
        "kind": entry.kind.value,
        "moves": [
            {"source": move.source, "target": move.target, "amount": _money(move.amount)}
            for move in entry.moves
        ],
        "memo": entry.memo,
        "decision_id": entry.decision_id,
        "reference": entry.reference,
        "run_id": entry.run_id,
        "recorded_at": instant(record.recorded_at),
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"


def _money(amount: Money) -> dict[str, str | int]:
    return {
        "amount_minor": amount.units,
        "currency": amount.asset.code,
        "exponent": amount.asset.exponent,
        "decimal": amount.decimal,
    }


def _record(document: Mapping[str, Any]) -> EntryRecord:
    moves = [(move["source"], move["target"], move["amount"]) for move in document["moves"]]
    entry = Entry(
        document["key"],
        EntryKind(document["kind"]),
        tuple(
            Move(source, target, Money(amount["amount_minor"], ASSETS[amount["currency"]]))
            for source, target, amount in moves
        ),
        document["memo"],
        document["decision_id"],
        document["reference"],
        document["run_id"],
    )
    at = datetime.strptime(document["recorded_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    seq = document["seq"]
    if type(seq) is not int or not 0 < seq < 1 << 62 or at.year < 1970:
        raise ValueError("an entry has a place and a time")
    return EntryRecord(seq, entry, at)
