"""Recomputing the whole ledger: its file, its rules, both chains, every balance and every row.

Balanced books and SQLite's own check do not see all damage; the chains do, because every row is
either hashed itself or is a projection of an event that is.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from flux_cli.adapters.store import journal
from flux_cli.adapters.store.connection import NEWEST_SCHEMA, migrate
from flux_cli.adapters.store.head import Head
from flux_cli.adapters.store.records import TABLES, columns, from_row, to_row
from flux_cli.domain.canonical import canonical
from flux_cli.errors import FluxError
from flux_cli.usecases.ports import Finding

MOST_FAULTS = 20
"""One damaged page breaks many rows; the first of them say enough."""

Check = Callable[[sqlite3.Connection], Iterator[str | int]]
"""Yields a sentence for each fault, and numbers that add up to how much was looked at."""


def verify_file(
    connection: sqlite3.Connection,
    recorded: Head | None,
    head_fault: Callable[[sqlite3.Connection, Head], str | None],
) -> list[Finding]:
    """Every check's finding; the caller holds the write lock, so nothing moves meanwhile."""

    def head(connection: sqlite3.Connection) -> Iterator[str | int]:
        if recorded is None:
            # A copy without its head is not at fault; that nothing was compared is what is said.
            return
        yield 1
        if fault := head_fault(connection, recorded):
            yield fault

    checks: tuple[tuple[str, Check], ...] = (
        ("file", _file),
        ("schema", _schema),
        ("entries", _entries),
        ("balances", _balances),
        ("events", _events),
        ("objects", _objects),
        ("reserves", _reserves),
        ("head", head),
    )
    return [_run(name, check, connection) for name, check in checks]


def _run(name: str, check: Check, connection: sqlite3.Connection) -> Finding:
    faults: list[str] = []
    checked = 0
    try:
        for item in check(connection):
            if isinstance(item, int):
                checked += item
            else:
                faults.append(item)
            if len(faults) >= MOST_FAULTS:
                break
    except (sqlite3.Error, ValueError, KeyError, TypeError, FluxError) as error:
        # Damage shows as whatever reading it raises; each is a fault found, none is passed over.
        faults.append(f"cannot be read: {type(error).__name__}: {error}")
    return Finding(name, checked, tuple(faults))


def _file(connection: sqlite3.Connection) -> Iterator[str | int]:
    yield int(connection.execute("pragma page_count").fetchone()[0])
    for (line,) in connection.execute("pragma integrity_check"):
        if line != "ok":
            yield str(line)
    for row in connection.execute("pragma foreign_key_check"):
        yield f"{row[0]} row {row[1]} refers to a missing {row[2]}"


def _schema(connection: sqlite3.Connection) -> Iterator[str | int]:
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrate(fresh, 0)
    query = "select type, name, tbl_name, sql from sqlite_master order by type, name"
    found, wanted = set(connection.execute(query)), set(fresh.execute(query))
    fresh.close()
    yield len(found)
    version = connection.execute("pragma user_version").fetchone()[0]
    if version != NEWEST_SCHEMA:
        yield f"schema {version}, not {NEWEST_SCHEMA}"
    for row in sorted(found ^ wanted, key=str):
        yield f"the {row[0]} {row[1]} is not as Flux makes it"


def _entries(connection: sqlite3.Connection) -> Iterator[str | int]:
    previous, expected = b"", 1
    for row in connection.execute("select * from entries order by seq"):
        yield 1
        if row[0] != expected:
            yield f"entry {expected} is missing"
        if journal.entry_hash(previous, row[:-1]) != row[-1]:
            yield f"the chain breaks at entry {row[0]} ({row[1]})"
        legs = json.loads(row[4])
        sums: dict[str, int] = {}
        for _, asset, units in legs:
            sums[asset] = sums.get(asset, 0) + units
        if len(legs) < 2 or any(sums.values()):
            yield f"entry {row[0]} does not sum to zero"
        previous, expected = bytes(row[-1]), row[0] + 1


