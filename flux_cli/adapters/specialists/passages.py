"""A source cut into units that can be quoted: where each one starts and ends, and its heading."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from flux_cli.domain.work import Source

UNIT_LIMIT = 420
SOURCE_LIMIT = 2_000_000
MOST_ROWS = 5000
SEPARATED = (".csv", ".tsv", ".psv", ".tab")
"""How the names of files of separated values end."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*(?=\s+[\"'“‘(]*[A-Z0-9À-Þ€$£])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|approx|vs|Mr|Mrs|Ms|Dr|St|No|Inc|Ltd|Co|incl)|\b[A-Z])\.$"
)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.{1,200}?)\s*#*\s*$")
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Unit:
    """One quotable stretch of a source, by character offsets.

    `kind` is `prose`, `bullet`, `testimony` (a block quotation), `row` (of a table)
    or `question` (it asks and states nothing).
    """

    source: str
    heading: str
    start: int
    end: int
    text: str
    kind: str
    paragraph: int


@dataclass(frozen=True, slots=True)
class Table:
    """A Markdown table: its column names, and for each row its unit and its cells."""

    source: str
    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Unit, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A source with its quotable units and its tables."""

    source: Source
    units: tuple[Unit, ...]
    tables: tuple[Table, ...]


def source_bytes(source: Source) -> bytes:
    """The bytes that a source's hash and every byte offset into it are about."""
    return source.text.encode("utf-8", "surrogatepass")


def source_hash(source: Source) -> str:
    """The SHA-256 of the source's text, computed here and never taken on trust."""
    return hashlib.sha256(source_bytes(source)).hexdigest()


def is_converted(source: Source) -> bool:
    """Whether the text was made from the file, as a PDF's is, and is not the file itself."""
    return source_hash(source) != source.sha256


def text_file(place: int) -> str:
    """Where the text of the source at `place`, from 1, is delivered if it was converted.

    Whoever checks a quotation needs no reader of PDF or HTML but this file.
    """
    return f"texts/{place}.txt"


def byte_span(source: Source, unit: Unit) -> tuple[int, int]:
    """A unit's first byte, and the byte after its last, in the source's UTF-8."""
    before = len(source.text[: unit.start].encode("utf-8", "surrogatepass"))
    return before, before + len(unit.text.encode("utf-8", "surrogatepass"))


def read_document(source: Source) -> Document:
    """Cut the first two million characters of `source` into units and tables."""
    if source.name.lower().endswith(SEPARATED):
        return Document(source, tuple(_rows(source.name, source.text[:SOURCE_LIMIT])), ())
    units: list[Unit] = []
    tables: list[Table] = []
    heading, paragraph = "", 0
    # A form feed begins a page; the one a PDF's text starts with begins its first.
    page = 0 if source.text.startswith("\f") else 1
    for kind, start, end, text in _blocks(source.text[:SOURCE_LIMIT]):
        if kind == "page":
            page += 1
            heading = f"page {page}"
            continue
        if kind == "heading":
            heading = text
            continue
        paragraph += 1
        if kind == "table":
            table = _table(source.name, heading, start, text, paragraph)
            if table:
                tables.append(table)
                units += [unit for unit, _ in table.rows]
            continue
        spans = [(start, end)] if kind == "testimony" else _sentence_spans(source.text, start, end)
        for first, last in spans:
            quote = source.text[first:last]
            if quotable(quote):
                what = "question" if quote.rstrip('"”’)').endswith("?") else kind
                units.append(Unit(source.name, heading, first, last, quote, what, paragraph))
    return Document(source, tuple(units), tuple(tables))


def _rows(name: str, text: str) -> Iterator[Unit]:
    """The rows of a file of separated values, each that stands on a line of its own.

    Their heading is the names of the columns.
    """
    lines = text.split("\n")
    places = list(accumulate((len(line) + 1 for line in lines), initial=0))
    mark = "\t" if name.lower().endswith((".tsv", ".tab")) else max(",;\t|", key=lines[0].count)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=mark)
    columns: list[str] = []
    while (line := reader.line_num) < min(len(lines), MOST_ROWS):
        try:
            cells = next(reader)
        except (csv.Error, StopIteration):
            return
        columns = columns or cells
        bare = lines[line].rstrip()
        start = places[line] + len(bare) - len(bare.lstrip())
        whole = reader.line_num == line + 1 and len(cells) == len(columns) > 1
        if line and whole and quotable(row := bare.lstrip(), least_words=1):
            heading = one_line(", ".join(columns))[:120]
            yield Unit(name, heading, start, start + len(row), row, "row", line)


