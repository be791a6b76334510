"""Motifs for what is eaten, drunk and cared for: cup, can, loaf, bowl, bottle, heart."""

from __future__ import annotations

import math
from random import Random

from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.motif_nature import leaf
from flux_cli.adapters.specialists.palette import Palette, mix
from flux_cli.adapters.specialists.typography import Point, number

GREENS = ("#4fa36b", "#2f7d4f")
CRUST = ("#f0c27f", "#c9803c", "#8f5326")


def cup(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A steaming cup on its saucer."""
    canvas.shadow((200, 340), (170, 18), palette.p(0.12), 0.5)
    canvas.oval((200, 332), (150, 17), canvas.linear("#ffffff", palette.s(0.8, 0.5)))
    canvas.oval((200, 328), (96, 9), palette.s(0.7, 0.5), opacity=0.6)
    body = canvas.linear("#ffffff", palette.s(0.82, 0.5), angle=10)
    canvas.path("M292 196C354 184 358 274 274 280", stroke=palette.s(0.84, 0.4), line=20)
    canvas.path("M292 196C354 184 358 274 274 280", stroke="#ffffff", line=8, opacity=0.7)
    canvas.path("M94 168L306 168C306 258 276 328 236 328L164 328C124 328 94 258 94 168Z", body)
    canvas.path(
        "M97 208C170 226 236 188 303 206C299 236 293 258 284 276C220 262 170 290 112 270C104 "
        "252 99 232 97 208Z",
        canvas.linear(palette.a(0.78), palette.a(0.6), angle=20),
    )
    canvas.path(
        "M120 182C122 236 134 286 152 312L164 312C146 280 136 236 134 182Z", "#ffffff", opacity=0.5
    )
    canvas.oval((200, 168), (106, 25), "#ffffff")
    canvas.oval((200, 170), (95, 20), canvas.linear("#5b3320", "#9a5f37"))
    canvas.oval((184, 168), (44, 9), "#d9a875", opacity=0.75)
    canvas.oval((190, 168), (24, 5), "#f3dcbd", opacity=0.9)
    for index, x in enumerate((156, 200, 244)):
        lift = rng.uniform(-10, 10) - (24 if index == 1 else 0)
        data = (
            f"M{x} 136C{x - 26} {number(108 + lift)} {x + 26} {number(84 + lift)} {x} "
            f"{number(50 + lift)}"
        )
        canvas.path(data, stroke="#ffffff", line=10, opacity=0.55)
    leaf(canvas, (58, 338), 74, -38, GREENS)
    leaf(canvas, (60, 338), 62, 26, GREENS)


def can(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A chilled can with citrus, leaves and rising bubbles."""
    canvas.shadow((200, 350), (140, 16), palette.p(0.12), 0.5)
    leaf(canvas, (140, 250), 150, -58, GREENS)
    leaf(canvas, (262, 236), 132, 52, GREENS)
    leaf(canvas, (268, 282), 110, 80, GREENS)
    citrus(canvas, palette, (112, 290), 62)
    side = canvas.linear(palette.a(0.86), palette.a(0.56), angle=0)
    canvas.path(
        "M136 92L264 92L276 116L276 324C276 334 262 350 250 350L150 350C138 350 124 334 124 "
        "324L124 116Z",
        side,
    )
    with canvas.group(clip="M124 118L276 118L276 322L124 322Z"):
        canvas.path(
            "M124 238C160 206 214 262 276 216L276 330L124 330Z",
            canvas.linear(palette.p(0.52), palette.p(0.36)),
        )
        canvas.path(
            "M124 262C164 232 222 284 276 244L276 330L124 330Z", palette.p(0.3), opacity=0.75
        )
        canvas.circle((200, 178), 40, "#ffffff", opacity=0.94)
    leaf(canvas, (188, 208), 58, -18, (palette.p(0.6), palette.p(0.45)))
    leaf(canvas, (208, 208), 50, 26, (palette.a(0.74), palette.a(0.6)))
    canvas.slab((136, 112), (16, 214), "#ffffff", corner=8, opacity=0.38)
    canvas.slab((158, 112), (5, 214), "#ffffff", corner=3, opacity=0.25)
    canvas.path(
        "M262 96L276 116L276 324C276 334 266 346 254 350L262 320Z", palette.p(0.15), opacity=0.22
    )
    metal = canvas.linear("#ffffff", "#9aa3ad", angle=15)
    canvas.oval((200, 92), (64, 12), metal)
    canvas.oval((200, 93), (54, 8), "#c3cad1")
    canvas.oval((206, 92), (20, 4), "#8b949e")
    citrus(canvas, palette, (286, 318), 46)
    bubbles(canvas, rng)
    for _ in range(13):
        drop = (rng.uniform(134, 266), rng.uniform(124, 330))
        canvas.oval(drop, (2.2, 3.1), "#ffffff", opacity=0.55)


def bubbles(canvas: Canvas, rng: Random) -> None:
    """Bubbles that rise on both sides and grow fainter."""
    for _ in range(26):
        side = rng.choice((-1, 1))
        place = (200 + side * rng.uniform(92, 190), rng.uniform(10, 250))
        radius = rng.choice((3.0, 4.0, 6.0, 9.0, 13.0))
        fade = 0.3 + 0.5 * place[1] / 250
        canvas.circle(place, radius, "#ffffff", opacity=fade * 0.35)
        canvas.circle(place, radius, stroke="#ffffff", line=1.6, opacity=fade)
        canvas.circle(
            (place[0] - radius * 0.3, place[1] - radius * 0.3),
            radius * 0.22,
            "#ffffff",
            opacity=fade,
        )


def citrus(canvas: Canvas, palette: Palette, at: Point, radius: float) -> None:
    """A slice of citrus with eight segments."""
    peel, flesh = mix(palette.a(0.8), "#ffb52e", 0.55), mix(palette.a(0.88), "#ffd36b", 0.6)
    canvas.circle((at[0] + 4, at[1] + 6), radius, palette.p(0.12), opacity=0.18)
    canvas.circle(at, radius, canvas.linear(peel, mix(peel, "#d97a12", 0.45)))
    canvas.circle(at, radius * 0.87, "#fff7e6")
    for index in range(8):
        start, end = (math.tau * (index + edge) / 8 for edge in (0.07, 0.93))
        reach = radius * 0.78
        near = (
            at[0] + radius * 0.09 * math.cos((start + end) / 2),
            at[1] + radius * 0.09 * math.sin((start + end) / 2),
        )
        points = [(at[0] + reach * math.cos(t), at[1] + reach * math.sin(t)) for t in (start, end)]
        data = (
            f"M{number(near[0])} {number(near[1])}L{number(points[0][0])} {number(points[0][1])}"
            f"A{number(reach)} {number(reach)} 0 0 1 {number(points[1][0])} {number(points[1][1])}Z"
        )
        canvas.path(data, flesh, stroke=flesh, line=radius * 0.04)
    canvas.oval(
        (at[0] - radius * 0.3, at[1] - radius * 0.4),
        (radius * 0.3, radius * 0.12),
        "#ffffff",
        opacity=0.4,
        turn=-35,
    )


def loaf(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A scored country loaf with wheat, and a small cake beside it."""
    canvas.shadow((200, 350), (190, 18), palette.p(0.12), 0.5)
    for x, angle, length in ((84, -24, 232), (62, -40, 200), (312, 22, 226), (336, 38, 196)):
        wheat(canvas, (200 + (x - 200) * 0.5, 336), length, angle + rng.uniform(-3, 3))
    crust = canvas.radial(
        (0, CRUST[0], 1), (0.6, CRUST[1], 1), (1, CRUST[2], 1), centre=(0.42, 0.25), radius=0.85
    )
    canvas.path(
        "M44 300C36 214 110 168 200 168C290 168 364 214 356 300C352 340 300 350 200 350C100 "
        "350 48 340 44 300Z",
        crust,
    )
    canvas.path(
        "M52 318C90 340 310 340 348 318C338 344 292 350 200 350C108 350 62 344 52 318Z",
        CRUST[2],
        opacity=0.45,
    )
    for x in (104, 168, 232):
        canvas.path(
            f"M{x} 296C{x - 4} 250 {x + 18} 212 {x + 58} 190C{x + 54} 232 {x + 38} 276 {x} 296Z",
            canvas.linear("#fff1d6", "#e6b777", angle=110),
        )
        canvas.path(
            f"M{x} 296C{x - 4} 250 {x + 18} 212 {x + 58} 190", stroke=CRUST[2], line=3, opacity=0.5
        )
    canvas.oval((120, 212), (52, 14), "#ffffff", opacity=0.28, turn=-28)
    for _ in range(46):
        place = (rng.gauss(200, 74), rng.uniform(184, 300))
        if 70 < place[0] < 330:
            canvas.circle(place, rng.choice((1.0, 1.5, 2.1)), "#fffaf0", opacity=0.7)


def wheat(canvas: Canvas, foot: Point, length: float, angle: float) -> None:
    """One ear of wheat."""
    with canvas.group(f"translate({number(foot[0])} {number(foot[1])}) rotate({number(angle)})"):
        canvas.line(((0, 0), (0, -length)), "#c98f3d", 4)
        for step in range(7):
            y = -length * 0.52 - step * length * 0.07
            for side in (-1, 1):
                tone = "#f2c46d" if side < 0 else "#d99f45"
                canvas.oval(
                    (side * length * 0.038, y),
                    (length * 0.026, length * 0.06),
                    tone,
                    turn=side * 26,
                )
        canvas.oval((0, -length * 1.02), (length * 0.024, length * 0.06), "#f2c46d")


def bowl(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A generous bowl of fresh things."""
    canvas.shadow((200, 350), (170, 18), palette.p(0.12), 0.5)
    for index, angle in enumerate((-62, -38, -14, 14, 38, 62)):
        leaf(canvas, (200 + (index - 2.5) * 34, 232), 118 + 22 * (index % 2), angle, GREENS)
    reds, yolk = ("#ef6a4a", "#c8412c"), ("#ffcf5c", "#eea02b")
    for x, y, radius in ((118, 196, 32), (178, 176, 30), (286, 194, 33)):
        tones = rng.choice((reds, yolk))
        canvas.circle(
            (x, y),
            radius,
            canvas.radial((0, tones[0], 1), (1, tones[1], 1), centre=(0.35, 0.3), radius=0.8),
        )
        canvas.oval((x - 10, y - 12), (8, 5), "#ffffff", opacity=0.6, turn=-30)
    citrus(canvas, palette, (236, 172), 38)
    canvas.oval((200, 214), (152, 30), palette.s(0.36), opacity=0.0)
    canvas.path(
        "M46 212C90 236 310 236 354 212C354 292 300 346 252 348L148 348C100 346 46 292 46 212Z",
        canvas.linear(palette.a(0.82), palette.a(0.55), angle=20),
    )
    canvas.path(
        "M46 212C90 236 310 236 354 212L352 230C306 252 94 252 48 230Z", "#ffffff", opacity=0.55
    )
    canvas.path("M78 258C90 298 116 326 142 336C118 312 102 284 96 256Z", "#ffffff", opacity=0.35)


def bottle(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A dropper bottle with petals, for what is poured or cared with."""
    canvas.shadow((200, 350), (130, 16), palette.p(0.12), 0.5)
    for angle in (-76, -46, 48, 78):
        leaf(canvas, (200, 330), rng.uniform(140, 176), angle, (palette.s(0.66), palette.s(0.5)))
    canvas.path(
        "M176 40C168 10 232 10 224 40L222 84L178 84Z",
        canvas.linear(palette.p(0.46), palette.p(0.26), angle=0),
    )
    canvas.slab(
        (166, 80), (68, 40), canvas.linear(palette.a(0.9, 0.6), palette.a(0.6), angle=0), corner=7
    )
    for x in range(172, 232, 8):
        canvas.line(((x, 86), (x, 114)), palette.a(0.5), 1.4, opacity=0.5)
    glass = canvas.linear(palette.a(0.88), palette.a(0.58), angle=10)
    canvas.path(
        "M172 118L228 118C230 140 286 148 286 190L286 326C286 344 274 350 262 350L138 "
        "350C126 350 114 344 114 326L114 190C114 148 170 140 172 118Z",
        glass,
    )
    canvas.path(
        "M122 214C168 226 232 202 278 214L278 324C278 338 270 342 260 342L140 342C130 342 "
        "122 338 122 324Z",
        palette.a(0.66),
        opacity=0.55,
    )
    canvas.slab((138, 206), (124, 104), "#ffffff", corner=10, opacity=0.95)
    canvas.circle((200, 244), 20, canvas.linear(palette.p(0.62), palette.p(0.42)))
    canvas.slab((164, 276), (72, 7), palette.p(0.4), corner=3.5)
    canvas.slab((176, 290), (48, 5), palette.p(0.7), corner=2.5)
    canvas.path(
        "M128 196C130 172 150 162 168 154L164 168C148 176 142 186 142 200L142 330L128 322Z",
        "#ffffff",
        opacity=0.4,
    )


def heart(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A full heart with a pulse across it."""
    canvas.shadow((200, 352), (150, 15), palette.p(0.12), 0.45)
    shape = (
        "M200 330C90 252 44 196 44 140C44 88 84 54 128 54C160 54 186 72 200 98C214 72 240 54 272 "
        "54C316 54 356 88 356 140C356 196 310 252 200 330Z"
    )
    canvas.path(
        shape,
        canvas.radial(
            (0, palette.a(0.82), 1),
            (0.55, palette.a(0.66), 1),
            (1, palette.a(0.46), 1),
            centre=(0.32, 0.26),
            radius=0.9,
        ),
    )
    canvas.path("M66 140C66 104 92 78 126 76", stroke="#ffffff", line=13, opacity=0.6)
    beat = (
        (40, 196),
        (128, 196),
        (150, 158),
        (180, 244),
        (212, 132),
        (238, 208),
        (252, 196),
        (360, 196),
    )
    with canvas.group(clip=shape):
        canvas.line(beat, "#ffffff", 11)
    for x, y, size in ((38, 60, 0.16), (352, 44, 0.2), (372, 250, 0.12), (22, 268, 0.13)):
        with canvas.group(f"translate({x} {y + rng.uniform(-12, 12):.1f}) scale({size})"):
            canvas.path(shape, "#ffffff", opacity=0.75)
