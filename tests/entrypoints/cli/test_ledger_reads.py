"""`flux ledger` answers for now and for any moment before, and shows strangers' text as text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ledger_books import ADA, HOSTILE, RAW, WHOLE, Flux, money, written

from flux_cli.adapters.store.ledger import SqliteStore


@pytest.fixture
def book(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    return written(flux, home / "flux.db")


def ids(flux: Flux) -> dict[int, str]:
    return {row["seq"]: row["id"] for row in flux("ledger", "entries", "--json").json()["data"]}


@pytest.mark.parametrize(
    ("at", "units"),
    [("1", 0), ("2", 10 * WHOLE), ("3", 8_500_000), ("4", 4_500_000), ("5", 4_500_000)],
)
def test_a_balance_at_any_past_entry(flux: Flux, book: SqliteStore, at: str, units: int) -> None:
    rows = flux("ledger", "balance", ADA, "--at", at, "--json").json()["data"]
    assert rows[0] == {
        "object": "account",
        "id": ADA,
        "schema": "flux.account/1",
        "kind": "wallet",
        "balance": money(units),
        "at_seq": 5 if at == "4" else int(at),
    }


def test_a_moment_is_named_by_entry_id_or_by_time(flux: Flux, book: SqliteStore) -> None:
    with book.reading() as reader:
        third = reader.entry_at(3)
    assert third is not None
    by_id = flux("ledger", "balance", ADA, "--at", third.id, "--json").json()
    by_time = flux("ledger", "balance", ADA, "--at", third.recorded_at.isoformat(), "--json").json()
    assert by_id["data"][0]["balance"] == by_time["data"][0]["balance"] == money(8_500_000)
    long_ago = flux("ledger", "balance", "--at", "2001-01-01", "--json").json()["data"]
    assert {row["balance"]["amount_minor"] for row in long_ago} == {0}


def test_an_agent_at_a_past_entry_is_its_own_accounts(flux: Flux, book: SqliteStore) -> None:
    shown = flux("ledger", "balance", "researcher", "--at", "6")
    assert shown.out == (
        "id\tkind\tbalance\tbalance.currency\n"
        f"{ADA}\twallet\t4.00\tCREDIT\n"
        f"{ADA}\twallet\t3.60\tEUR\n"
    )
    empty = flux("ledger", "balance", "data-analyst", "--at", "6", "--json").json()
    assert (empty["id"], empty["balance"]) == ("wallet:data-analyst", money(0))


@pytest.mark.parametrize(("at", "code"), [("99", 5), ("ent_nothing", 5), ("yesterday", 2), ("", 2)])
def test_a_moment_that_is_none(flux: Flux, book: SqliteStore, at: str, code: int) -> None:
    ended = flux("ledger", "balance", "--at", at)
    assert (ended.out, ended.code) == ("", code)


def test_entries_by_account_text_and_time(flux: Flux, book: SqliteStore) -> None:
    def seqs(*argv: str) -> list[int]:
        listed = flux("ledger", "entries", *argv, "--json")
        assert listed.code == 0
        return [row["seq"] for row in listed.json()["data"]]

    assert seqs() == [6, 4, 3, 2, 1]
    assert seqs("--account", "fees:platform") == [3]
    assert seqs("--agent", "researcher") == [6, 4, 3, 2]
    assert seqs("--text", "MONTHLY") == [3]
    assert seqs("--kind", "exchange") == [4]
    assert seqs("--since", "1h", "--account", "world") == [4, 2, 1]
    assert seqs("--until", "1h") == []
    assert seqs("--account", ADA, "--limit", "2") == [6, 4]
    assert seqs("--account", ADA, "--limit", "2", "--after", "4") == [3, 2]
    assert flux("ledger", "entries", "--account", "wallet:nobody").code == 5
    assert flux("ledger", "entries", "--account", ADA, "--agent", "researcher").code == 2


def test_an_entry_is_shown_by_id_by_the_end_of_it_and_by_number(
    flux: Flux, book: SqliteStore
) -> None:
    named = ids(flux)[4]
    whole = flux("ledger", "show", named, "--json").json()
    with book.reading() as reader:
        head = reader.head(5)[1]
    assert whole == {
        "object": "entry",
        "id": named,
        "schema": "flux.entry/1",
        "seq": 4,
        "kind": "exchange",
        "key": "b3",
        "memo": "4 CREDIT at 0.9",
        "reference": None,
        "run_id": None,
        "decision_id": None,
        "recorded_at": whole["recorded_at"],
        "postings": [
            {"account": ADA, "amount": money(-4 * WHOLE), "balance_after": money(4_500_000)},
            {"account": ADA, "amount": money(360, "EUR"), "balance_after": money(360, "EUR")},
            {
                "account": "world",
                "amount": money(4 * WHOLE),
                "balance_after": money(-506 * WHOLE),
            },
            {"account": "world", "amount": money(-360, "EUR"),
             "balance_after": money(-360, "EUR")},
        ],
        "from": [ADA, "world"],
        "to": [ADA, "world"],
        "amount": money(360, "EUR"),
        "moves": [
            {"seq": 4, "source": ADA, "target": "world", "amount": money(4 * WHOLE)},
            {"seq": 5, "source": "world", "target": ADA, "amount": money(360, "EUR")},
        ],
        "decision": None,
        "reversed_by": None,
        "hash": head,
    }  # fmt: skip
    for name in (named[-6:], named[-8:].upper(), "4", "5"):
        assert flux("ledger", "show", name, "--json").json() == whole


@pytest.mark.parametrize("name", ["0", "7", "00000", "00000z", "ent_01", "pi_000004", "", "4.0"])
def test_no_such_entry(flux: Flux, book: SqliteStore, name: str) -> None:
    ended = flux("ledger", "show", name)
    assert (ended.out, ended.code) == ("", 5)


def test_who_allowed_an_entry_is_shown(flux: Flux, book: SqliteStore) -> None:
    paid = flux("pay", "orchestrator", "researcher", "2.50", "--json").json()
    (entry,) = flux("ledger", "entries", "--kind", "payment", "--json").json()["data"]
    decision = flux("ledger", "show", entry["id"], "--json").json()["decision"]
    assert decision == {
        "id": entry["decision_id"],
        "verdict": "permit",
        "payment_id": paid["id"],
        "policy_version": decision["policy_version"],
        "made_at": decision["made_at"],
    }


def test_the_trial_balance_is_zero_now_and_then(flux: Flux, book: SqliteStore) -> None:
    found = flux("ledger", "trial-balance", "--json").json()
    kinds = {(one["kind"], one["total"]["currency"]): one["total"] for one in found["kinds"]}
    assert kinds == {
        ("brain", "CREDIT"): money(500_000),
        ("fees", "CREDIT"): money(1_500_000),
        ("wallet", "CREDIT"): money(504 * WHOLE),
        ("wallet", "EUR"): money(360, "EUR"),
        ("world", "CREDIT"): money(-506 * WHOLE),
        ("world", "EUR"): money(-360, "EUR"),
    }
    with book.reading() as reader:
        head = reader.head()
    assert (found["seq"], found["head"], found["balanced"]) == (*head, True)
    assert found["sums"] == [
        {"currency": "CREDIT", "sum": money(0)},
        {"currency": "EUR", "sum": money(0, "EUR")},
    ]
    then = flux("ledger", "trial-balance", "--at", "2", "--json").json()
    assert {row["id"]: row["balance"]["amount_minor"] for row in then["accounts"]} | {
        ADA: 10 * WHOLE
    } == {
        "brain:llm": 0,
        "fees:platform": 0,
        ADA: 10 * WHOLE,
        "wallet:orchestrator": 500 * WHOLE,
        "world": 0,
    }
    assert all(one["sum"]["amount_minor"] == 0 for one in then["sums"])
    lines = flux("ledger", "trial-balance").out.splitlines()
    assert lines[0] == "id\tkind\tbalance\tbalance.currency"
    assert len(lines) == 1 + len(found["accounts"])


def test_a_statement_leads_from_its_opening_to_its_closing(flux: Flux, book: SqliteStore) -> None:
    found = flux("ledger", "statement", "researcher", "--asset", "CREDIT", "--json").json()
    amounts = [line["amount"]["amount_minor"] for line in found["lines"]]
    assert amounts == [10 * WHOLE, -1_500_000, -4 * WHOLE, -500_000]
    assert [line["balance"]["amount_minor"] for line in found["lines"]] == [
        10 * WHOLE, 8_500_000, 4_500_000, 4 * WHOLE,
    ]  # fmt: skip
    assert (found["opening"], found["in"], found["out"], found["closing"]) == (
        money(0), money(10 * WHOLE), money(6 * WHOLE), money(4 * WHOLE),
    )  # fmt: skip
    assert [line["others"] for line in found["lines"]] == [
        ["world"], ["fees:platform"], ["world"], ["brain:llm"],
    ]  # fmt: skip


def test_a_statement_of_a_window_opens_with_what_came_before(flux: Flux, book: SqliteStore) -> None:
    with book.reading() as reader:
        times = {seq: reader.entry_at(seq).recorded_at.isoformat() for seq in (3, 4)}
    argv = ("ledger", "statement", ADA, "--asset", "CREDIT", "--json")
    found = flux(*argv, "--since", times[3], "--until", times[4]).json()
    assert (found["opening"], found["closing"]) == (money(10 * WHOLE), money(4_500_000))
    assert [line["seq"] for line in found["lines"]] == [3, 4]
    with book.reading() as reader:
        assert found["head"] == reader.head(5)[1]


def test_a_statement_is_of_one_asset(flux: Flux, book: SqliteStore) -> None:
    refused = flux("ledger", "statement", "researcher", "--json")
    assert refused.code == 2
    assert [fix["argv"][-1] for fix in refused.json()["error"]["fix"]] == ["CREDIT", "EUR"]
    assert flux("ledger", "statement", "researcher", "--asset", "EUR").out.splitlines()[1:] == [
        "\t".join(["4", entry_time(flux, 4), "exchange", "world", "4 CREDIT at 0.9", "3.60",
                   "3.60", "EUR", ids(flux)[4]])
    ]  # fmt: skip
    assert flux("ledger", "statement", "researcher", "--asset", "JPY").code == 5
    assert flux("ledger", "statement", "researcher", "--asset", "eur").code == 2
    assert flux("ledger", "statement", "data-analyst").code == 5
    assert flux("ledger", "statement", "nobody").code == 5
    assert flux("ledger", "statement", "card:none").code == 5


def entry_time(flux: Flux, seq: int) -> str:
    return str(flux("ledger", "show", str(seq), "--json").json()["recorded_at"])


def test_ledger_verify_is_verify(flux: Flux, book: SqliteStore) -> None:
    first, second = flux("ledger", "verify", "--json"), flux("verify", "--json")
    assert (first.code, first.json()) == (0, second.json())


READS = (
    ("balance",),
    ("balance", "--at", "4"),
    ("accounts",),
    ("entries",),
    ("show", "2"),
    ("show", "4"),
    ("statement", "researcher", "--asset", "CREDIT"),
    ("trial-balance",),
)


@pytest.mark.parametrize("argv", READS, ids=" ".join)
def test_nothing_is_wider_than_the_terminal(
    flux: Flux, book: SqliteStore, argv: tuple[str, ...]
) -> None:
    shown = flux("ledger", *argv, tty=True, NO_COLOR="1")
    lines = shown.out.splitlines()
    # A hash is one word, and is never cut.
    wide = [line for line in lines if len(line) > 80 and line.split()[0] not in {"head", "hash"}]
    assert (shown.code, wide) == (0, [])
    assert "simulated" in shown.err


@pytest.mark.parametrize("argv", READS, ids=" ".join)
def test_a_hostile_memo_is_never_raw_on_stdout(
    flux: Flux, book: SqliteStore, argv: tuple[str, ...]
) -> None:
    for form in ("table", "json", "jsonl", "csv", "tsv", "md"):
        shown = flux("ledger", *argv, "-o", form)
        assert shown.code == 0
        assert [mark for mark in RAW if mark in shown.out + shown.err] == []
        if form == "csv":
            assert not re.search("(^|,)=cmd", shown.out, re.MULTILINE)


def test_json_still_has_the_memo_whole(flux: Flux, book: SqliteStore) -> None:
    shown = flux("ledger", "show", "2", "--json")
    assert json.loads(shown.out)["memo"] == HOSTILE
