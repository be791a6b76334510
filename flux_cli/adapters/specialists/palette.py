"""Colours of a campaign: the brand's, and the shades of them that can be read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from flux_cli.domain.brief import Brand

READABLE = 4.5
"""WCAG 2.2, 1.4.3: the contrast that text needs against what is under it."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour a picture uses, as `#rrggbb`; `paper` is under the text, `stage` is not."""

    paper: str
    paper_far: str
    ink: str
    quiet: str
    highlight: str
    button: str
    button_ink: str
    stage: str
    stage_far: str
    rim: str
    primary: str
    secondary: str
    accent: str
    dark: bool

    def p(self, lightness: float, strength: float = 1.0) -> str:
        """A shade of the primary colour; `lightness` is 0 for black and 1 for white."""
        return tone(self.primary, lightness, strength)

    def s(self, lightness: float, strength: float = 1.0) -> str:
        """A shade of the secondary colour."""
        return tone(self.secondary, lightness, strength)

    def a(self, lightness: float, strength: float = 1.0) -> str:
        """A shade of the accent colour."""
        return tone(self.accent, lightness, strength)


def channels(colour: str) -> Triple:
    """Red, green and blue of `#rrggbb`, each from 0 to 1."""
    value = int(colour.lstrip("#"), 16)
    return (value >> 16 & 255) / 255, (value >> 8 & 255) / 255, (value & 255) / 255


def hexadecimal(rgb: Triple) -> str:
    """`#rrggbb` for red, green and blue from 0 to 1."""
    red, green, blue = (round(min(1.0, max(0.0, part)) * 255) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def linear(part: float) -> float:
    """An sRGB channel as light."""
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def encoded(light: float) -> float:
    """Light as an sRGB channel."""
    if light <= 0.0031308:
        return 12.92 * light
    return float(1.055 * light ** (1 / 2.4) - 0.055)


def luminance(colour: str) -> float:
    """WCAG relative luminance, from 0 to 1."""
    red, green, blue = (linear(part) for part in channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def oklch(colour: str) -> Triple:
    """Lightness, chroma and hue (radians) in OKLCH (Ottosson 2020)."""
    red, green, blue = (linear(part) for part in channels(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    light = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    green_red = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    blue_yellow = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return light, math.hypot(green_red, blue_yellow), math.atan2(blue_yellow, green_red)


def from_oklch(light: float, chroma: float, hue: float) -> Triple:
    """Red, green and blue, which lie outside 0 to 1 where the screen cannot show the colour."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def tone(colour: str, lightness: float, strength: float = 1.0) -> str:
    """`colour` at another OKLCH lightness, as colourful as the screen allows."""
    _, chroma, hue = oklch(colour)
    chroma *= strength
    for _ in range(24):
        rgb = from_oklch(lightness, chroma, hue)
        if all(-0.002 <= part <= 1.002 for part in rgb):
            break
        chroma *= 0.86
    return hexadecimal(from_oklch(lightness, chroma, hue))


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` of `other` blended in, as painting over at that opacity would."""
    first, second = channels(one), channels(other)
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return hexadecimal((red, green, blue))


def readable(colour: str, *grounds: str, minimum: float = READABLE + 0.15) -> str:
    """`colour`, or the nearest shade of it that can be read on every one of `grounds`."""
    light = oklch(colour)[0]
    for step in range(51):
        for direction in (-1, 1):
            shade = colour if step == 0 else tone(colour, light + direction * step * 0.02)
            inside = step == 0 or 0.0 <= light + direction * step * 0.02 <= 1.0
            if inside and all(contrast(shade, ground) >= minimum for ground in grounds):
                return shade
    return max(("#000000", "#ffffff"), key=lambda ink: min(contrast(ink, g) for g in grounds))


def on_colour(ground: str) -> str:
    """White or a dark shade of `ground`, whichever can be read on it; white where both can."""
    candidates = ("#ffffff", tone(ground, 0.18, 0.6), "#000000")
    return next((ink for ink in candidates if contrast(ink, ground) >= READABLE + 0.1), "#000000")


def palette_for(brand: Brand, night: bool, rng: Random) -> Palette:
    """A dark scheme at night or for a dark brand, else a light or a vivid one."""
    light, chroma, _ = oklch(brand.primary)
    mood = "dark" if night or light < 0.28 else rng.choice(("light", "light", "vivid"))
    if mood == "vivid" and (chroma < 0.06 or light > 0.72):
        mood = "light"
    if mood == "dark":
        paper, paper_far = tone(brand.primary, 0.2, 0.75), tone(brand.primary, 0.26, 0.85)
        stage, stage_far = tone(brand.primary, 0.34), tone(brand.primary, 0.44)
        rim = tone(brand.primary, 0.55)
    elif mood == "vivid":
        shade = min(light, 0.5)
        paper, paper_far = tone(brand.primary, shade), tone(brand.primary, max(0.2, shade - 0.06))
        stage, stage_far = tone(brand.secondary, 0.9, 0.6), tone(brand.secondary, 0.8, 0.8)
        rim = tone(brand.primary, 0.66)
    else:
        paper, paper_far = tone(brand.primary, 0.985, 0.12), tone(brand.secondary, 0.95, 0.3)
        stage = stage_colour(brand)
        stage_far = tone(stage, max(0.25, oklch(stage)[0] - 0.1))
        rim = mix(paper_far, brand.accent, 0.32)
    dark = mood != "light"
    ink = readable(
        tone(brand.primary, 0.98 if dark else 0.24, 0.2 if dark else 0.8), paper, paper_far
    )
    quiet = readable(tone(brand.primary, 0.88 if dark else 0.42, 0.3), paper, paper_far)
    highlight = readable(brand.accent, paper, paper_far)
    button, button_ink = button_colours(brand, paper)
    return Palette(
        paper=paper,
        paper_far=paper_far,
        ink=ink,
        quiet=quiet,
        highlight=highlight,
        button=button,
        button_ink=button_ink,
        stage=stage,
        stage_far=stage_far,
        rim=rim,
        primary=brand.primary,
        secondary=brand.secondary,
        accent=brand.accent,
        dark=dark,
    )


def stage_colour(brand: Brand) -> str:
    """The first brand colour strong enough to stand out from light paper."""
    for colour in (brand.primary, brand.secondary, brand.accent):
        if oklch(colour)[0] <= 0.84:
            return colour
    return tone(brand.primary, 0.62)


def button_colours(brand: Brand, paper: str) -> tuple[str, str]:
    """The button and its words: the first brand colour that stands out from the paper.

    White words look best, so a colour that is a little too light for them is made darker.
    """
    button = tone(brand.primary, 0.3 if luminance(paper) > 0.3 else 0.9)
    for colour in (brand.accent, brand.primary, brand.secondary):
        if contrast(colour, paper) >= 2.2:
            button = colour
            break
    light = oklch(button)[0]
    for step in range(9):
        shade = button if step == 0 else tone(button, light - 0.01 * step)
        if contrast("#ffffff", shade) >= READABLE + 0.1 and contrast(shade, paper) >= 2.2:
            return shade, "#ffffff"
    return button, on_colour(button)
