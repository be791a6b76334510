"""The exports: other programs read the same balances in them, and strangers' text stays text."""

from __future__ import annotations

import csv
import importlib.util
import io
import itertools
import json
import re
import sqlite3
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from beancount import loader
from beancount.core import account as beancount_account
from beancount.core import data, realization
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.exports.beancount import beancount
from flux_cli.adapters.exports.csv_lines import COLUMNS, csv_lines, guarded, unguarded
from flux_cli.adapters.exports.hledger import hledger
from flux_cli.adapters.exports.json_lines import head_of, json_lines
from flux_cli.adapters.exports.plain_text import account_name, account_of, coded, decoded
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.identifiers import entry_id
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, transfer, wallet
from flux_cli.domain.money import ASSETS, USDC, Money
from flux_cli.errors import InvalidInput
from flux_cli.usecases.export_ledger import Export, export_ledger
from flux_cli.usecases.exports import ExportForm
from flux_cli.usecases.ports import AccountBalance, Deps, EntryRecord
from flux_cli.usecases.view_entries import history

NOON = datetime(2026, 11, 22, 12, 0, 0, 250, tzinfo=UTC)


def load_traffic() -> ModuleType:
    path = Path(__file__).resolve().parents[3] / "bench" / "traffic.py"
    spec = importlib.util.spec_from_file_location("bench_traffic", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


traffic = load_traffic()
PAYLOADS = [memo for memo in traffic.MEMOS if memo] + [
    "=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "＝1+1", " =1+1", "'=1+1", "''", '"=1+1"',
    "=cmd|'/C calc'!A0", 'a;"=1+1"', "a;'=1", "a\n=1", "a|@x", "option \"plugin\"", "\\", '\\"',
    "2026-11-02 close Equity:World", "include \"/etc/passwd\"", "end comment", "comment", "a\x85b",
]  # fmt: skip


def record(number: int, memo: str, entry: Entry | None = None) -> EntryRecord:
    own = transfer(
        f"k{number}:{memo}"[:255],
        EntryKind.TOP_UP,
        WORLD,
        wallet("ada"),
        Money(1_500_000),
        memo=memo,
        reference=memo,
        run_id="run_1",
    )
    return EntryRecord(number, entry or own, NOON)


@dataclass(frozen=True)
class Kept:
    """A ledger with what it holds: its entries, oldest first, and their balances."""

    deps: Deps
    entries: list[EntryRecord]
    accounts: list[AccountBalance]

    @property
    def balances(self) -> dict[tuple[str, str], Decimal]:
        return {
            (one.name, one.balance.asset.code): Decimal(one.balance.decimal)
            for one in self.accounts
            if one.balance.units
        }

    def exported(self, form: ExportForm) -> str:
        """What `flux ledger export` writes."""
        pieces: list[str] = []
        export_ledger(self.deps, Export(form), pieces.append)
        return "".join(pieces)


def moved(folder: Path, seed: int, days: int) -> Kept:
    """The ledger of `days` in which Flux moved what this seed has everybody do."""
    deps = traffic.month(folder, seed, days=days)
    with deps.store.reading() as reader:
        return Kept(deps, list(history(reader, 0, reader.position())), reader.accounts())


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Five days of traffic."""
    return moved(tmp_path_factory.mktemp("week"), 7, 5)


def sums(entries: list[EntryRecord]) -> list[AccountBalance]:
    """What each account holds after `entries`, by name and asset."""
    found: dict[tuple[str, str], Money] = {}
    for one in entries:
        for posting in one.entry.postings:
            place = posting.account, posting.amount.asset.code
            found[place] = found.get(place, Money(0, posting.amount.asset)) + posting.amount
    return [
        AccountBalance(name, name.partition(":")[0], held, 1)
        for (name, _), held in sorted(found.items())
    ]


def load(
    entries: list[EntryRecord], accounts: list[AccountBalance] | None = None
) -> tuple[data.Entries, list[str]]:
    """beancount's directives and errors for an export of `entries`."""
    text = "".join(beancount(entries, sums(entries) if accounts is None else accounts))
    directives, errors, _ = loader.load_string(text)
    return directives, [error.message for error in errors]


def altered(entries: list[EntryRecord], number: int) -> list[EntryRecord]:
    """The entries with one whose first move is of a smallest unit more."""
    first, *rest = entries[number].entry.moves
    more = replace(first, amount=first.amount + Money(1, first.amount.asset))
    entry = replace(entries[number].entry, moves=(more, *rest))
    return [*entries[:number], replace(entries[number], entry=entry), *entries[number + 1 :]]


def test_a_week_has_every_kind_of_entry_in_two_assets_and_verifies(week):
    assert {one.entry.kind for one in week.entries} == traffic.possible_kinds()
    assert {one.balance.asset.code for one in week.accounts} == {"CREDIT", "EUR"}
    assert set('\n\x00\x1b";=') <= set("".join(one.entry.memo for one in week.entries))
    assert [fault for finding in week.deps.store.verify() for fault in finding.faults] == []


def test_the_same_seed_moves_the_same_money(tmp_path):
    heads = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        (tmp_path / name).mkdir()
        with moved(tmp_path / name, seed, 1).deps.store.reading() as reader:
            heads.append(reader.head())
    assert heads[0] == heads[1] != heads[2]


def test_beancount_accepts_a_week_and_arrives_at_the_same_balances(week):
    directives, errors, _ = loader.load_string(week.exported(ExportForm.BEANCOUNT))
    assert errors == []
    found = {
        (account_of(node.account), position.units.currency): position.units.number
        for node in realization.iter_children(realization.realize(directives))
        for position in node.balance
    }
    assert found == week.balances


@pytest.mark.parametrize("number", [0, 60, 180])
def test_beancount_refuses_a_copy_in_which_one_entry_moved_a_unit_more(week, number):
    _, errors = load(altered(week.entries, number), week.accounts)
    assert [message for message in errors if "Balance failed" in message]


@pytest.mark.parametrize("number", [0, 60, 180])
def test_beancount_refuses_a_copy_without_one_entry(week, number):
    _, errors = load([*week.entries[:number], *week.entries[number + 1 :]], week.accounts)
    assert [message for message in errors if "Balance failed" in message]


def test_beancount_refuses_a_copy_in_which_one_posting_is_a_unit_more():
    text = "".join(beancount([record(1, "")], sums([record(1, "")])))
    changed = text.replace("  Assets:Wallet:Ada  1.500000", "  Assets:Wallet:Ada  1.500001")
    assert changed != text
    assert [error.message for error in loader.load_string(changed)[1]] == [
        "Balance failed for 'Assets:Wallet:Ada': expected 1.500000 CREDIT != accumulated"
        " 1.500001 CREDIT (0.000001 too much)",
        "Transaction does not balance: (0.000001 CREDIT)",
    ]


@pytest.mark.parametrize("code", ["JPY", "USD", "KWD", "CREDIT"])
def test_an_asset_of_any_number_of_decimals_is_told_to_the_unit(code):
    asset = ASSETS[code]
    entries = [
        record(1, "", transfer("a", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(1, asset))),
        record(2, "", transfer("b", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(7, asset))),
    ]
    assert load(entries)[1] == []
    assert load(altered(entries, 0), sums(entries))[1] != []


def test_an_exchange_of_two_assets_balances_in_both_programs():
    moves = (
        Move(wallet("ada"), WORLD, Money(10_000_000)),
        Move(WORLD, wallet("ada"), Money(9_970_001, USDC)),
        Move(wallet("ada"), "fees:exchange", Money(5)),
    )
    entries = [record(1, ""), record(2, "", Entry("x", EntryKind.EXCHANGE, moves, "at 0.997"))]
    assert load(entries)[1] == []
    text = "".join(hledger(entries, sums(entries)))
    assert text.endswith(
        "2026-11-22 * exchange | at 0.997\n"
        f"    ; flux_id: {entry_id(2, NOON)}\n"
        "    ; seq: 2\n"
        "    ; key: x\n"
        "    ; kind: exchange\n"
        "    ; memo: at 0.997\n"
        "    ; recorded_at: 2026-11-22T12:00:00.000250Z\n"
        "    Assets:Wallet:Ada  -10.000005 CREDIT\n"
        "    Assets:Wallet:Ada  9.970001 USDC\n"
        "    Equity:World  10.000000 CREDIT\n"
        "    Equity:World  -9.970001 USDC\n"
        "    Expenses:Fees:Exchange  0.000005 CREDIT\n"
        "\n"
        "2026-11-22 * balances | what each account holds\n"
        "    Expenses:Fees:Exchange  0.000000 CREDIT = 0.000005 CREDIT\n"
        "    Assets:Wallet:Ada  0.000000 CREDIT = -8.500005 CREDIT\n"
        "    Assets:Wallet:Ada  0.000000 USDC = 9.970001 USDC\n"
        "    Equity:World  0.000000 CREDIT = 8.500000 CREDIT\n"
        "    Equity:World  0.000000 USDC = -9.970001 USDC\n"
    )


def test_an_empty_ledger_is_a_valid_file():
    assert load([]) == ([], [])
    assert list(csv_lines([])) == [",".join(COLUMNS) + "\r\n"]
    assert list(json_lines([])) == []


def test_no_export_reads_ahead_of_what_it_has_told():
    for export in (
        json_lines(record(number, "") for number in itertools.count(1)),
        csv_lines(record(number, "") for number in itertools.count(1)),
        beancount((record(number, "") for number in itertools.count(1)), []),
        hledger((record(number, "") for number in itertools.count(1)), []),
    ):
        assert len(list(itertools.islice(export, 1000))) == 1000


def test_113_no_cell_of_text_begins_a_formula_whatever_separates_the_cells():
    text = "".join(csv_lines(record(number, memo) for number, memo in enumerate(PAYLOADS)))
    numbers = {"amount", "amount_minor"}
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [
        cell for row in rows for name, cell in zip(COLUMNS, row, strict=True) if name not in numbers
    ]
    # A spreadsheet that expects semicolons, or tabs, cuts the file so; quotes then mean nothing.
    cells += [piece.strip('" ') for piece in re.split("[;\t\r\n|]", text)]
    assert [cell for cell in cells if re.match(r"\s*[=+\-@＝＋－＠]", cell)] == []


def test_113_a_csv_gives_back_every_text_exactly():
    records = [record(number, memo) for number, memo in enumerate(PAYLOADS)]
    text = "".join(csv_lines(records))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [
        (unguarded(row["key"]), unguarded(row["memo"]), unguarded(row["reference"])) for row in rows
    ] == [
        (one.entry.key, one.entry.memo, one.entry.reference) for one in records for _ in range(2)
    ]  # fmt: skip


def test_113_json_lines_give_back_every_text_on_one_line_each():
    records = [record(number, memo) for number, memo in enumerate(PAYLOADS)]
    text = "".join(json_lines(records))
    assert text.isascii()
    documents = [json.loads(line) for line in text.splitlines()]
    assert [(one["key"], one["memo"]) for one in documents] == [
        (one.entry.key, one.entry.memo) for one in records
    ]


def test_113_beancount_reads_every_memo_as_a_memo_and_nothing_else():
    records = [record(number, memo) for number, memo in enumerate(PAYLOADS)]
    directives, errors = load(records)
    assert errors == []
    found = [one for one in directives if isinstance(one, data.Transaction)]
    assert [decoded(one.meta["memo"]) for one in found] == PAYLOADS
    assert len(directives) == len(PAYLOADS) + 1 + 2 + 2, "a commodity, two accounts, two balances"


def test_113_every_line_for_hledger_is_one_that_flux_writes(week):
    entries = [*week.entries, *(record(number, memo) for number, memo in enumerate(PAYLOADS, 2000))]
    name = r"[A-Z][a-z]+(?::[A-Z0-9][A-Za-z0-9-]*)+"
    amount = r"-?[0-9]+(?:\.[0-9]+)? [A-Z]+"
    line = re.compile(
        rf"|decimal-mark \.|commodity 1000\.0* [A-Z]+|payee [a-z_]+"
        rf"|account {name}  ; flux_account: [ -~]+"
        rf"|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} \* [a-z_]+ \|[^;]*"
        rf"|    ; [a-z_]+: [^,\"]+| {{4}}{name}  {amount}(?: = {amount})?"
    )
    text = "".join(hledger(entries, sums(entries)))
    assert [one for one in text.splitlines() if not line.fullmatch(one)] == []


@pytest.fixture
def kept(tmp_path: Path) -> tuple[list[EntryRecord], list[AccountBalance], str]:
    """A real ledger's entries, its balances, and the hash of its last movement."""
    store = SqliteStore(tmp_path / "flux.db", clock=SystemClock())
    both = (Move(WORLD, wallet("ada"), Money(3)), Move(WORLD, "card:c1", Money(4, USDC)))
    with store.begin() as tx:
        for number, memo in enumerate(PAYLOADS):
            tx.post(record(number, memo).entry)
            tx.post(Entry(f"both {number}", EntryKind.EXCHANGE, both, memo, run_id=memo))
    with store.reading() as reader:
        entries, accounts = reader.entries(limit=1000)[::-1], list(reader.accounts())
    store.close()
    with sqlite3.connect(store.path) as connection:
        (head,) = connection.execute("select hash from movements order by seq desc").fetchone()
    return entries, accounts, bytes(head).hex()


def test_140_json_lines_alone_lead_to_the_hash_of_the_ledgers_last_movement(kept):
    entries, _, head = kept
    lines = list(json_lines(entries))
    assert head_of(lines) == head
    for changed in (lines[1:], lines[:-1], lines[::-1], [*lines[:5], *lines[6:]], []):
        assert head_of(changed) != head
    other = altered(entries, 3)
    assert head_of(json_lines(other)) != head


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"decimal":"1.500000"', '"decimal":"9.500000"'),
        ('"exponent":6', '"exponent":2'),
        ('"seq":1', '"seq":1.0'),
        ('{"schema"', '{"note":"paid in full","schema"'),
        ('"memo"', '"memo":"another","memo"'),
        ("flux.entry/1", "flux.entry/2"),
        ('"CREDIT"', '"GOLD"'),
        ("1500000", "1.5"),
        ("1500000", "1" + "0" * 30),
        ("}", ""),
        ('"kind":"top_up"', '"kind":["top_up"]'),
        ('"ent_', '"ent_0'),
        ('"seq":1', '"seq":-1'),
        ('"seq":1', '"seq":"1"'),
        ("2026-11-22T", "0001-11-22T"),
        ('Z"}', '+00:00"}'),
    ],
)
def test_140_a_line_that_says_more_or_other_than_its_hash_is_refused(old, new):
    (line,) = json_lines([record(1, "m")])
    assert old in line
    with pytest.raises(InvalidInput):
        head_of([line.replace(old, new)])


