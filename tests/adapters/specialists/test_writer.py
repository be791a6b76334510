from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.specialists.claims import claims_json
from flux_cli.adapters.specialists.copy_rules import banned_words, seams, superlatives, worst_pair
from flux_cli.adapters.specialists.passages import read_document
from flux_cli.adapters.specialists.researcher import research
from flux_cli.adapters.specialists.statements import read_statement
from flux_cli.adapters.specialists.writer import ContentWriter
from flux_cli.domain.brief import parse_brief
from flux_cli.domain.work import Assignment, Source
from flux_cli.errors import WorkFailed

SCENARIO = Path(__file__).parents[3] / "scenarios" / "marketing-campaign"

LANTERN = """\
# Campaign brief: Lumo
## Product
Lumo is a solar-powered camping lantern that folds flat and runs all night.
## Audience
- Weekend campers who are tired of dead batteries
## Tone of voice
{voice}
## Key facts
- Runs 40 hours on one charge
- Charges fully in six hours of direct sun
- Waterproof to one metre (IP67)
- Weighs 310 grams
- 3 brightness levels up to 400 lumens
- The best lantern in the world
- A revolutionary hinge
- Two-year warranty
- €59 with free delivery in the EU
## Call to action
Order your Lumo
## URL
https://lumo.example
## Avoid
"sun", "revolutionary"
"""
FORBIDDEN = (
    "lumo",
    "you",
    "the",
    "is",
    "in",
    "to",
    "and",
    "for",
    "of",
    "it",
    "on",
    "when",
    "up",
    "if",
)
PLAYFUL, PRECISE = LANTERN.format(voice="Playful, cheeky"), LANTERN.format(voice="Precise, calm")
SAAS = """\
Tallyworks is accounting software for small agencies. It reconciles bank feeds overnight, so the
books are ready when the team arrives. Tallyworks connects to 1,400 European banks. Data is stored
in Frankfurt and encrypted at rest. Prices start at €39 per month. Setup takes about 20 minutes.
Our customers are owners of agencies. The tone should be precise and calm.
We want people to book a demo at tallyworks.example/demo.
"""
BAKERY = """\
PRODUCT: Crumb & Clover, a vegan bakery in Leeds
AUDIENCE: students, young families
VOICE: friendly, honest
FEATURES:
- Everything is baked from scratch before 6 am
- Sourdough fermented for 36 hours
- Loaves from £3.20
CTA: Come and taste it
"""


def source(name: str, text: str) -> Source:
    return Source(name, text, hashlib.sha256(text.encode()).hexdigest())


@cache
def an_assignment(brief: str, goal: str = "Make a campaign") -> Assignment:
    """An assignment whose only research is on the brief itself."""
    own = source("brief.md", brief)
    sheet = research(parse_brief(brief, goal), [read_document(own)], own.name)
    needs = {"claims.json": claims_json(sheet).decode()} if brief else {}
    return Assignment("t2", "content-writer", goal, brief, (own,), needs, 7)


@cache
def the_scenario() -> Assignment:
    brief = (SCENARIO / "brief.md").read_text("utf-8")
    corpus = sorted((SCENARIO / "corpus").glob("*.md"))
    sources = [source("brief.md", brief)]
    sources += [source(path.name, path.read_text("utf-8")) for path in corpus]
    sheet = research(parse_brief(brief), [read_document(each) for each in sources], "brief.md")
    needs = {"research/claims.json": claims_json(sheet).decode()}
    return Assignment("t2", "content-writer", "Launch Sillo", brief, tuple(sources), needs, 7)


