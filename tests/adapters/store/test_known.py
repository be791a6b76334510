"""What the writing connection knows from its last transaction is what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from re import findall
from sqlite3 import Connection, connect
from typing import Any

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store.connection import migrate
from flux_cli.adapters.store.known import Known
from flux_cli.adapters.store.ledger import SqliteStore, SqliteTransaction
from flux_cli.adapters.store.records import columns, kept, statements
from flux_cli.adapters.store.usage import COUNTED_BY, SINCE, UNTIL, question, used
from flux_cli.domain.agents import Freeze
from flux_cli.domain.canonical import instant
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import Limit, Scope, Window
from flux_cli.domain.quorum import Urgency

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
SUBJECTS = {
    Scope.AGENT: "ada", Scope.EVERYBODY: "*", Scope.CATEGORY: "work",
    Scope.PAYEE: "bob", Scope.DESTINATION: "bob",
}  # fmt: skip
LIMITS = [
    Limit(window, scope=scope, below=below)
    for window in (Window.HOUR, Window.DAY, Window.CALENDAR_DAY)
    for scope in SUBJECTS
    for below in (None, Money(5))
]


@pytest.fixture
def ledger() -> Iterator[Connection]:
    """The real tables, without the triggers that want an event with every row."""
    opened = connect(":memory:", isolation_level=None)
    migrate(opened, 0)
    triggers = opened.execute("select name from sqlite_master where type = 'trigger'").fetchall()
    for (name,) in triggers:
        opened.execute(f"drop trigger {name}")
    yield opened
    opened.close()


def permitted(number: int, dice: Random, now: datetime) -> PaymentIntent:
    """A payment permitted about now, by a clock that is now and then behind or ahead."""
    amount, nothing = Money(dice.randint(1, 9)), Money(0)
    ahead = dice.choice([0, 0, 0, -90, 90, 1500])
    return PaymentIntent(
        f"pi_{number}", f"k{number}", IntentState.APPROVED, dice.choice(["ada", "eve"]), amount,
        (Share(dice.choice(["bob", "cas"]), amount),), "ads", "", None, Urgency.LOW,
        dice.choice(["work", "play"]), "simulated", None, "", "", False, CaptureMethod.MANUAL, 1,
        False, "d", None, None, f"dec_{number}" if dice.random() < 0.9 else None, None, 0, 0, 0, 0,
        (), None, nothing, nothing, nothing, False, now, now, now + timedelta(minutes=ahead),
    )  # fmt: skip


def changes(one: PaymentIntent, now: datetime) -> list[dict[str, Any]]:
    """Ways to change a payment, also those that no use case has."""
    left, none = one.amount - one.released, Money(0)
    return [
        {"captured": left, "state": IntentState.CAPTURED},
        {"captured": left, "refunded": left, "late": True},
        {"released": one.amount, "captured": none, "refunded": none},
        {"decision_id": None},
        {"decision_id": f"dec_{one.id}", "decided_at": now},
        {"decided_at": now - timedelta(minutes=30)},
        {"category": "play" if one.category == "work" else "work"},
        {"requester": "eve" if one.requester == "ada" else "ada"},
        {"amount": one.amount + one.amount},
        {"shares": (Share("bob", one.amount), Share("cas", one.amount))},
    ]


def test_no_limit_counts_by_another_column_than_is_watched() -> None:
    asked = [question(limit, "ada", "bob", CREDIT)[0] for limit in LIMITS]
    words = set(findall(r"\w+", " ".join([*asked, SINCE, UNTIL])))
    assert words & set(columns(PaymentIntent)) == set(COUNTED_BY)


def test_a_capture_leaves_what_is_counted_and_a_release_does_not(ledger: Connection) -> None:
    known, one = Known(), replace(permitted(1, Random(3), START), decision_id="dec_1")
    insert, update = statements(PaymentIntent)
    ledger.execute(insert, (*kept(one)[0], 1))
    start = instant(START - timedelta(hours=1))
    known.used(ledger, LIMITS[0], one.requester, one.requester, CREDIT, start)
    counted = dict(known.counted)
    captured = kept(replace(one, captured=one.amount, state=IntentState.CAPTURED))[0]
    known.changing(ledger, PaymentIntent, captured)
    assert known.counted == counted != {}
    ledger.execute(update, (*captured, 2, one.id))
    known.changing(ledger, PaymentIntent, kept(replace(one, released=one.amount))[0])
    assert known.counted == {}


def test_what_is_counted_on_is_what_is_counted_anew(ledger: Connection) -> None:
    dice, known, now = Random(3), Known(), START
    insert, update = statements(PaymentIntent)
    made: list[PaymentIntent] = []
    seen = set()
    for number in range(500):
        now += timedelta(minutes=dice.choice([0, 1, 7, 40]))
        if made and dice.random() < 0.3:
            place = dice.randrange(len(made))
            one = made[place] = replace(made[place], **dice.choice(changes(made[place], now)))
            values = kept(one)[0]
            known.changing(ledger, PaymentIntent, values)
            ledger.execute(update, (*values, 2, one.id))
        else:
            made.append(permitted(number, dice, now))
            row = ledger.execute(insert, (*kept(made[-1])[0], 1)).lastrowid
            known.added(PaymentIntent, row)
        if dice.random() < 0.02:
            known.forget()
        for limit in dice.sample(LIMITS, 6):
            subject, start = SUBJECTS[limit.scope], instant(limit.window.start(now))
            found = known.used(ledger, limit, "ada", subject, CREDIT, start)
            assert found == used(ledger, limit, "ada", subject, CREDIT, now), (number, limit)
            seen.add(found)
    assert len(seen) > 100


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "flux.db", clock=SystemClock())


def freeze(tx: SqliteTransaction, frozen: bool) -> None:
    tx.put(Freeze("freeze:economy", frozen, "", tx.now), "economy.changed")


def is_frozen(tx: SqliteTransaction) -> bool:
    flag = tx.get(Freeze, "freeze:economy")
    return flag.frozen


def test_what_another_connection_froze_is_frozen_in_the_next_transaction(
    store: SqliteStore,
) -> None:
    store.write(lambda tx: freeze(tx, False))
    assert store.write(is_frozen) is False
    other = SqliteStore(store.path, clock=SystemClock())
    other.write(lambda tx: freeze(tx, True))
    assert store.write(is_frozen) is True
    store.write(lambda tx: freeze(tx, False))
    assert (store.write(is_frozen), other.write(is_frozen)) == (False, False)


def test_what_another_connection_moved_is_in_the_balance_and_the_chain(store: SqliteStore) -> None:
    other = SqliteStore(store.path, clock=SystemClock())
    for number, one in enumerate([store, other, store, store, other, other, store]):
        entry = transfer(f"k{number}", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(1))
        one.write(lambda tx, entry=entry: tx.post(entry))  # type: ignore[misc]
        held = one.write(lambda tx: tx.balance(wallet("ada"), CREDIT))
        assert held == Money(number + 1)
    assert [fault for finding in store.verify() for fault in finding.faults] == []


def test_what_was_undone_is_not_known(store: SqliteStore) -> None:
    store.write(lambda tx: freeze(tx, False))

    def undone(tx: SqliteTransaction) -> None:
        freeze(tx, True)
        tx.post(transfer("k", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(1)))
        assert (is_frozen(tx), tx.balance(wallet("ada"), CREDIT)) == (True, Money(1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(undone)
    found = store.write(lambda tx: (is_frozen(tx), tx.balance(wallet("ada"), CREDIT)))
    assert found == (False, Money(0))
