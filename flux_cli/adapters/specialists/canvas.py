"""A vector drawing being made: shapes, gradients and text outlines, written as one SVG."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

from flux_cli.adapters.specialists.typography import Point, number

Stop = tuple[float, str, float]


class Canvas:
    """A drawing of `width` × `height` pixels; what is added later lies on top."""

    __slots__ = ("_defs", "_names", "_parts", "height", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._parts: list[str] = []
        self._defs: list[str] = []
        self._names: dict[str, str] = {}

    def linear(self, top: str, foot: str, *, angle: float = 90.0, fade: float = 1.0) -> str:
        """A paint from `top` to `foot` along `angle`, 90 downwards; `fade` is its far opacity."""
        x, y = math.cos(math.radians(angle)) / 2, math.sin(math.radians(angle)) / 2
        ends = f'x1="{0.5 - x:.3f}" y1="{0.5 - y:.3f}" x2="{0.5 + x:.3f}" y2="{0.5 + y:.3f}"'
        return self._gradient("linearGradient", ends, ((0.0, top, 1.0), (1.0, foot, fade)))

    def radial(self, *stops: Stop, centre: Point = (0.5, 0.5), radius: float = 0.5) -> str:
        """A paint from the centre outwards; each stop is offset, colour, opacity."""
        ends = f'cx="{centre[0]:.3f}" cy="{centre[1]:.3f}" r="{radius:.3f}"'
        return self._gradient("radialGradient", ends, stops)

    def radial_at(self, centre: Point, radius: float, *stops: Stop) -> str:
        """A paint from a place in the drawing outwards, whatever the shape it fills."""
        ends = f'cx="{number(centre[0])}" cy="{number(centre[1])}" r="{number(radius)}"'
        return self._gradient("radialGradient", f'{ends} gradientUnits="userSpaceOnUse"', stops)

    def dots(self, step: float, radius: float, colour: str, opacity: float) -> str:
        """A paint of dots on a grid."""
        size = f'width="{number(step)}" height="{number(step)}" patternUnits="userSpaceOnUse"'
        middle = number(step / 2)
        dot = f'<circle cx="{middle}" cy="{middle}" r="{number(radius)}" fill="{colour}"'
        inside = f'{dot} fill-opacity="{number(opacity)}"/>'
        return f"url(#{self._define('pattern', size, inside)})"

    def _gradient(self, kind: str, ends: str, stops: tuple[Stop, ...]) -> str:
        inside = "".join(
            f'<stop offset="{offset:.3f}" stop-color="{colour}"'
            + (f' stop-opacity="{opacity:.3f}"' if opacity < 1 else "")
            + "/>"
            for offset, colour, opacity in stops
        )
        return f"url(#{self._define(kind, ends, inside)})"

    def _define(self, kind: str, attributes: str, inside: str) -> str:
        body = f"{attributes}>{inside}</{kind}>"
        if body not in self._names:
            self._names[body] = f"{kind[0]}{len(self._names)}"
            self._defs.append(f'<{kind} id="{self._names[body]}" {body}')
        return self._names[body]

    def path(
        self,
        data: str,
        fill: str = "none",
        *,
        stroke: str = "",
        line: float = 0.0,
        opacity: float = 1.0,
        holed: bool = False,
    ) -> None:
        """A shape from SVG path data; with `holed`, a second outline inside is cut out."""
        rule = ' fill-rule="evenodd"' if holed else ""
        seen = strokes(stroke, line, opacity)
        self._parts.append(f'<path d="{data}" fill="{fill}"{rule}{seen}/>')

    def circle(
        self,
        centre: Point,
        radius: float,
        fill: str = "none",
        *,
        stroke: str = "",
        line: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """A circle."""
        place = f'cx="{number(centre[0])}" cy="{number(centre[1])}" r="{number(radius)}"'
        self._parts.append(f'<circle {place} fill="{fill}"{strokes(stroke, line, opacity)}/>')

    def oval(
        self,
        centre: Point,
        radii: Point,
        fill: str = "none",
        *,
        stroke: str = "",
        line: float = 0.0,
        opacity: float = 1.0,
        turn: float = 0.0,
    ) -> None:
        """An ellipse, turned by `turn` degrees."""
        x, y = number(centre[0]), number(centre[1])
        turned = f' transform="rotate({number(turn)} {x} {y})"' if turn else ""
        self._parts.append(
            f'<ellipse cx="{x}" cy="{y}" rx="{number(radii[0])}" ry="{number(radii[1])}"'
            f' fill="{fill}"{strokes(stroke, line, opacity)}{turned}/>'
        )

    def slab(
        self,
        at: Point,
        size: Point,
        fill: str = "none",
        *,
        corner: float = 0.0,
        stroke: str = "",
        line: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """A rectangle with rounded corners."""
        self._parts.append(
            f'<rect x="{number(at[0])}" y="{number(at[1])}" width="{number(size[0])}"'
            f' height="{number(size[1])}" rx="{number(min(corner, min(size) / 2))}"'
            f' fill="{fill}"{strokes(stroke, line, opacity)}/>'
        )

    def picture(self, at: Point, size: Point, jpeg: bytes) -> None:
        """A JPEG that is part of the drawing itself, stretched to `size`."""
        data = base64.b64encode(jpeg).decode()
        self._parts.append(
            f'<image x="{number(at[0])}" y="{number(at[1])}" width="{number(size[0])}"'
            f' height="{number(size[1])}" preserveAspectRatio="none"'
            f' href="data:image/jpeg;base64,{data}"/>'
        )

    def line(
        self, points: tuple[Point, ...], colour: str, width: float, *, opacity: float = 1.0
    ) -> None:
        """A polyline with round ends."""
        data = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
        self.path(data, stroke=colour, line=width, opacity=opacity)

    def shadow(self, centre: Point, radii: Point, colour: str, opacity: float = 0.35) -> None:
        """A soft shadow on the ground."""
        fade = self.radial((0, colour, opacity), (0.55, colour, opacity * 0.45), (1, colour, 0))
        self.oval(centre, radii, fade)

    def glow(self, centre: Point, radius: float, colour: str, opacity: float = 0.8) -> None:
        """Light that fades outwards."""
        fade = self.radial((0, colour, opacity), (0.4, colour, opacity * 0.4), (1, colour, 0))
        self.circle(centre, radius, fade)

    def soft_slab(self, at: Point, size: Point, corner: float, colour: str) -> None:
        """The shadow of a card that floats above what is under it."""
        for step in range(6):
            grow = 3.0 * step
            self.slab(
                (at[0] - grow, at[1] - grow + 12),
                (size[0] + 2 * grow, size[1] + 2 * grow),
                colour,
                corner=corner + grow,
                opacity=0.045,
            )

    @contextmanager
    def group(self, transform: str = "", clip: str = "", attributes: str = "") -> Iterator[None]:
        """What is added inside is moved by `transform` and cut to the path data of `clip`."""
        moved = f' transform="{transform}"' if transform else ""
        cut = ""
        if clip:
            name = self._define("clipPath", 'clipPathUnits="userSpaceOnUse"', f'<path d="{clip}"/>')
            cut = f' clip-path="url(#{name})"'
        # The clip belongs to the outer coordinates, the transform to what is inside.
        self._parts.append(f"<g{cut}{attributes}><g{moved}>" if moved else f"<g{cut}{attributes}>")
        yield
        self._parts.append("</g></g>" if moved else "</g>")

    def text(self, role: str, words: str, data: str, fill: str) -> None:
        """Text as outlines, with its words kept for those who cannot see them."""
        self._parts.append(
            f'<g role="img" class="{role}" aria-label={quoteattr(words)}>'
            f'<path d="{data}" fill="{fill}"/></g>'
        )

    def svg(self, title: str, description: str) -> str:
        """The whole drawing."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}"'
            f' viewBox="0 0 {self.width} {self.height}" role="img" aria-labelledby="title desc">'
            f'<title id="title">{escape(title)}</title><desc id="desc">{escape(description)}</desc>'
            f"<defs>{''.join(self._defs)}</defs>{''.join(self._parts)}</svg>\n"
        )


def strokes(stroke: str, line: float, opacity: float) -> str:
    """The attributes of an outline and of a shape that lets light through.

    Opacity is that of fill and stroke, not of the element: a renderer would give each element
    a layer of its own, which is slow.
    """
    seen = f' fill-opacity="{number(opacity)}"' if opacity < 1 else ""
    if not stroke:
        return seen
    faint = f' stroke-opacity="{number(opacity)}"' if opacity < 1 else ""
    return (
        f'{seen} stroke="{stroke}" stroke-width="{number(line)}" stroke-linecap="round"'
        f' stroke-linejoin="round"{faint}'
    )
