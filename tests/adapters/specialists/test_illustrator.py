"""Banners are drawn from the brief, can be read, and are judged by their files alone."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image

from flux_cli.adapters.specialists.formats import FORMATS, Format
from flux_cli.adapters.specialists.illustrator import (
    ImageGenerator,
    design_for,
    draw,
    rendered,
)
from flux_cli.adapters.specialists.message import compose, rest_of
from flux_cli.adapters.specialists.motifs import GEOMETRY, MOTIFS, motif_for
from flux_cli.adapters.specialists.palette import palette_for
from flux_cli.adapters.specialists.picture_checks import (
    Delivered,
    alt_faults,
    blank_faults,
    contrast_faults,
    drift_faults,
    ink_faults,
    place_faults,
    read_banner,
    read_index,
    size_faults,
    svg_faults,
)
from flux_cli.adapters.specialists.stage import SHAPES, dice
from flux_cli.adapters.specialists.typography import Typefaces
from flux_cli.domain.brief import Brand, Brief
from flux_cli.domain.work import Assignment, Check, Submission
from flux_cli.errors import WorkFailed

LANTERN = """# Lumo

Lumo is a solar-powered camping lantern that keeps your camp bright all night.

## Features

- 40 hours of light per charge
- Waterproof to IPX7

## Brand colours

#14532d, #0e7490, #f59e0b

## Call to action

Order yours

## URL

https://lumo.example/lantern
"""

ACCOUNTS = """# LedgerLoop

LedgerLoop is accounting software that closes your books in minutes, not days.

## Brand colours

#4338ca, #22d3ee, #f43f5e

## Call to action

Start a free trial
"""

LINK, SQUARE, STORY, LEADERBOARD, RECTANGLE, SKYSCRAPER = FORMATS
SMALL = (LEADERBOARD, RECTANGLE, SKYSCRAPER)


def in_base64(picture: Any, **options: Any) -> str:
    """A picture as a JPEG in an SVG's attribute."""
    written = io.BytesIO()
    picture.save(written, "JPEG", **options)
    return base64.b64encode(written.getvalue()).decode()


EXIF = Image.Exif()
EXIF[0x010E] = "where it was taken"
WIDE = in_base64(Image.new("L", (RECTANGLE.width + 1, 8)))
SPOKEN = in_base64(Image.new("L", (8, 8)), exif=EXIF)


def assignment(brief: str, *, seed: int = 7, needs: dict[str, str] | None = None) -> Assignment:
    return Assignment("t1", "image-generator", "", brief, needs=needs or {}, seed=seed)


def failed(checks: Iterable[Check]) -> set[str]:
    return {check.name for check in checks if not check.passed}


@pytest.fixture(scope="module")
def lantern(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Submission]:
    folder = tmp_path_factory.mktemp("lantern")
    return folder, ImageGenerator().work(assignment(LANTERN), folder)


@pytest.fixture(scope="module")
def faces() -> Typefaces:
    return Typefaces()


@pytest.fixture
def tampered(lantern: tuple[Path, Submission], tmp_path: Path) -> Path:
    return Path(shutil.copytree(lantern[0], tmp_path / "tampered"))


def banner(folder: Path, form: Format = RECTANGLE) -> Delivered:
    return read_banner(folder, form, read_index(folder)[0])


def redraw(folder: Path, change: Callable[[str], str]) -> None:
    """Change the rectangle's SVG and deliver the PNG that follows from it."""
    path = folder / f"{RECTANGLE.stem}.svg"
    changed = change(path.read_text())
    assert changed != path.read_text()
    path.write_text(changed)
    path.with_suffix(".png").write_bytes(rendered(changed))


