"""What an analyst hands in is judged from its files and the sources: every lie is found."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.analyst.trade import DataAnalyst
from flux_cli.domain.work import Assignment, Source

BRIEF = "# Brief\n\n## Questions\n\n- Which store sold most in 2025?\n- What did delivery cost?\n"


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    place = tmp_path_factory.mktemp("honest")
    rows = "".join(
        f"{n},2025-{n % 12 + 1:02}-{n % 27 + 1:02},Store {n % 3},{(n * 7919) % 997}.{n % 100:02}\n"
        for n in range(400)
    )
    data = ("order_id,day,store,revenue\n" + rows + "broken\n").encode()
    (place / "sales.csv").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    source = Source("sales.csv", "", digest, str(place / "sales.csv"))
    given = Assignment("a", "data-analyst", "Explain 2025", BRIEF, (source,))
    (place / "out").mkdir()
    DataAnalyst().work(given, place / "out")
    return given, place / "out"


def failed(given: Assignment, out: Path) -> list[str]:
    return [check.name for check in DataAnalyst().check(given, out) if not check.passed]


def test_an_honest_delivery_passes_every_check(honest):
    assert failed(*honest) == []


def replaced(out: Path, name: str, old: str, new: str) -> None:
    text = (out / name).read_text("utf-8")
    assert old in text, f"{name} has no {old!r} to lie about"
    (out / name).write_text(text.replace(old, new, 1), "utf-8")


def edited(out: Path, change: Callable[[dict], None]) -> None:
    document = json.loads((out / "facts.json").read_text("utf-8"))
    change(document)
    (out / "facts.json").write_text(json.dumps(document), "utf-8")


def total_of(out: Path) -> str:
    facts = json.loads((out / "facts.json").read_text("utf-8"))["facts"]
    return f"{Decimal(facts[0]['value'][0][0]):,}"


def another_total(document: dict) -> None:
    document["facts"][0]["value"][0][0] = document["facts"][0]["rows"][0][0] = "1.00"


def a_sum_that_does_not_hold(document: dict) -> None:
    document["sums"][0]["whole"] = [document["facts"][0]["id"], "rows"]


def a_query_that_answers_itself(document: dict) -> None:
    fact = document["facts"][0]
    fact["sql"] = "SELECT 5 AS value, 6 AS rows; DROP TABLE sales"


LIES = {
    "a number typed into the text": (
        lambda out: replaced(out, "report.md", "## Totals\n", "## Totals\n\nProfit rose 12 %.\n"),
        "every number in report.md is a fact",
    ),
    "another number behind a link": (
        lambda out: replaced(out, "report.md", f"[{total_of(out)}", "[9,999,999.00"),
        "every number in report.md is a fact",
    ),
    "a number changed in a table": (
        lambda out: replaced(out, "report.md", "| Store 1 |", "| Store 7 |"),
        "every number in report.md is a fact",
    ),
    "a table of its own": (
        lambda out: replaced(
            out, "report.md", "## Totals\n", "## Totals\n\n| a |\n| --- |\n| 5 |\n"
        ),
        "every number in report.md is a fact",
    ),
    "a number typed into the page": (
        lambda out: replaced(out, "report.html", "<h2>Totals</h2>", "<h2>Totals</h2><p>12 %</p>"),
        "every number in report.html is a fact",
    ),
    "a number typed as code": (
        lambda out: replaced(out, "report.md", "## Totals\n", "## Totals\n\n`12 %`\n"),
        "every number in report.md is a fact",
    ),
    "a row that belongs to no table": (
        lambda out: replaced(out, "report.md", "## Totals\n", "## Totals\n\n| 12 % |\n"),
        "every number in report.md is a fact",
    ),
    "a number made a column's name": (
        lambda out: (
            edited(out, lambda d: d["tables"][0]["columns"].update(x="12 %")),
            replaced(out, "report.md", "## Totals\n", "## Totals\n\n*12 %*\n"),
        ),
        "every number in report.md is a fact",
    ),
    "a number among the computations": (
        lambda out: replaced(
            out, "report.html", "<h2>Totals</h2>", "<h2>Totals</h2><pre>12 %</pre>"
        ),
        "every number in report.html is a fact",
    ),
    "a number written by the style": (
        lambda out: replaced(
            out, "report.html", "</style>", 'h1::after { content: "12 %" }</style>'
        ),
        "report.html loads and runs nothing",
    ),
    "a drawing that is no chart": (
        lambda out: replaced(
            out, "report.html", "<h2>Totals</h2>", "<h2>Totals</h2><svg><text>12 %</text></svg>"
        ),
        "every chart is drawn from its fact",
    ),
    "another number behind the page's link": (
        lambda out: replaced(out, "report.html", f">{total_of(out)}</a>", ">9,999.00</a>"),
        "every number in report.html is a fact",
    ),
    "a cell changed in the page's table": (
        lambda out: replaced(out, "report.html", "<td>Store 1</td>", "<td>Store 7</td>"),
        "every number in report.html is a fact",
    ),
    "a script in the page": (
        lambda out: replaced(out, "report.html", "<main>", "<main><script>alert()</script>"),
        "report.html loads and runs nothing",
    ),
    "a picture from elsewhere": (
        lambda out: replaced(out, "report.html", "<main>", '<main><img src="https://e.example/x">'),
        "report.html loads and runs nothing",
    ),
    "an event handler in the page": (
        lambda out: replaced(out, "report.html", "<main>", '<main onclick="x()">'),
        "report.html loads and runs nothing",
    ),
    "a fact with another value": (
        lambda out: edited(out, another_total),
        "every fact computes to its value again",
    ),
    "a fact whose query does more than read": (
        lambda out: edited(out, a_query_that_answers_itself),
        "every fact computes to its value again",
    ),
    "parts that do not add up": (
        lambda out: edited(out, a_sum_that_does_not_hold),
        "parts add up to their totals",
    ),
    "another source": (
        lambda out: edited(out, lambda d: d["sources"][0].update(sha256="0" * 64)),
        "facts.json names every source with its hash",
    ),
    "cleaned data with a row more": (
        lambda out: (out / "cleaned_sales.csv").write_text(
            (out / "cleaned_sales.csv").read_text() + "9,9,2025-01-01,Store 1,5.00\n"
        ),
        "the delivered data follows from the sources",
    ),
    "rejected rows hidden": (
        lambda out: (out / "rejected_rows.csv").write_text("source,line,reason,content\n"),
        "the delivered data follows from the sources",
    ),
    "a chart of something else": (
        lambda out: replaced(
            out, "charts/sales-over-time.svg", 'stroke-width="2.5"', 'stroke-width="9"'
        ),
        "every chart is drawn from its fact",
    ),
    "a chart that is too small": (
        lambda out: shrink(out / "charts" / "sales-over-time.png"),
        "every chart is drawn from its fact",
    ),
    "no word on the data's quality": (
        lambda out: replaced(out, "report.md", "## Data quality", "## Praise"),
        "the report has a section on the data’s quality",
    ),
    "facts that are no JSON": (
        lambda out: (out / "facts.json").write_text("{"),
        "files can be read",
    ),
    "facts of the wrong shape": (
        lambda out: edited(out, lambda d: d["facts"][0].update(columns=["one"])),
        "files can be read",
    ),
}


def shrink(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.resize((400, 225))
    small.save(path)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found_by_the_check_that_is_for_it(honest, tmp_path, lie):
    given, out = honest
    copy = tmp_path / "copy"
    shutil.copytree(out, copy)
    tell, check = LIES[lie]
    tell(copy)
    assert check in failed(given, copy)


def test_the_same_assignment_gives_the_same_bytes(honest, tmp_path):
    given, out = honest
    again = tmp_path / "again"
    again.mkdir()
    DataAnalyst().work(given, again)
    names = sorted(p.relative_to(out) for p in out.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    assert [n for n in names if (out / n).read_bytes() != (again / n).read_bytes()] == []


def test_a_question_is_answered_or_said_to_have_no_answer(honest):
    report = (honest[1] / "report.md").read_text("utf-8")
    questions = report.partition("## Your questions")[2].partition("\n## ")[0]
    store, delivery = re.split(r"\n\n(?=\*)", questions.strip())
    assert store.startswith("*Which store sold most in 2025?*\n\n- [Store ")
    assert "- Computation: sum of *revenue* over the rows of each *store* in [2025]" in store
    assert delivery == (
        "*What did delivery cost?*\n\n- The data does not answer this: no column speaks of it."
    )


def test_the_queries_run_as_a_script_over_the_delivered_files(honest, tmp_path):
    import duckdb

    _, out = honest
    script = (out / "queries.sql").read_text("utf-8")
    facts = json.loads((out / "facts.json").read_text("utf-8"))["facts"]
    with duckdb.connect(":memory:") as database:
        database.execute(f"SET file_search_path = '{out}'")
        answers = [database.execute(s.query) for s in duckdb.extract_statements(script)]
        assert len(answers) == len(facts) + 4
        total = database.execute(facts[0]["sql"]).fetchall()
    assert [[str(total[0][0]), total[0][1]]] == facts[0]["value"]