def test_what_a_real_ledger_holds_is_what_beancount_arrives_at(kept):
    entries, accounts, _ = kept
    directives, errors, _ = loader.load_string("".join(beancount(entries, accounts)))
    assert [error.message for error in errors] == []
    assert len([one for one in directives if isinstance(one, data.Balance)]) == len(accounts) == 4


def test_json_lines_hold_all_that_was_recorded():
    moves = (
        Move(WORLD, wallet("ada"), Money(2_500_000)),
        Move(wallet("ada"), "fees:x", Money(7)),
    )
    entry = Entry("k", EntryKind.FEE, moves, "é\u2028", "dec_1", "pi_1", "run_1")
    assert "".join(json_lines([record(3, "", entry)])) == (
        '{"schema":"flux.entry/1","seq":3,"id":"ent_01m81j18g0e008000000000003",'
        '"key":"k","kind":"fee","moves":['
        '{"source":"world","target":"wallet:ada","amount":{"amount_minor":2500000,'
        '"currency":"CREDIT","exponent":6,"decimal":"2.500000"}},'
        '{"source":"wallet:ada","target":"fees:x","amount":{"amount_minor":7,'
        '"currency":"CREDIT","exponent":6,"decimal":"0.000007"}}],'
        '"memo":"\\u00e9\\u2028","decision_id":"dec_1","reference":"pi_1","run_id":"run_1",'
        '"recorded_at":"2026-11-22T12:00:00.000250Z"}\n'
    )


