"""Text as outlines: measured, kerned, broken into lines and drawn from the bundled fonts."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FONT_FILES = {
    "sans": "flux-sans-bold.otf",
    "serif": "flux-serif-bold.ttf",
    "text": "flux-text-medium.ttf",
    "bold": "flux-text-bold.ttf",
}
FONT_FOLDER = Path(__file__).with_name("fonts")

# Characters the fonts lack, with what a typesetter would put in their place.
SUBSTITUTES = str.maketrans({"\u2011": "-", "\u2015": "—", "\u02bc": "’", "\u2032": "'", "|": "·"})

JOINING = frozenset(
    (
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "for",
        "and",
        "or",
        "by",
        "is",
        "at",
        "with",
        "than",
        "de",
        "la",
        "el",
        "le",
        "und",
    )
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def inside(self, other: Box, slack: float = 0.0) -> bool:
        """Whether no part of this box sticks out of `other` by more than `slack` pixels."""
        return (
            self.x >= other.x - slack
            and self.y >= other.y - slack
            and self.right <= other.right + slack
            and self.bottom <= other.bottom + slack
        )


@dataclass(frozen=True, slots=True)
class Outline:
    """One drawn line of text: its path data and the box its ink fills."""

    path: str
    ink: Box


@dataclass(frozen=True, slots=True)
class Setting:
    """A text broken into lines at one size; `leading` is the distance between baselines."""

    lines: tuple[str, ...]
    size: float
    leading: float
    width: float

    @property
    def height(self) -> float:
        """From the top of the first line's capitals to the foot of the last line's descenders."""
        return self.leading * (len(self.lines) - 1) + self.size * 0.96


class Face:
    """One font: measures and draws at any size; pairs are kerned from its GPOS table."""

    __slots__ = (
        "_advances",
        "_cmap",
        "_glyphs",
        "_kerned",
        "_pairs",
        "_units",
        "_widths",
        "cap_height",
    )

    def __init__(self, path: Path) -> None:
        from fontTools.ttLib import TTFont

        font: Any = TTFont(io.BytesIO(path.read_bytes()), lazy=True)
        self._units = float(font["head"].unitsPerEm)
        self._cmap: dict[int, str] = font.getBestCmap()
        self._glyphs: Any = font.getGlyphSet()
        self._advances: dict[str, float] = {}
        self._kerned: dict[tuple[str, str], float] = {}
        self._widths: dict[str, float] = {}
        self._pairs = tuple(kerning_subtables(font))
        self.cap_height = float(font["OS/2"].sCapHeight) / self._units

    def covers(self, text: str) -> bool:
        """Whether the font has a glyph for every character."""
        return all(ord(character) in self._cmap for character in text)

    def printable(self, text: str) -> str:
        """`text` on one line, without what the font cannot draw."""
        tidy = unicodedata.normalize("NFC", text).translate(SUBSTITUTES)
        kept: list[str] = []
        for character in tidy:
            if ord(character) in self._cmap and not character.isspace():
                kept.append(character)
            elif character.isspace() or unicodedata.category(character) == "Cc":
                kept.append(" ")
            else:
                plain = unicodedata.normalize("NFKD", character)
                kept.extend(part for part in plain if ord(part) in self._cmap)
        return " ".join("".join(kept).split())

    def width(self, text: str, size: float, tracking: float = 0.0) -> float:
        """How wide `text` is set, in pixels; `tracking` is extra space per glyph in ems."""
        if text not in self._widths:
            self._widths[text] = sum(step for _, step in self._steps(text))
        return (self._widths[text] / self._units + tracking * max(0, len(text) - 1)) * size

    def outline(self, text: str, at: Point, size: float, tracking: float = 0.0) -> Outline:
        """The path of `text` with its baseline starting at `at`."""
        from fontTools.pens.boundsPen import BoundsPen
        from fontTools.pens.svgPathPen import SVGPathPen
        from fontTools.pens.transformPen import TransformPen

        scale = size / self._units
        paths: Any = SVGPathPen(self._glyphs, ntos=number)
        bounds: Any = BoundsPen(self._glyphs)
        x, y = at
        for glyph, step in self._steps(text):
            placed = (scale, 0, 0, -scale, x, y)
            self._glyphs[glyph].draw(TransformPen(paths, placed))
            self._glyphs[glyph].draw(TransformPen(bounds, placed))
            x += step * scale + tracking * size
        left, top, right, bottom = bounds.bounds or (at[0], at[1], at[0], at[1])
        return Outline(paths.getCommands(), Box(left, top, right - left, bottom - top))

    def _steps(self, text: str) -> Iterable[tuple[str, float]]:
        """Each glyph with the distance to the next one's origin, in font units."""
        names = [self._cmap[ord(c)] for c in text if ord(c) in self._cmap]
        for index, name in enumerate(names):
            if name not in self._advances:
                self._advances[name] = float(self._glyphs[name].width)
            following = names[index + 1] if index + 1 < len(names) else ""
            yield name, self._advances[name] + self._kern(name, following)

    def _kern(self, left: str, right: str) -> float:
        if not right:
            return 0.0
        if (left, right) not in self._kerned:
            moves = (
                pair_adjustment(subtable, left, right)
                for subtable in self._pairs
                if left in subtable.Coverage.glyphs
            )
            self._kerned[left, right] = next((m for m in moves if m is not None), 0.0)
        return self._kerned[left, right]


