"""`flux batch`: files that cannot be used, and a line for each row of those that can."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.entrypoints.cli.batch_file import MOST_BYTES, MOST_ROWS, read_batch

Flux = Callable[..., Any]
HEAD = "from,to,amount,memo\n"
GOOD = "orchestrator,researcher,1.50,interviews\n"


@pytest.fixture
def economy(flux: Flux) -> Flux:
    assert flux("init").code == 0
    return flux


def spent(flux: Flux) -> int:
    """What has left the orchestrator's wallet, in micro-credits."""
    shown = flux("agents", "show", "orchestrator", "--json").json()
    return 500_000_000 - int(shown["available"]["amount_minor"])


def write(name: str, content: str | bytes) -> str:
    data = content if isinstance(content, bytes) else content.encode()
    Path(name).write_bytes(data)
    return name


BAD: list[tuple[str, str, str | bytes, str]] = [
    ("an exponent", "p.csv", HEAD + "a,b,1e3,x\n", "line 2: '1e3' is not an amount"),
    ("a minus", "p.csv", HEAD + "a,b,-1,x\n", "line 2: '-1' is not an amount"),
    ("nothing", "p.csv", HEAD + "a,b,0.00,x\n", "line 2: amount: pay more than nothing"),
    ("a comma", "p.csv", HEAD + 'a,b,"1,5",x\n', "line 2: '1,5' is not an amount"),
    ("too fine", "p.csv", HEAD + "a,b,0.0000001,x\n", "line 2: '0.0000001' has more decimals"),
    ("a column", "p.csv", "from,to,amount,tip\na,b,1,1\n", "line 1: unknown column 'tip'"),
    ("a column twice", "p.csv", "from,to,amount,to\na,b,1,c\n", "line 1: a column is named twice"),
    ("no column", "p.csv", "from,to\na,b\n", "line 1: no column amount"),
    ("no payee", "p.csv", HEAD + "a,,1,x\n", "line 2: no to"),
    ("too many cells", "p.csv", HEAD + "a,b,1,x,y\n", "line 2: 5 cells under 4 columns"),
    ("a formula", "p.csv", HEAD + "a,b,1,=1+1\n", "line 2: memo: a spreadsheet would take"),
    ("a hidden formula", "p.csv", HEAD + "a,b,1, @cmd\n", "line 2: memo: a spreadsheet would"),
    ("an escape", "p.csv", HEAD + "a,b,1,\x1b[31m\n", "line 2: memo: holds a hidden"),
    ("two lines", "p.csv", HEAD + 'a,b,1,"x\ny"\n', "line 3: memo: holds a hidden"),
    ("a long cell", "p.csv", HEAD + f"a,b,1,{'x' * 601}\n", "line 2: memo: longer than 600"),
    ("a quote", "p.csv", HEAD + 'a,b,1,"x"y\n', "line 2: not CSV"),
    ("a huge cell", "p.csv", HEAD + f"a,b,1,{'x' * 140_000}\n", "line 2: not CSV"),
    ("an asset", "p.csv", "from,to,amount,asset\na,b,1,XYZ\n", "line 2: 'XYZ'"),
    ("a NUL", "p.csv", HEAD + GOOD + "a,b,1,\0\n", "line 3: holds a NUL"),
    ("Latin-1", "p.csv", (HEAD + GOOD).encode() + b"a,b,1,caf\xe9\n", "line 3: not UTF-8"),
    ("UTF-16", "p.csv", (HEAD + GOOD).encode("utf-16"), "line 1: not UTF-8"),
    (
        "a key twice", "p.csv", "from,to,amount,key\na,b,1,k\na,c,2,l\na,d,3,k\n",
        "line 4: key: the same as on line 2",
    ),
    ("both words", "p.csv", "from,to,amount,memo,purpose\na,b,1,x,y\n", "line 2: memo is another"),
    ("an empty file", "p.csv", "", "has no rows"),
    ("a heading alone", "p.csv", HEAD, "has no rows"),
    ("another kind", "p.xlsx", HEAD + GOOD, "name it .csv or .jsonl"),
    ("too large", "p.csv", HEAD + " " * MOST_BYTES, "larger than 10,000,000 bytes"),
    (
        "too many rows", "p.csv", HEAD + GOOD * (MOST_ROWS + 1),
        "line 10002: more than 10,000 rows",
    ),
    ("no JSON", "p.jsonl", '{"from":"a"\n', "line 1: not JSON"),
    ("a list", "p.jsonl", '["a"]\n', "line 1: not a JSON object"),
    ("a nest", "p.jsonl", "[" * 100_000 + "\n", "line 1: not JSON"),
    (
        "a number", "p.jsonl", '\n{"from":"a","to":"b","amount":1.5}\n',
        "line 2: amount: write it as text in quotes",
    ),
    ("a long number", "p.jsonl", '{"amount":' + "9" * 5000 + "}\n", "line 1: not JSON"),
    (
        "a field twice", "p.jsonl", '{"from":"a","to":"b","amount":"1","amount":"9"}\n',
        "line 1: a field is named twice",
    ),
    ("a field", "p.jsonl", '{"from":"a","to":"b","amount":"1","x":"y"}\n', "unknown column 'x'"),
    (
        "a JSON formula", "p.jsonl", '{"from":"a","to":"b","amount":"1","memo":"=1+1"}\n',
        "line 1: memo: a spreadsheet would take",
    ),
    ("a surrogate", "p.jsonl", '{"from":"\\ud800","to":"b","amount":"1"}\n', "line 1: from: holds"),
    ("nobody", "p.csv", HEAD + GOOD + "eve,researcher,1,x\n", "line 3: no agent named 'eve'"),
    ("a mandate", "p.csv", "from,to,amount,mandate\norchestrator,researcher,1,man_x\n", "line 2:"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "told"), [row[1:] for row in BAD], ids=[
    row[0] for row in BAD
])  # fmt: skip
def test_a_file_with_one_fault_is_refused_before_anything_is_paid(
    economy: Flux, name: str, content: str | bytes, told: str
) -> None:
    ended = economy("batch", write(name, content))
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert spent(economy) == 0
    assert economy("payments", "list", "-q").out == ""


