"""Charts as SVG, drawn from a fact and nothing else; the same fact gives the same bytes.

Vega would need a JavaScript engine that reserves more address space than a specialist's process
may have. Five kinds of chart are all that a report needs.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from xml.sax.saxutils import escape

from flux_cli.adapters.specialists.analyst.facts import SIGNS, show
from flux_cli.adapters.specialists.analyst.story import Chart
from flux_cli.adapters.specialists.typography import FONT_FILES, FONT_FOLDER, Face, number
from flux_cli.domain.text import visible

WIDTH, HEIGHT = 1000, 562
INK, QUIET, GRID, BASE = "#1b2733", "#55636f", "#e4e9ed", "#93a1ac"
MAIN, SOFT, LOSS = "#256a9c", "#d7e6f1", "#bf4a30"
_FACES = {"text": "Flux Text Medium", "bold": "Flux Text Bold"}
_TEXT = 14.0


class Sheet:
    """A picture being drawn, white, with its title; coordinates in pixels."""

    def __init__(self, chart: Chart, height: int = HEIGHT) -> None:
        self.height = height
        self.parts: list[str] = []
        self.text(chart.title, 32, 44, size=22, face="bold", most=WIDTH - 64)

    def rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle; a width or height below zero goes the other way."""
        x, width = (x + width, -width) if width < 0 else (x, width)
        y, height = (y + height, -height) if height < 0 else (y, height)
        self.parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}"'
            f' height="{number(height)}" fill="{fill}"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = GRID) -> None:
        """A thin straight line."""
        self.parts.append(
            f'<line x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
            f' stroke="{colour}" stroke-width="1"/>'
        )

    def text(
        self,
        words: str,
        x: float,
        y: float,
        *,
        size: float = _TEXT,
        colour: str = INK,
        anchor: str = "start",
        face: str = "text",
        most: float = 0,
        turned: bool = False,
    ) -> None:
        """Words whose baseline is at `y`; with `most`, cut to that many pixels."""
        words = fitted(words, size, face, most) if most else face_of(face).printable(visible(words))
        turn = f' transform="rotate(-90 {number(x)} {number(y)})"' if turned else ""
        self.parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-family="{_FACES[face]}, Inter, Arial,'
            f' sans-serif" font-size="{number(size)}" fill="{colour}" text-anchor="{anchor}"'
            f"{' font-weight=' + chr(34) + 'bold' + chr(34) if face == 'bold' else ''}{turn}>"
            f"{escape(words)}</text>"
        )

    def path(self, data: str, *, stroke: str = "none", fill: str = "none", wide: float = 2) -> None:
        """A shape from SVG path data."""
        self.parts.append(
            f'<path d="{data}" stroke="{stroke}" fill="{fill}" stroke-width="{number(wide)}"'
            ' stroke-linejoin="round"/>'
        )

    def dot(self, x: float, y: float, *, hollow: bool = False) -> None:
        """A point of a line; hollow where it is not a whole period."""
        fill = "#ffffff" if hollow else MAIN
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="4" fill="{fill}" stroke="{MAIN}"'
            ' stroke-width="2"/>'
        )

    def svg(self, chart: Chart) -> bytes:
        """The whole picture."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}"'
            f' width="{WIDTH}" height="{self.height}" role="img">'
            f"<title>{escape(visible(chart.title))}</title><desc>{escape(visible(chart.alt))}</desc>"
            f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>'
        )
        return (head + "".join(self.parts) + "</svg>\n").encode("utf-8", "replace")


@lru_cache(maxsize=4)
def face_of(role: str) -> Face:
    """A bundled font."""
    return Face(FONT_FOLDER / FONT_FILES[role])


def font_paths() -> list[str]:
    """The fonts that the pictures are set in."""
    return [str(FONT_FOLDER / FONT_FILES[role]) for role in _FACES]


def fitted(words: str, size: float, face: str, most: float) -> str:
    """The words the font can draw, cut with an ellipsis to `most` pixels."""
    font = face_of(face)
    whole = font.printable(visible(words))
    if font.width(whole, size) <= most:
        return whole
    while whole and font.width(whole + "…", size) > most:
        whole = whole[:-1]
    return whole.rstrip() + "…"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from at most `low` to at least `high`."""
    if not high > low:
        high = low + (abs(low) or 1)
    power = 10.0 ** math.floor(math.log10((high - low) / about))
    step = next(power * k for k in (1, 2, 2.5, 5, 10) if (high - low) / (power * k) <= about)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{step * n:.12g}") for n in range(first, last + 1)]


