"""The schema defends itself: what plain SQL, with foreign keys off, cannot do to a ledger."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.store.journal import row_hash
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.agents import Agent, AgentKind, AgentStatus, Freeze
from flux_cli.domain.canonical import instant
from flux_cli.domain.decisions import Decision
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import Ballot, Conditions, Vote

Move = tuple[Any, ...]
Changes = dict[str, Any]

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Still:
    """A clock that stands at `NOW`."""

    def now(self) -> datetime:
        return NOW


def decision(name: str, verdict: str = "permit", minutes: int = 15) -> Decision:
    made = NOW - timedelta(minutes=60)
    expires = NOW + timedelta(minutes=minutes)
    return Decision(
        f"dec_{name}", "pi_1", "d" * 64, "ada", verdict, Money(2_000_000), 1, (), None, made,
        expires,
    )  # fmt: skip


def agent(name: str) -> Agent:
    return Agent(f"agt_{name}", name, name, AgentKind.BUYER, (), AgentStatus.ACTIVE, NOW)


BALLOT = Ballot(
    "bal_1", "pi_1", "d" * 64, "cfo", Vote.NO, False, 1, 1, 1, (), Conditions(), "rule", "", None,
    Money(0), 0, 0, "", NOW,
)  # fmt: skip


@contextmanager
def undone(connection: sqlite3.Connection) -> Iterator[None]:
    """What was written before the refusal, such as an account, is taken back."""
    connection.execute("begin")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("rollback")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada had 5.00 and bob 1.00; decisions stand ready; one of them is used."""
    path = tmp_path_factory.mktemp("made") / "flux.db"
    made = SqliteStore(path, clock=Still())
    with made.begin() as tx:
        tx.post(transfer("k1", EntryKind.TOP_UP, WORLD, wallet("ada"), parse_money("5")))
        tx.post(transfer("k2", EntryKind.TOP_UP, WORLD, wallet("bob"), parse_money("1")))
        for name in ("good", "used"):
            tx.put(decision(name), "decided")
        tx.put(decision("no", "denied"), "decided")
        tx.put(decision("old", minutes=-1), "decided")
        tx.put(agent("ada"), "registered")
        tx.put(Freeze("freeze:economy", True, "stop", NOW), "frozen")
        tx.put(BALLOT, "voted")
        tx.post(
            transfer("k3", EntryKind.PAYMENT, wallet("ada"), wallet("bob"), Money(2_000_000),
                     decision_id="dec_used")
        )  # fmt: skip
    made.close()
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> SqliteStore:
    """A copy of that ledger, with its head."""
    shutil.copy(made, tmp_path / "flux.db")
    shutil.copy(made.with_name("flux.db.head"), tmp_path / "flux.db.head")
    return SqliteStore(tmp_path / "flux.db", clock=Still())


@pytest.fixture
def raw(store: SqliteStore) -> Iterator[sqlite3.Connection]:
    """A plain connection, foreign keys off; whatever was tried, the ledger is as it was."""
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("pragma foreign_keys = off")
    before = list(connection.iterdump())
    yield connection
    assert not connection.in_transaction, "an attack is undone as a whole"
    assert list(connection.iterdump()) == before
    connection.close()
    assert {finding.faults for finding in store.verify()} == {()}


def insert(
    raw: sqlite3.Connection,
    *moves: Move,
    verb: str = "insert",
    says: Changes | None = None,
    **entry: Any,
) -> None:
    """Insert an entry that is right in everything but `moves`, `entry` and what a row `says`."""
    seq, previous = raw.execute("select seq, hash from movements order by seq desc").fetchone()
    first = seq + 1
    for line, (source, target, amount, *rest) in enumerate(moves):
        asset = rest[0] if rest else "CREDIT"
        (left, came) = (standing(raw, name, asset) for name in (source, target))
        row = {
            "seq": first + line,
            "entry": first,
            "moves": len(moves),
            "key": None if line else "kx",
            "kind": KINDS["payment"],
            "source": left[0],
            "target": came[0],
            "amount": amount,
            "source_after": left[1] - amount,
            "target_after": came[1] + amount,
            "source_before": left[2],
            "target_before": came[2],
            "memo": "",
            "decision_id": None,
            "reference": None,
            "run_id": None,
            "recorded_at": instant(NOW),
            **({} if line else entry),
            **(says or {}),
        }
        named = [row[name] for name in ("seq", "entry", "moves", "key")]
        kind = next((name for name, number in KINDS.items() if number == row["kind"]), "?")
        named += [kind, source, target, asset, row["amount"]]
        rest_of_it = ("memo", "decision_id", "reference", "run_id", "recorded_at")
        previous = row_hash(previous, [*named, *(row[name] for name in rest_of_it)])
        marks = ",".join("?" * 18)
        raw.execute(f"{verb} into movements values ({marks})", (*row.values(), previous))