def worked(assignment: Assignment, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    ContentWriter().work(assignment, folder)
    sheet: dict[str, Any] = json.loads((folder / "copy.json").read_text("utf-8"))
    return sheet


def failed(assignment: Assignment, folder: Path) -> list[str]:
    return [check.name for check in ContentWriter().check(assignment, folder) if not check.passed]


@pytest.mark.parametrize(
    ("brief", "goal"),
    [
        (PLAYFUL, "x"),
        (PRECISE, "x"),
        (SAAS, "x"),
        (BAKERY, "x"),
        ("", "Launch a campaign for a solar-powered camping lantern"),
        ("", "Launch Lumo, a solar camping lantern"),
        ("", "Write ads for handmade beeswax candles"),
        ("", "promote our podcast about history"),
        ("Product: Morrow, a decaf coffee\nVoice: witty\nFeatures: Tastes of plum, In a tin", "x"),
    ],
)
def test_very_different_briefs_all_pass_every_check(tmp_path: Path, brief: str, goal: str) -> None:
    assignment = an_assignment(brief, goal)
    worked(assignment, tmp_path / "out")
    assert failed(assignment, tmp_path / "out") == []


def test_the_scenario_passes_every_check_and_is_full_size(tmp_path: Path) -> None:
    worked(the_scenario(), tmp_path / "out")
    checks = ContentWriter().check(the_scenario(), tmp_path / "out")
    assert [check for check in checks if not check.passed] == []
    assert len(checks) == 19
    units, full = ContentWriter().size(the_scenario())
    assert units >= full
    small, _ = ContentWriter().size(an_assignment(BAKERY))
    assert small < full / 4


def test_customers_speak_in_the_words_of_the_research(tmp_path: Path) -> None:
    sheet = worked(the_scenario(), tmp_path / "out")
    claims = json.loads(the_scenario().needs["research/claims.json"])["claims"]
    quotes = {claim["id"]: claim["quote"] for claim in claims}
    proof = sheet["landing"]["proof"]
    assert len(proof) >= 3
    assert all(each["text"] in quotes[each["claims"][0]] for each in proof)


def test_nothing_internal_negative_or_disputed_reaches_the_customer(tmp_path: Path) -> None:
    worked(the_scenario(), tmp_path / "out")
    page = (tmp_path / "out" / "copy.md").read_text("utf-8").split("## What the copy rests on")[0]
    for unwanted in ("cost per order", "lot of money", "three-year", "Verdello", "16 days", "€119"):
        assert unwanted not in page


def test_a_dispute_behind_a_used_fact_is_reported(tmp_path: Path) -> None:
    worked(the_scenario(), tmp_path / "out")
    page = (tmp_path / "out" / "copy.md").read_text("utf-8")
    assert "**To settle before printing,** because the sources disagree:" in page


def test_facts_in_advertisements_cite_their_claims(tmp_path: Path) -> None:
    sheet = worked(an_assignment(PRECISE), tmp_path / "out")
    claims = json.loads(an_assignment(PRECISE).needs["claims.json"])["claims"]
    quotes = {claim["id"]: claim["quote"] for claim in claims}
    cited = {
        line["text"]: [quotes[name] for name in line["claims"]]
        for line in sheet["headlines"]
        if line["variant"].startswith("fact")
    }
    assert cited["Runs 40 hours on one charge"] == ["Runs 40 hours on one charge"]
    assert cited["Weighs 310 grams"] == ["Weighs 310 grams"]


def test_banned_words_and_unproved_superlatives_never_appear(tmp_path: Path) -> None:
    worked(an_assignment(PLAYFUL), tmp_path / "out")
    page = (tmp_path / "out" / "copy.md").read_text("utf-8").split("## What the copy rests on")[0]
    assert banned_words(page, ("sun", "revolutionary")) == ()
    assert superlatives(page) == ()
    assert "IP67" in page


def test_voices_read_clearly_differently(tmp_path: Path) -> None:
    one = worked(an_assignment(PLAYFUL), tmp_path / "one")
    other = worked(an_assignment(PRECISE), tmp_path / "two")
    mine, theirs = (
        {line["text"] for line in sheet["headlines"] if not line["variant"].startswith("fact")}
        for sheet in (one, other)
    )
    assert mine & theirs == {"Order your Lumo", "Lumo: camping lantern"}
    titles = [{block["title"] for block in sheet["landing"]["benefits"]} for sheet in (one, other)]
    assert titles[0] & titles[1] == set()


def test_another_brief_gives_other_work(tmp_path: Path) -> None:
    pages = []
    for at, brief in enumerate((PLAYFUL, SAAS, BAKERY)):
        sheet = worked(an_assignment(brief), tmp_path / str(at))
        landing = sheet["landing"]
        pages.append("\n".join([landing["headline"], *(b["text"] for b in landing["benefits"])]))
    assert worst_pair(pages) < 0.02


def test_the_same_assignment_gives_the_same_bytes(tmp_path: Path) -> None:
    worked(the_scenario(), tmp_path / "one")
    worked(the_scenario(), tmp_path / "two")
    names = sorted(os.listdir(tmp_path / "one"))
    assert names == ["copy.json", "copy.md"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Runs 40 hours on one charge", "Lumo runs 40 hours on one charge."),
        ("Waterproof to one metre (IP67)", "Lumo is waterproof to one metre (IP67)."),
        ("Two-year warranty", "You get a two-year warranty."),
        ("IP67 rating", "You get an IP67 rating."),
        ("Unlimited users", "You get unlimited users."),
        ("3 brightness levels", "You get 3 brightness levels."),
        ("€59 with free delivery", "Lumo costs €59 with free delivery."),
        ("Shell made of 72% recycled plastic", "The shell is made of 72% recycled plastic."),
        ("Flour from a mill 12 miles away", "The flour comes from a mill 12 miles away."),
        ("Loaves from £3.20", "Loaves start at £3.20."),
        ("Everything is baked before 6 am", "Everything is baked before 6 am."),
        ("Open Tuesday to Sunday", "Lumo is open Tuesday to Sunday."),
        ("It reconciles bank feeds overnight", "Lumo reconciles bank feeds overnight."),
        ("Reconcile bank feeds overnight", "You can reconcile bank feeds overnight."),
        ("Roasted twice a week in Ghent", "Lumo is roasted twice a week in Ghent."),
        ("Battery life: 30 hours", "The battery life is 30 hours."),
        ("Setup takes about 20 minutes", "Setup takes about 20 minutes."),
        (
            "First harvest about 24 days after planting",
            "The first harvest comes about 24 days after planting.",
        ),
    ],
)
def test_a_feature_becomes_a_grammatical_sentence(text: str, sentence: str) -> None:
    assert read_statement(text, "Lumo").sentence("Lumo") == sentence


