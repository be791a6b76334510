"""A client's data and a seller's facts are data: nothing in them runs, escapes or reaches out."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from flux_cli.adapters.specialists.analyst.engine import Engine, name
from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source
from flux_cli.errors import WorkFailed

FORMULAS = ("=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", "'quoted")
HOSTILE = ("<script>alert(1)</script>", "[x](javascript:alert(1))", "![x](http://e.example/p.png)",
           "\x1b[31mred", "a|b", "`code`", "{{ 7*7 }}", "'; DROP TABLE sales; --", '"quoted"',
           "</svg><script>x</script>")  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    place = tmp_path_factory.mktemp("closed")
    (place.parent / "secret.csv").write_text("a\n1\n")
    made = Engine(place.resolve())
    made.run("CREATE TABLE sales AS SELECT 1 AS a")
    yield made
    made.close()


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM read_csv('{outside}')", "SELECT * FROM '{outside}'",
     "SELECT * FROM read_text('{outside}')", "SELECT * FROM glob('{folder}/../*')",
     "SELECT * FROM read_csv('https://e.example/x.csv')", "DROP TABLE sales",
     "COPY sales TO '{outside}'", "ATTACH '{outside}' AS x", "INSTALL httpfs", "LOAD httpfs",
     "SET memory_limit='64GB'", "PRAGMA database_list", "SELECT 1; DROP TABLE sales",
     "INSERT INTO sales VALUES (2)", "CREATE TABLE t AS SELECT 1", "SELECT getenv('HOME')", "",
     "not sql", "SELECT 1) ; DROP TABLE sales; --"],
)  # fmt: skip
def test_106_a_sellers_sql_only_reads_the_clients_tables(engine, tmp_path_factory, sql):
    place = Path(engine._folder)
    outside = place.parent / "secret.csv"
    with pytest.raises(WorkFailed):
        engine.ask(sql.format(outside=outside, folder=place))
    assert engine.run("SELECT * FROM sales") == [(1,)]
    assert outside.read_text() == "a\n1\n"


def test_our_own_statements_cannot_leave_the_folder_either(engine):
    with pytest.raises(duckdb.Error, match="disabled by configuration"):
        engine.run("SELECT * FROM read_csv('/etc/passwd')")
    with pytest.raises(duckdb.Error, match="locked"):
        engine.run("SET threads = 64")


def test_python_variables_cannot_be_read_from_sql(engine):
    secret = [("token",)]
    with pytest.raises(WorkFailed):
        engine.ask("SELECT * FROM secret")
    assert secret


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """A table whose header and cells are as hostile as they come."""
    place = tmp_path_factory.mktemp("hostile")
    labels = (*FORMULAS, *HOSTILE)
    with (place / "=sales.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "day", "<b>Region</b> 2; DROP", "Amount '\"` 7", "a|b"])
        for row in range(600):
            label = labels[row % len(labels)]
            writer.writerow([row, f"2025-{row % 12 + 1:02}-01", label, f"{row}.25", label])
        file.write("=broken|row\n")
    data = (place / "=sales.csv").read_bytes()
    source = Source("=sales.csv", "", hashlib.sha256(data).hexdigest(), str(place / "=sales.csv"))
    brief = "# x\n\n## Questions\n\n- Is <script>alert(2)</script> 2025 in [x](javascript:y)?\n"
    given = Assignment("a", "data-analyst", "Explain <img src=x> 2025", brief, (source,))
    (place / "out").mkdir()
    DataAnalyst().work(given, place / "out")
    return given, place / "out"


def test_hostile_names_and_cells_pass_every_check_and_run_nothing(analysed):
    given, out = analysed
    failed = [check for check in DataAnalyst().check(given, out) if not check.passed]
    assert failed == []
    page = (out / "report.html").read_text("utf-8")
    assert "<script" not in page
    assert "javascript:" not in page.replace("[x](javascript:", "")
    assert "<img" not in page
    report = (out / "report.md").read_text("utf-8")
    assert "<script" not in report
    assert "](javascript:" not in report
    assert "](http" not in report
    assert all(ord(c) >= 32 or c == "\n" for c in page + report)


def test_113_no_cell_of_a_delivered_csv_begins_a_formula_and_none_is_lost(analysed):
    _, out = analysed
    with (out / "cleaned_sales.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    words = [row["a_b"] for row in rows]
    assert all(not word.lstrip().startswith(tuple("=+-@\t＝")) for word in words)
    wanted = {label.strip() for label in FORMULAS}
    given_back = {word.removeprefix("'") for word in words}
    assert wanted <= given_back | {f"'{word}" for word in given_back}
    with (out / "rejected_rows.csv").open(encoding="utf-8", newline="") as file:
        (broken,) = list(csv.DictReader(file))
    assert (broken["content"], broken["source"]) == ("'=broken|row", "'=sales.csv")


def test_114_a_tables_name_cannot_lead_a_file_out_of_the_folder(tmp_path):
    data = b"id,v\n" + b"".join(b"%d,%d\n" % (n, n * 3) for n in range(30))
    (tmp_path / "in.csv").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    source = Source("../../x/..\\evil\x00;rm.csv", "", digest, str(tmp_path / "in.csv"))
    out = tmp_path / "out"
    out.mkdir()
    made = DataAnalyst().work(Assignment("a", "data-analyst", "", "", (source,)), out)
    for artefact in made.artefacts:
        assert (out / artefact.path).resolve().is_relative_to(out)
        assert ".." not in artefact.path
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == {
        tmp_path / "in.csv", *(out / artefact.path for artefact in made.artefacts)
    }  # fmt: skip


def test_117_an_identifier_is_quoted_whatever_it_contains():
    assert name('a"; DROP TABLE x; --') == '"a""; DROP TABLE x; --"'


def test_115_a_deep_or_wide_document_is_refused_quickly(tmp_path):
    (tmp_path / "a.jsonl").write_text("[" * 200_000 + "\n" + '{"a": 1}\n' * 3)
    wide = json.dumps([{f"k{n}": n for n in range(5000)}])
    for file, content in (("a.jsonl", None), ("b.json", wide)):
        path = tmp_path / file
        if content is not None:
            path.write_text(content)
        source = Source(file, "", hashlib.sha256(path.read_bytes()).hexdigest(), str(path))
        given = Assignment("a", "data-analyst", "", "", (source,))
        if content is None:
            DataAnalyst().work(given, tmp_path)
            assert "not a JSON object" in (tmp_path / "rejected_rows.csv").read_text()
        else:
            with pytest.raises(WorkFailed, match="at most 400"):
                DataAnalyst().work(given, tmp_path)
