"""Every passage that is cited stands, word for word, at the place that is cited for it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.scenario_files import ScenarioFolders
from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.specialists.researcher import Researcher
from flux_cli.adapters.workspace import Folders
from flux_cli.bootstrap import Trades, scenario_folders, source_text
from flux_cli.domain.work import Assignment, Source
from flux_cli.errors import InvalidInput
from tests.adapters.specialists.odd_corpora import KINDS, TOPICS, Made, pdf_of

SCENARIOS = ScenarioFolders(scenario_folders(), frozenset(Trades()))
FOLDERS = Folders(write_artefact, source_text)
RESEARCHED = [
    name
    for name in SCENARIOS.names()
    if any(task.trade == "researcher" for task in SCENARIOS.load(name).plan.tasks)
]
BRIEF = "# Lumo\n\n## Product\nLumo is a camping lantern.\n\n## Questions\n" + "\n".join(
    f"- What does the {topic} {verb}?" for topic in TOPICS for verb in ("cost", "weigh")
)


def researched(
    paths: Sequence[Path], brief: str, goal: str, folder: Path
) -> tuple[list[dict[str, Any]], tuple[Source, ...], list[str]]:
    """The claims, the sources as they were read, and the checks that failed."""
    sources = tuple(FOLDERS.read_source(FOLDERS.describe_source(path)) for path in paths)
    assignment = Assignment("t", "researcher", goal, brief, sources, {}, 7)
    folder.mkdir(exist_ok=True)
    Researcher().work(assignment, folder)
    failed = [one.name for one in Researcher().check(assignment, folder) if not one.passed]
    claims: list[dict[str, Any]] = json.loads((folder / "claims.json").read_bytes())["claims"]
    return claims, sources, failed


def out_of_place(claims: list[dict[str, Any]], paths: Sequence[Path], folder: Path) -> list[str]:
    """The claims whose bytes are not there, by nothing but the delivery and the files."""
    listed = json.loads((folder / "sources.json").read_bytes())["sources"]
    wrong = []
    for claim in claims:
        at = next(n for n, path in enumerate(paths) if path.name == claim["source"])
        row, data = listed[at], paths[at].read_bytes()
        if "text" in row:
            assert row["file_sha256"] == hashlib.sha256(data).hexdigest()
            data = (folder / row["text"]).read_bytes()
        good = data[claim["start"] : claim["end"]] == claim["quote"].encode()
        if not good or claim["sha256"] != hashlib.sha256(data).hexdigest():
            wrong.append(f"{claim['id']} {claim['quote']!r}")
    return wrong


@pytest.mark.parametrize("name", RESEARCHED)
def test_in_every_scenario_each_passage_is_where_it_is_cited(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS.load(name)
    paths = [path for path in scenario.sources if path.is_file()]
    folder = tmp_path / "out"
    claims, _, failed = researched(paths, scenario.brief, scenario.goal, folder)
    assert (out_of_place(claims, paths, folder), failed) == ([], [])
    assert len(claims) > 5


@pytest.mark.parametrize("seed", range(4))
def test_in_drawn_corpora_each_passage_is_where_it_is_cited(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    made = [kind(draw) for kind in KINDS]
    paths = []
    for document in made:
        paths.append(tmp_path / document.name)
        paths[-1].write_bytes(document.data)
    folder = tmp_path / "out"
    claims, _, failed = researched(paths, BRIEF, "Launch Lumo", folder)
    assert (out_of_place(claims, paths, folder), failed) == ([], [])
    assert [said for document in made for said in unseen(claims, document)] == []
    assert len(claims) > 10
    for kind in KINDS:
        alone = kind(random.Random(seed + 100))
        path = tmp_path / f"alone-{alone.name}"
        path.write_bytes(alone.data)
        place = tmp_path / kind.__name__
        claims, _, failed = researched([path], BRIEF, "Launch Lumo", place)
        assert (kind.__name__, out_of_place(claims, [path], place), failed) == (
            kind.__name__, [], []
        )  # fmt: skip
        assert (kind.__name__, len(claims) > 0) == (kind.__name__, True)


def unseen(claims: list[dict[str, Any]], made: Made) -> list[str]:
    """Claims of a page or paper that no reader would find there; for a PDF, on the page named."""
    if made.name not in ("page.html", "paper.pdf"):
        return []
    wrong = []
    for claim in claims:
        if claim["source"] != made.name:
            continue
        quote = " ".join(claim["quote"].strip("| ").split())
        if made.name == "page.html":
            found = any(quote in " ".join(shown.split()) for shown in made.pages[0])
        else:
            lines = made.pages[int(claim["heading"].removeprefix("page ")) - 1]
            found = quote in " ".join(" ".join(lines).split())
        if not found:
            wrong.append(f"{claim['heading']}: {quote!r}")
    return wrong


def test_a_paper_is_cited_by_its_page_and_its_text_is_delivered(tmp_path: Path) -> None:
    path = tmp_path / "study.pdf"
    path.write_bytes(pdf_of([["Nothing of note."], ["The tent weighs", "2,100 grams — dry."]]))
    claims, _, failed = researched([path], BRIEF, "Launch Lumo", tmp_path / "out")
    assert [(one["quote"], one["heading"]) for one in claims] == [
        ("The tent weighs\n2,100 grams — dry.", "page 2")
    ]
    assert failed == []
    report = (tmp_path / "out" / "research.md").read_text("utf-8")
    assert "“The tent weighs 2,100 grams — dry.” [1] — *study.pdf*, “page 2”" in report
    text = (tmp_path / "out" / "texts" / "1.txt").read_text("utf-8")
    assert text == "\f\nNothing of note.\n\f\nThe tent weighs\n2,100 grams — dry.\n"
    (tmp_path / "out" / "texts" / "1.txt").write_text(text.replace("2,100", "900"), "utf-8")
    source = FOLDERS.read_source(FOLDERS.describe_source(path))
    again = Assignment("t", "researcher", "Launch Lumo", BRIEF, (source,), {}, 7)
    bad = [one.name for one in Researcher().check(again, tmp_path / "out") if not one.passed]
    assert bad == ["sources.json names every source with its hash"]


def test_a_page_is_cited_by_what_it_shows_and_by_nothing_it_hides(tmp_path: Path) -> None:
    path = tmp_path / "shop.html"
    path.write_bytes(
        b"<html><head><title>x</title><script>The tent costs 1 EUR.</script></head><body>"
        b"<h2>Prices &amp; weights</h2><p>The <b>tent</b> costs&nbsp;&euro;40 &mdash; in"
        b"\n   <i>caf\xc3\xa9</i> colours.</p><p style='display:none'>The tent costs 666 EUR.</p>"
    )
    claims, _, failed = researched([path], BRIEF, "Launch Lumo", tmp_path / "out")
    assert [(one["quote"], one["heading"]) for one in claims] == [
        ("The tent costs €40 — in café colours.", "Prices & weights")
    ]
    assert failed == []


def test_a_goal_that_only_asks_is_answered_and_nothing_else_is(tmp_path: Path) -> None:
    """As `flux run "What does …?" --source paper.pdf` has it: no brief, and no product."""
    path = tmp_path / "study.pdf"
    path.write_bytes(pdf_of([["A study."], ["The Verdo tent costs 400 euros.", "It is dry."]]))
    goal = "What does the Verdo tent cost? Who sews it?"
    claims, _, failed = researched([path], goal, goal, tmp_path / "out")
    assert [(one["quote"], one["heading"]) for one in claims] == [
        ("The Verdo tent costs 400 euros.", "page 2")
    ]
    sheet = json.loads((tmp_path / "out" / "claims.json").read_bytes())
    asked = [(one["question"], one["found"]) for one in sheet["questions"]]
    assert asked == [("What does the Verdo tent cost?", True), ("Who sews it?", False)]
    report = (tmp_path / "out" / "research.md").read_text("utf-8")
    assert (report.split("\n")[0], failed) == ("# What the documents say", [])


def test_a_row_is_cited_whole_and_only_where_it_stands_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(
        b'thing,price,note\r\ntent,"1,200",dry\r\nstove,90,"two\r\nlines"\r\nkettle,30,x,y\r\n'
    )
    claims, _, failed = researched([path], BRIEF, "Launch Lumo", tmp_path / "out")
    assert [(one["quote"], one["heading"]) for one in claims] == [
        ('tent,"1,200",dry', "thing, price, note")
    ]
    assert failed == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("broken.pdf", b"%PDF-1.7\nnothing"),
        ("empty.html", b"<html><script>x</script></html>"),
        ("latin.txt", b"caf\xe9"),
        ("scan.pdf", pdf_of([[""]])),
    ],
)
def test_a_document_without_readable_text_is_refused(
    name: str, data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InvalidInput):
        FOLDERS.read_source(FOLDERS.describe_source(path))


def test_115_a_page_nested_without_end_is_read_or_refused_in_bounds(tmp_path: Path) -> None:
    for name, data in (
        ("deep.html", b"<div>" * 200_000 + b"The tent costs 5 EUR."),
        ("bold.html", b"<b hidden>" * 100_000 + b"</i>" * 100_000),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        try:
            text = FOLDERS.read_source(FOLDERS.describe_source(path)).text
        except InvalidInput:
            continue
        assert len(text) <= 2_000_000