def standing(raw: sqlite3.Connection, name: str, asset: str) -> tuple[int, int, int]:
    """An account's number, balance and latest movement; it is opened if it must be."""
    query = "select number, balance, latest from accounts where name = ? and asset = ?"
    found: tuple[int, int, int] | None = raw.execute(query, (name, asset)).fetchone()
    if found is None:
        raw.execute(
            "insert into accounts (name, asset, kind) values (?, ?, ?)",
            (name, asset, name.partition(":")[0]),
        )
        return standing(raw, name, asset)
    return found


KINDS = {kind.value: number for number, kind in enumerate(EntryKind, 1)}
BIG = 10**15

UP: Move = ("world", "wallet:ada", 5)
DOWN: Move = ("wallet:ada", "world", 3_000_001)

MALFORMED: dict[str, tuple[tuple[Move, ...], Changes, str]] = {
    "nothing": ((("world", "wallet:ada", 0),), {}, "malformed_movement"),
    "less than nothing": ((("wallet:ada", "world", -5),), {}, "malformed_movement"),
    "a fraction": ((UP,), {"amount": 0.5}, "REAL value in INTEGER column|balances_follow"),
    "text": ((UP,), {"amount": "five"}, "TEXT value in INTEGER column|malformed_movement"),
    "null": ((UP,), {"amount": None}, "NOT NULL constraint failed|balances_follow"),
    "to itself": ((("wallet:ada", "wallet:ada", 5),), {}, "malformed_movement"),
    "two assets": ((("world", "wallet:ada", 5),), {"target": 4}, "balances_follow|unknown_account"),
    "two assets in two moves": (
        (UP, ("world", "wallet:ada", 5, "USDC")),
        {},
        "malformed_movement",
    ),
    "an account that is not there": ((UP,), {"target": 99}, "unknown_account"),
    "no account": ((UP,), {"target": None}, "unknown_account"),
    "an unknown kind of account": ((("world", "junk:x", 5),), {}, "CHECK constraint failed"),
    "an account of nobody": ((("world", "wallet:", 5),), {}, "CHECK constraint failed"),
    "an asset in lower case": ((("world", "wallet:ada", 5, "credit"),), {}, "CHECK constraint"),
    "past the bound": ((("world", "wallet:eve", BIG + 1),), {}, "malformed_movement"),
    "a balance past the bound": ((("world", "wallet:ada", BIG),), {}, "within_bounds"),
    "a sum that wraps": ((UP,), {"target_after": 2**63 - 1}, "balances_follow"),
    "another balance": ((UP,), {"target_after": 9_000_000}, "balances_follow"),
    "another history": ((UP,), {"target_before": 1}, "balances_follow"),
    "an overdraft": ((DOWN,), {}, "no_overdraft"),
    "an overdraft of an empty card": ((("card:x", "world", 1),), {}, "no_overdraft"),
}


@pytest.mark.parametrize(("moves", "says", "fault"), MALFORMED.values(), ids=MALFORMED)
def test_29_a_movement_that_is_not_sound_is_refused(
    raw: sqlite3.Connection, moves: tuple[Move, ...], says: Changes, fault: str
) -> None:
    with pytest.raises(sqlite3.Error, match=fault), undone(raw):
        insert(raw, *moves, says=says)


COLUMNS: dict[str, tuple[Changes, str]] = {
    "a number already taken": ({"seq": 1, "entry": 1}, "movement_out_of_order"),
    "a number too high": ({"seq": 9, "entry": 9}, "movement_out_of_order"),
    "no number": ({"seq": None}, "movement_out_of_order"),
    "a key already taken": ({"key": "k1"}, "movement_out_of_order"),
    "an earlier time": ({"recorded_at": instant(NOW - timedelta(1))}, "movement_out_of_order"),
    "another's entry": ({"entry": 3, "key": None, "moves": 2}, "movement_out_of_order"),
    "more moves than it has": ({"moves": 0}, "CHECK constraint failed"),
    "no key": ({"key": None}, "CHECK constraint failed"),
    "an unknown kind": ({"kind": 21}, "CHECK constraint failed"),
    "an empty key": ({"key": ""}, "CHECK constraint failed"),
    "a long memo": ({"memo": "m" * 601}, "CHECK constraint failed"),
}