def quotable(text: str, least_words: int = 2) -> bool:
    """Whether `text` is short, has words, and hides nothing from the reader."""
    fits = 8 <= len(text) <= UNIT_LIMIT and len(text.split()) >= least_words
    return fits and not _UNSAFE.search(text)


def one_line(text: str) -> str:
    """`text` with its line breaks undone and nothing invisible in it."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def _blocks(text: str) -> Iterator[tuple[str, int, int, str]]:
    """(kind, start, end, text) of headings, tables, bullets, quotations, paragraphs, new pages."""
    open_kind, open_start, open_end = "", 0, 0
    at = 0
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        bare = line.rstrip()
        heading = _HEADING.match(bare) if len(bare) < 300 else None
        kind, inner = _line_kind(bare, start)
        end = start + len(bare)
        joins = kind == open_kind and kind in {"table", "prose"}
        if kind == "prose" and open_kind == "bullet" and line[:1] in " \t":
            joins = True
        if joins:
            open_end = end
        else:
            if open_kind:
                yield open_kind, open_start, open_end, text[open_start:open_end]
            open_kind, open_start, open_end = kind, inner, end
            if heading:
                yield "heading", start, end, one_line(heading.group(1))
                open_kind = ""
        if line.endswith("\f"):
            if open_kind:
                yield open_kind, open_start, open_end, text[open_start:open_end]
            open_kind = ""
            yield "page", end, end, ""
    if open_kind:
        yield open_kind, open_start, open_end, text[open_start:open_end]


def _line_kind(bare: str, start: int) -> tuple[str, int]:
    """What a line is, and where its words start."""
    stripped = bare.lstrip()
    indent = start + len(bare) - len(stripped)
    if not stripped or re.fullmatch(r"[-=*_ ]{3,}", stripped[:200]):
        return "", start
    if stripped.startswith("|"):
        return "table", indent
    if stripped.startswith(">"):
        words = stripped.lstrip("> ")
        return "testimony" if words else "", indent + len(stripped) - len(words)
    bullet = _BULLET.match(bare)
    if bullet:
        return "bullet", start + bullet.end()
    return "prose", indent


def _sentence_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the sentences of `text[start:end]` start and end."""
    spans: list[tuple[int, int]] = []
    first = start
    for match in _SENTENCE_END.finditer(text, start, end):
        if _ABBREVIATION.search(text[max(first, match.end() - 12) : match.end()]):
            continue
        spans.append((first, match.end()))
        first = match.end()
        while first < end and text[first].isspace():
            first += 1
    if first < end:
        spans.append((first, end))
    return spans


def _table(source: str, heading: str, start: int, text: str, paragraph: int) -> Table | None:
    """The table in `text`, if it has a header, its rule, and a row."""
    lines = text.split("\n")
    if len(lines) < 3 or not re.fullmatch(r"[\s|:-]{3,200}", lines[1].strip()):
        return None
    columns = _cells(lines[0])
    rows: list[tuple[Unit, tuple[str, ...]]] = []
    at = start + len(lines[0]) + len(lines[1]) + 2
    for line in lines[2:]:
        row = line.strip()
        first = at + len(line) - len(line.lstrip())
        cells = _cells(row)
        at += len(line) + 1
        if len(cells) == len(columns) and len(row) <= UNIT_LIMIT and not _UNSAFE.search(row):
            unit = Unit(source, heading, first, first + len(row), row, "row", paragraph)
            rows.append((unit, cells))
    return Table(source, heading, columns, tuple(rows)) if rows and len(columns) > 1 else None


def _cells(line: str) -> tuple[str, ...]:
    return tuple(one_line(cell) for cell in line.strip().strip("|").split("|"))
