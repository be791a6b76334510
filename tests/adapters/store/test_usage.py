"""What limits have counted: SQL against the same counting in plain loops, and what it reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from flux_cli.adapters.store import connection as store_connection
from flux_cli.adapters.store.records import kept, statements
from flux_cli.adapters.store.usage import duplicates, used
from flux_cli.domain.intents import IntentState, PaymentIntent, Share
from flux_cli.domain.money import CREDIT, USDC, Money
from flux_cli.domain.policies import Limit, Scope, Window
from flux_cli.domain.quorum import Urgency

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MIGRATIONS = Path(store_connection.__file__).parent / "migrations"
BLANK: dict[type, Any] = {str: "x", int: 0, bool: False}


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    """The real tables, without the triggers that want an event with every row."""
    opened = sqlite3.connect(":memory:", isolation_level=None)
    for path in sorted(MIGRATIONS.glob("*.sql")):
        opened.executescript(path.read_text("utf-8"))
    triggers = opened.execute("select name from sqlite_master where type = 'trigger'").fetchall()
    for (name,) in triggers:
        opened.execute(f"drop trigger {name}")
    yield opened
    opened.close()


def payment(number: int, **changes: Any) -> PaymentIntent:
    """Ada's payment of 10 to Bob an hour ago, permitted and captured."""
    amount = changes.get("amount", Money(10))
    nothing = Money(0, amount.asset)
    fields: dict[str, Any] = dict.fromkeys(PaymentIntent.__dataclass_fields__) | {
        "id": f"pi_{number}", "key": f"k{number}", "state": IntentState.CAPTURED,
        "requester": "ada", "amount": amount, "shares": (Share("bob", amount),),
        "purpose": "ads", "justification": "", "urgency": Urgency.LOW, "category": "work",
        "rail": "internal", "plan_digest": "", "reference": "", "escrowed": False,
        "request_digest": "d", "decision_id": f"dec_{number}", "yes": 0, "no": 0, "abstain": 0,
        "needed": 0, "refusals": (), "captured": nothing, "released": nothing,
        "refunded": nothing, "late": False, "created_at": NOW, "expires_at": NOW,
        "decided_at": NOW - timedelta(minutes=30), "capture_method": "automatic", "hold_hours": 1,
        "always_vote": False,
    }  # fmt: skip
    known = {name: fields[name] for name in PaymentIntent.__dataclass_fields__}
    return replace(PaymentIntent(**known), **changes)


def keep(ledger: sqlite3.Connection, *payments: PaymentIntent) -> None:
    insert, _ = statements(PaymentIntent)
    for one in payments:
        ledger.execute(insert, (*kept(one)[0], 1))


def by_loops(
    payments: list[PaymentIntent], limit: Limit, requester: str, subject: str
) -> tuple[int, int]:
    """The same, from the promise in the docstring."""
    units = count = 0
    for one in payments:
        kept = one.amount.units - one.released.units
        since = limit.window.start(NOW)
        if one.decision_id is None or one.decided_at is None or one.decided_at <= since:
            continue
        if kept == 0 or one.amount.asset != CREDIT:
            continue
        if limit.scope not in (Scope.DESTINATION, Scope.EVERYBODY) and one.requester != requester:
            continue
        if limit.scope is Scope.CATEGORY and one.category != subject:
            continue
        pieces = [(kept, kept)]
        if limit.scope in (Scope.PAYEE, Scope.DESTINATION):
            pieces = [
                (share.amount.units, share.amount.units - one.released.units)
                for share in one.shares
                if share.payee == subject
            ]
        for amount, size in pieces:
            if limit.below is None or size <= limit.below.units:
                units, count = units + amount, count + 1
    return units, count


