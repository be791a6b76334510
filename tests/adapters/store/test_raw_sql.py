"""The schema defends itself: what plain SQL, with foreign keys off, cannot do to a ledger."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.clock import FreshIds
from flux_cli.adapters.store.journal import entry_hash
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.agents import Agent, AgentKind, AgentStatus, Freeze
from flux_cli.domain.canonical import instant
from flux_cli.domain.decisions import Decision
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import Ballot, Conditions, Vote

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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada had 5.00 and bob 1.00; decisions stand ready; one of them is used."""
    path = tmp_path_factory.mktemp("made") / "flux.db"
    made = SqliteStore(path, clock=Still(), ids=FreshIds())
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
    return SqliteStore(tmp_path / "flux.db", clock=Still(), ids=FreshIds())


@pytest.fixture
def raw(store: SqliteStore) -> Iterator[sqlite3.Connection]:
    """A plain connection, foreign keys off; whatever was tried, the ledger is as it was."""
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("pragma foreign_keys = off")
    before = list(connection.iterdump())
    yield connection
    assert list(connection.iterdump()) == before
    connection.close()
    assert {finding.faults for finding in store.verify()} == {()}


def insert(
    raw: sqlite3.Connection,
    postings: object,
    *,
    verb: str = "insert",
    **changes: Any,
) -> None:
    """Insert an entry that is right in everything but `postings` and `changes`."""
    seq, previous = raw.execute("select seq, hash from entries order by seq desc").fetchone()
    row = {
        "seq": seq + 1,
        "id": "ent_x",
        "key": "kx",
        "kind": "payment",
        "postings": postings if isinstance(postings, str) else json.dumps(postings),
        "memo": "",
        "decision_id": None,
        "reference": None,
        "run_id": None,
        "recorded_at": instant(NOW),
        **changes,
    }
    values = tuple(row.values())
    marks = ",".join("?" * 11)
    raw.execute(f"{verb} into entries values ({marks})", (*values, entry_hash(previous, values)))


def legs(*pairs: tuple[str, object]) -> list[list[object]]:
    return [[name, "CREDIT", units] for name, units in pairs]


TOP_UP = legs(("world", -5), ("wallet:ada", 5))
BIG = 10**15

MALFORMED = {
    "unbalanced": (legs(("world", -5), ("wallet:ada", 6)), "unbalanced_entry"),
    "one leg": (legs(("wallet:ada", 5)), "unbalanced_entry"),
    "one leg of nothing": (legs(("wallet:ada", 0)), "malformed_entry"),
    "no legs": ([], "malformed_entry"),
    "zero legs": (legs(("world", 0), ("wallet:ada", 0)), "malformed_entry"),
    "a float": (legs(("world", -5.0), ("wallet:ada", 5.0)), "malformed_entry"),
    "a fraction": (legs(("world", -0.5), ("wallet:ada", 0.5)), "malformed_entry"),
    "an exponent": ('[["world","CREDIT",-5e0],["wallet:ada","CREDIT",5e0]]', "malformed_entry"),
    "text": (legs(("world", "-5"), ("wallet:ada", "5")), "malformed_entry"),
    "true": (legs(("world", -1), ("wallet:ada", True)), "malformed_entry"),
    "null": (legs(("world", None), ("wallet:ada", None)), "malformed_entry"),
    "NaN": ('[["world","CREDIT",NaN],["wallet:ada","CREDIT",NaN]]', "malformed JSON"),
    "Infinity": ('[["world","CREDIT",-9e999],["wallet:ada","CREDIT",9e999]]', "malformed_entry"),
    "no JSON": ("CREDIT", "malformed JSON"),
    "an object": ('{"a":["world","CREDIT",-5],"b":["wallet:ada","CREDIT",5]}', "malformed_entry"),
    "four parts": ([["world", "CREDIT", -5, 1], ["wallet:ada", "CREDIT", 5, 1]], "malformed_entry"),
    "objects for legs": ([{"a": 1}, {"a": -1}], "malformed_entry"),
    "a number for a name": ([[1, "CREDIT", -5], ["wallet:ada", "CREDIT", 5]], "malformed_entry"),
    "an account twice": (
        legs(("world", -5), ("wallet:ada", 2), ("wallet:ada", 3)),
        "malformed_entry",
    ),
    "two assets": ([["world", "CREDIT", -5], ["wallet:ada", "USDC", 5]], "unbalanced_entry"),
    "two balanced assets": (
        [
            ["world", "CREDIT", -5],
            ["wallet:ada", "CREDIT", 5],
            ["world", "USDC", -5],
            ["wallet:ada", "USDC", 5],
        ],
        "unbalanced_entry",
    ),
    "an unknown kind of account": (legs(("world", -5), ("junk:x", 5)), "malformed_entry"),
    "an asset in lower case": (
        [["world", "credit", -5], ["wallet:ada", "credit", 5]],
        "malformed_entry",
    ),
    "past the bound": (legs(("world", -BIG - 1), ("wallet:eve", BIG + 1)), "malformed_entry"),
    "a balance past the bound": (legs(("world", -BIG), ("wallet:ada", BIG)), "within_bounds"),
    "a sum that wraps": (
        legs(("world", 2**63 - 1), ("wallet:ada", 2**63 - 1), ("wallet:bob", 2)),
        "integer overflow",
    ),
    "an overdraft": (legs(("wallet:ada", -3_000_001), ("world", 3_000_001)), "no_overdraft"),
    "an overdraft of an empty card": (legs(("card:x", -1), ("world", 1)), "no_overdraft"),
}


