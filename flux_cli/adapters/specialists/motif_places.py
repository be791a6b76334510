"""Motifs for where life happens: a house, a bicycle, a parcel, a pet, a network, pure geometry."""

from __future__ import annotations

import math
from random import Random

from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.palette import Palette, mix
from flux_cli.adapters.specialists.scenery import pine, polygon
from flux_cli.adapters.specialists.typography import Point, number


def house(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A house with lit windows between trees."""
    canvas.shadow((200, 346), (210, 18), palette.p(0.1), 0.5)
    for x, height in ((22, 150), (64, 112), (352, 164), (390, 116), (-120, 120), (520, 130)):
        pine(canvas, (x, 344), height * rng.uniform(0.92, 1.08), palette.p(0.44), palette.p(0.35))
    canvas.slab((272, 96), (34, 80), canvas.linear(palette.a(0.64), palette.a(0.5), angle=0))
    canvas.path(
        polygon((96, 186), (304, 186), (304, 344), (96, 344)),
        canvas.linear("#ffffff", palette.s(0.88, 0.4), angle=20),
    )
    canvas.path(polygon((200, 96), (316, 196), (84, 196)), palette.s(0.9, 0.3))
    canvas.path(
        "M200 72L338 190L318 208L200 108L82 208L62 190Z",
        canvas.linear(palette.a(0.72), palette.a(0.5), angle=20),
    )
    canvas.path(
        polygon((200, 108), (318, 208), (304, 208), (200, 122), (96, 208), (82, 208)),
        palette.p(0.1),
        opacity=0.18,
    )
    canvas.slab((176, 248), (48, 96), canvas.linear(palette.p(0.46), palette.p(0.3)), corner=6)
    canvas.circle((214, 300), 3.6, palette.a(0.88))
    for x in (118, 240):
        canvas.slab((x, 236), (42, 48), canvas.linear(palette.a(0.95), palette.a(0.82)), corner=5)
        canvas.line(((x + 21, 237), (x + 21, 283)), "#ffffff", 4)
        canvas.line(((x + 1, 260), (x + 41, 260)), "#ffffff", 4)
    canvas.circle(
        (200, 160), 17, canvas.linear(palette.a(0.95), palette.a(0.82)), stroke="#ffffff", line=5
    )
    canvas.path("M176 344L224 344L262 420L138 420Z", palette.a(0.9, 0.5), opacity=0.85)


def bicycle(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A bicycle ready to leave."""
    canvas.shadow((200, 346), (200, 14), palette.p(0.1), 0.5)
    rear, front, crank = (100.0, 268.0), (304.0, 268.0), (186.0, 272.0)
    turn = rng.uniform(0, 0.4)
    for hub in (rear, front):
        canvas.circle(hub, 74, "#ffffff", opacity=0.22)
        for index in range(14):
            angle = math.tau * index / 14 + turn
            rim = (hub[0] + 70 * math.cos(angle), hub[1] + 70 * math.sin(angle))
            canvas.line((hub, rim), palette.p(0.95, 0.2), 1.6, opacity=0.85)
        canvas.circle(hub, 74, stroke=palette.p(0.18), line=10)
        canvas.circle(hub, 67, stroke=palette.a(0.84), line=3)
        canvas.circle(hub, 8, palette.p(0.3))
    seat, head = (152.0, 150.0), (272.0, 146.0)
    for ends in (
        (rear, crank),
        (rear, (160.0, 180.0)),
        (crank, seat),
        (crank, (276.0, 170.0)),
        ((160.0, 178.0), (273.0, 152.0)),
    ):
        canvas.line(ends, palette.a(0.52), 13)
        canvas.line(ends, palette.a(0.72), 8)
    canvas.line((head, front), palette.a(0.52), 13)
    canvas.line((head, front), palette.a(0.78), 8)
    canvas.path("M272 148L262 112C284 102 306 104 312 122", stroke=palette.p(0.2), line=9)
    canvas.path("M118 140C136 130 166 132 184 142C170 154 136 156 118 140Z", palette.p(0.2))
    canvas.circle(crank, 21, stroke=palette.p(0.9, 0.2), line=6)
    canvas.line(((176, 300), (196, 244)), palette.p(0.2), 7)
    canvas.slab((164, 298), (26, 8), palette.p(0.2), corner=4)
    canvas.slab((292, 128), (54, 40), canvas.linear(palette.s(0.8), palette.s(0.56)), corner=8)
    for x in (303, 316, 329):
        canvas.line(((x, 134), (x, 162)), palette.s(0.4), 2.4, opacity=0.6)


def parcel(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A shopping bag with a gift in it."""
    canvas.shadow((200, 352), (160, 16), palette.p(0.1), 0.5)
    canvas.path("M144 132C144 36 256 36 256 132", stroke=palette.p(0.26), line=11)
    canvas.path(
        "M84 122L316 122L334 336C335 346 328 352 318 352L82 352C72 352 65 346 66 336Z",
        canvas.linear(palette.a(0.82), palette.a(0.58), angle=30),
    )
    canvas.path(
        "M316 122L334 336C335 346 328 352 318 352L284 352L292 122Z", palette.p(0.1), opacity=0.14
    )
    canvas.path("M84 122L316 122L317 138L83 138Z", "#ffffff", opacity=0.35)
    canvas.path("M150 170C150 258 250 258 250 170", stroke="#ffffff", line=13)
    for x in (150, 250):
        canvas.circle((x, 166), 9, palette.p(0.28))
    canvas.path("M96 150L112 150L104 336L86 336Z", "#ffffff", opacity=0.3)
    for _ in range(22):
        angle, reach = rng.uniform(math.pi, math.tau), rng.uniform(130, 210)
        place = (200 + reach * math.cos(angle), 190 + reach * math.sin(angle) * 0.9)
        colour = rng.choice((palette.s(0.82), palette.a(0.86), "#ffffff", palette.p(0.8)))
        with canvas.group(
            f"translate({number(place[0])} {number(place[1])}) rotate({rng.randint(0, 90)})"
        ):
            canvas.slab((-6, -4), (12, 8), colour, corner=rng.choice((1.5, 4.0)))


def paw(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A friendly dog's face."""
    canvas.shadow((200, 356), (140, 14), palette.p(0.1), 0.45)
    coat, dark = mix(palette.a(0.8), "#d9a066", 0.6), mix(palette.a(0.5), "#7a4a24", 0.7)
    canvas.path("M120 330C120 280 280 280 280 330L292 360L108 360Z", coat)
    canvas.slab((126, 306), (148, 26), canvas.linear(palette.p(0.56), palette.p(0.4)), corner=13)
    canvas.circle((200, 338), 15, canvas.linear(palette.a(0.92), palette.a(0.74)))
    canvas.path(
        "M84 180C84 84 140 46 200 46C260 46 316 84 316 180C316 266 270 312 200 312C130 312 "
        "84 266 84 180Z",
        canvas.linear(mix(coat, "#ffffff", 0.25), coat),
    )
    canvas.path(
        "M176 48C168 120 164 190 200 216C236 190 232 120 224 48C210 45 190 45 176 48Z",
        "#ffffff",
        opacity=0.9,
    )
    for sign in (-1, 1):
        x = 200 + sign * 96
        tip = x + sign * 62
        canvas.path(
            f"M{x - sign * 22} 76C{x + sign * 26} 44 {tip} 96 {tip} 190C{tip} 236 "
            f"{x + sign * 6} 226 {x - sign * 6} 176C{x - sign * 12} 140 {x - sign * 16} 108 "
            f"{x - sign * 22} 76Z",
            canvas.linear(dark, mix(dark, "#000000", 0.25)),
        )
        eye = 200 + sign * 52
        canvas.circle((eye, 168), 17, "#2b1a12")
        canvas.circle((eye - 5, 162), 5.5, "#ffffff")
    canvas.oval((200, 244), (66, 52), "#fff8f0")
    canvas.path(
        "M174 214C174 196 226 196 226 214C226 232 210 242 200 242C190 242 174 232 174 214Z",
        "#2b1a12",
    )
    canvas.oval((192, 209), (9, 4), "#ffffff", opacity=0.5)
    canvas.path(
        "M200 242L200 258M166 254C174 276 196 272 200 258C204 272 226 276 234 254",
        stroke="#2b1a12",
        line=5,
    )
    canvas.path(
        f"M186 270C186 {300 + rng.randint(0, 8)} 214 {300 + rng.randint(0, 8)} 214 270C208 "
        "274 192 274 186 270Z",
        "#ef7a7a",
    )


def network(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """A bright core that many points speak with."""
    centre = (200.0, 186.0)
    canvas.glow(centre, 210, palette.a(0.9), 0.45)
    spots: list[tuple[Point, float]] = []
    for index in range(11):
        angle = math.tau * index / 11 + rng.uniform(-0.16, 0.16)
        reach = (104.0, 168.0)[index % 2] * rng.uniform(0.92, 1.08)
        spots.append(
            (
                (200 + reach * math.cos(angle), 186 + reach * math.sin(angle) * 0.94),
                rng.uniform(12, 24),
            )
        )
    for index, (place, _) in enumerate(spots):
        canvas.line((centre, place), "#ffffff", 2.6, opacity=0.6)
        canvas.line((place, spots[(index + 2) % 11][0]), "#ffffff", 1.6, opacity=0.35)
    for index, (place, radius) in enumerate(spots):
        tones = (
            (palette.a(0.84), palette.a(0.6))
            if index % 3 == 0
            else ("#ffffff", palette.p(0.82, 0.5))
        )
        canvas.circle((place[0] + 2, place[1] + 5), radius, palette.p(0.1), opacity=0.2)
        canvas.circle(place, radius, canvas.linear(*tones, angle=60))
    canvas.circle((202, 194), 58, palette.p(0.1), opacity=0.25)
    canvas.circle(
        centre,
        58,
        canvas.radial(
            (0, palette.a(0.9), 1), (1, palette.a(0.58), 1), centre=(0.35, 0.3), radius=0.8
        ),
    )
    with canvas.group("translate(200 186)"):
        canvas.path("M0 -34Q3 -3 34 0Q3 3 0 34Q-3 3 -34 0Q-3 -3 0 -34Z", "#ffffff")


def geometry(canvas: Canvas, palette: Palette, rng: Random) -> None:
    """Quarter circles, discs and stripes in a square of nine, for what has no picture."""
    canvas.soft_slab((35, 20), (330, 330), 28, palette.p(0.08))
    frame = (
        "M63 20H337A28 28 0 0 1 365 48V322A28 28 0 0 1 337 350H63A28 28 0 0 1 35 322V48A28 28 0 "
        "0 1 63 20Z"
    )
    grounds = [
        palette.p(0.93, 0.4),
        palette.p(0.4),
        palette.a(0.8),
        palette.s(0.66),
        palette.p(0.78, 0.8),
    ]
    fronts = [palette.a(0.72), palette.s(0.5), palette.p(0.28), "#ffffff", palette.p(0.6)]
    with canvas.group(clip=frame):
        for cell in range(9):
            at = (35 + cell % 3 * 110.0, 20 + cell // 3 * 110.0)
            ground = rng.choice(grounds)
            front = rng.choice([tone for tone in fronts if tone != ground])
            canvas.slab(at, (110.5, 110.5), ground)
            tile(
                canvas,
                at,
                rng.randrange(5),
                (front, mix(front, ground, 0.35)),
                rng.randrange(4) * 90,
            )


def tile(canvas: Canvas, at: Point, kind: int, tones: tuple[str, str], turn: int) -> None:
    """One cell of the composition, 110 units wide."""
    fill = canvas.linear(*tones, angle=60)
    with canvas.group(f"translate({number(at[0])} {number(at[1])}) rotate({turn} 55 55)"):
        if kind == 0:
            canvas.path("M0 0H110A110 110 0 0 1 0 110Z", fill)
        elif kind == 1:
            canvas.circle((55, 55), 38, fill)
        elif kind == 2:
            canvas.path("M0 55A55 55 0 0 1 110 55Z", fill)
            canvas.path("M0 110A55 55 0 0 1 110 110Z", fill)
        elif kind == 3:
            for step in range(4):
                canvas.slab((8, 10 + step * 26), (94, 12), tones[0], corner=6)
        else:
            canvas.path("M0 110V0A110 110 0 0 1 110 110Z", fill)
            canvas.circle((30, 80), 16, tones[1])