def test_every_fault_of_a_file_is_named_up_to_twenty(economy: Flux) -> None:
    bad = write("p.csv", HEAD + "a,b,x,y\n" * 25)
    ended = economy("batch", bad, "--json")
    lines = ended.json()["error"]["message"].split("\n")
    assert lines[0] == "p.csv cannot be used; nothing was paid"
    assert [line.split(":")[0].strip() for line in lines[1:-1]] == [
        f"line {number}" for number in range(2, 22)
    ]
    assert lines[-1] == "  and 5 more"


def test_a_line_that_cannot_be_read_hides_no_fault_after_it(economy: Flux) -> None:
    bad = '{"from":"a","to":"b","amount":1.5}\nno JSON\n[]\n{"from":"a","to":"b","amount":"x"}\n'
    told = economy("batch", write("p.jsonl", bad), "--json").json()["error"]["message"]
    assert told.split("\n")[1:] == [
        "  line 1: amount: write it as text in quotes",
        "  line 2: not JSON",
        "  line 3: not a JSON object",
        "  line 4: 'x' is not an amount: write digits and at most one point",
    ]
    wide = economy("batch", write("p.csv", HEAD + "a,b,1,x,y\na,b,-1,x\n"), "--json")
    assert wide.json()["error"]["message"].split("\n")[1:] == [
        "  line 2: 5 cells under 4 columns",
        "  line 3: '-1' is not an amount: write digits and at most one point",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", HEAD + GOOD),
        ("p.jsonl", '{"from":"orchestrator","to":"researcher","amount":"1.50"}\n'),
    ],
)
def test_what_a_spreadsheet_puts_before_its_utf_8_is_no_part_of_it(
    economy: Flux, name: str, text: str
) -> None:
    assert economy("batch", write(name, text.encode("utf-8-sig"))).code == 0
    assert spent(economy) == 1_500_000


@pytest.mark.parametrize("name", ["nothing.csv", "folder.csv"])
def test_a_file_that_cannot_be_read_is_named(economy: Flux, name: str) -> None:
    Path("folder.csv").mkdir()
    ended = economy("batch", name)
    assert ended.code == 2
    assert name in ended.err


