"""Colours that belong to a name: the same name gives the same palette, and its text is legible."""

from __future__ import annotations

import colorsys
import hashlib
import re

NAMED = {
    "amber": "#ffb000",
    "aqua": "#1fb5c9",
    "beige": "#efe3cf",
    "black": "#111111",
    "blue": "#1f5fbf",
    "brown": "#6b4423",
    "burgundy": "#6d1a36",
    "charcoal": "#2b2f36",
    "coral": "#ff6f59",
    "cream": "#fbf3e0",
    "dark blue": "#12305c",
    "dark green": "#12452f",
    "forest green": "#1f4d36",
    "gold": "#d4a017",
    "gray": "#6b7280",
    "green": "#2e7d4f",
    "grey": "#6b7280",
    "ivory": "#fbf8ec",
    "lavender": "#b7a3e0",
    "lime": "#a4d233",
    "magenta": "#c2187a",
    "maroon": "#6a1b2a",
    "mint": "#bfe8d4",
    "mustard": "#d9a520",
    "navy": "#14284b",
    "navy blue": "#14284b",
    "off-white": "#f7f4ec",
    "olive": "#66702f",
    "orange": "#ef7d1a",
    "peach": "#ffcfae",
    "pink": "#ee7fa5",
    "purple": "#5e3a9e",
    "red": "#c4302b",
    "rust": "#a8461f",
    "sage": "#a9bfa3",
    "sand": "#e6d7b8",
    "sky blue": "#7cc0ee",
    "slate": "#3d4a5c",
    "tan": "#d2b48c",
    "teal": "#0f6f73",
    "terracotta": "#c4623f",
    "turquoise": "#25b7b0",
    "violet": "#6f42c1",
    "white": "#ffffff",
    "yellow": "#f6c928",
}
"""What a designer would take a colour's name to mean when no code is given."""

_HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_NAME = re.compile(
    r"\b(" + "|".join(sorted(map(re.escape, NAMED), key=len, reverse=True)) + r")\b", re.IGNORECASE
)


def hex_colours(text: str) -> tuple[str, ...]:
    """Every `#rrggbb` or `#rgb` in `text`, in order, once each, as lower-case `#rrggbb`."""
    return tuple(dict.fromkeys(_long(match.group()) for match in _HEX.finditer(text)))


def named_colours(text: str) -> tuple[str, ...]:
    """Every colour `text` names in words, in order, once each, as `#rrggbb`."""
    return tuple(dict.fromkeys(NAMED[match.group(1).lower()] for match in _NAME.finditer(text)))


def derive(name: str, given: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """(primary, secondary, accent): the colours `given`, then the rest derived from `name`.

    A derived primary carries white text at 7:1 or more, a derived secondary is a pale tint
    that carries black text, and a derived accent stands out from the primary at 4.5:1 or more.
    """
    digest = hashlib.sha256(" ".join(name.lower().split()).encode()).digest()
    hue = int.from_bytes(digest[:2]) / 65536
    primary = given[0] if given else _darkest_needed(hue)
    if given:
        hue = _hue(primary)
    secondary = given[1] if len(given) > 1 else _hex(hue, 0.95, 0.45)
    if len(given) > 2:
        return primary, secondary, given[2]
    turn = (0.5, 0.42, 0.58, 0.33)[digest[2] % 4]
    return primary, secondary, _standing_out((hue + turn) % 1, primary)


def contrast(one: str, other: str) -> float:
    """The WCAG 2.2 contrast ratio of two `#rrggbb` colours, 1.0 to 21.0."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _darkest_needed(hue: float) -> str:
    """The lightest shade of `hue` on which white text still reaches 7:1."""
    for percent in range(40, 9, -1):
        colour = _hex(hue, percent / 100, 0.55)
        if contrast(colour, "#ffffff") >= 7:
            return colour
    return _hex(hue, 0.1, 0.55)


def _standing_out(hue: float, ground: str) -> str:
    """The most saturated shade of `hue` that reaches 4.5:1 on `ground`."""
    for step in range(40):
        for lightness in (0.55 + step / 100, 0.55 - step / 100):
            colour = _hex(hue, lightness, 0.72)
            if contrast(colour, ground) >= 4.5:
                return colour
    return "#ffffff" if contrast("#ffffff", ground) >= 4.5 else "#111111"


def _hex(hue: float, lightness: float, saturation: float) -> str:
    parts = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _long(code: str) -> str:
    digits = code[1:].lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits)


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hue(colour: str) -> float:
    return colorsys.rgb_to_hls(*_parts(colour))[0]


def _luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
