"""Recomputing the whole ledger: its file, its rules, both chains, every balance and every row.

Balanced books and SQLite's own check do not see all damage; the chains do, because every row is
either hashed itself or is a projection of an event that is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from flux_cli.adapters.store import journal
from flux_cli.adapters.store.connection import migrate, newest_schema
from flux_cli.adapters.store.head import Head
from flux_cli.adapters.store.records import TABLES, columns, from_row, kept
from flux_cli.domain.canonical import canonical
from flux_cli.domain.journal import EntryKind
from flux_cli.errors import FluxError
from flux_cli.usecases.ports import Finding

SCHEMA = "select type, name, tbl_name, sql from sqlite_master order by type, name"
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
    except (sqlite3.Error, ValueError, LookupError, TypeError, OverflowError, FluxError) as error:
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


@cache
def _wanted() -> frozenset[tuple[str | None, ...]]:
    """What the migrations of this version make."""
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    migrate(fresh, 0)
    wanted = frozenset(fresh.execute(SCHEMA))
    fresh.close()
    return wanted


def _schema(connection: sqlite3.Connection) -> Iterator[str | int]:
    found = set(connection.execute(SCHEMA))
    yield len(found)
    version = connection.execute("pragma user_version").fetchone()[0]
    if version != newest_schema():
        yield f"schema {version}, not {newest_schema()}"
    for row in sorted(found ^ _wanted(), key=str):
        yield f"the {row[0]} {row[1]} is not as Flux makes it"


def _entries(connection: sqlite3.Connection) -> Iterator[str | int]:
    """The chain of movements is whole, and each entry has all of its own."""
    previous, expected, last = b"", 1, 0
    query = f"select {journal.ROW} from {journal.JOINED} order by m.seq"  # noqa: S608
    kinds = dict(connection.execute("select number, name from kinds").fetchall())
    if kinds != {number: kind.value for number, kind in enumerate(journal.KINDS, 1)}:
        yield "the kinds of entry are not the ones Flux knows"
    for row in connection.execute(query):
        yield 1
        seq, entry, moves = row[0], row[1], row[2]
        if seq != expected:
            yield f"movement {expected} is missing"
        if entry == seq and last >= seq:
            yield f"entry {entry} begins before the one before it has ended"
        named = (*row[:4], kinds.get(row[4]), *row[5:-1])
        if journal.row_hash(previous, named) != row[-1]:
            yield f"the chain breaks at movement {seq} of entry {entry} ({row[3]})"
        previous, expected, last = bytes(row[-1]), seq + 1, entry + moves - 1
    if last >= expected:
        yield f"the last entry lacks movement {last}"


def _balances(connection: sqlite3.Connection) -> Iterator[str | int]:
    """Every movement left the balances it says, and every account what its movements add up to."""
    accounts: dict[int, list[int]] = {}
    query = (
        "select seq, kind, source, target, amount, source_after, target_after, source_before,"
        " target_before from movements order by seq"
    )
    for seq, kind, source, target, amount, *said in connection.execute(query):
        yield 1
        left, came = accounts.setdefault(source, [0] * 5), accounts.setdefault(target, [0] * 5)
        after = [left[0] - amount, came[0] + amount]
        if said != [*after, left[2], came[2]]:
            yield f"movement {seq}: the balances after it are {after[0]} and {after[1]}"
        if not 1 <= kind <= len(journal.KINDS):
            yield f"movement {seq} is of kind {kind}, which there is not"
            continue
        earned, spent = _counted(journal.KINDS[kind - 1], amount)
        for standing, change in ((left, -amount), (came, amount)):
            standing[0] += change
            standing[1] += 1
            standing[2] = seq
            standing[3] += earned[change > 0]
            standing[4] += spent[change > 0]
    for number, name, *standing in connection.execute(
        "select number, name, balance, movements, latest, earned, spent from accounts"
    ):
        yield 1
        if accounts.get(number) != standing:
            yield f"{name} holds {standing}, its movements leave {accounts.get(number)}"


NOT_SPENT = frozenset(
    {EntryKind.TOP_UP, EntryKind.WITHDRAWAL, EntryKind.EXCHANGE, EntryKind.ADJUSTMENT}
)
EARNED = frozenset(
    {EntryKind.PAYMENT, EntryKind.CAPTURE, EntryKind.ESCROW_RELEASE, EntryKind.STREAM_ACCRUAL}
)


def _counted(kind: EntryKind, amount: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """What a movement adds to (earned, spent), each at its (source, target)."""
    if kind in NOT_SPENT:
        return (0, 0), (0, 0)
    if kind is EntryKind.REFUND:
        return (-amount, 0), (0, -amount)
    if kind in EARNED:
        return (0, amount), (amount, 0)
    return (0, 0), (amount, -amount)


def _events(connection: sqlite3.Connection) -> Iterator[str | int]:
    previous, expected = b"", 1
    for row in connection.execute("select * from events order by seq"):
        yield 1
        if row[0] != expected:
            yield f"event {expected} is missing"
        if journal.row_hash(previous, row[:-1]) != row[-1]:
            yield f"the chain breaks at event {row[0]} ({row[2]})"
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
    values, data = kept(record)
    same = values == list(row[:-1]) and data == canonical(record) == recorded[1]
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
        'select c.id, coalesce(a.balance, 0), c."limit" - c.authorised - c.spent - c.released'
        " from cards c"
        " left join accounts a on a.name = 'card:' || c.id and a.asset = c.limit_asset",
        "{0} has {1} in its account, its state leaves {2}",
    ),
    (
        "select u.id, coalesce(a.balance, 0), u.amount - u.captured - u.released"
        " from authorizations u"
        " left join accounts a on a.name = 'card:' || u.id and a.asset = u.amount_asset",
        "{0} has {1} in its account, its state leaves {2}",
    ),
    (
        "select a.name, a.balance, 0 from accounts a where a.kind = 'card'"
        " and not exists (select 1 from cards where id = substr(a.name, 6))"
        " and not exists (select 1 from authorizations where id = substr(a.name, 6))",
        "{0} holds {1} and is of no card",
    ),
    (
        "select c.id, c.authorised, coalesce(sum(u.amount - u.captured - u.released), 0)"
        " from cards c left join authorizations u on u.card_id = c.id group by c.id",
        "{0} has {1} authorised, its authorisations {2}",
    ),
    (
        # What a run's card spent went to escrows; nothing on the network is of it.
        "select c.id, c.spent, coalesce(sum(u.captured), 0) from cards c"
        " left join authorizations u on u.card_id = c.id where c.payee is not null group by c.id",
        "{0} has spent {1}, its authorisations captured {2}",
    ),
    (
        "select c.id, c.refunded, coalesce(sum(u.refunded), 0) from cards c"
        " left join authorizations u on u.card_id = c.id where c.payee is not null group by c.id",
        "{0} was refunded {1}, its authorisations {2}",
    ),
    (
        "select i.id, i.captured * 4 + (i.released <> c.released) + 2 * (i.refunded <> c.refunded),"
        " c.spent * 4 from cards c join intents i on i.id = c.intent_id"
        " where c.payee is not null or c.state not in ('active', 'paused')",
        "{0} is not as its card is",
    ),
    (
        "select a.name, a.balance,"
        " coalesce(c.price, e.amount - e.released - e.refunded, k.locked, 0)"
        " from accounts a left join contracts c on c.id = substr(a.name, 8)"
        " and c.price_asset = a.asset and c.state in ('funded', 'working', 'submitted', 'revision')"
        " left join escrows e on e.id = substr(a.name, 8) and e.amount_asset = a.asset"
        " left join carts k on k.id = substr(a.name, 8) and k.locked_asset = a.asset"
        " where a.kind = 'escrow'",
        "{0} locks {1}, its contract, escrow or cart {2}",
    ),
    (
        "select k.id, coalesce(a.balance, 0), k.locked from carts k"
        " left join accounts a on a.name = 'escrow:' || k.id and a.asset = k.locked_asset",
        "{0} has {1} in its account, its legs {2}",
    ),
    (
        "select e.id, coalesce(a.balance, 0), e.amount - e.released - e.refunded from escrows e"
        " left join accounts a on a.name = 'escrow:' || e.id and a.asset = e.amount_asset",
        "{0} has {1} in its account, its state leaves {2}",
    ),
    (
        "select a.name, a.balance, coalesce(sum(i.amount - i.captured - i.released), 0)"
        " from accounts a left join intents i on a.name = 'held:' || i.requester"
        " and i.amount_asset = a.asset and i.state = 'approved' and i.card_id is null"
        " where a.kind = 'held' group by a.number",
        "{0} holds {1}, approved payments {2}",
    ),
    (
        "select m.id, m.reserved, coalesce((select sum(i.amount - i.captured - i.released)"
        " from intents i where i.mandate_id = m.id and i.state in ('approved', 'unknown')), 0)"
        " + coalesce((select sum(iif(c.state = 'active', c.total - c.spent, c.reserved))"
        " from mandates c where c.parent_id = m.id), 0) from mandates m",
        "{0} has {1} reserved, its payments and children {2}",
    ),
    (
        # A late capture leaves the wallet, not the mandate: it may or may not have been drawn.
        "select id, spent, min(max(spent, sure), sure + late) from (select m.id, m.spent,"
        " coalesce((select sum(c.spent) from mandates c where c.parent_id = m.id), 0)"
        " + coalesce((select sum(i.captured) from intents i"
        " where i.mandate_id = m.id and i.late = 0), 0) as sure,"
        " coalesce((select sum(i.captured) from intents i"
        " where i.mandate_id = m.id and i.late = 1), 0) as late from mandates m)",
        "{0} has spent {1}, its payments and children {2}",
    ),
    (
        "select a.name, a.balance, coalesce(sum(s.funded - s.paid - s.returned), 0)"
        " from accounts a left join streams s on a.name = 'stream:' || s.id"
        " and s.funded_asset = a.asset where a.kind = 'stream' group by a.number",
        "{0} locks {1}, its stream {2}",
    ),
    (
        "select s.id, iif(s.state = 'settled', s.amount, 0), coalesce((select m.amount"
        " from movements m where m.key = 'settle:' || s.id), 0) from settlements s",
        "{0} has settled {1}, its entry says {2}",
    ),
    (
        "select asset, sum(balance), 0 from accounts group by asset",
        "{0} accounts sum to {1}, not zero",
    ),
)
"""(what is there, what should be) by name, and how to say that they differ."""
