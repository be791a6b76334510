"""Appending to the two chains: entries of money, and events of everything."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import datetime

from flux_cli.domain.canonical import canonical, instant
from flux_cli.domain.journal import Entry, EntryKind, Posting, faults
from flux_cli.domain.money import ASSETS, Money
from flux_cli.errors import InsufficientFunds, KeyReused, LedgerCorrupt
from flux_cli.usecases.ports import EntryRecord

_COLUMNS = "seq, id, key, kind, postings, memo, decision_id, reference, run_id, recorded_at, hash"

FIND = f"select {_COLUMNS} from entries where key = ?"  # noqa: S608 - constant columns
APPEND = f"insert into entries ({_COLUMNS}) values (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608
APPEND_EVENT = (
    "insert into events (seq, id, at, kind, subject, version, run_id, data, hash)"
    " values (?,?,?,?,?,?,?,?,?)"
)


def entry_hash(previous: bytes, row: tuple[object, ...]) -> bytes:
    """SHA-256 over the previous hash and the canonical JSON of all other columns of a row."""
    return hashlib.sha256(previous + canonical(list(row)).encode()).digest()


def post(
    connection: sqlite3.Connection, entry: Entry, entry_id: str, now: datetime
) -> tuple[EntryRecord, bool]:
    """Append `entry`, or find it already recorded under its key; says which.

    Raises `KeyReused` where the key names another entry, `InsufficientFunds` on an overdraft.
    """
    assert connection.in_transaction, "post() joins the caller's transaction"
    recorded = find(connection, entry.key)
    if recorded is not None:
        if recorded.entry != entry:
            raise KeyReused(f"{entry.key!r} already names a different entry", subject=recorded.id)
        return recorded, False
    wrong = faults(entry)
    assert not wrong, f"a malformed entry: {wrong}"
    seq, previous = tip(connection, "entries")
    postings = canonical([[p.account, p.amount.asset.code, p.amount.units] for p in entry.postings])
    row = (
        seq + 1,
        entry_id,
        entry.key,
        entry.kind.value,
        postings,
        entry.memo,
        entry.decision_id,
        entry.reference,
        entry.run_id,
        instant(now),
    )
    try:
        connection.execute(APPEND, (*row, entry_hash(previous, row)))
    except sqlite3.IntegrityError as error:
        if "no_overdraft" in str(error):
            raise InsufficientFunds(
                f"{entry.kind} of {-min(p.amount.units for p in entry.postings)} would overdraw"
                f" {entry.postings[0].account}",
                subject=entry.reference,
            ) from error
        raise
    return EntryRecord(seq + 1, entry_id, entry, now), True


def append_event(
    connection: sqlite3.Connection,
    event_id: str,
    kind: str,
    subject: str,
    run_id: str | None,
    data: object,
    now: datetime,
) -> int:
    """Append one event with the whole object it leaves behind; returns the object's version."""
    seq, previous = tip(connection, "events")
    found = connection.execute(
        "select coalesce(max(version), 0) from events where subject = ?", (subject,)
    ).fetchone()
    version = int(found[0]) + 1
    row = (seq + 1, event_id, instant(now), kind, subject, version, run_id, canonical(data))
    connection.execute(APPEND_EVENT, (*row, entry_hash(previous, row)))
    return version


def tip(connection: sqlite3.Connection, table: str) -> tuple[int, bytes]:
    """The number and hash of the last row of a chain: `entries` or `events`."""
    assert table in ("entries", "events"), "there are two chains"
    row = connection.execute(
        f"select seq, hash from {table} order by seq desc limit 1"  # noqa: S608 - asserted above
    ).fetchone()
    return (0, b"") if row is None else (int(row[0]), bytes(row[1]))


def find(connection: sqlite3.Connection, key: str) -> EntryRecord | None:
    """The entry recorded under `key`, if any."""
    row = connection.execute(FIND, (key,)).fetchone()
    return None if row is None else record(row)


def record(row: tuple[object, ...]) -> EntryRecord:
    """An `entries` row as the entry it records; raises `LedgerCorrupt` where it is none."""
    seq, entry_id, key, kind, postings, memo, decision_id, reference, run_id, at = row[:10]
    try:
        legs = tuple(
            Posting(account, Money(units, ASSETS[asset]))
            for account, asset, units in json.loads(str(postings))
        )
        entry = Entry(
            str(key), EntryKind(str(kind)), legs, str(memo), _text(decision_id), _text(reference),
            _text(run_id),
        )  # fmt: skip
        return EntryRecord(int(str(seq)), str(entry_id), entry, datetime.fromisoformat(str(at)))
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerCorrupt(f"entry {seq} cannot be read: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)
