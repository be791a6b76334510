"""Text is measured as it is drawn, broken evenly, and only of glyphs the fonts have."""

from __future__ import annotations

import pytest

from flux_cli.adapters.specialists.typography import (
    FONT_FILES,
    FONT_FOLDER,
    Box,
    Face,
    Typefaces,
    fit,
    number,
)


@pytest.fixture(scope="module")
def faces() -> Typefaces:
    return Typefaces()


@pytest.fixture(scope="module")
def sans(faces: Typefaces) -> Face:
    return faces.face("sans")


def test_a_line_is_as_wide_as_its_ink_apart_from_the_side_bearings(sans: Face) -> None:
    drawn = sans.outline("Hamburg", (0, 0), 100)
    assert drawn.ink.width == pytest.approx(sans.width("Hamburg", 100), abs=15)


def test_capitals_stand_on_the_baseline_and_reach_the_cap_height(sans: Face) -> None:
    ink = sans.outline("HEIL", (10, 200), 100).ink
    assert ink.bottom == pytest.approx(200, abs=0.5)
    assert ink.height == pytest.approx(100 * sans.cap_height, abs=0.5)


def test_width_grows_with_size_and_tracking(sans: Face) -> None:
    assert sans.width("wide", 40) == pytest.approx(2 * sans.width("wide", 20))
    assert sans.width("wide", 20, 0.1) == pytest.approx(sans.width("wide", 20) + 3 * 0.1 * 20)


@pytest.mark.parametrize("role", sorted(FONT_FILES))
def test_pairs_are_kerned(faces: Typefaces, role: str) -> None:
    face = faces.face(role)
    assert face.width("AV", 100) < face.width("A", 100) + face.width("V", 100)


@pytest.mark.parametrize("role", sorted(FONT_FILES))
def test_every_font_sets_the_languages_of_europe_that_write_latin(
    faces: Typefaces, role: str
) -> None:
    letters = "ÀÉÎÕÜßçñøåæœŁłŻżŠšČčŘřĚěŐőŰűĞğİı“”‘’–—…€£¿¡%&@·"
    assert faces.face(role).covers(letters)


def test_a_text_is_set_in_a_font_that_has_all_its_letters(faces: Typefaces) -> None:
    assert faces.for_text("Чайная Роща", "sans") is faces.face("bold")
    assert faces.for_text("Señor Café", "sans") is faces.face("sans")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Tea\x00 \x1b[1m\nhouse", "Tea [1m house"),
        ("Matcha 🍵 now", "Matcha now"),
        ("שלום", ""),
        ("e\u0301te\u0301", "été"),
        ("ﬁne ＡＢ", "fine AB"),
        ("non\u2011stop", "non-stop"),
    ],
)
def test_what_a_font_cannot_draw_is_replaced_or_dropped(sans: Face, text: str, kept: str) -> None:
    assert sans.printable(text) == kept


def test_a_headline_is_broken_into_lines_of_even_width(sans: Face) -> None:
    setting = fit(sans, "Keeps your camp bright all night", (560, 300), (34, 66), 4)
    assert setting is not None
    assert setting.lines == ("Keeps your", "camp bright", "all night")


def test_a_setting_keeps_inside_its_box_and_its_sizes(sans: Face) -> None:
    for width in (150, 300, 600, 1200):
        setting = fit(sans, "A little more light for a lot more night", (width, 200), (12, 60), 5)
        assert setting is not None
        assert all(sans.width(line, setting.size) <= width for line in setting.lines)
        assert 12 <= setting.size <= 60
        assert setting.height <= 200


def test_no_word_is_lost_or_changed_by_breaking(sans: Face) -> None:
    text = "One two three four five six seven eight nine ten"
    setting = fit(sans, text, (240, 400), (10, 30), 6)
    assert setting is not None
    assert " ".join(setting.lines) == text


def test_a_line_does_not_end_on_an_article_where_it_can_be_helped(sans: Face) -> None:
    setting = fit(sans, "Less sugar than an apple", (600, 300), (34, 66), 3)
    assert setting is not None
    assert not any(line.endswith((" an", " than")) for line in setting.lines[:-1])


def test_a_word_too_long_for_the_box_does_not_fit(sans: Face) -> None:
    assert fit(sans, "Donaudampfschifffahrt", (60, 400), (14, 20), 5) is None
    assert fit(sans, "", (60, 400), (14, 20), 5) is None


def test_coordinates_are_short() -> None:
    assert [number(v) for v in (1.0, 0.5, -0.001, 12.3456)] == ["1", "0.5", "0", "12.35"]


def test_a_box_knows_whether_it_is_inside_another() -> None:
    outer = Box(0, 0, 10, 10)
    assert Box(0, 0, 10, 10).inside(outer)
    assert not Box(-1, 0, 5, 5).inside(outer)
    assert Box(-1, 0, 5, 5).inside(outer, slack=1)


def test_the_fonts_are_open_small_and_carry_their_licence() -> None:
    sizes = [path.stat().st_size for path in FONT_FOLDER.iterdir() if path.suffix != ".txt"]
    assert sum(sizes) < 400_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONT_FOLDER / "OFL.txt").read_text()
