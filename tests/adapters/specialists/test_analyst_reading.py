"""Every kind of file and every way of writing a number or a date is read for what it means."""

from __future__ import annotations

import datetime
import hashlib
import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from flux_cli.adapters.specialists.analyst import amounts, moments
from flux_cli.adapters.specialists.analyst.analysis import prepare
from flux_cli.adapters.specialists.analyst.engine import Engine, text
from flux_cli.adapters.specialists.analyst.trade import DataAnalyst, workroom
from flux_cli.domain.work import Assignment, Source
from flux_cli.errors import WorkFailed

HEADER = "id,day,region,amount\n"
THREE = [("a", datetime.date(2025, 1, 2), "North", Decimal("1.50")),
         ("b", datetime.date(2025, 1, 3), "South", Decimal("-2.25")),
         ("c", datetime.date(2025, 1, 4), "North", Decimal("1000.00"))]  # fmt: skip
PLAIN = HEADER + "a,2025-01-02,North,1.50\nb,2025-01-03,South,-2.25\nc,2025-01-04,North,1000.00\n"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    made = Engine(tmp_path_factory.mktemp("engine").resolve())
    yield made
    made.close()


def source_of(path: Path) -> Source:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Source(path.name, "", digest, str(path))


def read(*paths: Path, ask: str = "SELECT * FROM {}", brief: str = "") -> list:
    """The rows of a query over the one cleaned table that comes of these files."""
    given = Assignment("a", "data-analyst", "", brief, tuple(map(source_of, paths)))
    with workroom() as (engine, scratch):
        (made,) = prepare(given, engine, scratch)
        return engine.run(ask.format(made.sql))


def cleaned(place: Path, name: str, data: bytes, columns: str = "id, day, region, amount") -> list:
    (place / name).write_bytes(data)
    return read(place / name, ask=f"SELECT {columns} FROM {{}} ORDER BY source_line")


@pytest.mark.parametrize(
    ("written", "mark", "value"),
    [
        ("$1,234.50", ".", "1234.50"), ("1.234,50 €", ".", "1234.50"), ("(120.00)", ".", "-120.00"),
        ("1\u202f234,50", ".", "1234.50"), ("-3,5 %", ".", "-3.5"), ("CHF 1'200.-", ".", "1200"),
        ("1,23,456.00", ".", "123456.00"), ("12.50-", ".", "-12.50"), ("−7", ".", "-7"),
        ("1,234", ".", "1234"), ("1,234", ",", "1.234"), ("1.234", ".", "1.234"),
        ("1.234", ",", "1234"), ("0,123", ".", "0.123"), ("($5.00)", ".", "-5.00"),
        ("$(5.00)", ".", "-5.00"), ("1.234.567", ".", "1234567"), (".5", ".", ".5"),
        ("US$ 20", ".", "20"), ("20 USD", ".", "20"), ("12-34", ".", None), ("555-1234", ".", None),
        ("1.2.3", ".", None), ("N1", ".", None), ("2025-01-02", ".", None), ("1 2", ".", None),
    ],
)  # fmt: skip
def test_a_number_is_read_for_what_it_means(engine, written, mark, value):
    cell = amounts.tidy(text(written))
    assert engine.run(f"SELECT {amounts.canonical(cell, mark)}") == [(value,)]


@pytest.mark.parametrize(
    "written",
    ["2025-03-09", "2025/3/9", "09.03.2025", "9-3-25", "9 Mar 2025", "March 9, 2025", "Mar 9 2025",
     "09-MAR-25", "9th March 2025", "Sun, 9 Mar 2025", "20250309", "2025-03-09T00:00:00Z",
     "03/09/2025"],
)  # fmt: skip
def test_a_date_is_read_whatever_its_form(engine, written):
    cell = amounts.tidy(text(written))
    found = engine.run(f"SELECT {moments.moment(cell, moments.DEFAULT_DAY_FIRST, compact=True)}")
    assert found == [(datetime.datetime.fromisoformat("2025-03-09"),)]


