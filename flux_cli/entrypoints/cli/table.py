"""Documents for people: aligned, calm, never wider than the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import Column, Document, Kind, is_money, money_text
from flux_cli.entrypoints.cli.terminal import Terminal

GAP = "  "
SHORTEST_TEXT = 10
SHORT_ID = 6
SHORT_ID_WIDTH = len("card_…") + SHORT_ID


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of one line and how it is coloured where there is colour."""

    text: str
    style: str = ""


Line = tuple[Cell, ...]

STATES = (
    ("✓", "green", "ok done yes approved completed succeeded captured settled accepted released"),
    ("✓", "green", "passed verified paid finalized delivered bought"),
    ("✗", "red", "denied no failed refused rejected declined broken error frozen reversed"),
    ("●", "green", "active open running live issued"),
    ("…", "yellow", "pending waiting queued requested submitted working unknown deliberating"),
    ("•", "cyan", "held authorized reserved funded partial abstain"),
    ("○", "dim", "paused closed expired cancelled refunded used draft skipped"),
)
"""Glyph, colour and words: a state is always both a glyph and a word, so grey loses nothing."""


def status(word: str) -> Cell:
    """`✓ approved`: a glyph in front of the word."""
    for glyph, style, words in STATES:
        if word.lower() in words.split():
            return Cell(f"{glyph} {word}", style)
    return Cell(f"• {word}")


def cell(value: object, kind: Kind = "text") -> Cell:
    """One value on one line."""
    if value is None:
        return Cell("-", "dim")
    if is_money(value):
        return Cell(money_text(value))
    if kind == "status" and isinstance(value, str):
        return status(visible(value))
    if kind == "time" and isinstance(value, str):
        return Cell(visible(value).replace("T", " ", 1))
    return Cell(visible(_words(value)))


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case list() if all(not isinstance(item, list | dict) for item in value):
            return ", ".join(_words(item) for item in value) or "-"
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def listing(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None
) -> list[Line]:
    """A heading and a line for each row; a block for each row where lines cannot be so wide."""
    if not rows:
        return []
    natural = [
        max(_measure(column.heading), *(_measure(row[index].text) for row in rows))
        for index, column in enumerate(columns)
    ]
    widths = fitted(columns, natural, width)
    if widths is None:
        return _blocks(columns, rows, width)
    heads = [Cell(column.heading, "bold") for column in columns]
    lines: list[Line] = []
    for row in (heads, *rows):
        *others, last = row
        parts = _folded(last.text, widths[-1]) if columns[-1].wraps else [last.text]
        for number, part in enumerate(parts):
            shown = others if number == 0 else [Cell("")] * len(others)
            cells = [
                _set(cell, column, space)
                for cell, column, space in zip(
                    (*shown, replace(last, text=part)), columns, widths, strict=True
                )
            ]
            lines.append(_joined(cells))
    return lines


def fitted(
    columns: Sequence[Column], natural: Sequence[int], width: int | None
) -> list[int] | None:
    """A width for each column so that a line fits, or None if no shortening is enough.

    Text gives way first, the last column before the others, then ids; numbers never do.
    """
    widths = list(natural)
    if width is None:
        return widths
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - width
    texts = [index for index, column in enumerate(columns) if column.kind == "text"]
    for index in reversed(texts):
        given = min(max(0, excess), max(0, widths[index] - SHORTEST_TEXT))
        widths[index] -= given
        excess -= given
    if excess > 0:
        # A short id has one length, so an id column gives all it can and text takes some back.
        for index, column in enumerate(columns):
            if column.kind == "id" and widths[index] > SHORT_ID_WIDTH:
                excess -= widths[index] - SHORT_ID_WIDTH
                widths[index] = SHORT_ID_WIDTH
        for index in texts:
            taken = min(max(0, -excess), natural[index] - widths[index])
            widths[index] += taken
            excess += taken
    return widths if excess <= 0 else None


def document(
    pairs: Sequence[tuple[str, object]], answer: Document, width: int | None
) -> list[Line]:
    """A line for each field, then each list of objects as a table of its own."""
    plain, tables = [], []
    for key, value in flattened(pairs):
        columns = answer.tables.get(key)
        if columns is not None and isinstance(value, list):
            tables.append((_heading(answer, key), columns, value))
        else:
            plain.append((_heading(answer, key), value, _kind_of(key, value)))
    lines = _fields(plain, width)
    for heading, columns, value in tables:
        inner = None if width is None else width - len(GAP)
        rows = [[cell(_at(item, c.field), c.kind) for c in columns] for item in value]
        lines += [(), (Cell(heading, "bold"),)]
        body = listing(columns, rows, inner) or [(Cell("none", "dim"),)]
        lines += [(Cell(GAP), *line) for line in body]
    return lines