def brief(value: float, form: str) -> str:
    """A tick's label: `$1.5M`, `20k`, `40 %`."""
    kind, _, unit = form.partition(":")
    if kind == "share":
        return f"{value * 100:g} %".replace("-", "−")
    size = abs(value)
    for limit, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= limit:
            shown = f"{size / limit:g}{letter}"
            break
    else:
        shown = f"{size:g}"
    sign = SIGNS.get(unit, f"{unit} ") if kind == "money" else ""
    return ("−" if value < 0 else "") + sign + shown + (" %" if kind == "points" else "")


def draw(chart: Chart) -> bytes:
    """The chart's SVG."""
    return _KINDS[chart.kind](chart)


def to_png(svg: bytes) -> bytes:
    """The picture as pixels, set in the bundled fonts only."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.decode(),
            skip_system_fonts=True,
            font_files=font_paths(),
            font_family=_FACES["text"],
            sans_serif_family=_FACES["text"],
        )
    )


def _pairs(chart: Chart) -> list[tuple[str, float, str]]:
    """(x as JSON holds it, y as a number, y as shown) of every row that has a y."""
    form = chart.fact.forms[chart.fact.columns.index(chart.y)]
    return [
        (str(x), float(Decimal(str(y))), show(y, form))
        for x, y in zip(chart.fact.column(chart.x), chart.fact.column(chart.y), strict=True)
        if y is not None
    ]


def _form(chart: Chart, column: str) -> str:
    return chart.fact.forms[chart.fact.columns.index(column)]


def _bars(chart: Chart) -> bytes:
    """Horizontal bars from a common zero, values beside them; losses go to the left, in red."""
    rows = _pairs(chart)
    tall = max(HEIGHT, 150 + 34 * len(rows))
    sheet = Sheet(chart, tall)
    top, foot = 92.0, tall - 62.0
    font = face_of("text")
    names = [fitted(x, _TEXT, "text", 230) for x, _, _ in rows]
    left = 48 + max([font.width(name, _TEXT) for name in names] + [60])
    widest = max(font.width(shown, _TEXT) for *_, shown in rows) + 14
    values = [value for _, value, _ in rows]
    scale = ticks(min(0.0, *values), max(0.0, *values))
    start = left + (widest if scale[0] < 0 else 0)
    right = WIDTH - 36 - widest

    def place(value: float) -> float:
        return start + (value - scale[0]) / (scale[-1] - scale[0]) * (right - start)

    for tick in scale:
        sheet.line(place(tick), top, place(tick), foot, BASE if tick == 0 else GRID)
        shown = brief(tick, _form(chart, chart.y))
        sheet.text(shown, place(tick), foot + 20, colour=QUIET, anchor="middle", size=13)
    step = (foot - top) / len(rows)
    thick = min(52.0, step * 0.62)
    for index, (name, (_, value, shown)) in enumerate(zip(names, rows, strict=True)):
        middle = top + step * (index + 0.5)
        sheet.rect(place(0), middle - thick / 2, place(value) - place(0), thick,
                   MAIN if value >= 0 else LOSS)  # fmt: skip
        sheet.text(name, left - 12, middle + 5, anchor="end")
        beyond = place(value) + (8 if value >= 0 else -8)
        sheet.text(shown, beyond, middle + 5, anchor="start" if value >= 0 else "end")
    sheet.text(
        chart.x_title, left - 12, top - 12, colour=QUIET, size=13, anchor="end", most=left - 24
    )
    sheet.text(chart.y_title, (start + right) / 2, tall - 16, colour=QUIET, size=13,
               anchor="middle", most=right - start)  # fmt: skip
    return sheet.svg(chart)


class _Plot:
    """A sheet with a vertical scale on the left and room below for a horizontal one."""

    def __init__(self, chart: Chart, low: float, high: float) -> None:
        self.sheet = Sheet(chart)
        self.scale = ticks(low, high)
        form = _form(chart, chart.y)
        labels = [brief(tick, form) for tick in self.scale]
        font = face_of("text")
        self.left = 62 + max(font.width(label, 13) for label in labels)
        self.right, self.top, self.foot = WIDTH - 40.0, 84.0, HEIGHT - 84.0
        for tick, label in zip(self.scale, labels, strict=True):
            y = self.y(tick)
            self.sheet.line(self.left, y, self.right, y, BASE if tick == 0 else GRID)
            self.sheet.text(label, self.left - 10, y + 4.5, size=13, colour=QUIET, anchor="end")
        middle = (self.top + self.foot) / 2
        self.sheet.text(chart.y_title, 30, middle, size=13, colour=QUIET, anchor="middle",
                        turned=True, most=self.foot - self.top)  # fmt: skip
        self.sheet.text(chart.x_title, (self.left + self.right) / 2, HEIGHT - 22, size=13,
                        colour=QUIET, anchor="middle", most=self.right - self.left)  # fmt: skip

    def y(self, value: float) -> float:
        share = (value - self.scale[0]) / (self.scale[-1] - self.scale[0])
        return self.foot - share * (self.foot - self.top)

    def below(self, words: str, x: float) -> None:
        """A label under the horizontal scale."""
        self.sheet.text(words, x, self.foot + 22, size=13, colour=QUIET, anchor="middle")


def _line(chart: Chart) -> bytes:
    rows = _pairs(chart)
    values = [value for _, value, _ in rows]
    low, high = min(values), max(values)
    # A sum is seen against nothing at all; an average may be seen more closely.
    from_zero = low >= 0 and (low < 0.7 * high)
    plot = _Plot(chart, 0.0 if from_zero else low - 0.1 * (high - low), high)
    sheet = plot.sheet
    days = [datetime.date.fromisoformat(x[:10]).toordinal() for x, *_ in rows]
    span = max(1, days[-1] - days[0])
    inset = 14.0

    def x(day: int) -> float:
        return plot.left + inset + (day - days[0]) / span * (plot.right - plot.left - 2 * inset)

    points = [(x(day), plot.y(value)) for day, value in zip(days, values, strict=True)]
    course = " L".join(f"{number(a)} {number(b)}" for a, b in points)
    if from_zero:
        ground = number(plot.y(0))
        first, last = number(points[0][0]), number(points[-1][0])
        sheet.path(f"M{course} L{last} {ground} L{first} {ground}Z", fill=SOFT)
    sheet.path(f"M{course}", stroke=MAIN, wide=2.5)
    form = _form(chart, chart.x)
    widest = max(face_of("text").width(show(one, form), 13) for one, *_ in rows) + 18
    every = max(1, math.ceil(len(rows) * widest / (plot.right - plot.left)))
    whole = chart.fact.column(chart.mark) if chart.mark else ["yes"] * len(rows)
    for index, ((one, _, _), (a, b)) in enumerate(zip(rows, points, strict=True)):
        if len(rows) <= 60 or whole[index] != "yes":
            sheet.dot(a, b, hollow=whole[index] != "yes")
        if index % every == 0:
            sheet.line(a, plot.foot, a, plot.foot + 5, BASE)
            plot.below(show(one, form), a)
    best = max(range(len(rows)), key=lambda index: values[index])
    anchor = (
        "start"
        if points[best][0] < WIDTH / 4
        else "end"
        if points[best][0] > WIDTH * 0.75
        else "middle"
    )
    sheet.text(rows[best][2], points[best][0], points[best][1] - 12, anchor=anchor, face="bold")
    return sheet.svg(chart)


def _columns(chart: Chart) -> bytes:
    rows = _pairs(chart)
    values = [value for _, value, _ in rows]
    plot = _Plot(chart, min(0.0, *values), max(0.0, *values))
    step = (plot.right - plot.left) / len(rows)
    font = face_of("text")
    size = 13.0
    while size > 9 and max(font.width(shown, size) for *_, shown in rows) > step - 4:
        size -= 0.5
    form = _form(chart, chart.x)
    for index, (x, value, shown) in enumerate(rows):
        middle = plot.left + step * (index + 0.5)
        plot.sheet.rect(
            middle - step * 0.34, plot.y(0), step * 0.68, plot.y(value) - plot.y(0), MAIN
        )
        above = plot.y(value) - 8 if value >= 0 else plot.y(value) + 18
        plot.sheet.text(shown, middle, above, size=size, anchor="middle")
        plot.below(fitted(show(x, form), 13, "text", step - 6), middle)
    return plot.sheet.svg(chart)


def _histogram(chart: Chart) -> bytes:
    rows = _pairs(chart)
    starts = [float(x) for x, *_ in rows]
    gaps = [b - a for a, b in itertools.pairwise(starts)]
    width = min(gaps) if gaps else 1.0
    plot = _Plot(chart, 0.0, max(value for _, value, _ in rows))
    low, high = starts[0], starts[-1] + width
    inset = 10.0

    def place(value: float) -> float:
        return (
            plot.left + inset + (value - low) / (high - low) * (plot.right - plot.left - 2 * inset)
        )

    for start, (_, value, _) in zip(starts, rows, strict=True):
        a, b = place(start), place(start + width)
        plot.sheet.rect(a + 0.75, plot.y(0), b - a - 1.5, plot.y(value) - plot.y(0), MAIN)
    for tick in ticks(low, high, 8):
        if low - 1e-9 <= tick <= high + 1e-9:
            plot.sheet.line(place(tick), plot.foot, place(tick), plot.foot + 5, BASE)
            plot.below(brief(tick, _form(chart, chart.x)), place(tick))
    return plot.sheet.svg(chart)


_KINDS: dict[str, Callable[[Chart], bytes]] = {
    "bars": _bars,
    "change": _bars,
    "line": _line,
    "columns": _columns,
    "histogram": _histogram,
}
