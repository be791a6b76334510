"""The pictured part of a banner: a shape cut into the paper, its scenery and its motif."""

from __future__ import annotations

from random import Random

from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.formats import Format
from flux_cli.adapters.specialists.motifs import Motif
from flux_cli.adapters.specialists.painted import Painted
from flux_cli.adapters.specialists.palette import Palette, mix
from flux_cli.adapters.specialists.typography import Box, Point, number

SHAPES = ("curve", "slope", "arch", "panel")
SQUARE = 400.0
"""Motifs are drawn in a square of this many units."""

BLEED = 40.0
"""How far a stage reaches beyond the banner, in pixels."""


def dice(seed: int) -> Random:
    """The only source of chance: the same seed gives the same picture."""
    return Random(seed)  # noqa: S311 - a picture is no secret


def paint_scene(
    canvas: Canvas, form: Format, shape: str, palette: Palette, motif: Motif, seed: int
) -> None:
    """Scenery first, the paper over it with the stage cut out, and what stands out of it last.

    A hole in the paper, because cutting the scenery itself costs a renderer a whole layer.
    """
    start, scale = placement(form, motif.framed)
    transform = f"translate({number(start[0])} {number(start[1])}) scale({number(scale)})"
    stage = form.stage
    view = Box(
        (stage.x - start[0]) / scale - 4,
        (stage.y - start[1]) / scale - 4,
        stage.width / scale + 8,
        stage.height / scale + 8,
    )
    with canvas.group(transform):
        motif.backdrop(canvas, palette, dice(seed), view)
        if motif.framed:
            motif.hero(canvas, palette, dice(seed + 1))
    paint_paper(canvas, form, shape, palette, dice(seed))
    if not motif.framed:
        with canvas.group(transform):
            motif.hero(canvas, palette, dice(seed + 1))


def paint_picture(
    canvas: Canvas, form: Format, shape: str, palette: Palette, seed: int, painted: Painted
) -> None:
    """The paper over a picture that fills the stage."""
    stage = form.stage
    # The shapes reach a little beyond the stage, never beyond the banner.
    left, top = max(0.0, stage.x - stage.width * 0.1), max(0.0, stage.y - stage.height * 0.1)
    width, height = canvas.width - left, canvas.height - top
    if form.side == "left":
        width = min(width, stage.width * 1.1)
    canvas.picture((left, top), (width, height), painted.cut(width, height))
    paint_paper(canvas, form, shape, palette, dice(seed))


def paint_paper(canvas: Canvas, form: Format, shape: str, palette: Palette, rng: Random) -> None:
    """The ground under the text: a slow gradient, faint arcs, and a rim around the stage."""
    size = (float(canvas.width), float(canvas.height))
    outline = outline_of(form, shape, 0.0)
    whole = rectangle(Box(0, 0, *size))
    fill = canvas.linear(palette.paper, palette.paper_far, angle=60)
    canvas.path(whole + outline, fill, holed=True)
    line = mix(palette.paper, palette.ink, 0.08)
    reach, turn = min(max(size), 1300.0), rng.uniform(0.85, 1.05)
    for step in range(4):
        if form.side == "right":
            break
        radius = reach * (0.16 + 0.075 * step) * turn
        canvas.circle((size[0], 0), radius, stroke=line, line=max(1.0, reach / 700))
    rim = outline_of(form, shape, max(2.5, min(12.0, form.stage.width / 50)))
    canvas.path(rim + outline, palette.rim, holed=True)


def placement(form: Format, framed: bool) -> tuple[Point, float]:
    """Where the motif's square starts, in pixels, and its scale."""
    stage = form.stage
    across, down = {"below": (430, 425), "corner": (420, 420)}.get(form.side, (455, 425))
    if form.width < 200:
        across = 360
    scale = min(stage.width / across, stage.height / down) * (0.92 if framed else 1.0)
    centre = (stage.x + stage.width * 0.51, stage.y + stage.height * 0.52)
    return (centre[0] - SQUARE / 2 * scale, centre[1] - (SQUARE / 2 + 4) * scale), scale


def rectangle(box: Box) -> str:
    """Path data of a rectangle."""
    left, right = number(box.x), number(box.right)
    return f"M{left} {number(box.y)}H{right}V{number(box.bottom)}H{left}Z"


