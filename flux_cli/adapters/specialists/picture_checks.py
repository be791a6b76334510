"""Checks on delivered banners, made from the files alone and never from what drew them.

Contrast is measured on the pixels of the PNG: the colour of the ink in a text's box against the
colours just around its strokes (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from flux_cli.adapters.specialists.formats import FORMATS, Format
from flux_cli.adapters.specialists.palette import READABLE
from flux_cli.adapters.specialists.pixels import Measured, measure
from flux_cli.adapters.specialists.typography import Box
from flux_cli.domain.work import Check

SCHEMA = "flux.images/1"
LARGEST_PNG = 2_000_000
"""Grain of a photograph in a tall banner takes more than one megabyte."""

LARGEST_SVG = 1_000_000
LARGEST_INDEX = 500_000
LEAST_COLOURS = 24
"""A picture with fewer colours than this is blank or nearly so."""

INK_SHARE = (0.02, 0.75)
"""How much of a text's box its strokes cover, at least and at most."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One text as images.json declares it, and what the pixels of its box say."""

    words: str
    role: str
    box: Box
    contrast: float
    found: Measured | None


@dataclass(frozen=True, slots=True)
class Delivered:
    """One banner as it was read back; what could not be read is None.

    `picture` is the PNG as an RGB image, and None unless it decodes to the right size.
    """

    form: Format
    svg: bytes | None
    png: bytes | None
    picture: Any
    entries: tuple[Mapping[str, Any], ...]
    texts: tuple[Declared, ...]


def check_pictures(folder: Path) -> tuple[Check, ...]:
    """Every check on the banners in `folder`; one that finds nothing wrong says what it read."""
    entries, problem = read_index(folder)
    banners = [read_banner(folder, form, entries) for form in FORMATS]
    return (
        verdict("index", f"images.json in {SCHEMA}", [problem] if problem else [], "read"),
        verdict("formats", f"{len(FORMATS)} sizes as SVG and PNG", missing(banners), "all present"),
        verdict("size", "exact pixels, below 2 MB", each(banners, size_faults), "as declared"),
        verdict("not-blank", "a picture, not a plain ground", each(banners, blank_faults), "drawn"),
        verdict("svg", "well formed, safe, same size", each(banners, svg_faults), "sound"),
        verdict("same-picture", "the PNG shows the SVG", each(banners, drift_faults), "they agree"),
        verdict("alt-text", "a description per image", each(banners, alt_faults), "present"),
        verdict("safe-area", "text inside the safe area", each(banners, place_faults), "inside"),
        verdict("ink", "every declared text is drawn", each(banners, ink_faults), "drawn"),
        verdict(
            "contrast",
            f"at least {READABLE}:1 on the pixels",
            each(banners, contrast_faults),
            lowest(banners),
        ),
    )


def verdict(name: str, wanted: str, faults: list[str], fine: str) -> Check:
    """A check that passed if there are no faults, and shows the first three if there are."""
    shown = "; ".join(faults[:3]) + (f"; and {len(faults) - 3} more" if len(faults) > 3 else "")
    return Check(name, not faults, wanted, shown or fine)


def each(banners: list[Delivered], find: Any) -> list[str]:
    """The faults `find` sees in each banner, named by the banner."""
    return [f"{banner.form.stem}: {fault}" for banner in banners for fault in find(banner)]


def read_index(folder: Path) -> tuple[tuple[Mapping[str, Any], ...], str]:
    """The entries of images.json, and what is wrong with it."""
    raw = read_file(folder / "images.json", LARGEST_INDEX)
    if raw is None:
        return (), "images.json is missing or too large"
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return (), "images.json is not JSON"
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        return (), f"images.json is not in {SCHEMA}"
    images = data.get("images")
    if not isinstance(images, list) or not all(isinstance(entry, dict) for entry in images):
        return (), "images.json lists no images"
    seedless = [
        str(entry.get("path")) for entry in images if not isinstance(entry.get("seed"), int)
    ]
    return tuple(images), f"no seed for {seedless[0]}" if seedless else ""


