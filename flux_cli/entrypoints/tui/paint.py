"""Panels as lines of literal text, fitted to a width in terminal cells."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from flux_cli.domain.text import visible
from flux_cli.usecases.dashboard_view import (
    Bars,
    Cell,
    Column,
    Plot,
    Prose,
    Row,
    Table,
    Tile,
    Tone,
)

STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.DIM: "$text-muted",
    Tone.GOOD: "$text-success",
    Tone.BAD: "bold $text-error",
    Tone.WARN: "$text-warning",
}
LONGEST = 2_000
"""More characters of one text than this are never looked at: no panel is that wide."""

WIDEST, LEAST_FLEX, MOST_LINES = 34, 18, 6
BLOCKS = " ▁▂▃▄▅▆▇█"


def harmless(text: str) -> str:
    """Anybody's text on one line, with all that a terminal would obey or hide spelt out."""
    return visible(text[:LONGEST])


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` cells of `text`; what is cut ends in `…`."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
    return " " * (width - length) + text if right else text + " " * (width - length)


def table_lines(table: Table, width: int, height: int, cursor: int, top: int) -> list[Content]:
    """Headings and the rows from `top` on; `cursor` is shown, -1 for none."""
    if not table.rows:
        return [Content.styled(line, "$text-muted") for line in wrapped(table.empty, width)]
    shown = table.rows[top : top + max(height - 1, 1)]
    texts = [[harmless(cell.text) for cell in row.cells] for row in shown]
    widths = _widths(table.columns, texts, width)
    kept = [place for place, wide in enumerate(widths) if wide]
    heading = " ".join(
        fitted(table.columns[place].title, widths[place], right=table.columns[place].right)
        for place in kept
    )
    lines = [Content.styled(fitted(heading, width), "bold $text-muted")] if height > 1 else []
    for number, (row, words) in enumerate(zip(shown, texts, strict=True), top):
        line = _row(table.columns, row, words, widths, kept)
        line = line.pad_right(max(0, width - line.cell_length))
        # One style for the whole row: reversed colours of several would be a patchwork.
        lines.append(Content.styled(line.plain, "bold reverse") if number == cursor else line)
    return lines


def _row(
    columns: Sequence[Column], row: Row, words: list[str], widths: list[int], kept: list[int]
) -> Content:
    parts: list[tuple[str, str]] = []
    for place in kept:
        text = fitted(words[place], widths[place], right=columns[place].right)
        parts += [(text, STYLES[row.cells[place].tone]), (" ", "")]
    return Content.assemble(*parts[:-1])


def _widths(columns: Sequence[Column], texts: list[list[str]], width: int) -> list[int]:
    """The width of each column, 0 for one that has no room."""
    natural = [
        max([cell_len(column.title), *(cell_len(row[place]) for row in texts)])
        for place, column in enumerate(columns)
    ]
    kept = set(range(len(columns)))
    while True:
        fixed = [place for place in kept if not columns[place].flex]
        flexible = [place for place in kept if columns[place].flex]
        room = width - (len(kept) - 1) - sum(_capped(columns, natural, place) for place in fixed)
        least = sum(min(LEAST_FLEX, natural[place]) for place in flexible)
        droppable = [place for place in kept if columns[place].drop]
        if room >= least or not droppable:
            break
        kept.remove(max(droppable, key=lambda place: columns[place].drop))
    widths = [0] * len(columns)
    for place in fixed:
        widths[place] = _capped(columns, natural, place)
    for number, place in enumerate(sorted(flexible, key=lambda place: natural[place])):
        share = max(0, room) // (len(flexible) - number)
        widths[place] = max(1, share if number == len(flexible) - 1 else min(share, natural[place]))
        room -= widths[place]
    return widths


def _capped(columns: Sequence[Column], natural: list[int], place: int) -> int:
    # A figure is never cut; words may be.
    return natural[place] if columns[place].right else min(natural[place], WIDEST)


def tile_content(tile: Tile, width: int) -> Content:
    """A figure and, on the line below, its detail."""
    value = fitted(harmless(tile.value), width)
    detail = fitted(harmless(tile.detail), width)
    style = STYLES[tile.tone] if tile.tone else "bold"
    return Content.assemble((value, style), ("\n", ""), (detail, "$text-muted"))


def bar_lines(bars: Bars, width: int) -> list[Content]:
    """A line for each: label, length, and what it is."""
    if not bars.bars:
        return [Content.styled(line, "$text-muted") for line in wrapped(bars.empty, width)]
    label = min(18, max(cell_len(harmless(bar.label)) for bar in bars.bars))
    told = max(cell_len(bar.told) for bar in bars.bars)
    room = max(4, width - label - told - 2)
    most = max(bar.units for bar in bars.bars) or 1
    lines = []
    for bar in bars.bars:
        filled = max(1, bar.units * room // most)
        lines.append(
            Content.assemble(
                (fitted(harmless(bar.label), label) + " ", ""),
                ("█" * filled, "$accent"),
                ("░" * (room - filled) + " ", "$text-muted"),
                (fitted(bar.told, told, right=True), "bold"),
            )
        )
    return lines


def plot_lines(plot: Plot, width: int, height: int) -> list[Content]:
    """Columns of blocks, the axis beside the highest, and the forecast below."""
    if not plot.points:
        return [Content.styled(line, "$text-muted") for line in wrapped(plot.empty, width)]
    rows = max(1, min(height - 1, 8))
    axis = max(cell_len(plot.most), 2)
    room = max(4, width - axis - 1)
    most = max(plot.points) or 1
    points = [plot.points[place * len(plot.points) // room] for place in range(room)]
    lines = []
    for row in range(rows):
        label = plot.most if row == 0 else ("$0" if row == rows - 1 else "")
        floor = (rows - 1 - row) * 8
        blocks = "".join(
            BLOCKS[max(0, min(8, max(point, 0) * rows * 8 // most - floor))] for point in points
        )
        lines.append(
            Content.assemble(
                (fitted(label, axis, right=True), "$text-muted"),
                ("┤" if label else "│", "$text-muted"),
                (blocks, "$accent"),
            )
        )
    return [*lines, Content.styled(fitted(harmless(plot.told), width), "$text-warning")]


def prose_lines(prose: Prose, width: int) -> list[Content]:
    """Lines of pieces; a last piece that is too long goes on below itself."""
    if not prose.lines:
        return [Content.styled(line, "$text-muted") for line in wrapped(prose.empty, width)]
    return [line for pieces in prose.lines for line in _prose_line(pieces, width)]


def _prose_line(pieces: Sequence[Cell], width: int) -> list[Content]:
    *first, last = ((harmless(piece.text), STYLES[piece.tone]) for piece in pieces)
    before = sum(cell_len(text) for text, _ in first)
    if before > width // 2:
        # No room for a column of its own: what it says is one line, cut at the end.
        said = Content.assemble(*first, last)
        return [said.truncate(width, ellipsis=True)]
    words = wrapped(last[0], max(8, width - before))
    lines = [Content.assemble(*first, (words[0], last[1]))]
    for word in words[1:MOST_LINES]:
        lines.append(Content.assemble((" " * before, ""), (word, last[1])))
    return lines


def wrapped(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where there are any."""
    lines: list[str] = [""]
    for word in harmless(text).split(" "):
        piece = word
        while cell_len(piece) > width:
            head = set_cell_size(piece, width).rstrip()
            lines += [head]
            piece = piece[len(head) :]
            if not head:
                break
        joined = f"{lines[-1]} {piece}" if lines[-1] else piece
        if cell_len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    return [line for line in lines if line] or [""]
