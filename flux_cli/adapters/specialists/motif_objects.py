"""Motifs for tools and technology: a dashboard, a phone, gears, a shield, a book, headphones."""

from __future__ import annotations

import math
from random import Random

from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.palette import Palette, mix
from flux_cli.adapters.specialists.scenery import smooth
from flux_cli.adapters.specialists.typography import Point, number


def dashboard(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """Floating cards: a rising chart, a balance and a share."""
    canvas.soft_slab((20, 70), (330, 240), 20, palette.p(0.1))
    canvas.slab((20, 70), (330, 240), canvas.linear("#ffffff", palette.p(0.965, 0.3)), corner=20)
    for index, colour in enumerate((palette.a(0.7), palette.p(0.75), palette.p(0.85))):
        canvas.circle((46 + index * 17, 96), 5, colour)
    canvas.slab((250, 90), (76, 12), palette.p(0.9, 0.5), corner=6)
    for row in range(4):
        canvas.line(((46, 150 + row * 40), (326, 150 + row * 40)), palette.p(0.9, 0.4), 1.4)
    heights = [40 + 13 * step + rng.uniform(-14, 16) for step in range(7)]
    points: list[Point] = []
    for index, height in enumerate(heights):
        x = 54 + index * 39
        strong = index == 6
        colours = (
            (palette.a(0.74), palette.a(0.6)) if strong else (palette.p(0.66), palette.p(0.52))
        )
        canvas.slab((x, 270 - height), (22, height), canvas.linear(*colours), corner=6)
        points.append((x + 11, 246 - height - 10))
    canvas.path(smooth(points), stroke=palette.s(0.4), line=5)
    for point in points:
        canvas.circle(point, 5, "#ffffff", stroke=palette.s(0.4), line=3)
    total_card(canvas, palette)
    share_card(canvas, palette, rng.uniform(0.58, 0.78))


def total_card(canvas: Canvas, palette: Palette) -> None:
    """A small card that says: checked."""
    canvas.soft_slab((-24, 262), (190, 84), 16, palette.p(0.1))
    canvas.slab((-24, 262), (190, 84), "#ffffff", corner=16)
    canvas.circle((18, 304), 23, canvas.linear(palette.a(0.78), palette.a(0.62)))
    canvas.line(((8, 304), (15, 312), (29, 296)), "#ffffff", 5)
    canvas.slab((54, 286), (92, 12), palette.p(0.3), corner=6)
    canvas.slab((54, 309), (62, 9), palette.p(0.8, 0.5), corner=4.5)


def share_card(canvas: Canvas, palette: Palette, share: float) -> None:
    """A small card with a ring filled to `share`."""
    canvas.soft_slab((276, 22), (132, 132), 18, palette.p(0.1))
    canvas.slab((276, 22), (132, 132), canvas.linear(palette.p(0.34), palette.p(0.24)), corner=18)
    centre, radius = (342.0, 88.0), 38.0
    canvas.circle(centre, radius, stroke=palette.p(0.5), line=13)
    end = math.tau * share - math.pi / 2
    data = (
        f"M{number(centre[0])} {number(centre[1] - radius)}A{radius} {radius} 0 1 1 "
        f"{number(centre[0] + radius * math.cos(end))} {number(centre[1] + radius * math.sin(end))}"
    )
    canvas.path(data, stroke=palette.a(0.78), line=13)


def phone(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A phone that leans a little, with cards that leave its screen."""
    canvas.shadow((210, 360), (140, 16), palette.p(0.1), 0.5)
    with canvas.group("rotate(7 200 200)"):
        canvas.soft_slab((114, 8), (176, 348), 34, palette.p(0.08))
        canvas.slab(
            (112, 8),
            (176, 348),
            canvas.linear(palette.p(0.34), palette.p(0.14), angle=20),
            corner=34,
        )
        canvas.slab(
            (121, 17), (158, 330), canvas.linear("#ffffff", palette.p(0.93, 0.5)), corner=26
        )
        canvas.slab((172, 26), (56, 13), palette.p(0.16), corner=6.5)
        canvas.slab(
            (135, 54),
            (130, 92),
            canvas.linear(palette.a(0.8), palette.a(0.58), angle=40),
            corner=16,
        )
        canvas.circle((240, 122), 46, "#ffffff", opacity=0.18)
        canvas.slab((149, 70), (62, 9), "#ffffff", corner=4.5)
        canvas.slab((149, 88), (40, 7), "#ffffff", corner=3.5, opacity=0.7)
        for row in range(4):
            y = 164 + row * 40
            canvas.circle((151, y + 12), 12, palette.p(0.62 + row * 0.07))
            canvas.slab((172, y + 3), (rng.uniform(54, 84), 8), palette.p(0.34), corner=4)
            canvas.slab((172, y + 17), (rng.uniform(34, 58), 6), palette.p(0.8, 0.5), corner=3)
        canvas.slab((170, 332), (60, 5), palette.p(0.3), corner=2.5)
    canvas.soft_slab((20, 96), (124, 62), 16, palette.p(0.1))
    canvas.slab((20, 96), (124, 62), "#ffffff", corner=16)
    canvas.circle((50, 127), 17, canvas.linear(palette.s(0.68), palette.s(0.5)))
    canvas.slab((76, 114), (52, 8), palette.p(0.34), corner=4)
    canvas.slab((76, 131), (34, 7), palette.p(0.8, 0.5), corner=3.5)
    canvas.soft_slab((262, 218), (120, 70), 16, palette.p(0.1))
    canvas.slab((262, 218), (120, 70), canvas.linear(palette.p(0.4), palette.p(0.28)), corner=16)
    spark = [(280.0 + index * 17, 262 - rng.uniform(0, 22) - index * 3) for index in range(6)]
    canvas.path(smooth(spark), stroke=palette.a(0.82), line=5)


def gear(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """Two gears that mesh."""
    canvas.shadow((200, 352), (160, 15), palette.p(0.1), 0.45)
    turn = rng.uniform(0, 10)
    wheel(canvas, (168, 206), 116, 14, turn, (palette.p(0.93, 0.3), palette.p(0.66, 0.6)))
    canvas.circle((168, 206), 66, canvas.linear(palette.p(0.4), palette.p(0.26)))
    canvas.circle((168, 206), 30, canvas.linear(palette.p(0.95, 0.3), palette.p(0.72, 0.5)))
    wheel(canvas, (302, 104), 66, 9, turn + 14, (palette.a(0.86), palette.a(0.6)))
    canvas.circle((302, 104), 30, canvas.linear(palette.p(0.36), palette.p(0.24)))
    canvas.oval((120, 134), (46, 14), "#ffffff", opacity=0.35, turn=-44)


def wheel(
    canvas: Canvas, at: Point, radius: float, teeth: int, turn: float, tones: tuple[str, str]
) -> None:
    """A toothed wheel with a thickness below it."""
    points: list[Point] = []
    for index in range(teeth):
        for share, reach in ((0.0, 0.84), (0.14, 0.84), (0.24, 1.0), (0.5, 1.0), (0.6, 0.84)):
            angle = math.tau * (index + share) / teeth + math.radians(turn)
            points.append(
                (at[0] + radius * reach * math.cos(angle), at[1] + radius * reach * math.sin(angle))
            )
    data = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z"
    with canvas.group("translate(0 9)"):
        canvas.path(
            data, mix(tones[1], "#000000", 0.4), stroke=mix(tones[1], "#000000", 0.4), line=6
        )
    canvas.path(data, canvas.linear(*tones, angle=60), stroke=tones[1], line=4)


def shield(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A shield with a tick."""
    canvas.shadow((200, 356), (120, 14), palette.p(0.1), 0.45)
    outer = (
        "M200 24C246 58 292 70 340 72C344 196 306 290 200 346C94 290 56 196 60 72C108 70 154 58 "
        "200 24Z"
    )
    right = "M200 24C246 58 292 70 340 72C344 196 306 290 200 346Z"
    inner = (
        "M200 62C238 86 274 96 308 98C308 194 278 266 200 310C122 266 92 194 92 98C126 96 162 86 "
        "200 62Z"
    )
    canvas.path(outer, canvas.linear("#ffffff", palette.p(0.86, 0.4)))
    canvas.path(right, palette.p(0.5), opacity=0.16)
    canvas.path(inner, canvas.linear(palette.a(0.76), palette.a(0.52), angle=60))
    canvas.path(
        "M200 62C238 86 274 96 308 98C308 194 278 266 200 310Z", palette.p(0.1), opacity=0.12
    )
    canvas.line(((142, 184), (186, 228), (262, 140)), "#ffffff", 24)
    for _ in range(9):
        place = (rng.uniform(0, 400), rng.uniform(0, 330))
        if abs(place[0] - 200) > 150:
            canvas.circle(place, rng.uniform(3, 8), "#ffffff", opacity=0.5)


def book(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """An open book out of which ideas rise."""
    canvas.shadow((200, 348), (190, 18), palette.p(0.1), 0.5)
    canvas.glow((200, 180), 190, palette.a(0.95, 0.6), 0.6)
    for _ in range(16):
        place = (rng.gauss(200, 72), rng.uniform(16, 170))
        shape = rng.choice(("dot", "ring", "star"))
        colour = rng.choice((palette.a(0.86), "#ffffff", palette.s(0.8)))
        spark(canvas, place, rng.uniform(5, 12), shape, colour)
    cover = canvas.linear(palette.a(0.66), palette.a(0.44))
    canvas.path(
        "M14 210L200 238L386 210L386 330C320 314 252 322 200 346C148 322 80 314 14 330Z", cover
    )
    for step in range(4):
        tone = mix("#ffffff", palette.p(0.7, 0.3), 0.3 - step * 0.08)
        lift = step * 6
        canvas.path(
            f"M26 {number(202 - lift)}C90 {number(188 - lift)} 156 {number(196 - lift)} 200 "
            f"{number(228 - lift)}L200 {number(336 - lift)}C150 {number(308 - lift)} 88 "
            f"{number(300 - lift)} 26 {number(314 - lift)}Z",
            tone,
        )
        canvas.path(
            f"M374 {number(202 - lift)}C310 {number(188 - lift)} 244 {number(196 - lift)} 200 "
            f"{number(228 - lift)}L200 {number(336 - lift)}C250 {number(308 - lift)} 312 "
            f"{number(300 - lift)} 374 {number(314 - lift)}Z",
            tone,
        )
    canvas.path(
        "M200 210L200 318C186 309 172 303 158 299L158 194C174 197 188 203 200 210Z",
        palette.p(0.3),
        opacity=0.1,
    )
    for row in range(4):
        y = 208 + row * 22
        for x, reach in ((48, 94), (258, 94)):
            sign = -1 if x < 200 else 1
            data = (
                f"M{x} {y - (8 if sign > 0 else 0)}C{x + 30} {y - 8} {x + 64} {y - 6} {x + reach} "
                f"{y + (10 if sign < 0 else -2)}"
            )
            canvas.path(data, stroke=palette.p(0.72, 0.4), line=4.5, opacity=0.8)
    canvas.path(
        "M300 176L330 174L330 246L315 232L300 247Z", canvas.linear(palette.s(0.6), palette.s(0.42))
    )


def spark(canvas: Canvas, at: Point, size: float, shape: str, colour: str) -> None:
    """A dot, a ring or a four-pointed star."""
    x, y = at
    if shape == "dot":
        canvas.circle(at, size * 0.5, colour, opacity=0.9)
    elif shape == "ring":
        canvas.circle(at, size * 0.6, stroke=colour, line=2.4, opacity=0.9)
    else:
        data = (
            f"M0 {-size:.1f}Q0 0 {size:.1f} 0Q0 0 0 {size:.1f}Q0 0 {-size:.1f} 0Q0 0 0 {-size:.1f}Z"
        )
        with canvas.group(f"translate({number(x)} {number(y)})"):
            canvas.path(data, colour)


def headphones(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """Headphones around a rising sound."""
    canvas.shadow((200, 354), (150, 15), palette.p(0.1), 0.45)
    for index in range(9):
        height = (34, 62, 96, 130, 156, 126, 100, 58, 38)[index] * rng.uniform(0.8, 1.1)
        fill = canvas.linear(palette.a(0.86), palette.a(0.64))
        canvas.slab((130 + index * 16.4, 236 - height / 2), (9, height), fill, corner=4.5)
    canvas.path("M72 236C58 40 342 40 328 236", stroke=palette.p(0.22), line=30)
    canvas.path("M72 236C58 40 342 40 328 236", stroke=palette.p(0.5), line=22)
    canvas.path("M82 190C92 86 182 70 230 82", stroke="#ffffff", line=6, opacity=0.45)
    for x, side in ((44.0, 1), (292.0, -1)):
        canvas.slab(
            (x, 196), (64, 128), canvas.linear(palette.p(0.46), palette.p(0.2), angle=20), corner=30
        )
        canvas.slab(
            (x + (40 if side > 0 else 0), 204),
            (24, 112),
            canvas.linear(palette.s(0.86, 0.6), palette.s(0.6)),
            corner=12,
        )
        canvas.slab(
            (x + (10 if side > 0 else 42), 216), (9, 70), "#ffffff", corner=4.5, opacity=0.4
        )