def some_payment(dice: Random, number: int) -> PaymentIntent:
    first, second = dice.randint(1, 9), dice.choice([0, 0, 4])
    asset = dice.choice([CREDIT, CREDIT, CREDIT, USDC])
    shares = [Share(dice.choice(["bob", "dan"]), Money(first, asset))]
    if second:
        shares.append(Share("cas", Money(second, asset)))
    ages = [timedelta(hours=1), timedelta(hours=12), timedelta(days=1), timedelta(days=7)]
    age = dice.choice([*ages, timedelta(days=30)]) + dice.choice([-1, 0, 1]) * TICK
    permitted = dice.random() < 0.8
    return payment(
        number,
        requester=dice.choice(["ada", "ada", "eve"]),
        amount=Money(first + second, asset),
        shares=tuple(shares),
        category=dice.choice(["work", "play"]),
        released=Money(dice.choice([0, 0, 1, first + second]), asset),
        decision_id=f"dec_{number}" if permitted else None,
        decided_at=NOW - age if permitted or dice.random() < 0.5 else None,
    )


def test_sql_counts_what_loops_count(ledger: sqlite3.Connection) -> None:
    dice = Random(7)
    payments = [some_payment(dice, number) for number in range(400)]
    ledger.execute("pragma foreign_keys = off")
    keep(ledger, *payments)
    subjects = {
        Scope.AGENT: ["ada"], Scope.EVERYBODY: ["*"], Scope.CATEGORY: ["work", "none"],
        Scope.PAYEE: ["bob", "cas", "none"], Scope.DESTINATION: ["bob", "cas", "none"],
    }  # fmt: skip
    seen = 0
    for scope, names in subjects.items():
        for window in Window:
            for below in (None, Money(4)):
                for subject in names:
                    limit = Limit(window, scope=scope, below=below)
                    found = used(ledger, limit, "ada", subject, CREDIT, NOW)
                    assert found == by_loops(payments, limit, "ada", subject), (limit, subject)
                    seen += found != (0, 0)
    assert seen > 50


def test_52_two_days_caps_are_not_spent_in_two_seconds(ledger: sqlite3.Connection) -> None:
    before = NOW.replace(hour=0) - timedelta(seconds=1)
    keep(ledger, payment(1, decided_at=before))
    after = before + timedelta(seconds=2)
    assert used(ledger, Limit(Window.DAY), "ada", "ada", CREDIT, after) == (10, 1)
    assert used(ledger, Limit(Window.CALENDAR_DAY), "ada", "ada", CREDIT, after) == (0, 0)
    assert used(ledger, Limit(Window.CALENDAR_DAY), "ada", "ada", CREDIT, before) == (10, 1)


def test_54_a_clock_set_back_empties_no_window(ledger: sqlite3.Connection) -> None:
    keep(ledger, payment(1, decided_at=NOW), payment(2, decided_at=NOW - timedelta(hours=20)))
    for window in Window:
        now = used(ledger, Limit(window), "ada", "ada", CREDIT, NOW)
        for back in (timedelta(hours=1), timedelta(days=1), timedelta(days=366)):
            then = used(ledger, Limit(window), "ada", "ada", CREDIT, NOW - back)
            assert then >= now


def test_54_a_clock_set_forward_is_time_passing(ledger: sqlite3.Connection) -> None:
    keep(ledger, payment(1, decided_at=NOW))
    later = NOW + timedelta(hours=24)
    assert used(ledger, Limit(Window.DAY), "ada", "ada", CREDIT, later - TICK) == (10, 1)
    assert used(ledger, Limit(Window.DAY), "ada", "ada", CREDIT, later) == (0, 0)


def test_57_what_is_held_counts_like_what_was_captured(ledger: sqlite3.Connection) -> None:
    keep(ledger, payment(1, state=IntentState.APPROVED), payment(2, captured=Money(10)))
    assert used(ledger, Limit(Window.DAY), "ada", "ada", CREDIT, NOW) == (20, 2)