def flattened(pairs: Iterable[tuple[str, object]]) -> list[tuple[str, object]]:
    """Nested objects as dotted names, except money, which is one value."""
    flat: list[tuple[str, object]] = []
    for key, value in pairs:
        if isinstance(value, dict) and value and not is_money(value):
            flat += flattened((f"{key}.{inner}", deeper) for inner, deeper in value.items())
        else:
            flat.append((key, value))
    return flat


def text_of(lines: Sequence[Line], terminal: Terminal) -> str:
    """The lines as text, with colour where the terminal takes it."""
    if not lines:
        return ""
    if not terminal.colored:
        rows = ("".join(cell.text for cell in line).rstrip() for line in lines)
        return "".join(f"{row}\n" for row in rows)
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    # Our own buffer and width: Rich must neither wrap again nor ask the environment.
    console = Console(
        file=StringIO(), force_terminal=True, color_system="standard", width=10_000, no_color=False
    )
    with console.capture() as captured:
        for line in lines:
            text = Text.assemble(*((cell.text, cell.style) for cell in line))
            text.rstrip()
            console.print(text, soft_wrap=True)
    return captured.get()


def _measure(text: str) -> int:
    """How many terminal columns `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _at(item: object, path: str) -> object:
    for part in path.split("."):
        item = item.get(part) if isinstance(item, dict) else None
    return item


def _heading(answer: Document, key: str) -> str:
    return visible(answer.headings.get(key, key.replace("_", " ")))


def _kind_of(key: str, value: object) -> Kind:
    name = key.rpartition(".")[2]
    if name in {"status", "state", "vote"}:
        return "status"
    return "time" if name.endswith("_at") and isinstance(value, str) else "text"


def _fields(plain: Sequence[tuple[str, object, Kind]], width: int | None) -> list[Line]:
    label_width = max((_measure(label) for label, _, _ in plain), default=0)
    room = None if width is None else max(SHORTEST_TEXT, width - label_width - len(GAP))
    lines: list[Line] = []
    for label, value, kind in plain:
        whole = cell(value, kind)
        texts = [whole.text]
        if isinstance(value, str) and kind == "text":
            texts = visible(value, lines=True).split("\n")
        wrapped = [part for text in texts for part in _wrapped(text, room)]
        for index, part in enumerate(wrapped):
            name = label if index == 0 else ""
            padded = name + " " * (label_width - _measure(name)) + GAP
            lines.append((Cell(padded, "dim"), replace(whole, text=part)))
    return lines


def _wrapped(text: str, room: int | None) -> list[str]:
    """Lines no wider than `room`, broken at spaces only: an id or a number stays whole."""
    if room is None or _measure(text) <= room:
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and _measure(longer) > room:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]


def _folded(text: str, room: int) -> list[str]:
    """As `_wrapped`, and what is longer than a line, such as a path, is cut and goes on."""
    return [
        line[at : at + room] for line in _wrapped(text, room) for at in range(0, len(line), room)
    ] or [text]


def _blocks(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int | None
) -> list[Line]:
    label_width = max(_measure(column.heading) for column in columns)
    room = None if width is None else max(SHORTEST_TEXT, width - label_width - len(GAP))
    lines: list[Line] = []
    for index, row in enumerate(rows):
        lines += [()] if index else []
        for column, whole in zip(columns, row, strict=True):
            for number, part in enumerate(_wrapped(whole.text, room)):
                name = "" if number else column.heading
                label = name + " " * (label_width - _measure(name)) + GAP
                lines.append((Cell(label, "dim"), replace(whole, text=part)))
    return lines


def _set(whole: Cell, column: Column, space: int) -> Cell:
    """`whole` in exactly `space` columns, shortened where the column was."""
    text = whole.text
    if _measure(text) > space:
        text = _short_id(text) if column.kind == "id" else _elided(text, space)
    padding = " " * (space - _measure(text))
    return replace(whole, text=padding + text if column.align == "right" else text + padding)


def _elided(text: str, space: int) -> str:
    kept = text[: space - 1]
    while _measure(kept) > space - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _short_id(text: str) -> str:
    """`card_…K3XQ7P`: the end of an id is enough to name it at a terminal."""
    prefix, bar, rest = text.rpartition("_")
    return f"{prefix}{bar}…{rest[-SHORT_ID:]}"


def _joined(cells: Sequence[Cell]) -> Line:
    line: list[Cell] = []
    for index, one in enumerate(cells):
        if index:
            line.append(Cell(GAP))
        line.append(one)
    return tuple(line)
