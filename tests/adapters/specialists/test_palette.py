"""Every colour that text gets can be read, and the brand stays itself where it can."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.adapters.specialists.palette import (
    READABLE,
    Palette,
    channels,
    contrast,
    mix,
    oklch,
    on_colour,
    palette_for,
    readable,
    tone,
)
from flux_cli.domain.brief import Brand

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
BRANDS = st.builds(Brand, COLOURS, COLOURS, COLOURS)


def unreadable(palette: Palette) -> list[str]:
    """The pairs of a palette that fall below WCAG AA."""
    pairs = [
        (role, getattr(palette, role), ground)
        for role in ("ink", "quiet", "highlight")
        for ground in (palette.paper, palette.paper_far)
    ]
    pairs.append(("button_ink", palette.button_ink, palette.button))
    return [role for role, ink, ground in pairs if contrast(ink, ground) < READABLE]


def test_contrast_agrees_with_the_numbers_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#1f5c3a", "#1f5c3a") == 1


@given(COLOURS)
def test_a_colour_at_its_own_lightness_is_the_same_colour(colour: str) -> None:
    again = tone(colour, oklch(colour)[0])
    assert channels(again) == pytest.approx(channels(colour), abs=0.02)


@given(COLOURS, COLOURS)
def test_a_readable_shade_can_be_read(colour: str, ground: str) -> None:
    assert contrast(readable(colour, ground), ground) >= READABLE


@given(COLOURS)
def test_some_ink_can_be_read_on_every_colour(ground: str) -> None:
    assert contrast(on_colour(ground), ground) >= READABLE


def test_a_colour_that_can_be_read_already_is_left_alone() -> None:
    assert readable("#1f5c3a", "#ffffff") == "#1f5c3a"


def test_a_colour_that_cannot_be_read_keeps_its_hue() -> None:
    shade = readable("#f59e0b", "#ffffff")
    assert shade != "#f59e0b"
    assert oklch(shade)[2] == pytest.approx(oklch("#f59e0b")[2], abs=0.1)


@settings(max_examples=150)
@given(BRANDS, st.booleans(), st.integers(0, 99))
def test_every_text_of_every_brand_can_be_read(brand: Brand, night: bool, seed: int) -> None:
    assert unreadable(palette_for(brand, night, Random(seed))) == []


@given(BRANDS, st.integers(0, 99))
def test_a_button_can_be_told_from_the_paper(brand: Brand, seed: int) -> None:
    palette = palette_for(brand, False, Random(seed))
    assert contrast(palette.button, palette.paper) >= 1.8


def test_the_brand_is_shown_as_it_is_where_it_can_be() -> None:
    brand = Brand("#166534", "#bbf7d0", "#facc15")
    palettes = [palette_for(brand, False, Random(seed)) for seed in range(8)]
    assert {palette.stage for palette in palettes if not palette.dark} == {"#166534"}
    assert {p.button for p in palettes if p.dark} == {"#facc15"}


def test_night_and_dark_brands_get_dark_paper() -> None:
    for brand, night in (
        (Brand("#38bdf8", "#ffffff", "#f59e0b"), True),
        (Brand("#0f172a", "#94a3b8", "#facc15"), False),
    ):
        palette = palette_for(brand, night, Random(1))
        assert palette.dark
        assert oklch(palette.paper)[0] < 0.3


def test_mixing_is_what_painting_over_at_that_opacity_gives() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#102030", "#ffffff", 0.0) == "#102030"
