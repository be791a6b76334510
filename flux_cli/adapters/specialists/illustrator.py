"""The image generator: campaign banners in the brand's colours, as SVG and as PNG."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.specialists.canvas import Canvas
from flux_cli.adapters.specialists.formats import FORMATS, Format
from flux_cli.adapters.specialists.layout import Page, Text, Writer, lay_out
from flux_cli.adapters.specialists.message import Message, compose
from flux_cli.adapters.specialists.motifs import Motif, motif_for
from flux_cli.adapters.specialists.painted import Painted, read_painted
from flux_cli.adapters.specialists.palette import (
    Palette,
    contrast,
    hexadecimal,
    palette_for,
    readable,
)
from flux_cli.adapters.specialists.picture_checks import (
    LARGEST_PNG,
    LARGEST_SVG,
    SCHEMA,
    check_pictures,
)
from flux_cli.adapters.specialists.stage import (
    SHAPES,
    dice,
    paint_mark,
    paint_picture,
    paint_scene,
)
from flux_cli.adapters.specialists.typography import Box, Typefaces
from flux_cli.domain.brief import parse_brief
from flux_cli.domain.work import Artefact, Assignment, Check, Scene, Submission
from flux_cli.errors import WorkFailed

PREVIEW = 0.25
"""The scale at which the picture is rendered to see what lies under each text."""

SCENERY: Final = "scenery"
"""The place of the picture that a model may paint."""

SHARES = (1.0, 0.6, 0.3, 0.1)
"""How finely a painted picture is kept: the first at which no file is too large."""


@dataclass(frozen=True, slots=True)
class Design:
    """What all the banners of one campaign share; `painted` is a model's picture."""

    message: Message
    motif: Motif
    palette: Palette
    shape: str
    mark: int
    seed: int
    painted: Painted | None = None


@dataclass(frozen=True, slots=True)
class Inked:
    """A text with the colour it got and the colour under it that is hardest to read on."""

    text: Text
    foreground: str
    background: str

    @property
    def contrast(self) -> float:
        return contrast(self.foreground, self.background)


class ImageGenerator:
    """Draws one campaign's banners in every format of `FORMATS`."""

    name = "image-generator"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """Banners to draw, and how many make the full price; every campaign has all formats."""
        assert assignment.trade
        return len(FORMATS), len(FORMATS)

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Write an SVG and a PNG per format, and `images.json` that says what is on them.

        The same assignment gives the same bytes. Raises WorkFailed where the brief has no
        words the fonts can set, the folder cannot be written, or the picture that a model painted
        is none to use.
        """
        design = design_for(assignment)
        if painted := assignment.rewritten.get(SCENERY):
            design = replace(design, painted=read_painted(painted))
        faces = Typefaces()
        artefacts: list[Artefact] = []
        entries: list[dict[str, Any]] = []
        for form in FORMATS:
            svg, png, entry = fitting(form, design, faces)
            for suffix, data, kind in (
                ("svg", svg.encode(), "image/svg+xml"),
                ("png", png, "image/png"),
            ):
                path = f"{form.stem}.{suffix}"
                artefacts.append(write_artefact(folder, path, data, kind))
                entries.append({"path": path, **entry})
        index = json.dumps({"schema": SCHEMA, "images": entries}, indent=2, ensure_ascii=False)
        artefacts.append(
            write_artefact(folder, "images.json", f"{index}\n".encode(), "application/json")
        )
        named = design.message.name or "the product"
        summary = f"Banners for {named} in {len(FORMATS)} formats, each as SVG and PNG."
        return Submission(tuple(artefacts), summary, scene=scene_for(assignment, design))

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Judge the files in `folder` by reading, measuring and drawing them again."""
        assert assignment.trade
        return check_pictures(folder)


def design_for(assignment: Assignment) -> Design:
    """Message, motif, colours and shape; what is free is decided by the seed and the name."""
    brief = parse_brief(assignment.brief, assignment.goal)
    motif = motif_for(brief, assignment.goal)
    named = f"{assignment.seed}/{brief.product}/{motif.name}".encode()
    seed = int.from_bytes(hashlib.sha256(named).digest()[:4], "big")
    rng = dice(seed)
    return Design(
        message=compose(brief, assignment.needs),
        motif=motif,
        palette=palette_for(brief.brand, motif.night, rng),
        shape=rng.choice(SHAPES),
        mark=rng.randrange(4),
        seed=seed,
    )


def scene_for(assignment: Assignment, design: Design) -> Scene:
    """What a model may paint instead of the drawn scenery."""
    brief, palette = parse_brief(assignment.brief, assignment.goal), design.palette
    subject = ", ".join(part for part in (brief.product, brief.kind) if part)
    colours = (palette.primary, palette.secondary, palette.accent)
    return Scene(SCENERY, design.motif.alt, subject[:200], colours)