@pytest.mark.parametrize("text", ["a apple pie", "the the end", "so , well", "an lamp", "What?."])
def test_a_seam_is_seen(text: str) -> None:
    assert seams(text) != ()


def test_a_brief_that_forbids_everything_fails_by_name(tmp_path: Path) -> None:
    brief = PLAYFUL + ", ".join(f'"{w}"' for w in FORBIDDEN)
    with pytest.raises(WorkFailed, match="the brief forbids too many words"):
        ContentWriter().work(an_assignment(brief), tmp_path)


def test_nothing_to_write_about_fails_by_name(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match="what the copy is about"):
        ContentWriter().work(Assignment("t2", "content-writer", "Make a campaign", ""), tmp_path)


def test_a_broken_claim_sheet_fails_by_name(tmp_path: Path) -> None:
    broken = replace(an_assignment(PLAYFUL), needs={"claims.json": '{"claims": 1}'})
    with pytest.raises(WorkFailed, match=r"claims\.json is not a claim sheet"):
        ContentWriter().work(broken, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("Weighs 310 grams", "Weighs 210 grams", "no number is invented"),
        ("Weighs 310 grams", "The lightest lantern", "no superlative without a claim"),
        ("Weighs 310 grams", "Weighs nothing in the sun", "no banned word"),
        ("Weighs 310 grams", "Weighs [your weight]", "nothing left to fill in"),
        ("Weighs 310 grams", "Weighs a ounce , really", "no seam shows"),
        ("Weighs 310 grams", "Weighs 310 grams and not one gram more than that", "headlines are"),
        ("Weighs 310 grams", "Runs 40 hours on one charge", "variants differ"),
        ("Order your Lumo", "Do nothing", "the call to action"),
    ],
)
def test_changed_copy_fails_its_check(tmp_path: Path, old: str, new: str, check: str) -> None:
    folder = tmp_path / "out"
    worked(an_assignment(PLAYFUL), folder)
    for name in ("copy.json", "copy.md"):
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")
    assert any(each.startswith(check) for each in failed(an_assignment(PLAYFUL), folder))


@pytest.mark.parametrize(
    ("name", "old", "new", "check"),
    [
        ("copy.md", "Weighs 310 grams", "Weighs little", "copy.md and copy.json"),
        ("copy.json", '"claims": [\n        "c', '"claims": [\n        "c9', "facts are linked"),
        ("copy.json", '"grade": ', '"grade": 1', "reading grade is in range"),
        ("copy.json", "flux.copy/1", "flux.copy/9", "files can be read"),
        ("copy.json", "{", "", "files can be read"),
    ],
)
def test_a_file_changed_alone_fails_its_check(
    tmp_path: Path, name: str, old: str, new: str, check: str
) -> None:
    folder = tmp_path / "out"
    worked(an_assignment(PLAYFUL), folder)
    text = (folder / name).read_text("utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), "utf-8")
    assert any(each.startswith(check) for each in failed(an_assignment(PLAYFUL), folder))
