"""Reading the ledger: objects by id and field, the journal by page, the numbers facts need."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from flux_cli.adapters.store import journal
from flux_cli.adapters.store.records import TABLES, columns, from_row
from flux_cli.domain.canonical import instant
from flux_cli.domain.journal import wallet
from flux_cli.domain.marketplace import Record
from flux_cli.domain.money import ASSETS, Asset, Money
from flux_cli.errors import AmbiguousId, NotFound
from flux_cli.usecases.ports import AccountBalance, EntryRecord, EventRecord

T = TypeVar("T")

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
            for table, column in (("entries", "recorded_at"), ("events", "at"))
            for row in self._rows(f"select {column} from {table} order by seq desc limit 1")  # noqa: S608
        ]
        return datetime.fromisoformat(max(latest)) if latest else datetime.min.replace(tzinfo=UTC)

    def get(self, kind: type[T], object_id: str) -> T:
        """The object with this id; raises `NotFound`."""
        found = self.lookup(kind, id=object_id)
        if found is None:
            raise NotFound(f"no {TABLES[kind]} row {object_id!r}", subject=object_id)
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
        names = columns(kind)
        assert set(equal) <= set(names), f"{TABLES[kind]} has no {set(equal) - set(names)}"
        where = [f'"{name}" = ?' for name in equal]
        values: list[str | int] = list(equal.values())
        for sign, bound in (("<", before), (">", after)):
            if bound is not None:
                where.append(f"id {sign} ?")
                values.append(bound)
        sql = (
            f"select {_quoted(names)} from {TABLES[kind]}"  # noqa: S608 - names of our own fields
            + (f" where {' and '.join(where)}" if where else "")
            + f" order by id {'asc' if oldest_first else 'desc'} limit ?"
        )
        return [from_row(kind, row) for row in self._rows(sql, (*values, limit))]

    def resolve(self, kind: type[T], prefix: str) -> T:
        """The object whose id is, or alone begins or ends with, `prefix`."""
        exact = self.lookup(kind, id=prefix)
        if exact is not None:
            return exact
        text = prefix.strip()
        if len(text) < LEAST_PREFIX or not text.replace("_", "").isalnum() or not text.isascii():
            raise NotFound(f"no {_noun(kind)} {prefix[:64]!r}", subject=prefix[:64])
        sql = (
            f"select {_quoted(columns(kind))} from {TABLES[kind]}"  # noqa: S608
            " where substr(id, 1, ?) = ? or substr(id, -?) = ? order by id limit 3"
        )
        rows = list(self._rows(sql, (len(text), text, len(text), text)))
        if not rows:
            raise NotFound(f"no {_noun(kind)} {prefix[:64]!r}", subject=prefix[:64])
        if len(rows) > 1:
            raise AmbiguousId(f"{prefix!r} names more than one {_noun(kind)}", subject=prefix)
        return from_row(kind, rows[0])

    def entry(self, key: str) -> EntryRecord | None:
        """The entry recorded under `key`, if any."""
        return journal.find(self._connection, key)

    def entries(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        account: str | None = None,
        run_id: str | None = None,
        kind: str | None = None,
    ) -> list[EntryRecord]:
        """Recorded entries, newest first, before entry number `before`."""
        where, values = ["1"], list[str | int]()
        for clause, value in (
            ("e.seq < ?", before),
            ("e.run_id = ?", run_id),
            ("e.kind = ?", kind),
            (
                "e.seq in (select entry from postings where account in"
                " (select number from accounts where name = ?))",
                account,
            ),
        ):
            if value is not None:
                where.append(clause)
                values.append(value)
        sql = f"select * from entries e where {' and '.join(where)} order by seq desc limit ?"  # noqa: S608
        return [journal.record(row) for row in self._rows(sql, (*values, limit))]

    def events(self, *, run_id: str | None = None, after: int = 0) -> list[EventRecord]:
        """Recorded events after number `after`, oldest first."""
        sql = "select seq, id, at, kind, subject, version, run_id, data from events where seq > ?"
        values: list[str | int] = [after]
        if run_id is not None:
            sql += " and run_id = ?"
            values.append(run_id)
        return [
            EventRecord(
                row[0], row[1], datetime.fromisoformat(row[2]), row[3], row[4], row[5], row[6],
                json.loads(row[7]),
            )
            for row in self._rows(sql + " order by seq", values)
        ]  # fmt: skip

    def accounts(self) -> list[AccountBalance]:
        """Every account with its balance and how many postings it has, by name."""
        return [
            AccountBalance(row[0], row[1], Money(row[2], ASSETS[row[3]]), row[4])
            for row in self._rows(
                "select name, kind, balance, asset, version from accounts order by name, asset"
            )
        ]

    def balance(self, account: str, asset: Asset) -> Money:
        """What is in `account`; nothing, if it was never used."""
        row = self._one(
            "select balance from accounts where name = ? and asset = ?", (account, asset.code)
        )
        return Money(0 if row is None else row[0], asset)

    def spent_since(self, requester: str, since: datetime, asset: Asset) -> Money:
        """What this agent's approved intents took since then, less what they gave back."""
        row = self._one(
            "select coalesce(sum(amount - released), 0) from intents where requester = ?"
            " and decided_at > ? and decision_id is not null and amount_asset = ?"
            " and state <> 'denied'",
            (requester, instant(since), asset.code),
        )
        return Money(0 if row is None else row[0], asset)

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

    def paid_to(self, payee: str, asset: Asset) -> Money:
        """All that ever arrived in this payee's wallet from others' escrow or payments."""
        row = self._one(
            "select coalesce(sum(amount), 0) from movements where account = ? and asset = ?"
            " and amount > 0 and kind in ('payment', 'escrow_release', 'capture')",
            (wallet(payee), asset.code),
        )
        return Money(0 if row is None else row[0], asset)

    def flows(self, agent: str, asset: Asset) -> tuple[Money, Money, int]:
        """(earned, spent, movements) of an agent's wallet; what came back was not spent."""
        row = self._one(
            "select coalesce(sum(amount) filter (where earned), 0),"
            " coalesce(-sum(amount) filter (where not earned and kind not in"
            "   ('top_up', 'withdrawal', 'adjustment', 'exchange')), 0), count(*)"
            " from (select amount, kind, amount > 0 and kind in"
            "         ('payment', 'escrow_release', 'capture', 'stream_accrual') as earned"
            "       from movements where account = ? and asset = ?)",
            (wallet(agent), asset.code),
        )
        assert row is not None, "an aggregate always has a row"
        return Money(row[0], asset), Money(row[1], asset), int(row[2])

    def _rows(self, sql: str, values: Iterable[str | int] = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, tuple(values))

    def _one(self, sql: str, values: Iterable[str | int]) -> tuple[int, ...] | None:
        row: tuple[int, ...] | None = self._rows(sql, values).fetchone()
        return row


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _noun(kind: type) -> str:
    return {"intents": "payment", "policies": "policy"}.get(
        TABLES[kind], TABLES[kind].removesuffix("s")
    )