@pytest.mark.parametrize(("changes", "fault"), COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("verb", ["insert", "insert or replace"])
def test_a_movement_out_of_its_place_is_refused(
    raw: sqlite3.Connection, changes: Changes, fault: str, verb: str
) -> None:
    with pytest.raises(sqlite3.Error, match=fault), undone(raw):
        insert(raw, UP, verb=verb, **changes)


TWO: Move = ("wallet:ada", "wallet:bob", 2_000_000)
LEAVE: dict[str, tuple[tuple[Move, ...], Changes]] = {
    "no decision": ((TWO,), {}),
    "no decision, to a held account": ((("wallet:ada", "held:ada", 1),), {}),
    "no decision, partly to the world": (
        (("wallet:ada", "world", 1), ("wallet:ada", "wallet:bob", 1)),
        {},
    ),
    "a decision that is not there": ((TWO,), {"decision_id": "dec_none"}),
    "a denied decision": ((TWO,), {"decision_id": "dec_no"}),
    "an expired decision": ((TWO,), {"decision_id": "dec_old"}),
    "after its decision expired": (
        (TWO,),
        {"decision_id": "dec_good", "recorded_at": instant(NOW + timedelta(minutes=16))},
    ),
    "less": ((("wallet:ada", "wallet:bob", 1_999_999),), {"decision_id": "dec_good"}),
    "more": ((("wallet:ada", "wallet:bob", 2_000_001),), {"decision_id": "dec_good"}),
    "another wallet": ((("wallet:bob", "wallet:ada", 2_000_000),), {"decision_id": "dec_good"}),
    "a second time in one entry": (
        (TWO, ("wallet:ada", "held:ada", 1)),
        {"decision_id": "dec_good"},
    ),
}


@pytest.mark.parametrize(("moves", "changes"), LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize("verb", ["insert", "insert or replace", "insert or ignore"])
def test_a_wallet_is_not_spent_without_leave_for_exactly_that(
    raw: sqlite3.Connection, moves: tuple[Move, ...], changes: Changes, verb: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="spend_without_decision"), undone(raw):
        insert(raw, *moves, verb=verb, **changes)


def test_leave_is_used_once(raw: sqlite3.Connection) -> None:
    for verb in ("insert", "insert or replace", "insert or ignore"):
        with pytest.raises(sqlite3.IntegrityError, match="spend_without"), undone(raw):
            insert(raw, TWO, verb=verb, decision_id="dec_used")


def test_leave_that_is_right_in_everything_lets_the_money_go(store: SqliteStore) -> None:
    raw = sqlite3.connect(store.path, isolation_level=None)
    insert(raw, TWO, decision_id="dec_good")
    assert raw.execute("select balance from accounts where name = 'wallet:bob'").fetchone() == (
        5_000_000,
    )
    raw.close()
    assert {finding.faults for finding in store.verify()} == {()}


def test_half_an_entry_is_found(store: SqliteStore) -> None:
    raw = sqlite3.connect(store.path, isolation_level=None)
    insert(raw, UP, moves=2)
    raw.close()
    faults = {finding.name: finding.faults for finding in store.verify() if finding.faults}
    assert faults == {"entries": ("the last entry lacks movement 5",)}


def event(subject: str, version: int = 1) -> str:
    return (
        "insert into events select max(seq) + 1, max(at), 'k',"
        f" '{subject}', {version}, null, '{{}}', zeroblob(32) from events"
    )


STATEMENTS = [
    *(
        f"{verb} {table}{what}"
        for table, what in [
            ("movements", " set memo = 'x'"),
            ("movements", " set kind = 3 where seq = 1"),
            ("movements", " set hash = zeroblob(32)"),
            ("movements", " set seq = 99 where seq = 2"),
            ("movements", " set amount = amount + 1"),
            ("movements", " set source = 3 where source = 2"),
            ("movements", " set source_after = 0"),
            ("kinds", " set name = 'gift'"),
            ("events", " set data = '{}'"),
            ("events", " set kind = 'x'"),
            ("decisions", " set verdict = 'permit'"),
            ("decisions", " set expires_at = '2999'"),
            ("ballots", " set vote = 'YES'"),
            ("ballots", " set hard = 0"),
            ("accounts", " set balance = balance + 1"),
            ("accounts", " set balance = 9, movements = movements + 1"),
            ("accounts", " set balance = 9, movements = movements + 1, latest = latest + 1"),
            ("accounts", " set earned = earned + 1"),
            ("accounts", " set kind = 'world' where kind = 'wallet'"),
            ("accounts", " set movements = movements + 1"),
            ("accounts", " set name = 'wallet:eve' where name = 'wallet:ada'"),
            ("accounts", " set asset = 'USDC'"),
            ("accounts", " set number = 77 where number = 1"),
            ("agents", " set status = 'paused'"),
            ("agents", " set display_name = 'x', version = version + 1"),
            ("agents", " set id = 'agt_eve'"),
            ("freezes", " set frozen = 0"),
            ("freezes", " set frozen = 0, version = 2"),
        ]
        for verb in ("update", "update or replace", "update or ignore")
    ),
    *(
        f"delete from {table}"
        for table in (
            "movements",
            "kinds",
            "events",
            "decisions",
            "ballots",
            "accounts",
            "agents",
            "freezes",
        )
    ),
    *(
        f"{verb} into {rest}"
        for verb in ("insert", "insert or replace")
        for rest in (
            "accounts (name, asset, kind, balance) values ('wallet:eve', 'CREDIT', 'wallet', 5)",
            "accounts (name, asset, kind, earned) values ('wallet:eve', 'CREDIT', 'wallet', 1)",
            "accounts (name, asset, kind, movements) values ('wallet:eve', 'CREDIT', 'wallet', 1)",
            "accounts (number, name, asset, kind) values (1, 'wallet:eve', 'CREDIT', 'wallet')",
            "accounts (name, asset, kind) values ('wallet:ada', 'CREDIT', 'wallet')",
            "kinds values (21, 'gift')",
            "events select seq, at, kind, subject, version, run_id, '{}', hash from events"
            " where seq = 1",
            "events select max(seq) + 1, at, kind, subject, version, run_id, '{}', hash"
            " from events",
            "events select max(seq) + 1, at, kind, subject, 9, run_id, '{}', hash from events",
            "movements select seq, entry, moves, key, kind, source, target, amount,"
            " source_after, target_after, source_before, target_before, 'x', decision_id,"
            " reference, run_id, recorded_at, hash from movements where seq = 1",
            "agents select 'agt_eve', 'eve', display_name, kind, trades, status, created_at, 1"
            " from agents",
            "agents select id, name, 'x', kind, trades, status, created_at, 1 from agents",
            "freezes select id, 0, reason, changed_at, 1 from freezes",
            "freezes values ('freeze:ada', 0, '', '', 1)",
            "decisions select 'dec_x', intent_id, request_digest, requester, 'permit', amount,"
            " amount_asset, policy_version, refusals, tally, made_at, expires_at, 1 from decisions"
            " limit 1",
            "decisions select id, intent_id, request_digest, requester, 'permit', amount,"
            " amount_asset, policy_version, refusals, tally, made_at, expires_at, 1 from decisions",
            "ledger values ('ledger', 'x', 'x', 1)",
        )
    ),
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_history_balances_and_objects_are_not_changed_by_plain_sql(
    raw: sqlite3.Connection, statement: str
) -> None:
    with pytest.raises(sqlite3.Error, match=r"history_is_kept|movement_|event_|no_event|balances_"):
        raw.execute(statement)


ATTACKS = {
    "or replace resets a balance": ("insert or replace", UP, ""),
    "or ignore overdraws": ("insert or ignore", DOWN, ""),
    "or fail leaves a movement without its balances": ("insert or fail", UP, ""),
    "checks switched off": ("insert", DOWN, "pragma ignore_check_constraints = on"),
    "checks switched off, backwards": (
        "insert",
        ("world", "wallet:ada", -9_000_000),
        "pragma ignore_check_constraints = on",
    ),
}


@pytest.mark.parametrize(("verb", "move", "before"), ATTACKS.values(), ids=ATTACKS)
def test_a_conflict_clause_cannot_make_balances_differ_from_their_movements(
    store: SqliteStore, verb: str, move: Move, before: str
) -> None:
    raw = sqlite3.connect(store.path, isolation_level=None)
    raw.execute(before or "select 1")
    with suppress(sqlite3.IntegrityError):
        insert(raw, move, verb=verb)
    wrong = raw.execute(
        "select name from accounts a where balance <> (select coalesce(sum(amount), 0)"
        " from postings p where p.account = a.name and p.asset = a.asset)"
        " or (balance < 0 and kind <> 'world')"
    ).fetchall()
    raw.close()
    assert wrong == []


@pytest.mark.parametrize(
    ("subject", "statement", "count"),
    [
        (
            "agt_eve",
            "insert or replace into agents select 'agt_eve', name, display_name, kind, trades,"
            " status, created_at, 1 from agents",
            "select count(*) from agents where id = 'agt_ada'",
        ),
        (
            "bal_2",
            "insert or replace into ballots select 'bal_2', intent_id, request_digest, seat, 'YES',"
            " hard, score, confidence, risk, reasons, conditions, backend, model, error, cost,"
            " cost_asset, tokens, latency_ms, dossier_digest, cast_at, 1, 1, host,"
            " prompt_digest from ballots",
            "select count(*) from ballots where id = 'bal_1'",
        ),
    ],
    ids=["an agent by its name", "a ballot by its seat"],
)
def test_or_replace_does_not_delete_a_row_even_with_an_event(
    store: SqliteStore, subject: str, statement: str, count: str
) -> None:
    raw = sqlite3.connect(store.path, isolation_level=None)
    raw.execute(event(subject))
    with suppress(sqlite3.IntegrityError):
        raw.execute(statement)
    kept = raw.execute(count).fetchone()
    raw.close()
    assert kept == (1,)
