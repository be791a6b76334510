from __future__ import annotations

import pytest

from flux_cli.domain import palette
from flux_cli.domain.brief import Brand, Brief, parse_brief

MARKDOWN = """\
# Campaign brief: Lumo

## Product
**Lumo** is a solar-powered camping lantern that folds flat and runs all night.

## Who it is for
- Weekend campers who are tired of dead batteries
- Families with young children

## Tone of voice
Playful, warm and a little cheeky. Never salesy.

## Key facts
- Runs 40 hours on one charge
- Colours: green and sand
* [Two-year warranty](https://lumo.example/terms)

## Brand colours
#0B3D2E, #F7F3E8 and #FB0

## CTA
"Order your Lumo"

## Website
https://lumo.example

## Words to avoid
"game-changer", “cheap”

## Questions
1. What do rival lanterns cost?
"""

PROSE = """\
Tallyworks is accounting software for small agencies. It reconciles bank feeds overnight, so the
books are ready when the team arrives. Prices start at €39 per month.

Our customers are owners and finance leads at agencies. The tone should be precise and calm.
Never say "synergy". We want people to book a demo at tallyworks.example/demo.
How many hours do agencies lose to bookkeeping?
"""


def test_a_markdown_brief_is_understood_whole() -> None:
    assert parse_brief(MARKDOWN) == Brief(
        product="Lumo",
        kind="solar-powered camping lantern",
        promise="Lumo is a solar-powered camping lantern that folds flat and runs all night.",
        audiences=(
            "Weekend campers who are tired of dead batteries",
            "Families with young children",
        ),
        features=("Runs 40 hours on one charge", "Colours: green and sand", "Two-year warranty"),
        voice=("playful", "warm", "cheeky"),
        call_to_action="Order your Lumo",
        url="https://lumo.example",
        banned=("game-changer", "cheap"),
        questions=("What do rival lanterns cost?",),
        brand=Brand("#0b3d2e", "#f7f3e8", "#ffbb00"),
        assumed=(),
    )


def test_a_brief_in_plain_prose_is_understood_whole() -> None:
    brief = parse_brief(PROSE)
    assert brief == Brief(
        product="Tallyworks",
        kind="accounting software",
        promise="Tallyworks is accounting software for small agencies.",
        audiences=("owners and finance leads at agencies",),
        features=(
            "It reconciles bank feeds overnight, so the books are ready when the team arrives.",
            "Prices start at €39 per month.",
        ),
        voice=("precise", "calm"),
        call_to_action="Book a demo",
        url="tallyworks.example/demo",
        banned=("synergy",),
        questions=("How many hours do agencies lose to bookkeeping?",),
        brand=brief.brand,
        assumed=("The brief names no brand colours; they were derived from the product's name.",),
    )


def test_labels_in_capitals_are_headings_too() -> None:
    brief = parse_brief(
        "PRODUCT: Crumb & Clover, a vegan bakery in Leeds\n"
        "AUDIENCE: students, young families and curious flexitarians\n"
        "VOICE: friendly, honest\nFEATURES:\n- Loaves from £3.20\n- Open on Sunday\n"
        "**Never say:** guilt-free, cruelty\nCTA: Come and taste it\n"
    )
    assert (brief.product, brief.kind) == ("Crumb & Clover", "vegan bakery in Leeds")
    assert brief.audiences == ("students", "young families", "curious flexitarians")
    assert brief.features == ("Loaves from £3.20", "Open on Sunday")
    assert (brief.voice, brief.banned) == (("friendly", "honest"), ("guilt-free", "cruelty"))
    assert brief.call_to_action == "Come and taste it"


@pytest.mark.parametrize(
    ("goal", "product", "kind"),
    [
        (
            "Launch a campaign for a solar-powered camping lantern",
            "Solar-powered camping lantern",
            "solar-powered camping lantern",
        ),
        ("Launch Lumo, a solar camping lantern", "Lumo", "solar camping lantern"),
        ("promote our podcast about history", "Podcast about history", "podcast about history"),
        ("Make a campaign", "", ""),
        ("", "", ""),
    ],
)
def test_an_empty_brief_takes_its_product_from_the_goal(goal: str, product: str, kind: str) -> None:
    brief = parse_brief("", goal)
    assert (brief.product, brief.kind, brief.features) == (product, kind, ())


def test_what_had_to_be_assumed_is_said() -> None:
    assert parse_brief("", "Launch a campaign for a solar-powered camping lantern").assumed == (
        "The brief gives the product no name, so it is called by what it is.",
        "The brief names no brand colours; they were derived from the product's name.",
    )


def test_colours_in_words_become_codes() -> None:
    brief = parse_brief("Product: Pip\nColours: navy and coral")
    assert (brief.brand.primary, brief.brand.secondary) == ("#14284b", "#ff6f59")
    assert brief.assumed[0] == (
        "The brief names its colours in words; their codes were chosen to match."
    )


@pytest.mark.parametrize("name", ["Lumo", "Sillo", "Crumb & Clover", "x", "Ü", ""])
def test_a_derived_palette_is_legible_and_always_the_same(name: str) -> None:
    primary, secondary, accent = palette.derive(name)
    assert (primary, secondary, accent) == palette.derive(name)
    assert palette.contrast(primary, "#ffffff") >= 7
    assert palette.contrast(secondary, "#000000") >= 7
    assert palette.contrast(accent, primary) >= 4.5


def test_contrast_is_wcags() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def _every_text(brief: Brief) -> str:
    return "\n".join(
        [
            brief.product,
            brief.kind,
            brief.promise,
            brief.call_to_action,
            brief.url,
            *brief.audiences,
            *brief.features,
            *brief.voice,
            *brief.banned,
            *brief.questions,
            *brief.assumed,
        ]
    )


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x1b[31mProduct: Lu\x07mo\x9b\u202e\ufeff, a lamp\nFeatures:\n- Runs \x1b]0;x\x07far",
        "# <script>alert(1)</script>\nProduct: <b onmouseover='x'>Lumo</b>\n- <img src=x>",
        "a" * 100_000,
        "Product: " + "is a " * 20_000,
        "## " * 30_000,
        "|" * 100_000 + "\n|---|\n",
        "*" * 50_000 + "_" * 50_000,
        "[" * 50_000 + "](" * 1_000,
        "Features:\n" + "- x: y, z\n" * 15_000,
        "A, " * 30_000 + "a b",
        "\ud800 Lumo is a lamp",
    ],
)
def test_hostile_text_neither_crashes_nor_leaks_control_characters(text: str) -> None:
    shown = _every_text(parse_brief(text, text[:500]))
    assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in shown)
    assert not any(c in shown for c in "\u202e\ufeff<>")
    assert len(shown) < 40_000


def test_a_brief_beyond_200_kb_is_cut_and_says_so() -> None:
    brief = parse_brief("Product: Lumo, a lantern\n" + "x y z. " * 60_000)
    assert brief.product == "Lumo"
    assert brief.assumed[0] == "The brief is longer than 200 kB; only its first part was read."