@pytest.mark.parametrize(("postings", "fault"), MALFORMED.values(), ids=MALFORMED)
def test_an_entry_that_is_not_sound_is_refused(
    raw: sqlite3.Connection, postings: object, fault: str
) -> None:
    with pytest.raises(sqlite3.Error, match=fault):
        insert(raw, postings)


COLUMNS = {
    "a number already taken": ({"seq": 1}, "entry_out_of_order"),
    "a number too high": ({"seq": 9}, "entry_out_of_order"),
    "no number": ({"seq": None}, "entry_out_of_order"),
    "a key already taken": ({"key": "k1"}, "entry_out_of_order"),
    "an earlier time": ({"recorded_at": instant(NOW - timedelta(1))}, "entry_out_of_order"),
    "an id of another kind": ({"id": "evt_x"}, "CHECK constraint failed"),
    "an unknown kind": ({"kind": "gift"}, "CHECK constraint failed"),
    "an empty key": ({"key": ""}, "CHECK constraint failed"),
    "a long memo": ({"memo": "m" * 601}, "CHECK constraint failed"),
}


@pytest.mark.parametrize(("changes", "fault"), COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize("verb", ["insert", "insert or replace"])
def test_an_entry_out_of_its_place_is_refused(
    raw: sqlite3.Connection, changes: dict[str, Any], fault: str, verb: str
) -> None:
    with pytest.raises(sqlite3.Error, match=fault):
        insert(raw, TOP_UP, verb=verb, **changes)


TWO = legs(("wallet:ada", -2_000_000), ("wallet:bob", 2_000_000))
LEAVE = {
    "no decision": (TWO, {}),
    "no decision, to a held account": (legs(("wallet:ada", -1), ("held:ada", 1)), {}),
    "no decision, partly to the world": (
        legs(("wallet:ada", -2), ("world", 1), ("wallet:bob", 1)),
        {},
    ),
    "a decision that is not there": (TWO, {"decision_id": "dec_none"}),
    "a denied decision": (TWO, {"decision_id": "dec_no"}),
    "an expired decision": (TWO, {"decision_id": "dec_old"}),
    "after its decision expired": (
        TWO,
        {"decision_id": "dec_good", "recorded_at": instant(NOW + timedelta(minutes=16))},
    ),
    "less": (
        legs(("wallet:ada", -1_999_999), ("wallet:bob", 1_999_999)),
        {"decision_id": "dec_good"},
    ),
    "more": (
        legs(("wallet:ada", -2_000_001), ("wallet:bob", 2_000_001)),
        {"decision_id": "dec_good"},
    ),
    "another wallet": (
        legs(("wallet:bob", -2_000_000), ("wallet:ada", 2_000_000)),
        {"decision_id": "dec_good"},
    ),
    "a second wallet besides": (
        legs(("wallet:ada", -2_000_000), ("wallet:bob", -1), ("held:ada", 2_000_001)),
        {"decision_id": "dec_good"},
    ),
    "another asset": (
        [["wallet:ada", "USDC", -2_000_000], ["wallet:bob", "USDC", 2_000_000]],
        {"decision_id": "dec_good"},
    ),
}


@pytest.mark.parametrize(("postings", "changes"), LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize("verb", ["insert", "insert or replace", "insert or ignore"])
def test_a_wallet_is_not_spent_without_leave_for_exactly_that(
    raw: sqlite3.Connection, postings: object, changes: dict[str, Any], verb: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="spend_without_decision"):
        insert(raw, postings, verb=verb, **changes)


def test_leave_is_used_once(raw: sqlite3.Connection) -> None:
    for verb in ("insert", "insert or replace", "insert or ignore"):
        with pytest.raises(sqlite3.IntegrityError, match="entry_out_of_order"):
            insert(raw, TWO, verb=verb, decision_id="dec_used")


def test_leave_that_is_right_in_everything_lets_the_money_go(store: SqliteStore) -> None:
    raw = sqlite3.connect(store.path, isolation_level=None)
    insert(raw, TWO, decision_id="dec_good")
    assert raw.execute("select balance from accounts where name = 'wallet:bob'").fetchone() == (
        5_000_000,
    )
    raw.close()
    assert {finding.faults for finding in store.verify()} == {()}


def event(subject: str, version: int = 1) -> str:
    return (
        "insert into events select max(seq) + 1, 'evt_x', max(at), 'k',"
        f" '{subject}', {version}, null, '{{}}', zeroblob(32) from events"
    )


STATEMENTS = [
    *(
        f"{verb} {table}{what}"
        for table, what in [
            ("entries", " set memo = 'x'"),
            ("entries", " set kind = 'payment' where seq = 1"),
            ("entries", " set hash = zeroblob(32)"),
            ("entries", " set seq = 99 where seq = 2"),
            ("postings", " set amount = amount + 1"),
            ("postings", " set account = 3 where account = 2"),
            ("postings", " set balance_after = 0"),
            ("events", " set data = '{}'"),
            ("events", " set kind = 'x'"),
            ("decisions", " set verdict = 'permit'"),
            ("decisions", " set expires_at = '2999'"),
            ("ballots", " set vote = 'YES'"),
            ("ballots", " set hard = 0"),
            ("accounts", " set balance = balance + 1"),
            ("accounts", " set balance = 9, version = version + 1"),
            ("accounts", " set version = version + 1"),
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
            "entries",
            "postings",
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
            "postings values (1, 2, 2, 5, 9, 9)",
            "postings values (1, 1, 2, 5, 1, 5)",
            "postings values (3, 2, 2, 5, 3, 3000005)",
            "postings values (4, 0, 2, 5, 3, 3000005)",
            "accounts (name, asset, balance) values ('wallet:eve', 'CREDIT', 5)",
            "accounts (name, asset, version) values ('wallet:eve', 'CREDIT', 1)",
            "accounts (number, name, asset) values (1, 'wallet:eve', 'CREDIT')",
            "events select seq, id, at, kind, subject, version, run_id, '{}', hash from events"
            " where seq = 1",
            "events select max(seq) + 1, id, at, kind, subject, version, run_id, '{}', hash"
            " from events",
            "events select max(seq) + 1, 'evt_x', at, kind, subject, 9, run_id, '{}', hash"
            " from events",
            "entries select seq, id, key, kind, postings, 'x', decision_id, reference, run_id,"
            " recorded_at, hash from entries where seq = 1",
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
    with pytest.raises(sqlite3.Error, match=r"history_is_kept|entry_|event_|no_event|balances_"):
        raw.execute(statement)


ATTACKS = {
    "or replace resets a balance": ("insert or replace", TOP_UP, ""),
    "or ignore overdraws": (
        "insert or ignore",
        legs(("wallet:ada", -3_000_001), ("world", 3_000_001)),
        "",
    ),
    "or fail leaves an entry without postings": ("insert or fail", TOP_UP, ""),
    "checks switched off": (
        "insert",
        legs(("wallet:ada", -3_000_001), ("world", 3_000_001)),
        "pragma ignore_check_constraints = on",
    ),
}


@pytest.mark.parametrize(("verb", "postings", "before"), ATTACKS.values(), ids=ATTACKS)
def test_a_conflict_clause_cannot_make_balances_differ_from_their_postings(
    store: SqliteStore, verb: str, postings: object, before: str
) -> None:
    raw = sqlite3.connect(store.path, isolation_level=None)
    raw.execute(before or "select 1")
    with suppress(sqlite3.IntegrityError):
        insert(raw, postings, verb=verb)
    wrong = raw.execute(
        "select name from accounts a where balance <> (select coalesce(sum(amount), 0)"
        " from postings where account = a.number) or (balance < 0 and kind <> 'world')"
    ).fetchall()
    half = raw.execute(
        "select seq from entries e where json_array_length(postings) <>"
        " (select count(*) from postings p join accounts a on a.number = p.account"
        "  where p.entry = e.seq)"
    ).fetchall()
    raw.close()
    assert (wrong, half) == ([], [])


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
            " cost_asset, tokens, latency_ms, dossier_digest, cast_at, 1 from ballots",
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