def test_csv_and_json_lines_ask_for_the_same(home: Path) -> None:
    written = {
        "from": "ann", "to": "bob", "amount": "7.25", "asset": "EUR", "purpose": "copy",
        "category": "text", "key": "k1", "reference": "may", "mandate": "man_1",
    }  # fmt: skip
    lines = ",".join(written) + "\r\n" + ",".join(written.values()) + "\r\n"
    (from_csv,) = read_batch(Path(write("p.csv", lines)))
    (from_json,) = read_batch(Path(write("p.jsonl", json.dumps(written) + "\r\n")))
    assert from_csv.request == from_json.request
    assert (from_csv.key, from_csv.line, from_json.line) == ("k1", 2, 1)
    asked = from_csv.request
    assert (asked.requester, str(asked.amount), asked.shares[0].payee) == ("ann", "7.25 EUR", "bob")
    assert (asked.purpose, asked.category, asked.reference, asked.mandate_id) == (
        "copy", "text", "may", "man_1",
    )  # fmt: skip


def test_a_row_without_a_key_has_one_from_the_file_and_its_line(home: Path) -> None:
    first = read_batch(Path(write("p.csv", HEAD + GOOD + "\n" + GOOD)))
    again = read_batch(Path(write("other.csv", HEAD + GOOD + "\n" + GOOD)))
    changed = read_batch(Path(write("p.csv", HEAD + GOOD + GOOD)))
    assert [row.key for row in first] == [row.key for row in again]
    assert [row.line for row in first] == [2, 4]
    assert {row.key for row in first}.isdisjoint(row.key for row in changed)


MIXED = (
    HEAD + GOOD + "orchestrator,nobody,2,posts\norchestrator,image-generator,300,banners\n"
)  # fmt: skip


def test_each_row_has_its_line_in_every_form(economy: Flux) -> None:
    mixed = write("p.csv", MIXED)
    first = economy("batch", mixed, "--json")
    assert first.code == 3
    listed = first.json()["data"]
    assert [(row["line"], row["state"], row["repeated"]) for row in listed] == [
        (2, "paid", False), (3, "denied", False), (4, "denied", False),
    ]  # fmt: skip
    assert listed[1]["refusals"][0]["code"] == "payee_not_allowed"
    assert listed[2]["most_that_would_pass"]["decimal"] == "250.000000"
    assert listed[2]["why"] == "one payment (limit $250.00, observed $300.00)"
    assert "a changed file is another batch" in first.err
    again = economy("batch", mixed, "-o", "jsonl")
    assert [json.loads(line)["id"] for line in again.out.splitlines()] == [
        row["id"] for row in listed
    ]
    assert [json.loads(line)["repeated"] for line in again.out.splitlines()] == [True] * 3
    table = list(csv.reader(io.StringIO(economy("batch", mixed, "-o", "csv").out)))
    assert table[0] == ["line", "state", "from", "to", "amount", "id", "purpose", "why"]
    assert table[1] == [
        "2", "paid", "orchestrator", "researcher", "1.50", listed[0]["id"], "interviews", "",
    ]  # fmt: skip
    heading = "line  state     from          to                amount  id            why not"
    narrow = economy("batch", mixed, tty=True, columns=80, NO_COLOR="1").out.splitlines()
    assert (narrow[0], max(map(len, narrow)) <= 80) == (heading, True)
    people = economy("batch", mixed, tty=True, columns=160, NO_COLOR="1")
    assert people.code == 3
    assert [line.split()[:3] for line in people.out.splitlines()] == [
        ["line", "state", "from"], ["2", "✓", "paid"], ["3", "✗", "denied"], ["4", "✗", "denied"],
    ]  # fmt: skip
    assert "1 paid, 2 not paid, 0 pending; 1 of them were paid before" in people.err
    assert spent(economy) == 1_500_000


def test_a_payment_that_waits_for_the_owner_ends_as_pending(economy: Flux, home: Path) -> None:
    config = home / "mine.toml"
    config.write_text('[policy]\nowner_threshold = "1.00"\n', encoding="utf-8")
    other = str(home / "other.db")
    assert economy("init", "--db", other, "--config", str(config)).code == 0
    ended = economy("batch", write("p.csv", HEAD + GOOD), "--json", "--db", other)
    assert ended.code == 10
    assert [row["state"] for row in ended.json()["data"]] == ["awaiting_owner"]
    together = economy("batch", "p.csv", "--atomic", "--json", "--db", other)
    assert together.code == 3
    assert together.json()["error"]["code"] == "owner_required"


