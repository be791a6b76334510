"""Exports are whole and private, imports happen once or not at all, reversals once."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import stat
from pathlib import Path

import pytest
from beancount import loader
from beancount.core import realization
from ledger_books import ADA, ENTRIES, HOSTILE, RAW, Flux, as_owner, money, opened, written

from flux_cli.adapters.exports.csv_lines import unguarded
from flux_cli.adapters.exports.json_lines import head_of
from flux_cli.adapters.exports.plain_text import account_of
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import EntryKind, Move, transfer, wallet
from flux_cli.domain.money import ASSETS, Money
from flux_cli.usecases.ports import EntryRecord


@pytest.fixture
def book(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    return written(flux, home / "flux.db")


def balances(store: SqliteStore) -> dict[tuple[str, str], str]:
    with store.reading() as reader:
        return {
            (one.name, one.balance.asset.code): one.balance.decimal for one in reader.accounts()
        }


def latest(store: SqliteStore) -> EntryRecord:
    with store.reading() as reader:
        return reader.entries(limit=1)[0]


def head(store: SqliteStore) -> str:
    with store.reading() as reader:
        return reader.head()[1]


def exported(flux: Flux, form: str, *argv: str) -> str:
    done = flux("ledger", "export", "--format", form, *argv)
    assert done.code == 0, done.err
    return str(done.out)


def test_beancount_accepts_the_export_and_finds_the_same_balances(
    flux: Flux, book: SqliteStore
) -> None:
    done = flux("ledger", "export", "--format", "beancount", "-o", "l.bean", "--json")
    assert done.json() == {
        "object": "export",
        "schema": "flux.export/1",
        "path": "l.bean",
        "format": "beancount",
        "entries": 5,
        "seq": 6,
        "head": head(book),
        "simulated": True,
    }
    directives, errors, _ = loader.load_file("l.bean")
    assert errors == []
    found = {
        (account_of(node.account), position.units.currency): str(position.units.number)
        for node in realization.iter_children(realization.realize(directives))
        for position in node.balance
    }
    assert found == balances(book)


def test_a_past_export_to_beancount_states_what_was_there_then(
    flux: Flux, book: SqliteStore
) -> None:
    with book.reading() as reader:
        third = reader.entry_at(3)
    assert third is not None
    until = third.recorded_at.isoformat()
    Path("then.bean").write_text(exported(flux, "beancount", "--until", until), encoding="utf-8")
    directives, errors, _ = loader.load_file("then.bean")
    assert errors == []
    tree = realization.realize(directives)
    assert str(realization.get(tree, "Assets:Wallet:Researcher").balance) == "(8.500000 CREDIT)"


def test_json_lines_lead_to_the_head_of_the_ledger(flux: Flux, book: SqliteStore) -> None:
    lines = exported(flux, "jsonl").splitlines(keepends=True)
    assert head_of(lines) == head(book)
    assert [json.loads(line)["key"] for line in lines] == [
        "founding:grant", *(entry.key for entry in ENTRIES)
    ]  # fmt: skip
    assert json.loads(lines[1])["memo"] == HOSTILE


def test_csv_is_safe_in_a_spreadsheet_and_exact_in_a_file(flux: Flux, book: SqliteStore) -> None:
    assert flux("ledger", "export", "--format", "csv", "-o", "l.csv").code == 0
    with Path("l.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    memo = next(row["memo"] for row in rows if row["seq"] == "2")
    assert (memo[0], unguarded(memo)) == ("'", HOSTILE)


@pytest.mark.parametrize("form", ["beancount", "hledger", "csv", "jsonl", "html"])
def test_nothing_on_stdout_is_obeyed_by_a_terminal(
    flux: Flux, book: SqliteStore, form: str
) -> None:
    page = ("--account", "researcher", "--asset", "CREDIT") if form == "html" else ()
    out = exported(flux, form, *page)
    assert [mark for mark in RAW if mark in out] == []
    assert "monthly fee" in out
    if form == "csv":
        assert [len(row) for row in csv.reader(io.StringIO(out, newline=""))] == [15] * 13
        assert out.count("\r\n") == 13


def test_only_part_of_the_history_is_taken(flux: Flux, book: SqliteStore) -> None:
    with book.reading() as reader:
        since, until = (reader.entry_at(seq).recorded_at.isoformat() for seq in (3, 4))
    lines = exported(flux, "jsonl", "--since", since, "--until", until).splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [3, 4]


def test_long_histories_are_exported_page_by_page(
    flux: Flux, book: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exported(flux, "jsonl")
    for size in (1, 2, 3):
        monkeypatch.setattr("flux_cli.usecases.view_entries.PAGE", size)
        assert exported(flux, "jsonl") == whole


def test_a_file_is_private_and_never_replaced_unasked(flux: Flux, book: SqliteStore) -> None:
    Path("l.jsonl").write_text("mine")
    argv = ("ledger", "export", "--format", "jsonl", "-o", "l.jsonl")
    refused = flux(*argv)
    assert (refused.code, Path("l.jsonl").read_text()) == (2, "mine")
    assert flux(*argv, "--force").code == 0
    assert stat.S_IMODE(Path("l.jsonl").stat().st_mode) == 0o600
    assert Path("l.jsonl").read_text() == exported(flux, "jsonl")
    Path("link.jsonl").symlink_to("l.jsonl")
    assert flux(*argv[:-1], "link.jsonl", "--force").code == 2
    assert flux(*argv[:-1], "no/such/folder.jsonl").code == 7
    assert sorted(one.name for one in Path().iterdir()) == ["l.jsonl", "link.jsonl"]


@pytest.mark.parametrize(
    "argv",
    [
        ("--format", "beancount", "--since", "1d"),
        ("--format", "hledger", "--since", "1d"),
        ("--format", "html"),
        ("--format", "csv", "--account", "researcher"),
        ("--format", "csv", "--asset", "EUR"),
        ("--format", "csv", "--json"),
        ("--format", "csv", "-q"),
        ("--format", "xml"),
        (),
    ],
    ids=" ".join,
)
def test_what_no_export_could_say_is_refused(
    flux: Flux, book: SqliteStore, argv: tuple[str, ...]
) -> None:
    ended = flux("ledger", "export", *argv)
    assert ended.code == 2
    assert "--json" in argv or ended.out == ""


def test_a_terminal_is_not_flooded_unasked(flux: Flux, book: SqliteStore) -> None:
    assert flux("ledger", "export", "--format", "jsonl", tty=True).code == 2
    asked = flux("ledger", "export", "--format", "jsonl", "-o", "-", tty=True)
    assert (asked.code, asked.out) == (0, exported(flux, "jsonl"))


def test_a_statement_becomes_a_page(flux: Flux, book: SqliteStore) -> None:
    argv = ("ledger", "statement", "researcher", "--asset", "EUR", "--html", "s.html")
    assert flux(*argv).code == 0
    page = Path("s.html").read_text(encoding="utf-8")
    assert ("3.60 EUR" in page, "SIMULATED MONEY" in page, head(book) in page) == (True,) * 3
    assert stat.S_IMODE(Path("s.html").stat().st_mode) == 0o600
    assert flux(*argv).code == 2
    assert flux(*argv, "--force").code == 0


OPENING = "agent,asset,amount,memo\nresearcher,CREDIT,12.5,\ndata-analyst,EUR,7.05,=1+1 \x1b[2J\n"


def imported(flux: Flux, text: str, name: str = "opening.csv", *argv: str) -> object:
    Path(name).write_bytes(text.encode())
    return flux("ledger", "import", name, *as_owner(Path("../flux.db").resolve()), *argv, "--json")


def test_opening_balances_are_recorded_once(flux: Flux, book: SqliteStore) -> None:
    digest = hashlib.sha256(OPENING.encode()).hexdigest()
    before = balances(book)
    first = imported(flux, OPENING)
    assert first.code == 0, first.out
    assert first.json() == {
        "object": "import",
        "schema": "flux.import/1",
        "file": "opening.csv",
        "sha256": digest,
        "rows": 2,
        "totals": [money(12_500_000), money(705, "EUR")],
        "repeated": False,
        "simulated": True,
    }
    with book.reading() as reader:
        assert [record.entry for record in reader.entries(limit=2)] == [
            transfer(f"import:{digest}:3", EntryKind.TOP_UP, "world", wallet("data-analyst"),
                     Money(705, ASSETS["EUR"]), memo="opening balance: =1+1 [2J"),
            transfer(f"import:{digest}:2", EntryKind.TOP_UP, "world", ADA, Money(12_500_000),
                     memo="opening balance"),
        ]  # fmt: skip
    after = balances(book)
    assert after == before | {
        (ADA, "CREDIT"): "16.500000",
        ("wallet:data-analyst", "EUR"): "7.05",
        ("world", "CREDIT"): "-518.500000",
        ("world", "EUR"): "-10.65",
    }
    again = imported(flux, OPENING)
    assert again.json() == first.json() | {"repeated": True}
    assert balances(book) == after
    assert {finding.faults for finding in book.verify()} == {()}


def test_json_lines_are_imported_too(flux: Flux, book: SqliteStore) -> None:
    rows = '{"agent": "researcher", "asset": "CREDIT", "amount": "1.25", "memo": null}\n\n'
    assert imported(flux, rows, "o.jsonl").code == 0
    assert balances(book)[ADA, "CREDIT"] == "5.250000"
    assert imported(flux, "\ufeff" + OPENING.replace(",memo", ",MEMO"), "o.txt").code == 2
    assert imported(flux, "\ufeff" + OPENING, "o.txt", "--format", "csv").code == 0


BAD = {
    "agent,asset,amount\nnobody,CREDIT,1\nresearcher,CREDIT,1e3\n": [2, 3],
    "agent,asset,amount\nresearcher,CREDIT,1\nresearcher,CREDIT,2\n": [3],
    "agent,asset,amount\nresearcher,CREDIT,0\nresearcher,eur,1\nresearcher,XAU,1\n": [2, 3, 4],
    "agent,asset,amount\nresearcher,CREDIT,1\n\nresearcher,EUR\n,EUR,1\n": [4, 5],
    "agent,asset,amount\nresearcher,CREDIT,-1\nresearcher,EUR,1.005\ndata-analyst,EUR,１\n": [
        2, 3, 4,
    ],
    "agent,asset,amount\nresearcher,CREDIT,1,extra\n": [2],
    "agent,asset,amount\nresearcher,CREDIT,999999999\n": [2],
    "agent,asset,amount\nresearcher,CREDIT,600000000\ndata-analyst,CREDIT,600000000\n": [3],
    "agent,asset,amount,colour\nresearcher,CREDIT,1,red\n": [2],
    "agent,amount\nresearcher,1\n": [1],
    "agent,asset,amount,agent\nresearcher,CREDIT,1,x\n": [1],
    'agent,asset,amount\nresearcher,"CREDIT,1\n': [2],
}  # fmt: skip
"""A file, and the lines that are named as bad."""


@pytest.mark.parametrize(("text", "lines"), BAD.items(), ids=range(len(BAD)))
def test_a_bad_file_names_each_bad_line_and_leaves_nothing(
    flux: Flux, book: SqliteStore, text: str, lines: list[int]
) -> None:
    before = head(book)
    ended = imported(flux, text)
    assert ended.code == 2
    said = ended.json()["error"]["message"]
    named = [int(part.split()[1].rstrip(":")) for part in said.split("\n") if part[:4] == "line"]
    assert named == lines
    assert head(book) == before


BAD_JSON = [
    '{"agent": "researcher", "asset": "CREDIT", "amount": 1.5}',
    '{"agent": "researcher", "asset": "CREDIT", "amount": "1", "amount": "2"}',
    '{"agent": ["researcher"], "asset": "CREDIT", "amount": "1"}',
    '["researcher", "CREDIT", "1"]',
    "{",
    "[" * 100_000,
    "",
]


@pytest.mark.parametrize("text", BAD_JSON, ids=range(len(BAD_JSON)))
def test_json_that_is_no_opening_balance(flux: Flux, book: SqliteStore, text: str) -> None:
    before = head(book)
    assert imported(flux, text + "\n", "o.jsonl").code == 2
    assert head(book) == before


def test_files_that_cannot_be_read(flux: Flux, book: SqliteStore) -> None:
    owner = as_owner(Path("../flux.db").resolve())
    Path("latin.csv").write_bytes("agent,asset,amount\nzoë,CREDIT,1\n".encode("latin-1"))
    for name in ("missing.csv", "latin.csv", ".", "opening"):
        assert flux("ledger", "import", name, *owner).code == 2


def test_many_bad_rows_are_counted(flux: Flux, book: SqliteStore) -> None:
    rows = "".join(f"nobody-{number},CREDIT,1\n" for number in range(50))
    said = imported(flux, "agent,asset,amount\n" + rows).json()["error"]["message"].split("\n")
    assert (said[0], said[-1], len(said)) == (
        "50 rows cannot be used; nothing was imported", "and 30 more", 22
    )  # fmt: skip


def test_only_the_owner_imports_and_reverses(flux: Flux, book: SqliteStore) -> None:
    before = head(book)
    Path("opening.csv").write_text(OPENING)
    Path("wrong").write_text("0" * 64)
    for argv in (("import", "opening.csv"), ("reverse", "2", "--reason", "x")):
        assert flux("ledger", *argv).code == 4
        assert flux("ledger", *argv, "--owner-token-file", "wrong").code == 4
    assert head(book) == before


def test_a_frozen_economy_imports_and_reverses_nothing(flux: Flux, book: SqliteStore) -> None:
    assert flux("freeze", "researcher").code == 0
    before = head(book)
    owner = as_owner(book.path)
    assert imported(flux, OPENING).code == 8
    assert flux("ledger", "reverse", "3", "--reason", "x", *owner).code == 8
    assert head(book) == before


def reversed_(flux: Flux, book: SqliteStore, entry: str, reason: str = "wrong agent") -> object:
    argv = ("ledger", "reverse", entry, "--reason", reason)
    return flux(*argv, *as_owner(book.path), "--json")


def test_an_entry_is_reversed_once(flux: Flux, book: SqliteStore) -> None:
    with book.reading() as reader:
        fee = reader.entry_at(3)
    assert fee is not None
    first = reversed_(flux, book, "3", "wrong\x1b[2J agent")
    made = latest(book)
    assert first.json()["reverses"] == fee.id
    assert (made.entry.key, made.entry.kind, made.entry.reference, made.entry.memo) == (
        f"reverse:{fee.id}",
        EntryKind.ADJUSTMENT,
        fee.id,
        "reverses entry 3: wrong[2J agent",
    )
    assert made.entry.moves == (Move("fees:platform", ADA, Money(1_500_000)),)
    again = reversed_(flux, book, fee.id, "another reason")
    assert again.json() == first.json() | {"repeated": True}
    assert latest(book) == made
    assert flux("ledger", "show", "3", "--json").json()["reversed_by"] == made.id
    assert balances(book)[ADA, "CREDIT"] == "5.500000"


def test_an_exchange_is_reversed_in_both_assets(flux: Flux, book: SqliteStore) -> None:
    assert reversed_(flux, book, "4").code == 0
    assert latest(book).entry.kind is EntryKind.EXCHANGE
    after = balances(book)
    assert (after[ADA, "CREDIT"], after[ADA, "EUR"]) == ("8.000000", "0.00")
    assert {finding.faults for finding in book.verify()} == {()}


def test_a_reversal_can_be_reversed_once_too(flux: Flux, book: SqliteStore) -> None:
    before = balances(book)
    undone = reversed_(flux, book, "6").json()
    redone = reversed_(flux, book, undone["id"]).json()
    assert (redone["reverses"], redone["repeated"]) == (undone["id"], False)
    assert balances(book) == before
    assert reversed_(flux, book, undone["id"]).json()["id"] == redone["id"]
    assert reversed_(flux, book, "6").json()["id"] == undone["id"]


def test_what_was_spent_cannot_be_taken_back(flux: Flux, book: SqliteStore) -> None:
    before = head(book)
    assert reversed_(flux, book, "2").code == 6
    assert head(book) == before


def test_a_payment_is_not_reversed_but_refunded(flux: Flux, book: SqliteStore) -> None:
    paid = flux("pay", "orchestrator", "researcher", "2.50", "--json").json()
    (entry,) = flux("ledger", "entries", "--kind", "payment", "--json").json()["data"]
    before = head(book)
    refused = reversed_(flux, book, entry["id"])
    error = refused.json()["error"]
    assert (refused.code, error["code"]) == (8, "wrong_state")
    assert error["fix"][0]["argv"] == ["flux", "payments", "refund", paid["id"]]
    assert head(book) == before


def test_a_reversal_needs_a_reason_and_an_entry(flux: Flux, book: SqliteStore) -> None:
    assert reversed_(flux, book, "3", " \u200b ").code == 2
    assert reversed_(flux, book, "99").code == 5
    assert flux("ledger", "reverse", "3").code == 2


def test_an_export_of_a_ledger_with_all_this_is_still_accepted(
    flux: Flux, book: SqliteStore
) -> None:
    assert imported(flux, OPENING).code == 0
    assert reversed_(flux, book, "4").code == 0
    Path("all.bean").write_text(exported(flux, "beancount"), encoding="utf-8")
    assert loader.load_file("all.bean")[1] == []
    assert head_of(exported(flux, "jsonl").splitlines(keepends=True)) == head(opened(book.path))
