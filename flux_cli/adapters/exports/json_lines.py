"""The ledger as JSON Lines: one entry a line, in ASCII, with all that its hash is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator

from flux_cli.domain.canonical import canonical, instant
from flux_cli.domain.money import Money
from flux_cli.errors import InvalidInput
from flux_cli.usecases.ports import EntryRecord

SCHEMA = "flux.entry/1"


def json_lines(entries: Iterable[EntryRecord]) -> Iterator[str]:
    """A line for each entry; times are RFC 3339 in UTC, amounts exact in `amount_minor`."""
    for record in entries:
        yield json.dumps(_document(record), separators=(",", ":"), allow_nan=False) + "\n"


def _document(record: EntryRecord) -> dict[str, object]:
    entry = record.entry
    return {
        "schema": SCHEMA,
        "seq": record.seq,
        "id": record.id,
        "key": entry.key,
        "kind": entry.kind.value,
        "postings": [
            {"account": posting.account, "amount": _money(posting.amount)}
            for posting in entry.postings
        ],
        "memo": entry.memo,
        "decision_id": entry.decision_id,
        "reference": entry.reference,
        "run_id": entry.run_id,
        "recorded_at": instant(record.recorded_at),
    }


def _money(amount: Money) -> dict[str, object]:
    return {
        "amount_minor": amount.units,
        "currency": amount.asset.code,
        "exponent": amount.asset.exponent,
        "decimal": amount.decimal,
    }


def head_of(lines: Iterable[str]) -> str:
    """The hash of the last entry, in hexadecimal, made anew from an export of all entries.

    Where it is the ledger's own, the copy is what the ledger holds; nothing else is needed to
    tell. Raises `InvalidInput` at a line that is no entry.
    """
    head = b""
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            postings = [
                [leg["account"], leg["amount"]["currency"], leg["amount"]["amount_minor"]]
                for leg in entry["postings"]
            ]
            names = ("memo", "decision_id", "reference", "run_id", "recorded_at")
            row = [entry[name] for name in ("seq", "id", "key", "kind")]
            row += [canonical(postings), *(entry[name] for name in names)]
            head = hashlib.sha256(head + canonical(row).encode()).digest()
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"line {number} is no entry of {SCHEMA}: {error}") from error
    return head.hex()