def outline_of(form: Format, shape: str, grow: float) -> str:
    """Path data of the stage, `grow` pixels larger; it bleeds off every side but the text's."""
    box, side = form.stage, form.side
    if side == "corner":
        radius = box.width * 0.52
        return disc((box.x + box.width * 0.53, box.y + radius + box.height * 0.06), radius + grow)
    if side == "below":
        return outline_below(box, shape, grow)
    mirrored = side == "left"
    step = -1.0 if mirrored else 1.0
    start = (box.right if mirrored else box.x) - step * grow
    end = (box.x if mirrored else box.right) + step * BLEED
    top, foot, wide = box.y - BLEED, box.bottom + BLEED, box.width * step
    if shape == "slope":
        points = ((start + wide * 0.2, top), (end, top), (end, foot), (start, foot))
        return polygon_path(*points)
    if shape == "curve":
        near, bulge = start + wide * 0.18, start - wide * 0.035
        return (
            f"M{number(near)} {number(top)}C{number(bulge)} {number(box.y + box.height * 0.3)} "
            f"{number(bulge)} {number(box.y + box.height * 0.7)} {number(near)} {number(foot)}"
            f"H{number(end)}V{number(top)}Z"
        )
    if shape == "arch":
        x, y = box.x + box.width * 0.08, box.y + box.height * 0.08
        return arch(Box(x - grow, y - grow, box.width * 0.84 + 2 * grow, foot - y + grow))
    inset = min(box.width, box.height) * 0.065
    return rounded(
        Box(box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset),
        inset * 1.1,
        grow,
    )


def outline_below(box: Box, shape: str, grow: float) -> str:
    """The stage under the text, bleeding to the left, the right and the foot."""
    top = box.y + box.height * 0.05 - grow
    left, right, foot = box.x - BLEED, box.right + BLEED, box.bottom + BLEED
    if shape == "slope":
        return polygon_path(
            (left, top + box.width * 0.1), (right, top), (right, foot), (left, foot)
        )
    if shape == "arch":
        x = box.x + box.width * 0.07 - grow
        return arch(Box(x, top, box.width * 0.86 + 2 * grow, foot - top))
    if shape == "panel":
        inset = min(box.width, box.height) * 0.07
        y = box.y + box.height * 0.05
        inner = Box(box.x + inset, y, box.width - 2 * inset, box.bottom - inset - y)
        return rounded(inner, inset * 0.9, grow)
    crest, shoulder = top - box.height * 0.03, top + box.height * 0.16
    return (
        f"M{number(left)} {number(shoulder)}C{number(box.x + box.width * 0.3)} {number(crest)} "
        f"{number(box.x + box.width * 0.7)} {number(crest)} {number(right)} {number(shoulder)}"
        f"V{number(foot)}H{number(left)}Z"
    )


def polygon_path(*points: Point) -> str:
    """Path data of straight sides."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def arch(box: Box) -> str:
    """A doorway: a round head, straight sides."""
    radius = min(box.width / 2, box.height)
    x, right, spring = number(box.x), number(box.right), number(box.y + radius)
    r = number(radius)
    half, foot = number(box.width / 2), number(box.bottom)
    return f"M{x} {foot}V{spring}A{half} {r} 0 0 1 {right} {spring}V{foot}Z"


def rounded(inner: Box, corner: float, grow: float) -> str:
    """A rectangle with round corners, `grow` larger on every side."""
    box = Box(inner.x - grow, inner.y - grow, inner.width + 2 * grow, inner.height + 2 * grow)
    radius = corner + grow
    r, w, h = number(radius), number(box.width - 2 * radius), number(box.height - 2 * radius)
    turn = f"a{r} {r} 0 0 1"
    start = f"M{number(box.x + radius)} {number(box.y)}"
    return f"{start}h{w}{turn} {r} {r}v{h}{turn} -{r} {r}h-{w}{turn} -{r} -{r}v-{h}{turn} {r} -{r}Z"


def disc(centre: Point, radius: float) -> str:
    """A full circle."""
    x, y, r = number(centre[0] - radius), number(centre[1]), number(radius)
    turn, across = f"a{r} {r} 0 1 0", number(2 * radius)
    return f"M{x} {y}{turn} {across} 0{turn} -{across} 0Z"


def paint_mark(canvas: Canvas, at: Point, size: float, palette: Palette, kind: int) -> None:
    """The small sign before the product's name; `kind` keeps it the same in every format."""
    x, y = at
    fill = canvas.linear(palette.button, mix(palette.button, palette.highlight, 0.5), angle=45)
    canvas.slab((x, y), (size, size), fill, corner=size * 0.28)
    with canvas.group(f"translate({number(x)} {number(y)}) scale({size / 100:.4f})"):
        ink = palette.button_ink
        if kind == 0:
            canvas.path("M26 74A48 48 0 0 1 74 26V50A24 24 0 0 0 50 74Z", ink)
            canvas.circle((66, 66), 9, ink)
        elif kind == 1:
            canvas.path(
                "M50 22C54 44 56 46 78 50C56 54 54 56 50 78C46 56 44 54 22 50C44 46 46 44 50 22Z",
                ink,
            )
        elif kind == 2:
            for x, y in ((27, 58), (44, 42), (61, 28)):
                canvas.slab((x, y), (12, 74 - y), ink, corner=6)
        else:
            canvas.circle((40, 50), 19, stroke=ink, line=9)
            canvas.circle((62, 50), 19, stroke=ink, line=9)