def redeclare(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change every entry of images.json."""
    path = folder / "images.json"
    data = json.loads(path.read_text())
    for entry in data["images"]:
        change(entry)
    path.write_text(json.dumps(data))


def headline_of(svg: str) -> str:
    found = re.search(r'<g role="img" class="headline".*?</g>', svg)
    assert found
    return found[0]


# What is delivered.


def test_a_campaign_is_every_format_as_svg_and_png_and_an_index(
    lantern: tuple[Path, Submission],
) -> None:
    stems = ["1200x628", "1080x1080", "1080x1920", "728x90", "300x250", "160x600"]
    names = [f"banner-{stem}.{suffix}" for stem in stems for suffix in ("svg", "png")]
    assert [artefact.path for artefact in lantern[1].artefacts] == [*names, "images.json"]
    assert lantern[1].backend == "rule"


def test_what_is_delivered_passes_its_own_checks(lantern: tuple[Path, Submission]) -> None:
    checks = ImageGenerator().check(assignment(LANTERN), lantern[0])
    assert failed(checks) == set()
    assert len(checks) == 10


def test_every_png_has_its_size_and_stays_below_a_megabyte(
    lantern: tuple[Path, Submission],
) -> None:
    for form in FORMATS:
        path = lantern[0] / f"{form.stem}.png"
        with Image.open(path) as picture:
            assert picture.size == (form.width, form.height)
        assert path.stat().st_size < 1_000_000


def test_the_index_says_what_is_on_each_picture(lantern: tuple[Path, Submission]) -> None:
    data = json.loads((lantern[0] / "images.json").read_text())
    assert data["schema"] == "flux.images/1"
    entry = next(e for e in data["images"] if e["path"] == "banner-1200x628.png")
    assert entry["headline"] == "Keeps your camp bright all night"
    assert entry["alt"].startswith("Banner for Lumo, solar-powered camping lantern: a glowing")
    texts = {text["role"]: text["text"] for text in entry["texts"]}
    assert texts["wordmark"] == "Lumo"
    assert texts["cta"] == "Order yours"
    assert texts["url"] == "lumo.example/lantern"
    assert min(text["contrast"] for text in entry["texts"]) >= 4.5
    assert entry["seed"] == design_for(assignment(LANTERN)).seed


def test_text_in_the_svg_is_outlines_that_a_screen_reader_can_still_read(
    lantern: tuple[Path, Submission],
) -> None:
    root = ElementTree.fromstring((lantern[0] / "banner-1080x1080.svg").read_text())
    names = {element.tag.rsplit("}", 1)[-1] for element in root.iter()}
    assert "text" not in names
    assert {"title", "desc"} <= names
    labels = {element.get("aria-label") for element in root.iter()}
    assert {"Lumo", "Keeps your camp bright all night", "Order yours"} <= labels


def test_the_same_assignment_gives_the_same_bytes(
    lantern: tuple[Path, Submission], tmp_path: Path
) -> None:
    started = time.process_time()
    again = ImageGenerator().work(assignment(LANTERN), tmp_path)
    assert again == lantern[1]
    assert time.process_time() - started < 3


def test_the_price_is_full_for_the_usual_formats() -> None:
    units, full = ImageGenerator().size(assignment(LANTERN))
    assert units == full == 6


# What decides the picture.


def test_another_brief_gives_other_colours_another_motif_and_other_words() -> None:
    one, other = design_for(assignment(LANTERN)), design_for(assignment(ACCOUNTS))
    assert (one.motif.name, other.motif.name) == ("lantern", "dashboard")
    assert one.palette.paper != other.palette.paper
    assert one.message.headlines[0] != other.message.headlines[0]


def test_another_seed_gives_another_composition() -> None:
    designs = [design_for(assignment(ACCOUNTS, seed=seed)) for seed in range(12)]
    assert len({(d.shape, d.mark, d.palette) for d in designs}) > 4


@pytest.mark.parametrize(
    ("kind", "motif"),
    [
        ("solar-powered camping lantern", "lantern"),
        ("organic sparkling tea", "can"),
        ("vegan bakery", "loaf"),
        ("coffee roastery", "cup"),
        ("B2B accounting SaaS", "dashboard"),
        ("self-watering herb garden", "plant"),
        ("electric bicycle", "bicycle"),
        ("noise-cancelling headphones", "headphones"),
        ("password manager", "shield"),
        ("guided mountain hikes", "peak"),
        ("dog treats", "paw"),
        ("thing", "geometry"),
    ],
)
def test_what_a_product_is_decides_its_motif(kind: str, motif: str) -> None:
    assert motif_for(plain_brief(kind=kind)).name == motif


def plain_brief(**fields: Any) -> Brief:
    brand = Brand("#1f5c3a", "#f6f1e4", "#e07a3f")
    empty = Brief("Acme", "", "", (), (), (), "", "", (), (), brand, ())
    return replace(empty, **fields)


# What is said.


def test_a_long_promise_becomes_a_short_whole_headline() -> None:
    promise = "Fresh herbs on your window sill, even if you forget to water them."
    message = compose(plain_brief(product="Sillo", promise=promise), {})
    assert message.headlines[0] == "Fresh herbs on your window sill"


def test_what_the_promise_goes_on_to_say_stands_below_its_first_part() -> None:
    promise = "Fresh herbs on your window sill, even if you forget to water them."
    assert rest_of(promise, "Fresh herbs on your window sill") == (
        "Even if you forget to water them."
    )
    assert rest_of(promise, "Grows six herbs") == rest_of(promise, promise[:-1]) == ""


def test_the_writers_headlines_are_used_and_broken_ones_are_ignored() -> None:
    copy = {"headlines": [{"text": "Light where you need it"}, {"text": 4}, None]}
    message = compose(plain_brief(), {"copy.json": json.dumps(copy), "claims.json": "{"})
    assert message.headlines[0] == "Light where you need it"


def test_a_claim_about_the_product_can_support_the_headline() -> None:
    claims = {"claims": [{"id": "c1", "quote": "Acme ran 41 hours on one charge in our test"}]}
    message = compose(plain_brief(), {"claims.json": json.dumps(claims)})
    assert message.supports == ("Acme ran 41 hours on one charge in our test.",)


def test_a_banned_word_never_reaches_a_picture() -> None:
    brief = plain_brief(
        promise="The revolutionary lamp for everyone.",
        features=("A truly revolutionary battery", "Runs for forty hours"),
        banned=("revolutionary",),
    )
    message = compose(brief, {})
    assert "revolutionary" not in repr(message).lower()
    assert message.headlines == ("Runs for forty hours",)


def test_no_headline_ends_in_the_middle_of_a_thought(lantern: tuple[Path, Submission]) -> None:
    for entry in json.loads((lantern[0] / "images.json").read_text())["images"]:
        assert "…" not in entry["headline"]
        assert not entry["headline"].endswith((" and", " the", " that", ","))


# What a client may write.


HOSTILE = {
    "markup": '# <script>alert(1)</script> & "Co"\n\nCo is a mug.\n\n## Call to action\nGo & <b>',
    "control characters": "# Ta\x00b\x1b[31mla\n\nTabla is a game for two.\n",
    "a very long word": "# " + "A" * 10_000 + "\n\n" + "B" * 10_000,
    "very many words": "# Word\n\nWord is " + "very long text " * 2_000,
    "an emoji": "# Matcha 🍵\n\nMatcha 🍵 is a tea that wakes you up gently ☀️.\n",
    "accents": "# Señor Café\n\nSeñor Café is a café that opens at dawn.\n",
    "Cyrillic": "# Чайная Роща\n\nЧайная Роща is a tea house that opens at dawn.\n",
    "only white": "# Blanc\n\nBlanc is a shampoo.\n\n## Brand colours\n#ffffff #fefefe #ffffff\n",
    "a long name": "# Panadería Señor Café y Compañía de la Montaña\n\n## Product\n"
    "Panadería Señor Café y Compañía de la Montaña is a bakery.\n",
}


@pytest.mark.parametrize("brief", HOSTILE.values(), ids=HOSTILE)
def test_whatever_a_brief_says_the_banner_is_sound(
    brief: str, faces: Typefaces, tmp_path: Path
) -> None:
    design, entries = design_for(assignment(brief)), []
    for form in (LEADERBOARD, RECTANGLE):
        svg, entry = draw(form, design, faces)
        (tmp_path / f"{form.stem}.svg").write_text(svg)
        (tmp_path / f"{form.stem}.png").write_bytes(rendered(svg))
        entries += [{"path": f"{form.stem}.{s}", **entry} for s in ("svg", "png")]
    for form in (LEADERBOARD, RECTANGLE):
        assert all_faults(read_banner(tmp_path, form, entries)) == []


def all_faults(delivered: Delivered) -> list[str]:
    finders = (
        size_faults,
        blank_faults,
        svg_faults,
        drift_faults,
        alt_faults,
        place_faults,
        ink_faults,
        contrast_faults,
    )
    return [fault for find in finders for fault in find(delivered)]


def test_a_brief_no_font_can_set_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(WorkFailed, match="fonts hold Latin, Greek and Cyrillic"):
        ImageGenerator().work(assignment("# שלום\n\nשלום עולם"), folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("index", range(len(MOTIFS) + 1))
def test_every_motif_in_every_shape_leaves_its_words_readable(
    index: int, faces: Typefaces, tmp_path: Path
) -> None:
    motif = (*MOTIFS, GEOMETRY)[index]
    brands = (
        Brand("#1d4ed8", "#93c5fd", "#f59e0b"),
        Brand("#f4c430", "#222222", "#d7263d"),
        Brand("#000000", "#ffffff", "#ff0000"),
    )
    brief = plain_brief(kind="something good", promise="A better way to start the morning.")
    design = replace(
        design_for(assignment(LANTERN, seed=index)),
        motif=motif,
        shape=SHAPES[index % 4],
        palette=palette_for(brands[index % 3], motif.night, dice(index)),
        message=compose(brief, {}),
    )
    form = SMALL[index % 3]
    svg, entry = draw(form, design, faces)
    (tmp_path / f"{form.stem}.svg").write_text(svg)
    (tmp_path / f"{form.stem}.png").write_bytes(rendered(svg))
    entries = [{"path": f"{form.stem}.{suffix}", **entry} for suffix in ("svg", "png")]
    assert all_faults(read_banner(tmp_path, form, entries)) == []


# What the checks catch.


def test_a_missing_format_a_lost_index_and_an_empty_folder_are_caught(
    tampered: Path, tmp_path: Path
) -> None:
    (tampered / "banner-728x90.png").unlink()
    checks = ImageGenerator().check(assignment(LANTERN), tampered)
    assert {"formats", "size"} <= failed(checks)
    assert any("banner-728x90.png is missing" in check.found for check in checks)
    empty = tmp_path / "empty"
    empty.mkdir()
    names = failed(ImageGenerator().check(assignment(LANTERN), empty))
    assert {"index", "formats", "size", "svg", "same-picture", "ink", "alt-text"} <= names


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": "other"}', '{"schema": 1}'])
def test_an_index_that_is_not_one_is_caught(tampered: Path, text: str) -> None:
    (tampered / "images.json").write_text(text)
    assert read_index(tampered)[1] != ""


def test_a_blank_png_is_caught(tampered: Path) -> None:
    Image.new("RGB", (300, 250), "#ffffff").save(tampered / f"{RECTANGLE.stem}.png")
    blank = banner(tampered)
    assert blank_faults(blank) == ["1 colours"]
    assert len(ink_faults(blank)) == len(contrast_faults(blank)) == len(blank.texts) == 3
    assert drift_faults(blank)[0].startswith("they differ by")


def test_a_png_of_another_size_or_cut_short_is_caught(tampered: Path) -> None:
    path = tampered / f"{RECTANGLE.stem}.png"
    whole = path.read_bytes()
    Image.new("RGB", (250, 300)).save(path)
    assert size_faults(banner(tampered)) == ["no PNG of 300 × 250"]
    path.write_bytes(whole[: len(whole) // 2])
    assert size_faults(banner(tampered)) == ["no PNG of 300 × 250"]
    path.write_bytes(b"")
    assert size_faults(banner(tampered)) == ["no PNG of 300 × 250"]


def test_text_that_was_taken_away_is_caught(tampered: Path) -> None:
    redraw(tampered, lambda svg: svg.replace(headline_of(svg), ""))
    assert ink_faults(banner(tampered)) == ["“Keeps your camp bright all nig” is not there"]


def test_text_that_can_hardly_be_read_is_caught_whatever_is_declared(tampered: Path) -> None:
    def fade(svg: str) -> str:
        faded = re.sub(r'fill="#[0-9a-f]{6}"/></g>$', 'fill="#3c5a48"/></g>', headline_of(svg))
        return svg.replace(headline_of(svg), faded)

    redraw(tampered, fade)
    faults = contrast_faults(banner(tampered))
    assert len(faults) == 1
    assert re.fullmatch(r"“Keeps your camp.*” has [123]\.\d\d:1", faults[0])


def test_a_contrast_declared_better_than_it_is_is_caught(tampered: Path) -> None:
    redeclare(
        tampered, lambda entry: [text.update(contrast=99) for text in entry["texts"]] and None
    )
    assert all("is declared 99.0" in fault for fault in contrast_faults(banner(tampered)))
    assert len(contrast_faults(banner(tampered))) == 3


def test_text_outside_the_safe_area_or_on_other_text_is_caught(tampered: Path) -> None:
    redeclare(tampered, lambda entry: entry["texts"][0].update(box=[2, 2, 60, 20]))
    assert place_faults(banner(tampered)) == ["“Lumo” leaves the safe area"]
    redeclare(tampered, lambda entry: entry["texts"][0].update(box=entry["texts"][1]["box"]))
    assert place_faults(banner(tampered)) == ["“Lumo” and “Keeps your camp brig” overlap"]
    redeclare(tampered, lambda entry: entry["texts"][0].update(box=[1e400, None, 0, "x"]))
    assert place_faults(banner(tampered)) == ["“Lumo” leaves the safe area"]


def test_a_declared_box_beside_its_text_is_caught(tampered: Path) -> None:
    redeclare(tampered, lambda entry: entry["texts"][1].update(box=[40, 60, 90, 30]))
    assert any("runs out of its box" in fault for fault in ink_faults(banner(tampered)))


def test_a_png_that_does_not_show_the_svg_is_caught(tampered: Path) -> None:
    other = rendered((tampered / f"{RECTANGLE.stem}.svg").read_text().replace("<circle", "<g"))
    (tampered / f"{RECTANGLE.stem}.png").write_bytes(other)
    assert drift_faults(banner(tampered)) != []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("<script>alert(1)</script>", "it contains <script>"),
        ('<image href="https://evil.example/x.png"/>', "it contains <image>"),
        ('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>', "it contains <image>"),
        ('<image href="data:image/jpeg;base64,iVBORw0KGgo="/>', "its picture is none"),
        (f'<image href="data:image/jpeg;base64,{WIDE}"/>', "its picture is not as it should be"),
        (f'<image href="data:image/jpeg;base64,{SPOKEN}"/>', "its picture is not as it should be"),
        ('<path d="M0 0" onclick="go()"/>', "path has onclick"),
        ('<path d="M0 0" fill="url(https://evil.example/#a)"/>', "path has fill"),
        ('<g style="background:url(x)"/>', "g has style"),
        ("<text>Buy</text>", "it contains <text>"),
    ],
)
def test_an_svg_that_runs_or_fetches_something_is_caught(
    tampered: Path, planted: str, fault: str
) -> None:
    path = tampered / f"{RECTANGLE.stem}.svg"
    path.write_text(path.read_text().replace("</svg>", f"{planted}</svg>"))
    assert fault in svg_faults(banner(tampered))


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg", b"\xff\xfe<\x00s\x00", b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'],
)
def test_an_svg_that_is_not_sound_xml_is_caught(tampered: Path, content: bytes) -> None:
    (tampered / f"{RECTANGLE.stem}.svg").write_bytes(content)
    assert len(svg_faults(banner(tampered))) == 1
    assert drift_faults(banner(tampered)) == ["nothing to compare"]


def test_a_missing_description_is_caught(tampered: Path) -> None:
    redeclare(tampered, lambda entry: entry.update(alt=" ", headline=""))
    assert set(alt_faults(banner(tampered))) == {"no alt text", "no headline"}