def _balances(connection: sqlite3.Connection) -> Iterator[str | int]:
    """Every posting is its entry's, and every balance is the sum of its postings."""
    balances: dict[int, int] = {}
    versions: dict[int, int] = {}
    names = {
        row[0]: (row[1], row[2])
        for row in connection.execute("select number, name, asset from accounts")
    }
    posted: dict[int, list[list[object]]] = {}
    query = (
        "select entry, line, account, amount, version, balance_after from postings order by 1, 2"
    )
    for entry, line, account, amount, version, after in connection.execute(query):
        yield 1
        balances[account] = balances.get(account, 0) + amount
        versions[account] = versions.get(account, 0) + 1
        posted.setdefault(entry, []).append([*names.get(account, ("?", "?")), amount])
        if line != len(posted[entry]) - 1:
            yield f"entry {entry} lacks a posting before line {line}"
        if after != balances[account] or version != versions[account]:
            yield f"entry {entry} line {line}: the balance after it should be {balances[account]}"
    for seq, postings in connection.execute("select seq, postings from entries"):
        if posted.pop(seq, None) != json.loads(postings):
            yield f"the postings of entry {seq} are not the ones it records"
    for entry in posted:
        yield f"postings without an entry: {entry}"
    for number, name, balance, version in connection.execute(
        "select number, name, balance, version from accounts"
    ):
        yield 1
        if (balances.get(number, 0), versions.get(number, 0)) != (balance, version) or not version:
            yield f"{name} holds {balance}, its postings sum to {balances.get(number, 0)}"


def _events(connection: sqlite3.Connection) -> Iterator[str | int]:
    previous, expected = b"", 1
    for row in connection.execute("select * from events order by seq"):
        yield 1
        if row[0] != expected:
            yield f"event {expected} is missing"
        if journal.entry_hash(previous, row[:-1]) != row[-1]:
            yield f"the chain breaks at event {row[0]} ({row[3]})"
        previous, expected = bytes(row[-1]), row[0] + 1


def _objects(connection: sqlite3.Connection) -> Iterator[str | int]:
    """Every object's row is exactly what its latest event left, and no object is missing."""
    latest: dict[str, tuple[int, str, str]] = {
        subject: (version, data, kind)
        for subject, version, data, kind in connection.execute(
            "select subject, max(version), data, kind from events group by subject"
        )
    }
    for kind, table in TABLES.items():
        names = ", ".join(f'"{name}"' for name in columns(kind))
        for row in connection.execute(f"select {names}, version from {table}"):  # noqa: S608
            yield 1
            yield from _object_faults(kind, row, latest)
    for subject, (_, _, event) in latest.items():
        yield f"{subject} is missing, though {event} is recorded"


def _object_faults(
    kind: type[Any], row: tuple[Any, ...], latest: dict[str, tuple[int, str, str]]
) -> Iterator[str]:
    recorded = latest.pop(str(row[0]), None)
    if recorded is None:
        yield f"{row[0]} has no event"
        return
    record = from_row(kind, row[:-1])
    same = to_row(record) == list(row[:-1]) and canonical(record) == recorded[1]
    if not same or row[-1] != recorded[0]:
        yield f"{row[0]} is not as its last event, {recorded[2]}, left it"


def _reserves(connection: sqlite3.Connection) -> Iterator[str | int]:
    """What is reserved is reserved for something: cards, escrow and holds reconcile."""
    for question, fault in RESERVES:
        for row in connection.execute(question):
            yield 1
            if row[1] != row[2]:
                yield fault.format(*row)


RESERVES = (
    (
        'select c.id, coalesce(a.balance, 0), c."limit" - c.spent - c.released from cards c'
        " left join accounts a on a.name = 'card:' || c.id and a.asset = c.limit_asset",
        "{0} has {1} in its account, its state leaves {2}",
    ),
    (
        "select a.name, a.balance, coalesce(sum(c.price), 0) from accounts a"
        " left join contracts c on a.name = 'escrow:' || c.id and c.price_asset = a.asset"
        " and c.state in ('funded', 'working', 'submitted', 'revision')"
        " where a.kind = 'escrow' group by a.number",
        "{0} locks {1}, its contract {2}",
    ),
    (
        "select a.name, a.balance, coalesce(sum(i.amount - i.captured - i.released), 0)"
        " from accounts a left join intents i on a.name = 'held:' || i.requester"
        " and i.amount_asset = a.asset and i.state = 'approved' and i.card_id is null"
        " where a.kind = 'held' group by a.number",
        "{0} holds {1}, approved payments {2}",
    ),
    (
        "select asset, sum(balance), 0 from accounts group by asset",
        "{0} accounts sum to {1}, not zero",
    ),
)
"""(what is there, what should be) by name, and how to say that they differ."""
