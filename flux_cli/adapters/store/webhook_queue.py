"""What is on its way to webhooks, in the ledger's file and outside its chains."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from flux_cli.adapters.store.reader import SqliteReader
from flux_cli.adapters.typed import convert
from flux_cli.domain.canonical import canonical, instant
from flux_cli.domain.identifiers import placed_id
from flux_cli.domain.webhooks import (
    KEPT_DELIVERIES,
    Delivery,
    DeliveryState,
    Webhook,
    message_id,
)
from flux_cli.errors import AmbiguousId, NotFound
from flux_cli.usecases.ports import EventRecord, Reader, Transaction
from flux_cli.usecases.webhook_ports import Standing

LOOKED_AT = 500
"""Events looked at in one transaction: what nobody wants is passed over in steps of this."""

COLUMNS = "id, webhook_id, event_seq, kind, subject, state, attempts, due_at, log"
INSERT = f"insert into webhook_deliveries ({COLUMNS}) values (?,?,?,?,?,'pending',0,?,'[]')"  # noqa: S608
DUE = (
    f"select {COLUMNS} from webhook_deliveries d"  # noqa: S608 - our own names
    " where webhook_id = ? and state = 'pending' and due_at <= ? and not exists ("
    "   select 1 from webhook_deliveries e where e.webhook_id = d.webhook_id"
    "   and e.subject = d.subject and e.state = 'pending' and e.event_seq < d.event_seq)"
    " order by event_seq limit ?"
)
FORGET = (
    "delete from webhook_deliveries where webhook_id = ? and state = ? and event_seq <= ("
    " select event_seq from webhook_deliveries where webhook_id = ? and state = ?"
    " order by event_seq desc limit 1 offset ?)"
)
EVENT = "select seq, at, kind, subject, version, run_id, data from events"


class SqliteQueue:
    """Deliveries and cursors; each call joins the caller's transaction."""

    def enrol(self, tx: Transaction, webhook_id: str) -> None:
        """Tell a new endpoint of everything from now on."""
        rows = _connection(tx).execute("select coalesce(max(seq), 0) from events")
        _connection(tx).execute(
            "insert into webhook_cursors values (?, ?, null)", (webhook_id, rows.fetchone()[0])
        )

    def behind(self, reader: Reader, webhook_id: str) -> bool:
        """Whether there are events that it was not yet looked at for, and room for them."""
        sql = "select 1 from events where seq > ? limit 1"
        standing = self.standing(reader, webhook_id)
        if standing.pending >= KEPT_DELIVERIES:
            return False
        return _connection(reader).execute(sql, (standing.cursor,)).fetchone() is not None

    def fill(self, tx: Transaction, webhook: Webhook) -> None:
        """Queue the next events it wants, as many as there is room for."""
        standing = self.standing(tx, webhook.id)
        room, last = KEPT_DELIVERIES - standing.pending, standing.cursor
        sql = "select seq, kind, subject from events where seq > ? order by seq limit ?"
        for seq, kind, subject in _connection(tx).execute(sql, (last, LOOKED_AT)).fetchall():
            if webhook.wants(kind):
                if room <= 0:
                    break
                room -= self._queue(tx, webhook, seq, kind, subject)
            last = seq
        sql = "update webhook_cursors set seq = ? where webhook_id = ?"
        _connection(tx).execute(sql, (last, webhook.id))

    def _queue(self, tx: Transaction, webhook: Webhook, seq: int, kind: str, subject: str) -> bool:
        """Queue one event unless it is already there; whether it was not."""
        name, now = message_id(webhook.id, seq), instant(tx.now)
        known = "select 1 from webhook_deliveries where id = ?"
        if _connection(tx).execute(known, (name,)).fetchone() is not None:
            return False
        _connection(tx).execute(INSERT, (name, webhook.id, seq, kind, subject, now))
        return True

    def requeue(self, tx: Transaction, webhook: Webhook, since: datetime) -> int:
        """Queue again what it wanted since then, delivered or not; how many.

        Where there is more than there is room for, its cursor goes back, and the rest follows.
        """
        connection, cursor = _connection(tx), self.standing(tx, webhook.id).cursor
        first = connection.execute(
            "select seq from events where at >= ? order by seq limit 1", (instant(since),)
        ).fetchone()
        if first is None or first[0] > cursor:
            return 0
        sql = "select kind from events where seq between ? and ?"
        count = sum(webhook.wants(kind) for (kind,) in connection.execute(sql, (first[0], cursor)))
        connection.execute(
            "delete from webhook_deliveries where webhook_id = ? and event_seq >= ?",
            (webhook.id, first[0]),
        )
        sql = "update webhook_cursors set seq = ? where webhook_id = ?"
        connection.execute(sql, (first[0] - 1, webhook.id))
        return count

    def revive(self, tx: Transaction, ids: Sequence[str]) -> None:
        """Have these deliveries attempted anew, from now on."""
        _connection(tx).executemany(
            "update webhook_deliveries set state = 'pending', attempts = 0, due_at = ?"
            " where id = ?",
            [(instant(tx.now), name) for name in ids],
        )

    def trust(self, tx: Transaction, webhook_id: str) -> None:
        """Forget since when an endpoint took nothing."""
        _connection(tx).execute(
            "update webhook_cursors set failing_since = null where webhook_id = ?", (webhook_id,)
        )

    def drop(self, tx: Transaction, webhook_id: str) -> None:
        """Forget what waits for an endpoint that is gone."""
        _connection(tx).execute(
            "delete from webhook_deliveries where webhook_id = ? and state = 'pending'",
            (webhook_id,),
        )

    def due(self, reader: Reader, webhook_id: str, limit: int) -> list[Delivery]:
        """What may be sent now, oldest first: of each object only the oldest that waits."""
        rows = _connection(reader).execute(DUE, (webhook_id, instant(reader.now), limit))
        return [_delivery(row) for row in rows]

    def record(self, tx: Transaction, delivery: Delivery, failing_since: datetime | None) -> None:
        """Keep what came of an attempt, and forget the oldest of what is over."""
        connection = _connection(tx)
        connection.execute(
            "update webhook_deliveries set state = ?, attempts = ?, due_at = ?, log = ?"
            " where id = ?",
            (
                *(delivery.state.value, delivery.attempts, instant(delivery.due_at)),
                *(canonical(delivery.log), delivery.id),
            ),
        )
        since = None if failing_since is None else instant(failing_since)
        sql = "update webhook_cursors set failing_since = ? where webhook_id = ?"
        connection.execute(sql, (since, delivery.webhook_id))
        if delivery.state is not DeliveryState.PENDING:
            which = (delivery.webhook_id, delivery.state.value)
            connection.execute(FORGET, (*which, *which, KEPT_DELIVERIES))

    def standing(self, reader: Reader, webhook_id: str) -> Standing:
        """How far the telling of one endpoint has come."""
        connection = _connection(reader)
        row = connection.execute(
            "select seq, failing_since from webhook_cursors where webhook_id = ?", (webhook_id,)
        ).fetchone()
        counts = dict(
            connection.execute(
                "select state, count(*) from webhook_deliveries where webhook_id = ?"
                " group by state",
                (webhook_id,),
            ).fetchall()
        )
        since = None if row[1] is None else datetime.fromisoformat(row[1])
        return Standing(row[0], since, *(counts.get(state.value, 0) for state in DeliveryState))

    def delivery(self, reader: Reader, delivery_id: str) -> Delivery:
        """By its id, or what alone begins or ends with it; raises `NotFound`, `AmbiguousId`."""
        text, sql = delivery_id.strip()[:64], f"select {COLUMNS} from webhook_deliveries"  # noqa: S608
        sql += " where substr(id, 1, ?) = ? or substr(id, -?) = ? limit 2"
        size = len(text)
        rows = _connection(reader).execute(sql, (size, text, size, text)).fetchall()
        if size < 6 or not rows:
            raise NotFound(f"no delivery {text!r}", subject=text)
        if len(rows) > 1:
            raise AmbiguousId(f"{text!r} names more than one delivery", subject=text)
        return _delivery(rows[0])

    def deliveries(
        self,
        reader: Reader,
        webhook_id: str | None,
        state: DeliveryState | None,
        limit: int,
        before: str | None = None,
    ) -> list[Delivery]:
        """Newest first, before the delivery with the id `before`."""
        equal = {"webhook_id": webhook_id, "state": state and state.value}
        where = [f"{name} = ?" for name, value in equal.items() if value is not None]
        values: list[object] = [value for value in equal.values() if value is not None]
        if before is not None:
            where.append("(event_seq, id) < (?, ?)")
            values += [self.delivery(reader, before).event_seq, before]
        sql = f"select {COLUMNS} from webhook_deliveries"  # noqa: S608 - our own names
        sql += f" where {' and '.join(where)}" if where else ""
        sql += " order by event_seq desc, id desc limit ?"
        return [_delivery(row) for row in _connection(reader).execute(sql, (*values, limit))]

    def event(self, reader: Reader, seq: int) -> EventRecord:
        """The event with this number."""
        row = _connection(reader).execute(f"{EVENT} where seq = ?", (seq,)).fetchone()
        number, at, kind, subject, version, run_id, data = row
        moment = datetime.fromisoformat(at)
        event_id = placed_id("evt", number, moment)
        return EventRecord(
            number, event_id, moment, kind, subject, version, run_id, json.loads(data)
        )


def _connection(reader: Reader) -> sqlite3.Connection:
    assert isinstance(reader, SqliteReader), "it was opened here"
    return reader._connection


def _delivery(row: Sequence[object]) -> Delivery:
    plain = dict(zip(COLUMNS.split(", "), row, strict=True))
    return convert(plain | {"log": json.loads(str(plain["log"]))}, Delivery)
