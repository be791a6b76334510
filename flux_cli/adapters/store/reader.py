"""Reading the ledger: objects by id and field, the journal by page, the numbers facts need."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import TypeVar

from flux_cli.adapters.store import journal, market, numbers, usage
from flux_cli.adapters.store.records import KINDS, TABLES, columns, from_row, noun
from flux_cli.domain.canonical import instant
from flux_cli.domain.identifiers import placed_id
from flux_cli.domain.intents import Spend
from flux_cli.domain.journal import EntryKind, wallet
from flux_cli.domain.marketplace import Record
from flux_cli.domain.money import ASSETS, Asset, Money
from flux_cli.domain.policies import Limit
from flux_cli.domain.reputation import Deal
from flux_cli.errors import AmbiguousId, NotFound
from flux_cli.usecases.ports import AccountBalance, EntryRecord, EventRecord

T = TypeVar("T")

WALK = (
    "with recursive walk(seq, account) as (values (?, ?) union all"
    " select iif(m.source = walk.account, m.source_before, m.target_before), walk.account"
    " from walk join movements m on m.seq = walk.seq where walk.seq > 0)"
)
"""An account's movements from one on, newest first: each names the one before it.

What reads it joins with `cross join`, which keeps the order: else SQLite walks it to its end first.
"""

NEAR = 256
"""How many movements back an account's own is looked for before its history is walked."""

LEAST_PREFIX = 4
"""Fewer characters than this name nothing: they would match by accident."""