@pytest.mark.parametrize("written", ["32.01.2025", "2025-02-30", "13/13/2025", "hello"])
def test_what_is_no_date_is_not_made_one(engine, written):
    cell = amounts.tidy(text(written))
    found = engine.run(f"SELECT {moments.moment(cell, moments.DEFAULT_DAY_FIRST, compact=True)}")
    assert found == [(None,)]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_every_encoding_gives_the_same_rows(tmp_path, encoding):
    rows = cleaned(tmp_path, "sales.csv", PLAIN.replace("North", "Küste").encode(encoding))
    assert rows == [(a, b, c.replace("North", "Küste"), d) for a, b, c, d in THREE]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_gives_the_same_rows(tmp_path, mark, end):
    data = PLAIN.replace(",", mark).replace("\n", end).encode()
    assert cleaned(tmp_path, "sales.csv", data) == THREE


def as_json_lines() -> bytes:
    lines = PLAIN.splitlines()[1:]
    keys = HEADER.strip().split(",")
    return "\n".join(
        json.dumps(dict(zip(keys, line.split(","), strict=True))) for line in lines
    ).encode()


def test_json_lines_and_json_give_the_same_rows(tmp_path):
    lines = as_json_lines()
    assert cleaned(tmp_path, "sales.jsonl", lines) == THREE
    whole = json.dumps({"count": 3, "rows": [json.loads(line) for line in lines.split(b"\n")]})
    assert cleaned(tmp_path, "sales.json", whole.encode()) == THREE


def test_a_number_in_json_keeps_every_digit(tmp_path):
    data = b'[{"k": "a", "price": 0.10}, {"k": "b", "price": 12345678901.25}]'
    rows = cleaned(tmp_path, "p.json", data, "k, price")
    assert rows == [("a", Decimal("0.10")), ("b", Decimal("12345678901.25"))]


def test_parquet_gives_the_same_rows(tmp_path):
    (tmp_path / "in.csv").write_text(PLAIN)
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{tmp_path}/in.csv')) TO '{tmp_path}/sales.parquet'")
    rows = read(tmp_path / "sales.parquet", ask="SELECT id, day, region, amount FROM {}")
    assert [(a, b, c, Decimal(d)) for a, b, c, d in rows] == THREE