def read_file(path: Path, limit: int) -> bytes | None:
    """The bytes of a regular file of at most `limit` bytes, or None."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > limit:
            return None
        return path.read_bytes()
    except OSError:
        return None


def read_banner(folder: Path, form: Format, entries: Iterable[Mapping[str, Any]]) -> Delivered:
    """Both files of one format and the entries that speak of them."""
    names = (f"{form.stem}.svg", f"{form.stem}.png")
    mine = tuple(entry for entry in entries if entry.get("path") in names)
    svg, png = (
        read_file(folder / name, limit)
        for name, limit in zip(names, (LARGEST_SVG, LARGEST_PNG), strict=True)
    )
    picture = decoded(png, form)
    return Delivered(form, svg, png, picture, mine, tuple(declared(mine, picture)))


def missing(banners: list[Delivered]) -> list[str]:
    """The files and entries that should be there."""
    faults: list[str] = []
    for banner in banners:
        for suffix, data in (("svg", banner.svg), ("png", banner.png)):
            name = f"{banner.form.stem}.{suffix}"
            if data is None:
                faults.append(f"{name} is missing or too large")
            elif not any(entry.get("path") == name for entry in banner.entries):
                faults.append(f"images.json does not list {name}")
    return faults


def decoded(png: bytes | None, form: Format) -> Any:
    """The PNG as an RGB image, or None where it does not decode to the format's size."""
    from PIL import Image

    if png is None:
        return None
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
            # The header is looked at first: a small file can claim a picture of gigabytes.
            return picture.convert("RGB") if picture.size == (form.width, form.height) else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def declared(entries: Iterable[Mapping[str, Any]], picture: Any) -> Iterable[Declared]:
    """The texts that the PNG's entry lists; one without a proper box gets an empty one."""
    for entry in entries:
        listed = entry.get("texts")
        if not str(entry.get("path")).endswith(".png") or not isinstance(listed, list):
            continue
        for text in listed[:40]:
            fields = text if isinstance(text, dict) else {}
            sides = fields.get("box")
            proper = isinstance(sides, list) and len(sides) == 4 and all(map(is_length, sides))
            box = Box(*map(float, sides)) if proper and sides else Box(-1, -1, 0, 0)
            ratio = fields.get("contrast")
            yield Declared(
                words=str(fields.get("text", "")).strip(),
                role=str(fields.get("role", "")),
                box=box,
                contrast=float(ratio) if is_length(ratio) and ratio is not None else 0.0,
                found=None if picture is None else measure(picture, box),
            )


def is_length(value: object) -> bool:
    """Whether a value is a number that a picture can have."""
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e5


def size_faults(banner: Delivered) -> list[str]:
    """Whether the PNG decodes to the size its name and its entry promise."""
    form = banner.form
    faults = [] if banner.picture else [f"no PNG of {form.width} × {form.height}"]
    for entry in banner.entries:
        if (entry.get("width"), entry.get("height")) != (form.width, form.height):
            faults.append(f"{entry.get('path')} is declared with another size")
    return faults


def blank_faults(banner: Delivered) -> list[str]:
    """Whether there is a picture: enough colours, and none of them nearly everywhere."""
    if banner.picture is None:
        return ["nothing to look at"]
    small = banner.picture.resize((96, 96)).quantize(64).convert("RGB")
    colours = small.getcolors(96 * 96) or []
    if len(colours) < LEAST_COLOURS or max(count for count, _ in colours) > 96 * 96 * 0.9:
        return [f"{len(colours)} colours"]
    return []


def svg_faults(banner: Delivered) -> list[str]:
    """Whether the SVG is one, of the right size, and asks nothing of the outside."""
    if banner.svg is None:
        return ["no SVG"]
    try:
        text = banner.svg.decode()
        if "<!" in text:
            return ["it declares a document type"]
        root = ElementTree.fromstring(text)  # noqa: S314 - no entity without a document type
    except (UnicodeDecodeError, ElementTree.ParseError):
        return ["it is not well-formed XML in UTF-8"]
    form = banner.form
    faults: list[str] = []
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        faults.append("its root is not svg")
    if (root.get("width"), root.get("height")) != (str(form.width), str(form.height)):
        faults.append("it has another size")
    for element in root.iter():
        name = str(element.tag).rsplit("}", 1)[-1].lower()
        if name == "image" and (fault := picture_fault(element.get("href", ""), form)):
            faults.append(fault)
        if name in ("script", "foreignobject", "use", "a", "style", "text", "iframe"):
            faults.append(f"it contains <{name}>")
        faults += [
            f"{name} has {key}"
            for key, value in element.items()
            if leads_out(key, value) and (name, key) != ("image", "href")
        ]
    titled = {str(child.tag).rsplit("}", 1)[-1]: (child.text or "").strip() for child in root}
    faults += [f"no <{name}>" for name in ("title", "desc") if not titled.get(name)]
    return faults