def test_a_csv_has_a_row_for_each_posting_with_plain_numbers():
    assert list(csv_lines([record(1, "-5")]))[1:] == [
        f"1,{entry_id(1, NOON)},0,2026-11-22T12:00:00.000250Z,"
        "top_up,world,-1.500000,CREDIT,-1500000,6,"
        "k1:-5,'-5,,'-5,run_1\r\n",
        f"1,{entry_id(1, NOON)},1,2026-11-22T12:00:00.000250Z,"
        "top_up,wallet:ada,1.500000,CREDIT,1500000,6,"
        "k1:-5,'-5,,'-5,run_1\r\n",
    ]


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("world", "Equity:World"),
        ("wallet:mara-insights", "Assets:Wallet:Mara--insights"),
        ("wallet:Mara", "Assets:Wallet:0Mara"),
        ("wallet:0Mara", "Assets:Wallet:00Mara"),
        ("held:a:b c", "Assets:Held:A-3a-b-20-c"),
        ("card:card_01", "Assets:Card:Card-5f-01"),
        ("stream:st_1", "Assets:Stream:St-5f-1"),
        ("escrow:世", "Assets:Escrow:0-4e16-"),
        ("fees:exchange", "Expenses:Fees:Exchange"),
        ("brain:openai", "Expenses:Brain:Openai"),
        ("opening:import", "Equity:Opening:Import"),
        ("exchange:desk", "Equity:Exchange:Desk"),
    ],
)
def test_an_account_has_a_name_that_says_which_it_is(account, name):
    assert (account_name(account), account_of(name)) == (name, account)


@given(st.sampled_from(["wallet", "card", "x"]), st.text(max_size=120))
def test_every_account_has_a_valid_name_of_its_own(kind, rest):
    name = account_name(f"{kind}:{rest}")
    assert beancount_account.is_valid(name)
    assert account_of(name) == f"{kind}:{rest}"


@given(st.text(alphabet=st.one_of(st.sampled_from("-0aAfF_: é"), st.characters()), max_size=20))
def test_names_that_are_close_stay_apart(rest):
    for other in (rest.lower(), rest.upper(), rest.replace("-", "--"), f"0{rest}", f"{rest}-"):
        if other != rest:
            assert account_name(f"wallet:{other}") != account_name(f"wallet:{rest}")


@given(st.text())
def test_coded_text_is_ascii_on_one_line_and_reads_back(text):
    code = coded(text)
    assert code.isascii()
    assert not set(code) & {",", '"', "\n", "\x7f"}
    assert code == code.strip()
    assert decoded(code) == text


@given(st.text(alphabet=st.one_of(st.sampled_from("=+-@'\"; \t\r\n|a"), st.characters())))
def test_guarded_text_reads_back(text):
    assert unguarded(guarded(text)) == text