def test_58_a_refund_gives_no_room_back(ledger: sqlite3.Connection) -> None:
    keep(ledger, payment(1, captured=Money(10), refunded=Money(10)))
    for scope, subject in ((Scope.AGENT, "ada"), (Scope.PAYEE, "bob"), (Scope.CATEGORY, "work")):
        limit = Limit(Window.DAY, scope=scope)
        assert used(ledger, limit, "ada", subject, CREDIT, NOW) == (10, 1)


def test_50_releasing_the_rest_does_not_hide_a_small_payment(ledger: sqlite3.Connection) -> None:
    small = Limit(Window.DAY, below=Money(10))
    keep(ledger, payment(1, amount=Money(11), released=Money(1)), payment(2, amount=Money(11)))
    assert used(ledger, small, "ada", "ada", CREDIT, NOW) == (10, 1)


def test_51_a_destination_is_the_same_whoever_pays_it(ledger: sqlite3.Connection) -> None:
    keep(ledger, *(payment(n, requester=name) for n, name in enumerate(["ada", "eve", "dan"])))
    one = Limit(Window.DAY, scope=Scope.PAYEE)
    all_ = Limit(Window.DAY, scope=Scope.DESTINATION)
    assert used(ledger, one, "ada", "bob", CREDIT, NOW) == (10, 1)
    assert used(ledger, all_, "ada", "bob", CREDIT, NOW) == (30, 3)


ASKED = payment(9, decision_id=None, decided_at=None).spend
SINCE = NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, 1),
        ({"decided_at": SINCE + TICK}, 1),
        ({"decided_at": SINCE}, 0),
        ({"decision_id": None}, 0),
        ({"released": Money(10)}, 0),
        ({"released": Money(9)}, 1),
        ({"requester": "eve"}, 0),
        ({"purpose": "Ads"}, 0),
        ({"amount": Money(11), "shares": (Share("bob", Money(11)),)}, 0),
        ({"amount": Money(10, USDC), "shares": (Share("bob", Money(10, USDC)),)}, 0),
        ({"shares": (Share("cas", Money(10)),)}, 0),
        ({"shares": (Share("bob", Money(5)), Share("cas", Money(5)))}, 0),
        ({"category": "play", "justification": "other", "reference": "run_1"}, 1),
    ],
)
def test_a_duplicate_has_the_same_requester_payees_amount_and_purpose(
    ledger: sqlite3.Connection, changes: dict[str, Any], found: int
) -> None:
    keep(ledger, payment(1, **changes))
    assert duplicates(ledger, ASKED, SINCE) == found


def test_another_reference_makes_it_another_occasion(ledger: sqlite3.Connection) -> None:
    keep(ledger, payment(1, reference="run_1"), payment(2, reference=""))
    found = [duplicates(ledger, replace(ASKED, reference=of), SINCE) for of in ("", "run_1", "b")]
    assert found == [2, 1, 0]


def test_the_order_of_payees_does_not_matter(ledger: sqlite3.Connection) -> None:
    one, other = Share("bob", Money(4)), Share("cas", Money(6))
    keep(ledger, payment(1, shares=(one, other)))
    assert duplicates(ledger, replace(ASKED, shares=(other, one)), SINCE) == 1
    assert duplicates(ledger, replace(ASKED, shares=(other,)), SINCE) == 0


@pytest.mark.parametrize("scope", [Scope.AGENT, Scope.CATEGORY, Scope.EVERYBODY])
@pytest.mark.parametrize("below", [None, Money(5)])
def test_counting_searches_an_index_from_the_windows_start(
    ledger: sqlite3.Connection, scope: Scope, below: Money | None
) -> None:
    asked: list[str] = []
    ledger.set_trace_callback(asked.append)
    used(ledger, Limit(Window.DAY, scope=scope, below=below), "ada", "work", CREDIT, NOW)
    ledger.set_trace_callback(None)
    plan = [row[3] for row in ledger.execute(f"explain query plan {asked[0]}")]
    assert "COVERING INDEX intents_spent" in plan[0], plan
    assert "decided_at>?" in plan[0], plan