def picture_fault(reference: str, form: Format) -> str:
    """What is wrong with a picture in the SVG: it is a JPEG in the file itself, and no larger."""
    from PIL import Image

    start = "data:image/jpeg;base64,"
    if not reference.startswith(start):
        return "it contains <image>"
    try:
        data = base64.b64decode(reference[len(start) :], validate=True)
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            # Only its header is read: drawing one of gigabytes would have to be stopped.
            fits = picture.width <= form.width and picture.height <= form.height
            return "" if fits and not picture.getexif() else "its picture is not as it should be"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "its picture is none"


def leads_out(key: str, value: str) -> bool:
    """Whether an attribute runs code or names something that is not in the file."""
    name = key.rsplit("}", 1)[-1].lower()
    reference = re.search(r"url\(\s*['\"]?(?!#)", value)
    return name.startswith("on") or name in ("href", "src", "style") or reference is not None


def drift_faults(banner: Delivered) -> list[str]:
    """Whether drawing the SVG again gives the PNG that was delivered."""
    import resvg_py
    from PIL import Image, ImageChops, ImageStat

    if banner.picture is None or banner.svg is None or svg_faults(banner):
        return ["nothing to compare"]
    try:
        again = resvg_py.svg_to_bytes(svg_string=banner.svg.decode(), skip_system_fonts=True)
        with Image.open(io.BytesIO(again)) as redrawn:
            difference = ImageChops.difference(banner.picture, redrawn.convert("RGB"))
    except (ValueError, OSError):
        return ["the SVG cannot be drawn"]
    worst = max(ImageStat.Stat(difference).mean)
    return [f"they differ by {worst:.2f} of 255"] if worst > 0.5 else []


def alt_faults(banner: Delivered) -> list[str]:
    """Whether each file has an alternative text worth reading and a headline."""
    faults: list[str] = []
    for entry in banner.entries or ({},):
        alt, headline = entry.get("alt"), entry.get("headline")
        if not isinstance(alt, str) or not 12 <= len(alt.strip()) <= 400:
            faults.append("no alt text")
        if not isinstance(headline, str) or not headline.strip():
            faults.append("no headline")
    return faults


def place_faults(banner: Delivered) -> list[str]:
    """Whether every text lies in what no platform covers, and no two lie on each other."""
    faults = [
        f"“{text.words[:30]}” leaves the safe area"
        for text in banner.texts
        if text.box.width <= 0 or not text.box.inside(banner.form.safe, 0.5)
    ]
    for one, other in combinations(banner.texts, 2):
        across = min(one.box.right, other.box.right) - max(one.box.x, other.box.x)
        down = min(one.box.bottom, other.box.bottom) - max(one.box.y, other.box.y)
        if across > 1 and down > 1:
            faults.append(f"“{one.words[:20]}” and “{other.words[:20]}” overlap")
    return faults


def ink_faults(banner: Delivered) -> list[str]:
    """Whether a headline and a call are among the texts, and the strokes of each are drawn."""
    roles = {text.role for text in banner.texts}
    faults = [f"no {role}" for role in ("headline", "cta") if role not in roles]
    for text in banner.texts:
        if not text.words or text.found is None:
            faults.append(f"“{text.words[:30]}” is not there")
        elif not INK_SHARE[0] <= text.found.share <= INK_SHARE[1]:
            faults.append(f"“{text.words[:30]}” covers {text.found.share:.0%} of its box")
        elif text.found.spilled > 0.05:
            faults.append(f"“{text.words[:30]}” runs out of its box")
    return faults


def contrast_faults(banner: Delivered) -> list[str]:
    """The texts whose measured contrast is too low, and those declared better than they are."""
    faults: list[str] = []
    for text in banner.texts:
        measured = text.found.contrast if text.found else 0.0
        if measured < READABLE:
            faults.append(f"“{text.words[:30]}” has {measured:.2f}:1")
        elif not READABLE <= text.contrast < measured * 1.35:
            faults.append(f"“{text.words[:30]}” is declared {text.contrast}, not {measured:.2f}")
    return faults


def lowest(banners: list[Delivered]) -> str:
    """The lowest contrast measured on any text."""
    found = [text.found.contrast for banner in banners for text in banner.texts if text.found]
    return f"lowest {min(found):.2f}:1 on {len(found)} texts" if found else "no text"
