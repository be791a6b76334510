"""What customers say against a product is read, and never printed as if it spoke for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.researcher import Researcher
from flux_cli.adapters.specialists.writer import ContentWriter
from flux_cli.domain.work import Assignment, Check, Source

BRIEF = """\
# Lumo

## Product
Lumo is a solar-powered camping lantern that folds flat.

## Audience
- Weekend campers

## Key facts
- Runs 40 hours on one charge
- Charges fully in six hours of sun
- Weighs 310 grams
- Two-year warranty

## Questions
- What do customers say in their reviews?
- What stops people from buying?

## Call to action
Order your Lumo

## URL
https://lumo.example
"""
PRAISE = (
    "We read until midnight and it still glowed at breakfast.",
    "It lives in my rucksack now, and the head torch stays at home.",
    "My daughter packs it before her toothbrush.",
)
OBJECTIONS = (
    "I would not pay that for a lantern.",
    "Why would I buy a lamp when my phone has one?",
    "I am not sure it lasts a whole night.",
    "Nice idea, but the handle feels flimsy.",
    "It is too dim for cooking, and I sent it back.",
    "I don't trust anything that charges in the sun.",
    "I worry that it breaks in a full rucksack.",
    "Looks cheap.",
    "The hinge leaks when it rains.",
    "I hesitated for weeks.",
)


NAMES = ("Ada", "Ben", "Cas", "Dee", "Eve", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea", "Max")


def reviews(lines: tuple[str, ...], heading: str) -> str:
    said = "\n\n".join(f'> "{line}" — {NAMES[n]}, Graz' for n, line in enumerate(lines))
    return f"## {heading}\n\n{said}\n"


def written(folder: Path, text: str) -> tuple[Assignment, str, tuple[Check, ...]]:
    """The copy from a brief and one source, its page, and its checks."""
    source = Source("reviews.md", f"# Reviews\n\n{text}", "")
    research, out = folder / "research", folder / "copy"
    research.mkdir()
    out.mkdir()
    first = Assignment("r", "researcher", "Sell Lumo", BRIEF, (source,), seed=1)
    Researcher().work(first, research)
    needs = {"claims.json": (research / "claims.json").read_text("utf-8")}
    given = Assignment("w", "content-writer", "Sell Lumo", BRIEF, (source,), needs, seed=1)
    ContentWriter().work(given, out)
    page = (out / "copy.md").read_text("utf-8").partition("## What the copy rests on")[0]
    return given, page, ContentWriter().check(given, out)


def test_no_objection_is_printed_wherever_it_stands_in_the_reviews(tmp_path: Path) -> None:
    mixed = (*OBJECTIONS[:5], *PRAISE, *OBJECTIONS[5:])
    _, page, checks = written(tmp_path, reviews(mixed, "What campers told us"))

    assert [line for line in OBJECTIONS if line in page] == []
    assert any(line in page for line in PRAISE)
    assert [check for check in checks if not check.passed] == []


@pytest.mark.parametrize("heading", ["What stops people", "Three stars and below", "Complaints"])
def test_what_a_heading_gathers_against_is_no_praise_however_kind_it_sounds(
    heading: str, tmp_path: Path
) -> None:
    _, page, checks = written(tmp_path, reviews(PRAISE, heading))

    assert [line for line in PRAISE if line in page] == []
    assert [check for check in checks if not check.passed] == []


def test_an_objection_that_was_put_among_the_praise_fails_the_checks(tmp_path: Path) -> None:
    given, _, _ = written(tmp_path, reviews((*PRAISE, *OBJECTIONS), "What campers told us"))
    claims = json.loads(given.needs["claims.json"])["claims"]
    against = next(one for one in claims if OBJECTIONS[0] in one["quote"])
    path = tmp_path / "copy/copy.json"
    sheet = json.loads(path.read_text("utf-8"))
    sheet["landing"]["proof"][0] |= {"text": OBJECTIONS[0], "claims": [against["id"]]}
    path.write_text(json.dumps(sheet), "utf-8")

    failed = {check.name for check in ContentWriter().check(given, tmp_path / "copy")
              if not check.passed}  # fmt: skip
    assert "no objection stands as praise" in failed


def test_figures_of_a_problem_are_no_proof_and_those_of_a_test_are(tmp_path: Path) -> None:
    text = (
        "## Test\n\nIn the test the lantern was still lit in the morning on 206 of 212 nights.\n\n"
        "Before the test, 37 of 58 campers had found their lantern empty in the morning.\n\n"
        "43% of campers gave up cooking because they forgot a light.\n"
    )
    asking = BRIEF.replace(
        "What do customers say in their reviews?",
        "How many nights was the lantern lit in the test?",
    )
    source = Source("camper-test.md", f"# Test\n\n{text}", "")
    (tmp_path / "r").mkdir()
    (tmp_path / "w").mkdir()
    Researcher().work(Assignment("r", "researcher", "", asking, (source,)), tmp_path / "r")
    needs = {"claims.json": (tmp_path / "r/claims.json").read_text("utf-8")}
    given = Assignment("w", "content-writer", "", asking, (source,), needs)
    ContentWriter().work(given, tmp_path / "w")

    landing = json.loads((tmp_path / "w/copy.json").read_text("utf-8"))["landing"]
    said = [quote["text"] for quote in landing["proof"]]
    assert said == ["In the test the lantern was still lit in the morning on 206 of 212 nights."]
    assert landing["proof_title"] == "Put to the test"