class Typefaces:
    """The bundled fonts by role, each read when it is first used."""

    __slots__ = ("_faces",)

    def __init__(self) -> None:
        self._faces: dict[str, Face] = {}

    def face(self, role: str) -> Face:
        """The font for a role of `FONT_FILES`."""
        if role not in self._faces:
            self._faces[role] = Face(FONT_FOLDER / FONT_FILES[role])
        return self._faces[role]

    def for_text(self, text: str, preferred: str) -> Face:
        """The preferred font, or the text bold where only that one can draw `text` whole."""
        face, spare = self.face(preferred), self.face("bold")
        letters = "".join(text.split())
        return spare if not face.covers(letters) and spare.covers(letters) else face


def kerning_subtables(font: Any) -> Iterable[Any]:
    """The pair subtables of a font's kern feature, extensions resolved."""
    if "GPOS" not in font:
        return
    table = font["GPOS"].table
    wanted = {
        index
        for record in table.FeatureList.FeatureRecord
        if record.FeatureTag == "kern"
        for index in record.Feature.LookupListIndex
    }
    for index in sorted(wanted):
        for subtable in table.LookupList.Lookup[index].SubTable:
            real = subtable.ExtSubTable if subtable.LookupType == 9 else subtable
            if real.LookupType == 2:
                yield real


def pair_adjustment(subtable: Any, left: str, right: str) -> float | None:
    """How a pair subtable moves `right`, in font units, or None where it does not say."""
    if subtable.Format == 1:
        pairs = subtable.PairSet[subtable.Coverage.glyphs.index(left)].PairValueRecord
        for pair in pairs:
            if pair.SecondGlyph == right:
                return float(getattr(pair.Value1, "XAdvance", 0) or 0)
        return None
    first = subtable.ClassDef1.classDefs.get(left, 0)
    second = subtable.ClassDef2.classDefs.get(right, 0)
    value = subtable.Class1Record[first].Class2Record[second].Value1
    return float(getattr(value, "XAdvance", 0) or 0)


def number(value: float) -> str:
    """A coordinate with at most two decimals and no trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def balanced(face: Face, text: str, size: float, width: float, count: int) -> tuple[str, ...]:
    """`text` in exactly `count` lines of the most even width, or () where it does not fit."""
    words = text.split()
    if count > len(words):
        return ()
    even = face.width(text, size) / count
    best: dict[tuple[int, int], tuple[float, tuple[str, ...]]] = {(0, 0): (0.0, ())}
    for line in range(1, count + 1):
        for end in range(line, len(words) - (count - line) + 1):
            for start in range(line - 1, end):
                before = best.get((line - 1, start))
                piece = " ".join(words[start:end])
                wide = face.width(piece, size)
                if before is None or wide > width:
                    continue
                cost = before[0] + (wide - even) ** 2 + widow_cost(words[end - 1], even)
                if end == len(words):
                    cost -= widow_cost(words[end - 1], even)
                if (line, end) not in best or cost < best[line, end][0]:
                    best[line, end] = (cost, (*before[1], piece))
    found = best.get((count, len(words)))
    return found[1] if found else ()


def widow_cost(last: str, even: float) -> float:
    """A line that ends on a short joining word reads badly; one that ends a phrase reads well."""
    if last.lower() in JOINING:
        return (even * 0.25) ** 2
    return -((even * 0.2) ** 2) if last[-1] in ".,;:—" else 0.0


def fit(
    face: Face,
    text: str,
    box: Point,
    sizes: Point,
    lines: int,
    leading: float = 1.12,
) -> Setting | None:
    """The best setting of `text` in `box` (width, height): large, and of even lines.

    None where it does not fit at the smaller of `sizes`.
    """
    (width, height), (smallest, largest) = box, sizes
    best: tuple[float, Setting] | None = None
    size = largest
    while size >= smallest and (best is None or size > best[0]):
        for count in range(1, lines + 1):
            if size * (0.96 + leading * (count - 1)) > height:
                break
            broken = balanced(face, text, size, width, count)
            if broken:
                widths = [face.width(line, size) for line in broken]
                score = size * min(1.0, 0.72 + 0.4 * min(widths) / max(widths))
                if best is None or score > best[0]:
                    best = (score, Setting(broken, size, size * leading, max(widths)))
                break
        size = max(smallest, size * 0.96) if size > smallest else 0.0
    return best[1] if best else None
