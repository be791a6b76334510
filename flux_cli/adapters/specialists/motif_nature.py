"""Motifs from outdoors: a lantern, the sun, a peak, a plant and the sea."""

from __future__ import annotations

import math
from random import Random

from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.palette import Palette, mix, oklch, tone
from flux_cli.adapters.specialists.scenery import pine, polygon, smooth
from flux_cli.adapters.specialists.typography import Point, number


def lantern(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A camping lantern that lights the ground it stands on, beside a tent."""
    warm = palette.a(0.9)
    tent(canvas, palette, (rng.choice((-6.0, 8.0)), 346))
    canvas.glow((200, 220), 250, warm, 0.6)
    canvas.oval((200, 362), (190, 26), canvas.radial((0, warm, 0.75), (1, warm, 0)))
    canvas.path("M142 150C130 22 270 22 258 150", stroke=palette.p(0.62, 0.5), line=9)
    canvas.path("M142 150C130 22 270 22 258 150", stroke=palette.p(0.8, 0.4), line=2.5)
    canvas.glow((200, 222), 120, "#ffffff", 0.7)
    glass = canvas.radial(
        (0, "#ffffff", 1), (0.35, palette.a(0.95, 0.8), 1), (1, palette.a(0.8), 1)
    )
    canvas.slab((142, 146), (116, 158), glass, corner=26)
    canvas.slab((190, 172), (20, 106), "#ffffff", corner=10)
    for x in (150, 178, 216, 244):
        canvas.slab((x, 148), (6, 154), palette.p(0.3), corner=3, opacity=0.85)
    canvas.slab((154, 156), (7, 138), "#ffffff", corner=3, opacity=0.5)
    metal = canvas.linear(palette.p(0.52), palette.p(0.24), angle=0)
    canvas.path("M128 150L146 112C148 106 252 106 254 112L272 150Z", metal)
    canvas.path(polygon((153, 116), (247, 116), (260, 142), (140, 142)), palette.p(0.2))
    for x, lean in ((176, -4), (200, 0), (224, 4)):
        canvas.line(((x, 117), (x + lean, 141)), palette.a(0.82), 1.6, opacity=0.8)
    canvas.line(((147, 129), (253, 129)), palette.a(0.82), 1.6, opacity=0.8)
    canvas.slab(
        (122, 146), (156, 14), canvas.linear(palette.p(0.6), palette.p(0.3), angle=0), corner=7
    )
    canvas.slab(
        (122, 296), (156, 15), canvas.linear(palette.p(0.6), palette.p(0.3), angle=0), corner=7
    )
    canvas.path("M132 308L268 308L280 350C280 362 120 362 120 350Z", metal)
    canvas.slab((178, 322), (44, 16), palette.p(0.18), corner=8)
    canvas.circle((190, 330), 4.5, palette.a(0.86))
    canvas.line(((202, 330), (213, 330)), palette.a(0.86), 3)


def tent(canvas: Canvas, palette: Palette, foot: Point) -> None:
    """A ridge tent, lit from inside."""
    x, y = foot
    canvas.shadow((x + 20, y + 4), (140, 14), palette.p(0.1), 0.6)
    canvas.path(
        polygon((x - 40, y - 96), (x + 60, y - 108), (x + 128, y), (x + 20, y)),
        canvas.linear(palette.s(0.52), palette.s(0.34)),
    )
    canvas.path(
        polygon((x - 40, y - 96), (x + 22, y), (x - 104, y)),
        canvas.linear(palette.s(0.72), palette.s(0.55)),
    )
    canvas.path(
        f"M{number(x - 40)} {number(y - 92)}L{number(x - 12)} {number(y)}L{number(x - 70)} "
        f"{number(y)}Z",
        canvas.linear(palette.a(0.78), palette.a(0.93)),
    )


def sun(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A large sun whose rays turn around a panel that drinks the light."""
    turn = rng.uniform(0, 0.3)
    canvas.glow((214, 158), 200, palette.a(0.97, 0.7), 0.8)
    for index in range(16):
        angle, near, far = math.tau * index / 16 + turn, 102, 124 + 14 * (index % 2)
        ends = tuple((214 + r * math.cos(angle), 158 + r * math.sin(angle)) for r in (near, far))
        canvas.line(ends, palette.a(0.84), 8)
    canvas.circle((214, 158), 84, canvas.linear(palette.a(0.95), palette.a(0.76)))
    canvas.oval((192, 128), (36, 21), "#ffffff", opacity=0.25, turn=-35)
    canvas.shadow((196, 356), (190, 20), palette.p(0.12), 0.55)
    canvas.path(polygon((184, 300), (210, 300), (222, 356), (172, 356)), palette.p(0.3))
    frame = ((82, 218), (318, 200), (352, 322), (46, 340))
    canvas.path(polygon(*frame), palette.p(0.93, 0.2))
    inner = ((90, 225), (312, 208), (342, 315), (57, 332))
    canvas.path(polygon(*inner), canvas.linear(palette.p(0.3), palette.p(0.46), angle=-20))
    for part in (0.25, 0.5, 0.75):
        rows = (between(inner[0], inner[3], part), between(inner[1], inner[2], part))
        columns = (between(inner[0], inner[1], part), between(inner[3], inner[2], part))
        canvas.line(rows, palette.p(0.8, 0.4), 1.8, opacity=0.8)
        canvas.line(columns, palette.p(0.8, 0.4), 1.8, opacity=0.8)
    canvas.path(polygon((90, 225), (160, 220), (118, 328), (57, 332)), "#ffffff", opacity=0.14)


def between(start: Point, end: Point, share: float) -> Point:
    """The point `share` of the way from `start` to `end`."""
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def peak(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A snow-capped summit above firs, a lake and a path."""
    body = ((200, 58), (262, 140), (292, 166), (396, 322), (10, 322), (106, 172), (138, 140))
    canvas.path(polygon(*body), canvas.linear(palette.p(0.52), palette.p(0.66)))
    shade = (
        (200, 58),
        (262, 140),
        (292, 166),
        (396, 322),
        (226, 322),
        (190, 262),
        (216, 190),
        (186, 132),
    )
    canvas.path(polygon(*shade), canvas.linear(palette.p(0.36), palette.p(0.5)))
    snow = (
        (200, 58),
        (262, 140),
        (240, 152),
        (222, 138),
        (204, 168),
        (184, 146),
        (160, 166),
        (138, 140),
    )
    canvas.path(polygon(*snow), "#ffffff")
    cold = ((200, 58), (262, 140), (240, 152), (222, 138), (206, 165), (210, 130), (190, 100))
    canvas.path(polygon(*cold), palette.p(0.88, 0.5))
    valley(canvas, palette, rng)


def valley(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """The land below the summit: a fir forest, a meadow and a path through it."""
    foot = [
        (-520.0, 330.0),
        (-260, 306),
        (-60, 318),
        (120, 296),
        (300, 312),
        (470, 298),
        (940.0, 320.0),
    ]
    canvas.path(smooth(foot) + "L940 420L-520 420Z", canvas.linear(palette.p(0.42), palette.p(0.3)))
    for x in sorted(rng.sample(range(-500, 920, 34), 32)):
        if not 150 < x < 262:
            pine(
                canvas,
                (x, 326 + rng.uniform(-4, 12)),
                rng.uniform(52, 96),
                palette.p(0.4),
                palette.p(0.31),
            )
    near = [(-520.0, 360.0), (-200, 346), (200, 342), (600, 350), (940.0, 358.0)]
    canvas.path(
        smooth(near) + "L940 900L-520 900Z", canvas.linear(palette.p(0.34), palette.p(0.22))
    )
    canvas.path(
        "M150 420C150 384 250 384 232 362C222 350 196 350 204 336L210 336C206 348 240 348 "
        "250 362C270 388 196 390 250 420Z",
        canvas.linear(palette.a(0.9, 0.7), palette.a(0.78)),
    )


def leaf(
    canvas: Canvas,
    foot: Point,
    length: float,
    angle: float,
    tones: tuple[str, str],
    breadth: float = 0.235,
) -> None:
    """One leaf from `foot`, its halves in two tones; `angle` 0 points up, positive leans right."""
    half, x, y = length * breadth, foot[0], foot[1]
    with canvas.group(f"translate({number(x)} {number(y)}) rotate({number(angle)})"):
        tip = f"0 {number(-length)}"
        left = (
            f"M0 0C{number(-half * 1.5)} {number(-length * 0.28)} {number(-half * 1.1)} "
            f"{number(-length * 0.76)} {tip}Z"
        )
        right = (
            f"M0 0C{number(half * 1.5)} {number(-length * 0.28)} {number(half * 1.1)} "
            f"{number(-length * 0.76)} {tip}Z"
        )
        canvas.path(left, tones[0])
        canvas.path(right, tones[1])
        vein = mix(tones[0], "#ffffff", 0.35)
        canvas.line(((0, 0), (0, -length * 0.9)), vein, max(1.2, length * 0.012), opacity=0.8)
        for share in (0.25, 0.42, 0.59, 0.74):
            reach = half * (1.0 - abs(share - 0.4)) * 0.72
            for side in (-1, 1):
                tip_of_vein = (side * reach, -length * (share + 0.12))
                canvas.line(
                    ((0, -length * share), tip_of_vein),
                    vein,
                    max(1.0, length * 0.007),
                    opacity=0.55,
                )


def plant(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A full plant in a glazed pot, broad leaves behind and sprigs of herbs in front."""
    base = palette.primary if is_green(palette.primary) else "#3f8f5b"
    # Leaves must stand out from the wall behind them, whichever brand painted it.
    lift = 0.13 if oklch(palette.stage)[0] < 0.62 else 0.0
    back, front = (
        (tone(base, light + lift, 1.5), tone(base, light + 0.06 + lift, 1.5))
        for light in (0.44, 0.62)
    )
    tilt = rng.uniform(-5, 5)
    for angle, length in (
        (-70, 140),
        (70, 136),
        (-46, 186),
        (48, 180),
        (-22, 222),
        (25, 214),
        (1, 246),
    ):
        leaf(canvas, (200, 258), length, angle + tilt, back if angle < 30 else back[::-1], 0.19)
    for x, angle, length in ((146, -40, 146), (254, 42, 138), (176, -14, 172), (226, 15, 162)):
        sprig(canvas, (x, 256), length, angle + tilt, front)
    pot = canvas.linear(palette.a(0.82), palette.a(0.56), angle=0)
    canvas.path("M122 252L278 252L258 346C256 357 144 357 142 346Z", pot)
    rim = canvas.linear(palette.a(0.88), palette.a(0.64), angle=0)
    canvas.slab((112, 238), (176, 31), rim, corner=10)
    canvas.path("M124 269L276 269L273 281L127 281Z", palette.a(0.36), opacity=0.28)
    canvas.path("M146 272L163 272L170 345L160 345Z", "#ffffff", opacity=0.25)


def sprig(canvas: Canvas, foot: Point, length: float, angle: float, tones: tuple[str, str]) -> None:
    """A stem with pairs of small round leaves, like basil."""
    with canvas.group(f"translate({number(foot[0])} {number(foot[1])}) rotate({number(angle)})"):
        canvas.line(((0, 0), (0, -length * 0.92)), tones[1], 3.4)
        for step, share in enumerate((0.36, 0.56, 0.75, 0.9)):
            reach = length * (0.34 - 0.05 * step)
            for side in (-1, 1):
                pair = tones if side < 0 else (tones[1], tones[0])
                leaf(canvas, (0, -length * share), reach, side * (66 - 9 * step), pair)
        leaf(canvas, (0, -length * 0.88), length * 0.2, 0, tones)


def is_green(colour: str) -> bool:
    """Whether a colour can pass for a leaf."""
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return green > red and green > blue * 0.95


def wave(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A sailing boat on rolling water."""
    for index, light in enumerate((0.58, 0.5, 0.42)):
        if index == 1:
            boat(canvas, palette)
        points: list[Point] = []
        level, x = 286.0 + index * 30, -520.0
        phase = rng.uniform(0, 90)
        while x < 1060:
            points.append((x - phase, level + (9 if len(points) % 2 else -9)))
            x += 62 + index * 16
        crest = canvas.linear(palette.p(light + 0.08), palette.p(light - 0.12))
        canvas.path(smooth(points) + "L1060 900L-620 900Z", crest)
        canvas.path(smooth(points), stroke="#ffffff", line=3, opacity=0.45)


def boat(canvas: Canvas, palette: Palette) -> None:
    """A small boat with two sails."""
    canvas.line(((206, 60), (206, 288)), palette.p(0.25), 6)
    canvas.path(
        "M216 66C300 120 320 190 322 256L216 256Z",
        canvas.linear("#ffffff", palette.p(0.88, 0.4), angle=30),
    )
    canvas.path(
        "M197 96C150 150 122 200 112 256L197 256Z",
        canvas.linear(palette.a(0.82), palette.a(0.66), angle=60),
    )
    canvas.path(
        "M92 272L326 272C318 312 292 326 262 328L158 328C124 326 100 306 92 272Z",
        canvas.linear(palette.s(0.42), palette.s(0.24)),
    )
    canvas.path("M92 272L326 272L323 284L96 284Z", palette.a(0.84))