def test_sqlite_gives_the_same_rows(tmp_path):
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path)
    database.execute("create table sales (id, day, region, amount)")
    rows = [line.split(",") for line in PLAIN.splitlines()[1:]]
    database.executemany("insert into sales values (?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    assert read(path, ask="SELECT id, day, region, amount FROM {} ORDER BY id") == THREE


def test_files_with_the_same_columns_are_one_table_and_say_which_row_is_whose(tmp_path):
    (tmp_path / "sales-2024.csv").write_text(PLAIN)
    (tmp_path / "sales-2025.csv").write_text(PLAIN.replace("2025-01", "2025-02"))
    ask = "SELECT source_file, count(*) FROM {} GROUP BY 1 ORDER BY 1"
    found = read(tmp_path / "sales-2024.csv", tmp_path / "sales-2025.csv", ask=ask)
    assert found == [("sales-2024.csv", 3), ("sales-2025.csv", 3)]


def test_lines_before_the_header_are_no_rows_and_totals_rows_are_not_added_twice(tmp_path):
    data = "Sales report\n\n" + PLAIN + "Total,,,999.25\n"
    assert cleaned(tmp_path, "sales.csv", data.encode()) == THREE


def test_a_quotation_mark_that_is_not_closed_costs_one_row_and_not_the_file(tmp_path):
    data = HEADER + 'x,2025-01-01,"North,5.00\n' + PLAIN.partition("\n")[2]
    assert cleaned(tmp_path, "sales.csv", data.encode()) == THREE


def test_a_cell_may_run_over_lines(tmp_path):
    data = PLAIN.replace("South", '"South\nWest"')
    found = cleaned(tmp_path, "sales.csv", data.encode())
    assert [row[2] for row in found] == ["North", "South West", "North"]


def test_records_that_are_there_twice_count_once_and_only_where_something_identifies_them(tmp_path):
    data = PLAIN + PLAIN.splitlines()[1] + "\n"
    assert cleaned(tmp_path, "sales.csv", data.encode()) == THREE
    (tmp_path / "one.csv").write_text(PLAIN)
    (tmp_path / "two.csv").write_text(PLAIN)
    ask = "SELECT line, reason FROM rejected_rows ORDER BY line"
    assert read(tmp_path / "one.csv", tmp_path / "two.csv", ask=ask) == [
        (2, "the same record as line 2 of one.csv"),
        (3, "the same record as line 3 of one.csv"),
        (4, "the same record as line 4 of one.csv"),
    ]
    bare = "region,amount\nNorth,1\nNorth,1\nSouth,2\n"
    found = cleaned(tmp_path, "bare.csv", bare.encode(), "region, amount")
    assert found == [("North", 1), ("North", 1), ("South", 2)]


def test_missing_markers_are_missing_and_unreadable_cells_are_listed(tmp_path):
    rows = "".join(f"k{n},2025-01-02,North,{n}.00\n" for n in range(20))
    data = HEADER + rows + "x,2025-01-02,N/A,-\ny,2025-01-02,?,#REF!\nz,soon,NULL,plenty\n"
    (tmp_path / "sales.csv").write_text(data)
    ask = "SELECT count(*), count(day), count(region), sum(amount) FROM {}"
    assert read(tmp_path / "sales.csv", ask=ask) == [(23, 22, 20, Decimal("190.00"))]
    issues = read(tmp_path / "sales.csv", ask="SELECT line, field, content FROM cell_issues")
    assert sorted(issues) == [(24, "amount", "plenty"), (24, "day", "soon")]


def test_the_other_cells_of_a_column_decide_between_day_and_month(tmp_path):
    european = "id,day,amount\na,03/04/2025,1\nb,31/12/2025,2\n"
    american = "id,day,amount\na,03/04/2025,1\nb,12/31/2025,2\n"
    assert cleaned(tmp_path, "e.csv", european.encode(), "day")[0][0] == datetime.date(2025, 4, 3)
    assert cleaned(tmp_path, "a.csv", american.encode(), "day")[0][0] == datetime.date(2025, 3, 4)


def test_money_in_two_currencies_is_never_added_together(tmp_path):
    rows = "".join(f'k{n},$10.00\nm{n},"5,00 €"\n' for n in range(5))
    (tmp_path / "sales.csv").write_text("id,amount\n" + rows)
    found = read(tmp_path / "sales.csv", ask="SELECT sum(amount_usd), sum(amount_eur) FROM {}")
    assert found == [(Decimal("50.00"), Decimal("25.00"))]


def test_money_is_split_by_the_column_that_names_its_currency(tmp_path):
    rows = "".join(f"k{n},10.00,USD\nm{n},5.00,EUR\n" for n in range(5))
    (tmp_path / "sales.csv").write_text("id,amount,currency\n" + rows)
    found = read(tmp_path / "sales.csv", ask="SELECT sum(amount_usd), sum(amount_eur) FROM {}")
    assert found == [(Decimal("50.00"), Decimal("25.00"))]


def test_money_is_added_as_decimals(tmp_path):
    (tmp_path / "sales.csv").write_text("name,amount\n" + "a,0.10\nb,0.20\n" * 5000)
    assert read(tmp_path / "sales.csv", ask="SELECT sum(amount) FROM {}") == [(Decimal("1500.00"),)]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"\n\n\n", "empty"),
        ("a.csv", b"id,amount\n", "no whole row"),
        ("a.csv", b"a,b\n" + b"1,2\n" * 6 + b"x\n" * 7, "broken"),
        ("a.csv", b"x" * (9 << 20), "not a table"),
        ("a.parquet", b"PAR1 but not really", "not Parquet"),
        ("a.db", b"not a database, " * 100, "not a SQLite database"),
        ("a.json", b"{" * 100_000, "not JSON"),
        ("a.json", b"[1, 2]", "not a list of objects"),
        ("a.jsonl", b"one\ntwo\n", "does not hold a JSON object"),
    ],
)
def test_what_cannot_be_analysed_fails_with_a_reason(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    given = Assignment("a", "data-analyst", "", "", (source_of(tmp_path / name),))
    with pytest.raises(WorkFailed, match=reason):
        DataAnalyst().work(given, tmp_path)


def test_no_data_among_the_sources_is_said_plainly(tmp_path):
    given = Assignment("a", "data-analyst", "", "", (Source("brief.md", "words", "0"),))
    with pytest.raises(WorkFailed, match="There is no data to analyse"):
        DataAnalyst().work(given, tmp_path)


def test_a_file_that_changed_since_it_was_agreed_on_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text(PLAIN)
    source = source_of(tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text(PLAIN + "d,2025-01-05,North,5.00\n")
    with pytest.raises(WorkFailed, match="not the file that was agreed on"):
        DataAnalyst().work(Assignment("a", "data-analyst", "", "", (source,)), tmp_path)
