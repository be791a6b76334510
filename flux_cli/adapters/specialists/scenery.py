"""What lies behind a motif: skies, hills, water and studio light, without an edge.

Everything is drawn around a square of 400 units that the motif fills. Scenery reaches far
beyond it on every side, so the same scene fills a tall stage and a wide one.
"""

from __future__ import annotations

import math
from random import Random

from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.palette import Palette, mix
from flux_cli.adapters.specialists.typography import Box, Point, number

LEFT, RIGHT, TOP, FOOT = -520.0, 940.0, -520.0, 900.0


def smooth(points: list[Point]) -> str:
    """Path data of a soft curve through `points` (Catmull-Rom as cubic Béziers)."""
    data = f"M{number(points[0][0])} {number(points[0][1])}"
    for index in range(len(points) - 1):
        before, start = points[max(0, index - 1)], points[index]
        end, after = points[index + 1], points[min(len(points) - 1, index + 2)]
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        data += "C" + " ".join(number(v) for point in (first, second, end) for v in point)
    return data


def polygon(*points: Point) -> str:
    """Path data of a closed shape with straight sides."""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"


def grounded(curve: str, left: float = LEFT, right: float = RIGHT, foot: float = FOOT) -> str:
    """`curve`, from left to right, closed below; no deeper than what the next layer covers."""
    return f"{curve}L{number(right)} {number(foot)}L{number(left)} {number(foot)}Z"


def hill(rng: Random, level: float, swell: float, step: float, foot: float = FOOT) -> str:
    """A rolling hill whose crest moves around `level`."""
    shift = rng.uniform(0, step)
    points: list[Point] = []
    x, sign = LEFT - shift, rng.choice((-1, 1))
    while x < RIGHT + 2 * step:
        points.append((x, level + sign * swell * rng.uniform(0.35, 1.0)))
        x, sign = x + step * rng.uniform(0.8, 1.2), -sign
    return grounded(smooth(points), points[0][0], points[-1][0], foot)


def ridge(rng: Random, level: float, rise: float, step: float) -> str:
    """A jagged mountain range whose peaks stand `rise` above `level`."""
    points: list[Point] = [(LEFT, level)]
    x = LEFT + rng.uniform(0, step)
    while x < RIGHT:
        points.append((x, level - rise * rng.uniform(0.55, 1.0)))
        points.append((x + step * 0.3, level - rise * rng.uniform(0.3, 0.5)))
        points.append((x + step * 0.55, level - rise * rng.uniform(0.05, 0.25)))
        x += step * rng.uniform(0.8, 1.15)
    return polygon(*points, (RIGHT, level), (RIGHT, level + 60), (LEFT, level + 60))


def sky(canvas: Canvas, view: Box, high: str, low: str, horizon: float) -> None:
    """A sky that changes between the stage's head and the horizon, and not far outside."""
    head = max(view.y, -120.0)
    if head > view.y:
        canvas.slab((view.x, view.y), (view.width, head - view.y + 1), high)
    canvas.slab((view.x, head), (view.width, horizon - head), canvas.linear(high, low))
    canvas.slab((view.x, horizon - 1), (view.width, 120), low)


def pine(canvas: Canvas, foot: Point, height: float, colour: str, shade: str) -> None:
    """A fir of three tiers, its right half in shade."""
    x, y = foot
    canvas.slab((x - height * 0.035, y - height * 0.16), (height * 0.07, height * 0.17), shade)
    for tier in range(3):
        base, half = y - height * (0.12 + 0.24 * tier), height * (0.27 - 0.06 * tier)
        top = base - height * 0.4
        canvas.path(polygon((x, top), (x + half, base), (x - half, base)), colour)
        canvas.path(polygon((x, top), (x + half, base), (x, base)), shade)


def stars(canvas: Canvas, rng: Random, colour: str, horizon: float) -> None:
    """A clear night: many faint stars and a few bright ones."""
    for _ in range(110):
        place = (rng.uniform(-480, 900), rng.uniform(-480, horizon))
        size = rng.choice((0.9, 1.1, 1.3, 1.3, 2.2))
        canvas.circle(place, size, colour, opacity=rng.uniform(0.35, 0.95))


def night(canvas: Canvas, palette: Palette, rng: Random, view: Box) -> None:
    """Mountains and firs under stars and a thin moon."""
    sky(canvas, view, palette.p(0.17), palette.p(0.42), 300)
    stars(canvas, rng, palette.a(0.96, 0.3), 210)
    moon = (rng.choice((52.0, 356.0)), 42.0)
    canvas.glow(moon, 90, palette.a(0.9, 0.4), 0.3)
    canvas.circle(moon, 22, palette.a(0.96, 0.3))
    canvas.circle((moon[0] + 9, moon[1] - 5), 19, palette.p(0.23))
    canvas.path(ridge(rng, 300, 150, 190), canvas.linear(palette.p(0.4), palette.p(0.46)))
    canvas.path(ridge(rng, 320, 100, 150), canvas.linear(palette.p(0.31), palette.p(0.36)))
    for _ in range(24):
        x = rng.uniform(-480, 900)
        pine(canvas, (x, 345), rng.uniform(44, 92), palette.p(0.24), palette.p(0.21))
    canvas.path(hill(rng, 334, 8, 240), canvas.linear(palette.p(0.25), palette.p(0.15)))


