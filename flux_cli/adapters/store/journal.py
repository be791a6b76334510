"""Appending to the two chains: movements of money, and events of everything."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from flux_cli.adapters.store.known import MOST_KNOWN, Known
from flux_cli.domain.canonical import instant
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, faults
from flux_cli.domain.money import ASSETS, BOUND, Money
from flux_cli.errors import InsufficientFunds, InvalidAmount, KeyReused, LedgerCorrupt
from flux_cli.usecases.ports import EntryRecord

KINDS = tuple(EntryKind)
"""A kind is kept as its place in this order, counted from 1; the table `kinds` says the same."""

_NUMBERS = {kind: number for number, kind in enumerate(KINDS, 1)}

APPEND = f"insert into movements values ({','.join('?' * 18)})"  # noqa: S608 - marks only
APPEND_EVENT = "insert into events values (?,?,?,?,?,?,?,?)"

ROW = (
    "m.seq, m.entry, m.moves, m.key, m.kind, s.name, t.name, s.asset, m.amount, m.memo,"
    " m.decision_id, m.reference, m.run_id, m.recorded_at, m.hash"
)
"""A movement with its accounts' names: all that its hash covers, then the hash."""

JOINED = "movements m join accounts s on s.number = m.source join accounts t on t.number = m.target"

_spell = msgspec.json.Encoder().encode


def row_hash(previous: bytes, row: Sequence[object]) -> bytes:
    """SHA-256 over the previous hash and the canonical JSON of the rest of a row.

    `row` holds texts, integers and nulls only, for which this JSON is the canonical one.
    """
    return hashlib.sha256(previous + _spell(row)).digest()


@dataclass(slots=True)
class Standing:
    """An account as the transaction has it so far."""

    number: int
    balance: int
    latest: int