def fitting(form: Format, design: Design, faces: Typefaces) -> tuple[str, bytes, dict[str, Any]]:
    """One banner as SVG and as PNG, neither too large, and its entry in `images.json`."""
    for share in SHARES:
        if design.painted is not None:
            design = replace(design, painted=replace(design.painted, share=share))
        svg, entry = draw(form, design, faces)
        png = rendered(svg)
        if design.painted is None or (len(png) <= LARGEST_PNG and len(svg) <= LARGEST_SVG):
            break
    return svg, png, entry


def draw(form: Format, design: Design, faces: Typefaces) -> tuple[str, dict[str, Any]]:
    """One banner as SVG, and its entry in `images.json` without the path."""
    page = lay_out(form, Writer(faces, design.motif.lettering, design.message))
    if not page.headline:
        raise WorkFailed(
            "The brief says nothing that can be set: the fonts hold Latin, Greek and Cyrillic.",
            subject=form.stem,
        )
    canvas = Canvas(form.width, form.height)
    paint(canvas, replace(form, stage=page.stage), design, page)
    alt = alt_text(design)
    title = design.message.name or design.message.kicker or "Banner"
    inked = ink(page, design.palette, rendered(canvas.svg(title, alt), PREVIEW))
    for text in inked:
        canvas.text(text.text.role, text.text.words, text.text.path, text.foreground)
    entry = {
        "width": form.width,
        "height": form.height,
        "alt": alt,
        "headline": page.headline,
        "texts": [described(text) for text in inked],
        "seed": design.seed,
        "scenery": "drawn" if design.painted is None else "painted by a model",
    }
    return canvas.svg(title, alt), entry


def paint(canvas: Canvas, form: Format, design: Design, page: Page) -> None:
    """Everything that is under the words."""
    palette = design.palette
    if design.painted is None:
        paint_scene(canvas, form, design.shape, palette, design.motif, design.seed)
    else:
        paint_picture(canvas, form, design.shape, palette, design.seed, design.painted)
    if page.mark:
        paint_mark(canvas, (page.mark.x, page.mark.y), page.mark.width, palette, design.mark)
    for dot in page.dots:
        canvas.circle(dot, form.fact * 0.2, palette.highlight)
    if page.button:
        box = page.button
        rim = page.corner
        canvas.slab(
            (box.x, box.y + box.height * 0.08),
            (box.width, box.height),
            palette.p(0.1),
            corner=rim,
            opacity=0.16,
        )
        canvas.slab((box.x, box.y), (box.width, box.height), palette.button, corner=rim)


def ink(page: Page, palette: Palette, preview: bytes) -> list[Inked]:
    """A colour for every text that can be read on all that lies under it."""
    from PIL import Image

    inked: list[Inked] = []
    with Image.open(io.BytesIO(preview)) as picture:
        ground = picture.convert("RGB")
        for text in page.texts:
            grounds = under(ground, text.box)
            wanted = str(getattr(palette, text.colour))
            colour = readable(wanted, *grounds)
            hardest = min(grounds, key=lambda under_it: contrast(colour, under_it))
            inked.append(Inked(text, colour, hardest))
    return inked


def under(picture: Any, box: Box) -> tuple[str, ...]:
    """The darkest and the lightest colour of the preview below a text."""
    left, top = int(box.x * PREVIEW), int(box.y * PREVIEW)
    right = max(left + 1, round(box.right * PREVIEW))
    bottom = max(top + 1, round(box.bottom * PREVIEW))
    pixels = picture.crop((left, top, right, bottom)).getcolors(1 << 20)
    tones = sorted((pixel for _, pixel in pixels), key=lambda p: 2 * p[0] + 7 * p[1] + p[2])
    ends = (tones[0], tones[-1])
    return tuple(hexadecimal((r / 255, g / 255, b / 255)) for r, g, b in ends)


def rendered(svg: str, zoom: float = 1.0) -> bytes:
    """A drawing as PNG; all its text is outlines, so no font of the machine is asked."""
    import resvg_py

    width = svg.split('width="', 1)[1].split('"', 1)[0]
    pixels = max(1, round(int(width) * zoom))
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, width=pixels))


def alt_text(design: Design) -> str:
    """What someone who cannot see the banner is told."""
    message = design.message
    about = message.name or message.kicker or "the product"
    kind = (
        f", {message.kicker[:1].lower()}{message.kicker[1:]}"
        if message.name and message.kicker
        else ""
    )
    shown = design.motif.alt
    if design.painted is not None:
        shown = f"a picture painted by a model, which was asked for {shown}"
    return f"Banner for {about}{kind}: {shown}."


def described(inked: Inked) -> dict[str, Any]:
    """A text as `images.json` lists it; the box is in pixels: left, top, width, height."""
    box = inked.text.box
    return {
        "text": inked.text.words,
        "role": inked.text.role,
        "box": [round(part, 1) for part in (box.x, box.y, box.width, box.height)],
        "size_px": round(inked.text.size, 1),
        "foreground": inked.foreground,
        "background": inked.background,
        "contrast": round(inked.contrast, 2),
    }