class SqliteReader:
    """One consistent view of the ledger, on one connection, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, now: datetime) -> None:
        self._connection = connection
        self.now = now

    @property
    def ledger_time(self) -> datetime:
        """The latest time anything was recorded; the beginning of time in an empty ledger."""
        latest = [
            row[0]
            for table, column in (("movements", "recorded_at"), ("events", "at"))
            for row in self._rows(f"select {column} from {table} order by seq desc limit 1")  # noqa: S608
        ]
        return datetime.fromisoformat(max(latest)) if latest else datetime.min.replace(tzinfo=UTC)

    def get(self, kind: type[T], object_id: str) -> T:
        """The object with this id; raises `NotFound`."""
        found = self.lookup(kind, id=object_id)
        if found is None:
            raise NotFound(f"no {noun(kind)} {object_id!r}", subject=object_id)
        return found

    def lookup(self, kind: type[T], **equal: str | int) -> T | None:
        """The one object whose fields equal these, or None."""
        found = self._select(kind, equal, 2, None, None, oldest_first=False)
        assert len(found) < 2, f"{TABLES[kind]}: {sorted(equal)} do not name one object"
        return found[0] if found else None

    def find(
        self,
        kind: type[T],
        *,
        limit: int = 1000,
        before: str | None = None,
        after: str | None = None,
        oldest_first: bool = False,
        **equal: str | int,
    ) -> list[T]:
        """Objects whose fields equal these, newest first, paged by id."""
        return self._select(kind, equal, limit, before, after, oldest_first=oldest_first)

    def _select(
        self,
        kind: type[T],
        equal: dict[str, str | int],
        limit: int,
        before: str | None,
        after: str | None,
        *,
        oldest_first: bool,
    ) -> list[T]:
        values: list[str | int] = list(equal.values())
        values += [bound for bound in (before, after) if bound is not None]
        sql = _selection(
            TABLES[kind], tuple(equal), before is not None, after is not None, oldest_first
        )
        return [from_row(kind, row) for row in self._rows(sql, (*values, limit))]

    def numbers(
        self, kind: type, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """How many objects made in [since, until) stand in each state."""
        return numbers.numbers(self._connection, kind, since, until)

    def due(self, kind: type[T], state: str, limit: int) -> list[T]:
        """Objects in this state whose `expires_at` has come, the longest due first."""
        sql = (
            f"select {_quoted(columns(kind))} from {TABLES[kind]}"  # noqa: S608 - our own names
            " where state = ? and expires_at <= ? order by expires_at limit ?"
        )
        now = instant(max(self.now, self.ledger_time))
        return [from_row(kind, row) for row in self._rows(sql, (state, now, limit))]

    def resolve(self, kind: type[T], prefix: str) -> T:
        """The object whose id is, or alone begins or ends with, `prefix`."""
        exact = self.lookup(kind, id=prefix)
        if exact is not None:
            return exact
        text = prefix.strip()
        if len(text) < LEAST_PREFIX or not text.replace("_", "").isalnum() or not text.isascii():
            raise NotFound(f"no {noun(kind)} {prefix[:64]!r}", subject=prefix[:64])
        sql = (
            f"select {_quoted(columns(kind))} from {TABLES[kind]}"  # noqa: S608
            " where substr(id, 1, ?) = ? or substr(id, -?) = ? order by id limit 3"
        )
        rows = list(self._rows(sql, (len(text), text, len(text), text)))
        if not rows:
            raise NotFound(f"no {noun(kind)} {prefix[:64]!r}", subject=prefix[:64])
        if len(rows) > 1:
            raise AmbiguousId(f"{prefix!r} names more than one {noun(kind)}", subject=prefix)
        return from_row(kind, rows[0])

    def entry(self, key: str) -> EntryRecord | None:
        """The entry recorded under `key`, if any."""
        return journal.find(self._connection, key)

    def entry_at(self, seq: int) -> EntryRecord | None:
        """The entry whose first movement is `seq`, if that is one."""
        row = self._one("select moves from movements where seq = ? and entry = seq", (seq,))
        return None if row is None else journal.records(self._connection, [(seq, row[0])])[0]

    def entries(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        account: str | None = None,
        run_id: str | None = None,
        kind: str | None = None,
        text: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[EntryRecord]:
        """Recorded entries, newest first, before entry number `before`."""
        end = self.position(until, strictly=until is not None) + 1
        end = end if before is None else min(end, before)
        first = 0 if since is None else self.position(since, strictly=True)
        where, values = ["m.entry < ?", "m.entry > ?"], list[str | int]((end, first))
        if run_id is not None:
            where.append("m.run_id = ?")
            values.append(run_id)
        if kind is not None:
            where.append("m.kind = ?")
            values.append(journal.KINDS.index(EntryKind(kind)) + 1)
        if text is not None:
            where.append("instr(lower(m.memo), ?)")
            values.append(text.lower())
        if account is None:
            sql = (
                "select m.seq, m.moves from movements m"  # noqa: S608 - our own clauses
                f" where m.key is not null and {' and '.join(where)} order by m.seq desc limit ?"
            )
            places = self._rows(sql, (*values, limit)).fetchall()
        else:
            places = self._places_of(account, end, where, values, limit)
        return journal.records(self._connection, places)

    def entries_of(self, reference: str) -> list[EntryRecord]:
        """Every entry that names this object, oldest first."""
        return journal.records_of(self._connection, reference)

    def entries_after(self, seq: int, limit: int) -> list[EntryRecord]:
        """The first `limit` entries that begin after movement `seq`, oldest first."""
        places = self._rows(
            "select seq, moves from movements where seq > ? and key is not null order by seq"
            " limit ?",
            (seq, limit),
        ).fetchall()
        if not places:
            return []
        rows = self._rows(
            f"select {journal.ROW} from {journal.JOINED}"  # noqa: S608 - our own names
            " where m.seq between ? and ? order by m.seq",
            (places[0][0], places[-1][0] + places[-1][1] - 1),
        )
        # Every movement names the entry it is part of in its second column.
        return [journal.record(list(moves)) for _, moves in groupby(rows, lambda row: row[1])]

    def _places_of(
        self, account: str, end: int, where: list[str], values: list[str | int], limit: int
    ) -> list[tuple[int, int]]:
        """Where the entries that touch an account begin, newest first: its history is walked."""
        found: set[tuple[int, int]] = set()
        sql = (
            f"{WALK} select distinct m.seq, m.moves from walk w"  # noqa: S608 - our own clauses
            " cross join movements p on p.seq = w.seq"
            f" cross join movements m on m.seq = p.entry where {' and '.join(where)} limit ?"
        )
        numbers = self._rows("select number from accounts where name = ?", (account,)).fetchall()
        for (number,) in numbers:
            start = self._entered(number, end)
            found |= set(self._rows(sql, (start, number, *values, limit)).fetchall())
        return sorted(found, reverse=True)[:limit]

    def _entered(self, account: int, end: int) -> int:
        """A movement of an account to walk from to what came before `end`.

        One near `end`, where a page before has ended; else the account's latest.
        """
        row = self._one(
            "select coalesce((select max(seq) from movements where seq between ? and ?"
            " and (source = ? or target = ?)), latest) from accounts where number = ?",
            (end - NEAR, end, account, account, account),
        )
        return 0 if row is None else int(row[0])

    def position(self, moment: datetime | None = None, *, strictly: bool = False) -> int:
        """The last movement recorded by `moment` (or `strictly` before it); 0 for none.

        Times never go back along the journal, so it is found by halving.
        """
        low: int = 0
        high: int = self._rows("select coalesce(max(seq), 0) from movements").fetchone()[0]
        if moment is None:
            return high
        at = instant(moment)
        while low < high:
            middle = (low + high + 1) // 2
            row = self._rows("select recorded_at from movements where seq = ?", (middle,))
            recorded = str(row.fetchone()[0])
            if recorded < at or (recorded == at and not strictly):
                low = middle
            else:
                high = middle - 1
        return low

    def head(self, seq: int | None = None) -> tuple[int, str]:
        """(number, hash in hexadecimal) of the last movement, or of `seq`; (0, "") for none."""
        last = self.position() if seq is None else seq
        row = self._rows("select hash from movements where seq = ?", (last,)).fetchone()
        return (0, "") if row is None else (last, bytes(row[0]).hex())

    def events(
        self, *, run_id: str | None = None, after: int = 0, most: int = -1
    ) -> list[EventRecord]:
        """The first `most` recorded events after number `after` (all of -1), oldest first."""
        run, of_run = ("", ()) if run_id is None else (" and run_id = ?", (run_id,))
        sql = "select seq, at, kind, subject, version, run_id, data from events where seq > ?"
        rows = self._rows(f"{sql}{run} order by seq limit ?", (after, *of_run, most))
        return [_event(row) for row in rows]

    def accounts(self) -> list[AccountBalance]:
        """Every account with its balance and how many postings it has, by name."""
        return [
            AccountBalance(row[0], row[1], Money(row[2], ASSETS[row[3]]), row[4])
            for row in self._rows(
                "select name, kind, balance, asset, movements from accounts order by name, asset"
            )
        ]

    def balance(self, account: str, asset: Asset) -> Money:
        """What is in `account`; nothing, if it was never used."""
        row = self._one(
            "select balance from accounts where name = ? and asset = ?", (account, asset.code)
        )
        return Money(0 if row is None else row[0], asset)

    def balance_at(self, account: str, asset: Asset, seq: int) -> Money:
        """What was in `account` after movement `seq`; nothing, if it was not yet used."""
        row = self._one(
            "select number from accounts where name = ? and asset = ?", (account, asset.code)
        )
        if row is None:
            return Money(0, asset)
        number = row[0]
        found = self._one(
            f"{WALK} select iif(m.source = ?, m.source_after, m.target_after)"  # noqa: S608
            " from walk w cross join movements m on m.seq = w.seq where w.seq <= ? limit 1",
            (self._entered(number, seq), number, number, seq),
        )
        return Money(0 if found is None else found[0], asset)

    def refunded_by(self, reference: str, account: str, asset: Asset) -> Money:
        """What `account` has given back of the payment `reference`."""
        return Money(journal.refunded(self._connection, reference, account, asset.code), asset)

    def used(self, limit: Limit, requester: str, subject: str, asset: Asset) -> tuple[Money, int]:
        """What `limit` has counted for `subject` so far: an amount and a number of payments."""
        now = max(self.now, self.ledger_time)
        units, count = usage.used(self._connection, limit, requester, subject, asset, now)
        return Money(units, asset), count

    def costs_since(
        self, account: str, kind: str, since: datetime, asset: Asset
    ) -> tuple[Money, int]:
        """What left `account` in entries of one kind after `since`: an amount and a number."""
        row = self._one(
            "with recursive walk(seq, account) as ("
            " select latest, number from accounts where name = ? and asset = ? union all"
            " select iif(m.source = walk.account, m.source_before, m.target_before), walk.account"
            " from walk join movements m on m.seq = walk.seq"
            " where walk.seq > 0 and m.recorded_at > ?)"
            " select coalesce(sum(m.amount), 0), count(*) from walk cross join movements m"
            " on m.seq = walk.seq where m.source = walk.account and m.kind = ?"
            " and m.recorded_at > ?",
            (
                *(account, asset.code, instant(since)),
                *(journal.KINDS.index(EntryKind(kind)) + 1, instant(since)),
            ),
        )
        units, count = row or (0, 0)
        return Money(units, asset), count

    def duplicates(self, spend: Spend, since: datetime) -> int:
        """How many permitted payments since then were the same as `spend`."""
        return usage.duplicates(self._connection, spend, since)

    def track_record(self, provider: str) -> Record:
        """The evaluators' verdicts on this provider's work for others."""
        row = self._one(
            "select count(*) filter (where state = 'settled'),"
            " count(*) filter (where state = 'rejected'),"
            " count(*) filter (where state = 'settled' and updated_at <= deadline),"
            " count(*) filter (where (state = 'settled' and updated_at > deadline)"
            "                        or state = 'expired')"
            " from contracts where provider = ? and client <> provider",
            (provider,),
        )
        return Record(*row) if row else Record()

    def deals(self) -> list[Deal]:
        """Every funded contract that is over, the first ended first."""
        return market.deals(self._connection)

    def listings_with(self, text: str) -> list[str]:
        """The ids of the listings that have any of the words."""
        return market.listings_with(self._connection, text)

    def paid_to(self, payee: str, asset: Asset) -> Money:
        """All that ever arrived in this payee's wallet for what it did, refunds taken off."""
        return self.flows(payee, asset)[0]

    def flows(self, agent: str, asset: Asset) -> tuple[Money, Money, int]:
        """(earned, spent, movements) of an agent's wallet; what came back was not spent."""
        row = self._one(
            "select earned, spent, movements from accounts where name = ? and asset = ?",
            (wallet(agent), asset.code),
        )
        earned, spent, movements = row or (0, 0, 0)
        return Money(earned, asset), Money(spent, asset), movements

    def _rows(self, sql: str, values: Iterable[str | int] = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, tuple(values))

    def _one(self, sql: str, values: Iterable[str | int]) -> tuple[int, ...] | None:
        row: tuple[int, ...] | None = self._rows(sql, values).fetchone()
        return row


@cache
def _selection(
    table: str, equal: tuple[str, ...], before: bool, after: bool, oldest_first: bool
) -> str:
    """The statement that selects objects by fields that equal, paged by id."""
    names = columns(KINDS[table])
    assert set(equal) <= set(names), f"{table} has no {set(equal) - set(names)}"
    where = [f'"{name}" = ?' for name in equal]
    where += ["id < ?"] * before + ["id > ?"] * after
    return (
        f"select {_quoted(names)} from {table}"  # noqa: S608 - names of our own fields
        + (f" where {' and '.join(where)}" if where else "")
        + f" order by id {'asc' if oldest_first else 'desc'} limit ?"
    )


def _event(row: tuple[int, str, str, str, int, str | None, str]) -> EventRecord:
    seq, at, kind, subject, version, run_id, data = row
    moment = datetime.fromisoformat(at)
    event_id = placed_id("evt", seq, moment)
    return EventRecord(seq, event_id, moment, kind, subject, version, run_id, json.loads(data))


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)