class Journal:
    """The journal of one connection in its write transactions; what it has read or written it
    knows from then on.

    Each transaction begins with `resume`. After a rollback of anything posted through it, call
    `forget`, or let it go with the transaction.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.known = Known()
        self._accounts: dict[tuple[str, str], Standing] = {}
        self._others = _others(connection)
        self.movements = tip(connection, "movements")
        self.events = tip(connection, "events")

    def resume(self) -> bool:
        """Whether what was known is still so: no other connection has written meanwhile."""
        others = _others(self.connection)
        if others == self._others and len(self._accounts) <= MOST_KNOWN:
            return True
        self._others = others
        self.forget()
        return False

    def forget(self) -> None:
        """Read everything anew: what was known was undone."""
        self.known.forget()
        self._accounts.clear()
        self.movements = tip(self.connection, "movements")
        self.events = tip(self.connection, "events")

    @property
    def time(self) -> str:
        """The latest time anything was recorded, as it is recorded; empty in an empty ledger."""
        return max(self.movements.at, self.events.at)

    def post(self, entry: Entry, now: datetime) -> EntryRecord:
        """Append `entry`, or find it already recorded under its key.

        Raises `KeyReused` where the key names another entry, `InsufficientFunds` on an overdraft.
        """
        last = self.movements.seq
        try:
            rows = self._appended([entry], instant(now))
        except (sqlite3.IntegrityError, InsufficientFunds, InvalidAmount):
            # A new key is the rule: only what cannot be appended is looked for, and not in what
            # there is of itself, which goes with the transaction.
            recorded = find(self.connection, entry.key) if self.movements.seq == last else None
            if recorded is None:
                raise
            if recorded.entry != entry:
                raise KeyReused(
                    f"{entry.key!r} already names a different entry", subject=recorded.id
                ) from None
            return recorded
        seq = int(str(rows[0][0]))
        return EntryRecord(seq, entry, now)

    def post_many(self, entries: Sequence[Entry], now: datetime) -> int:
        """Append entries whose keys are all new, as many at a time as the statement takes.

        Returns how many movements that made. Raises `KeyReused` if any key is recorded already,
        `InsufficientFunds` on an overdraft; then nothing of it may be kept.
        """
        try:
            return len(self._appended(entries, instant(now)))
        except sqlite3.IntegrityError as error:
            if "out_of_order" in str(error) or "movements.key" in str(error):
                raise KeyReused("one of these keys is recorded already") from error
            raise

    def _appended(self, entries: Sequence[Entry], at: str) -> list[tuple[object, ...]]:
        try:
            rows = [row for entry in entries for row in self._rows(entry, at)]
            if len(rows) == 1:
                self.connection.execute(APPEND, rows[0])
            else:
                self.connection.executemany(APPEND, rows)
        except BaseException:
            self.forget()
            raise
        return rows

    def _rows(self, entry: Entry, at: str) -> list[tuple[object, ...]]:
        wrong = faults(entry)
        assert not wrong, f"a malformed entry: {wrong}"
        seq, previous = self.movements.seq, self.movements.hash
        first = seq + 1
        rows: list[tuple[object, ...]] = []
        key: str | None = entry.key
        moves, kind, number = len(entry.moves), entry.kind.value, _NUMBERS[entry.kind]
        memo, decision_id, reference, run_id = (
            entry.memo, entry.decision_id, entry.reference, entry.run_id
        )  # fmt: skip
        for move in entry.moves:
            seq += 1
            units, asset = move.amount.units, move.amount.asset.code
            source, target = self._standing(move.source, asset), self._standing(move.target, asset)
            left = source.balance - units
            if left < 0 and move.source != WORLD:
                raise InsufficientFunds(
                    f"{kind} of {move.amount} would overdraw {move.source}", subject=reference
                )
            if left < -BOUND or target.balance + units > BOUND:
                raise InvalidAmount(f"{kind} of {move.amount} would leave the bounds of an account")
            previous = row_hash(
                previous,
                (
                    seq, first, moves, key, kind, move.source, move.target, asset, units, memo,
                    decision_id, reference, run_id, at,
                ),
            )  # fmt: skip
            rows.append(
                (
                    seq, first, moves, key, number, source.number, target.number, units, left,
                    target.balance + units, source.latest, target.latest, memo, decision_id,
                    reference, run_id, at, previous,
                )
            )  # fmt: skip
            source.balance, source.latest = left, seq
            target.balance, target.latest = target.balance + units, seq
            # What the first says of the entry, the others do not repeat.
            key, memo, decision_id, reference, run_id = None, "", None, None, None
        self.movements = Tip(seq, previous, at)
        return rows

    def append_event(
        self, kind: str, subject: str, run_id: str | None, data: str, now: datetime, *, is_new: bool
    ) -> int:
        """Append an event with the whole object it leaves behind; returns the object's version.

        Of one with a fresh id it is 1; SQL refuses it if that is not so.
        """
        version = 1
        if not is_new:
            found = self.connection.execute(
                "select max(version) from events where subject = ?", (subject,)
            ).fetchone()
            version += found[0] or 0
        seq, at = self.events.seq + 1, instant(now)
        row = (seq, at, kind, subject, version, run_id, data)
        digest = row_hash(self.events.hash, row)
        self.connection.execute(APPEND_EVENT, (*row, digest))
        self.events = Tip(seq, digest, at)
        return version

    def balance(self, name: str, asset: str) -> int:
        """The units in an account; nothing in one that was never used."""
        known = self._seen(name, asset)
        return 0 if known is None else known.balance

    def _seen(self, name: str, asset: str) -> Standing | None:
        known = self._accounts.get((name, asset))
        if known is not None:
            return known
        row = self.connection.execute(
            "select number, balance, latest from accounts where name = ? and asset = ?",
            (name, asset),
        ).fetchone()
        if row is None:
            return None
        standing = self._accounts[name, asset] = Standing(*row)
        return standing

    def _standing(self, name: str, asset: str) -> Standing:
        known = self._accounts.get((name, asset)) or self._seen(name, asset)
        if known is not None:
            return known
        opened = self.connection.execute(
            "insert into accounts (name, asset, kind) values (?, ?, ?)",
            (name, asset, name.partition(":")[0]),
        ).lastrowid
        assert opened is not None, "an insert gives a row"
        standing = self._accounts[name, asset] = Standing(opened, 0, 0)
        return standing


@dataclass(frozen=True, slots=True)
class Tip:
    """The last row of a chain: its number, its hash and when it was recorded."""

    seq: int
    hash: bytes
    at: str


def _others(connection: sqlite3.Connection) -> int:
    """A number that changes when any other connection, of whatever process, has written."""
    return int(connection.execute("pragma data_version").fetchone()[0])


def tip(connection: sqlite3.Connection, chain: Literal["movements", "events"]) -> Tip:
    """The last row of a chain."""
    row = connection.execute(_LAST[chain]).fetchone()
    return Tip(0, b"", "") if row is None else Tip(*row)


_LAST = {
    "movements": "select seq, hash, recorded_at from movements order by seq desc limit 1",
    "events": "select seq, hash, at from events order by seq desc limit 1",
}


def find(connection: sqlite3.Connection, key: str) -> EntryRecord | None:
    """The entry recorded under `key`, if any."""
    row = connection.execute("select seq, moves from movements where key = ?", (key,)).fetchone()
    return None if row is None else records(connection, [(row[0], row[1])])[0]


def records(connection: sqlite3.Connection, places: Sequence[tuple[int, int]]) -> list[EntryRecord]:
    """The entries at these (seq, moves), in this order, in one query."""
    wanted = [seq + line for seq, moves in places for line in range(moves)]
    rows = connection.execute(
        f"select {ROW} from json_each(?) w cross join {JOINED} where m.seq = w.value",  # noqa: S608
        (_spell(wanted).decode(),),
    ).fetchall()
    by_entry: dict[object, list[tuple[object, ...]]] = {}
    for row in rows:
        by_entry.setdefault(row[1], []).append(row)
    return [record(by_entry.get(seq, [(seq,) * 15])) for seq, _ in places]


def records_of(connection: sqlite3.Connection, reference: str) -> list[EntryRecord]:
    """The entries that name an object, oldest first."""
    sql = "select seq, moves from movements where reference = ? order by seq"
    return records(connection, connection.execute(sql, (reference,)).fetchall())


def refunded(connection: sqlite3.Connection, reference: str, account: str, asset: str) -> int:
    """The units that `account` has given back of the payment `reference`."""
    row = connection.execute(
        "select coalesce(sum(m.amount), 0) from movements m join accounts a"
        " on a.number = m.source where m.reference = ? and a.name = ? and a.asset = ?"
        " and m.kind = ?",
        (reference, account, asset, KINDS.index(EntryKind.REFUND) + 1),
    ).fetchone()
    return int(row[0])


def record(rows: Sequence[tuple[object, ...]]) -> EntryRecord:
    """The movements of one entry as what they record; raises `LedgerCorrupt` if they are none."""
    seq, first, _, key, kind, *_, memo, decision_id, reference, run_id, at, _ = rows[0]
    try:
        if seq != first or len(rows) != rows[0][2]:
            raise ValueError("some of its movements are missing")
        moves = tuple(
            Move(str(row[5]), str(row[6]), Money(int(str(row[8])), ASSETS[str(row[7])]))
            for row in rows
        )
        entry = Entry(
            str(key), KINDS[int(str(kind)) - 1], moves, str(memo), _text(decision_id),
            _text(reference), _text(run_id),
        )  # fmt: skip
        moment = datetime.fromisoformat(str(at))
        return EntryRecord(int(str(seq)), entry, moment)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise LedgerCorrupt(f"entry {seq} cannot be read: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)
