"""What the pixels of a delivered picture say about a text: its ink, its ground, its contrast."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from flux_cli.adapters.specialists.palette import linear
from flux_cli.adapters.specialists.typography import Box

STRIP = 3
"""How far around a text its ground is looked at, in pixels."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares from 0 to 1, and a WCAG contrast ratio.

    `share` is how much of the box is ink, `spilled` how much of the strip around it is, `contrast`
    that of the ink against the part of the ground it is hardest to tell from.
    """

    share: float
    spilled: float
    contrast: float


def measure(picture: Any, box: Box) -> Measured | None:
    """Tell ink from ground in a box of an RGB image; None where there is only ground."""
    left, top = max(0, math.floor(box.x)), max(0, math.floor(box.y))
    right = min(picture.width, math.ceil(box.right))
    bottom = min(picture.height, math.ceil(box.bottom))
    if right - left < 3 or bottom - top < 3:
        return None
    frame = (
        max(0, left - STRIP),
        max(0, top - STRIP),
        min(picture.width, right + STRIP),
        min(picture.height, bottom + STRIP),
    )
    inside = luminances(picture.crop((left, top, right, bottom)))
    around = luminances(picture.crop(frame)) - inside
    if not around:
        return None
    ground = percentile(around, 0.5)
    # The ink is the end of the scale of brightness that is further from the ground.
    ends = percentile(inside, 0.012), percentile(inside, 0.988)
    ink = max(ends, key=lambda end: ratio(end, ground))
    if ratio(ink, ground) < 1.25:
        return None
    halfway = math.sqrt((ink + 0.05) * (ground + 0.05)) - 0.05
    darker = ink < ground
    return Measured(
        share=beyond(inside, halfway, darker),
        spilled=beyond(around, halfway, darker),
        contrast=ratio(ink, percentile(around, 0.04 if darker else 0.96)),
    )


def luminances(picture: Any) -> Counter[float]:
    """How many pixels have each WCAG relative luminance."""
    light = [linear(part / 255) for part in range(256)]
    counted: Counter[float] = Counter()
    for count, (red, green, blue) in picture.getcolors(picture.width * picture.height):
        value = 0.2126 * light[red] + 0.7152 * light[green] + 0.0722 * light[blue]
        counted[round(value, 4)] += count
    return counted


def percentile(counted: Counter[float], share: float) -> float:
    """The luminance below which `share` of the pixels lie."""
    wanted, seen, value = share * counted.total(), 0, 0.0
    for value in sorted(counted):
        seen += counted[value]
        if seen >= wanted:
            break
    return value


def beyond(counted: Counter[float], halfway: float, darker: bool) -> float:
    """The share of pixels that lie on the ink's side of `halfway`."""
    hits = sum(count for value, count in counted.items() if (value < halfway) == darker)
    return hits / counted.total()


def ratio(one: float, other: float) -> float:
    """The WCAG contrast ratio of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