def test_all_or_nothing_names_the_row_and_pays_none(economy: Flux) -> None:
    ended = economy("batch", write("p.csv", MIXED), "--atomic", "--json")
    error = ended.json()["error"]
    assert (ended.code, error["code"], error["exit_code"]) == (3, "payee_not_allowed", 3)
    assert error["message"].startswith("line 3: orchestrator may not pay $2.00; nothing of the")
    assert spent(economy) == 0
    assert economy("payments", "list", "-q").out == ""
    all_good = write("p.csv", HEAD + GOOD + GOOD.replace("interviews", "travel"))
    assert economy("batch", all_good, "--atomic").code == 0
    assert economy("batch", all_good, "--atomic").code == 0
    assert spent(economy) == 3_000_000


def test_all_or_nothing_without_the_money_ends_as_out_of_funds(economy: Flux) -> None:
    rows = "".join(f"orchestrator,researcher,25,job {number}\n" for number in range(21))
    ended = economy("batch", write("p.csv", HEAD + rows), "--atomic", "--json")
    assert (ended.code, ended.json()["error"]["code"]) == (6, "insufficient_funds")
    assert ended.json()["error"]["message"].startswith("line 22: ")
    assert spent(economy) == 0


def test_rows_that_lack_only_the_money_end_as_out_of_funds(economy: Flux) -> None:
    rows = "".join(f"orchestrator,researcher,25,job {number}\n" for number in range(21))
    assert economy("batch", write("p.csv", HEAD + rows), "--json").code == 6
    denied = rows + "orchestrator,researcher,9999,job 22\n"
    assert economy("batch", write("q.csv", HEAD + denied), "--json").code == 3


def test_a_dry_run_shows_every_row_and_keeps_nothing(economy: Flux) -> None:
    mixed = write("p.csv", MIXED)
    dry = economy("batch", mixed, "-n", "--json")
    assert dry.code == 3
    assert [(row["state"], row["id"], row["dry_run"]) for row in dry.json()["data"]] == [
        ("paid", None, True), ("denied", None, True), ("denied", None, True),
    ]  # fmt: skip
    assert economy("batch", mixed, "-n", "--atomic").code == 3
    assert spent(economy) == 0
    assert economy("payments", "list", "-q").out == ""


def test_more_than_the_most_is_refused_before_anything_is_paid(economy: Flux) -> None:
    two = write("p.csv", HEAD + GOOD + GOOD)
    refused = economy("batch", two, "--max-amount", "2.99", "--json")
    assert (refused.code, refused.json()["error"]["code"]) == (3, "max_amount_exceeded")
    assert refused.json()["error"]["limit"] == {
        "rule": "max_amount_exceeded", "used_minor": 3_000_000, "cap_minor": 2_990_000,
        "currency": "CREDIT",
    }  # fmt: skip
    other = write("q.csv", "from,to,amount,asset\norchestrator,researcher,1,EUR\n")
    mixed = economy("batch", other, "--max-amount", "2")
    assert (mixed.code, "a row is in another asset" in mixed.err) == (2, True)
    assert spent(economy) == 0
    assert economy("batch", two, "--max-amount", "3").code == 0


def test_a_thousand_rows_are_paid_once_each(economy: Flux) -> None:
    rows = "".join(f"orchestrator,researcher,0.01,job {number}\n" for number in range(1000))
    thousand = write("p.csv", HEAD + rows)
    first = economy("batch", thousand, "--json")
    assert first.code == 0
    assert [row["line"] for row in first.json()["data"]] == list(range(2, 1002))
    assert {(row["state"], row["repeated"]) for row in first.json()["data"]} == {("paid", False)}
    again = economy("batch", thousand, "-q")
    assert again.out.split() == [row["id"] for row in first.json()["data"]]
    assert spent(economy) == 10_000_000
    assert economy("verify").code == 0