def day(canvas: Canvas, palette: Palette, rng: Random, view: Box) -> None:
    """Morning over rolling hills, with a low sun."""
    sky(canvas, view, palette.p(0.86, 0.7), palette.a(0.95, 0.5), 260)
    sun = (rng.uniform(250, 330), rng.uniform(70, 110))
    canvas.glow(sun, 170, palette.a(0.98, 0.6), 0.9)
    canvas.circle(sun, 46, canvas.linear(palette.a(0.94), palette.a(0.85)))
    cloud(canvas, (60, 66), 1.0, "#ffffff")
    cloud(canvas, (-260, 20), 1.3, "#ffffff")
    cloud(canvas, (560, 130), 1.2, "#ffffff")
    canvas.path(
        hill(rng, 235, 34, 210, 330), canvas.linear(palette.p(0.76, 0.7), palette.p(0.7, 0.8))
    )
    canvas.path(hill(rng, 278, 24, 190, 360), canvas.linear(palette.p(0.64, 0.9), palette.p(0.56)))
    canvas.path(hill(rng, 326, 12, 260), canvas.linear(palette.p(0.5), palette.p(0.36)))


def cloud(canvas: Canvas, at: Point, scale: float, colour: str) -> None:
    """A flat-bottomed cloud."""
    x, y = at
    with canvas.group(f"translate({number(x)} {number(y)}) scale({number(scale)})"):
        for dx, dy, radius in ((0, 0, 17), (24, -10, 24), (52, -3, 18)):
            canvas.circle((dx, dy), radius, colour, opacity=0.75)
        canvas.slab((-17, -2), (87, 19), colour, corner=10, opacity=0.75)


def alpine(canvas: Canvas, palette: Palette, rng: Random, view: Box) -> None:
    """Ranges that grow paler with distance under a high sun."""
    sky(canvas, view, palette.p(0.8, 0.8), palette.a(0.94, 0.6), 250)
    sun = (rng.choice((92.0, 318.0)), 78.0)
    canvas.glow(sun, 170, palette.a(0.98, 0.6), 0.9)
    canvas.circle(sun, 40, canvas.linear(palette.a(0.95), palette.a(0.84)))
    canvas.path(
        ridge(rng, 262, 140, 200), canvas.linear(palette.p(0.74, 0.7), palette.p(0.82, 0.5))
    )
    canvas.path(ridge(rng, 292, 110, 170), canvas.linear(palette.p(0.6, 0.8), palette.p(0.7, 0.6)))


def sea(canvas: Canvas, palette: Palette, rng: Random, view: Box) -> None:
    """Open water under a large low sun."""
    sky(canvas, view, palette.p(0.78, 0.8), palette.a(0.94, 0.6), 230)
    canvas.glow((200, 190), 210, palette.a(0.97, 0.7), 0.9)
    canvas.circle((200, 190), 104, canvas.linear(palette.a(0.95), palette.a(0.78)))
    cloud(canvas, (-40, 70), 1.1, "#ffffff")
    cloud(canvas, (350, 40), 0.9, "#ffffff")
    cloud(canvas, (640, 90), 1.3, "#ffffff")
    cloud(canvas, (-400, 30), 1.2, "#ffffff")
    canvas.path(
        grounded(f"M{LEFT} 232L{RIGHT} 232"), canvas.linear(palette.p(0.66), palette.p(0.5))
    )
    for index in range(4):
        y = 244 + index * 13
        half = rng.uniform(30, 84)
        canvas.line(((200 - half, y), (200 + half, y)), palette.a(0.93, 0.8), 4, opacity=0.75)


def room(canvas: Canvas, palette: Palette, view: Box, centre: Point, reach: float) -> None:
    """A wall in the stage's colour with one soft light on it."""
    light = mix(palette.stage, "#ffffff", 0.26)
    stops = ((0.0, light, 1.0), (0.45, palette.stage, 1.0), (1.0, palette.stage_far, 1.0))
    fill = canvas.radial_at(centre, reach, *stops)
    canvas.slab((view.x, view.y), (view.width, view.height), fill)


def studio(canvas: Canvas, palette: Palette, rng: Random, view: Box) -> None:
    """A lit room in the stage's colour: wide rings, a pool of light and a round podium."""
    room(canvas, palette, view, (200, 160), 470)
    rings(canvas, palette, rng)
    canvas.shadow((200, 362), (230, 46), palette.p(0.16), 0.4)
    rim, side = mix(palette.stage, "#ffffff", 0.42), mix(palette.stage_far, "#000000", 0.1)
    canvas.path(
        "M40 340C40 318 360 318 360 340L360 362C360 392 40 392 40 362Z",
        canvas.linear(mix(side, "#ffffff", 0.12), side, angle=0),
    )
    canvas.oval((200, 340), (160, 24), canvas.linear(rim, mix(palette.stage, "#ffffff", 0.2)))


def rings(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """Thin concentric rings and a few dots on them."""
    ink = mix(palette.stage, "#ffffff", 0.6)
    for index in range(7):
        radius = 150.0 + index * 62
        canvas.circle((200, 180), radius, stroke=ink, line=1.4, opacity=0.42 - index * 0.045)
        turn = rng.uniform(0, math.tau)
        spot = (200 + radius * math.cos(turn), 180 + radius * math.sin(turn))
        canvas.circle(spot, rng.choice((3.0, 4.5, 6.0)), ink, opacity=0.7)


def screen(canvas: Canvas, palette: Palette, rng: Random, view: Box) -> None:
    """A quiet field of dots under light from one corner, for work on screens."""
    room(canvas, palette, view, (rng.uniform(60, 140), 30), 560)
    light = mix(palette.stage, "#ffffff", 0.55)
    canvas.glow((rng.uniform(300, 380), 390), 190, light, 0.35)
    canvas.slab((view.x, view.y), (view.width, view.height), canvas.dots(28, 1.5, light, 0.3))
