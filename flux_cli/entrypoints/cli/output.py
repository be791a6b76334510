"""Documents written in the form that was asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from flux_cli.domain.text import HIDDEN, visible
from flux_cli.entrypoints.cli import table
from flux_cli.entrypoints.cli.document import (
    Answer,
    Column,
    Document,
    Json,
    Listing,
    answer_json,
    document_json,
    is_money,
    listing_json,
    money_plain,
    money_text,
)
from flux_cli.entrypoints.cli.fields import at, known_fields, only, parse_fields, refuse_unknown
from flux_cli.entrypoints.cli.terminal import Terminal
from flux_cli.errors import InvalidInput


class Format(StrEnum):
    """The forms an answer can take."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TSV = "tsv"
    MD = "md"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked the output to be; `format` is None where it did not say."""

    format: Format | None = None
    fields: str | None = None
    jq: str | None = None
    quiet: bool = False

    def settled(self, out_is_tty: bool) -> Format:
        """The one form to write. Raises `InvalidInput` where two were asked for at once."""
        if self.jq is not None and self.format not in {None, Format.JSON}:
            raise InvalidInput("--jq reads JSON: leave out the other format", param="--jq")
        if self.quiet and (self.format is not None or self.jq is not None or self.fields):
            raise InvalidInput("-q prints ids only: leave out the format", param="--quiet")
        if self.jq is not None:
            return Format.JSON
        return self.format or (Format.TABLE if out_is_tty else Format.TSV)


def rendered(answer: Answer, wish: Wish, terminal: Terminal) -> str:
    """`answer` as the text for stdout, ending in a line break unless it is empty."""
    form = wish.settled(terminal.out_is_tty)
    if wish.quiet:
        return _lines(_ids(answer))
    paths = parse_fields(wish.fields) if wish.fields is not None else ()
    objects = _objects(answer)
    if objects:  # an empty page does not say which fields it would have had
        refuse_unknown(paths, _known(answer, objects))
    if form is Format.JSON:
        document = _picked_document(answer, paths)
        if wish.jq is not None:
            return _lines(_queried(document, wish.jq))
        return json_text(document, ascii_only=not terminal.utf8) + "\n"
    if form is Format.JSONL:
        picked = (only(item, paths) if paths else item for item in objects)
        return _lines(json_text(item, ascii_only=not terminal.utf8, indent=None) for item in picked)
    if form is Format.TABLE:
        return _table(answer, objects, paths, terminal)
    return _separated(answer, objects, paths, form)


def json_text(document: Json, *, ascii_only: bool = False, indent: int | None = 2) -> str:
    """JSON whose strings hold no character that a terminal would obey or hide."""
    text = json.dumps(document, ensure_ascii=ascii_only, allow_nan=False, indent=indent)
    # Outside strings JSON has only line breaks of its own; inside them every control is escaped
    # already, so what is left to spell out are C1 controls and format characters.
    return HIDDEN.sub(
        lambda found: found.group() if found.group() == "\n" else _escape(found.group()), text
    )


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"


def _objects(answer: Answer) -> list[Json]:
    if isinstance(answer, Document):
        return [document_json(answer)]
    return cast("list[Json]", listing_json(answer)["data"])


def _ids(answer: Answer) -> Iterable[str]:
    return (visible(str(item["id"])) for item in _objects(answer) if item.get("id") is not None)


def _picked_document(answer: Answer, paths: tuple[str, ...]) -> Json:
    whole = answer_json(answer)
    if not paths:
        return whole
    if isinstance(answer, Document):
        return only(whole, paths)
    return whole | {"data": [only(item, paths) for item in _objects(answer)]}


def _known(answer: Answer, objects: list[Json]) -> list[str]:
    known = known_fields(objects)
    if isinstance(answer, Listing):
        known += [column.field for column in answer.columns if column.field not in known]
    return known


def _queried(document: Json, expression: str) -> list[str]:
    import jq  # type: ignore[import-not-found]

    try:
        results = jq.compile(expression).input_value(document).all()
    except ValueError as error:
        raise InvalidInput(f"jq: {str(error).strip()}", param="--jq") from error
    # Strings come out bare, as `jq -r` writes them, so a shell can use them.
    return [
        visible(item, lines=True) if isinstance(item, str) else json_text(item, indent=None)
        for item in results
    ]


def _table(answer: Answer, objects: list[Json], paths: tuple[str, ...], terminal: Terminal) -> str:
    if isinstance(answer, Listing):
        columns = _columns(answer.columns, paths)
        rows = [[table.cell(at(item, c.field), c.kind) for c in columns] for item in objects]
        lines = table.listing(columns, rows, terminal.width)
    else:
        lines = table.document(_shown(objects[0], paths), answer, terminal.width)
    return table.text_of(lines, terminal)


def _columns(columns: tuple[Column, ...], paths: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns people see, or the ones they asked for, under the names they used."""
    if not paths:
        return columns
    by_field = {column.field: column for column in columns}
    return tuple(by_field.get(path, Column(path, path)) for path in paths)


def _shown(item: Json, paths: tuple[str, ...]) -> list[tuple[str, object]]:
    if paths:
        return [(path, at(item, path)) for path in paths]
    # What names the kind of object is for programs; a person just asked for it by name.
    return [(key, value) for key, value in item.items() if key not in {"object", "schema"}]


def _separated(answer: Answer, objects: list[Json], paths: tuple[str, ...], form: Format) -> str:
    if isinstance(answer, Listing):
        columns = _columns(answer.columns, paths)
        heads = [c.heading if form is Format.MD else c.field for c in columns]
        values: list[list[object]] = [[at(item, c.field) for c in columns] for item in objects]
        aligns: list[str] = [c.align for c in columns]
    else:
        heads = ["field", "value"]
        pairs = _shown(objects[0], paths)
        values = [[key, value] for key, value in table.flattened(pairs)]
        aligns = ["left", "left"]
    if form is Format.CSV:
        return _csv(heads, values)
    if form is Format.MD:
        return _markdown(heads, values, aligns)
    table_rows: list[list[object]] = [[*heads], *values]
    rows = [[visible(_plain(value)) for value in row] for row in table_rows]
    return _lines("\t".join(row) for row in rows)


def _plain(value: object) -> str:
    """A value in one cell for programs: exact, never shortened."""
    if is_money(value):
        return money_plain(value)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case list() if all(not isinstance(item, list | dict) for item in value):
            return ",".join(_plain(item) for item in value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs a cell that starts so; an apostrophe keeps it text."""


def _csv(heads: Sequence[str], values: Sequence[Sequence[object]]) -> str:
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_csv_cell(value) for value in row] for row in values)
    return buffer.getvalue()


def _csv_cell(value: object) -> str:
    plain = _plain(value)
    is_number = is_money(value) or isinstance(value, int | float)
    risky = not is_number and plain.lstrip(" \n").startswith(FORMULA_STARTS)
    return ("'" if risky else "") + visible(plain, lines=True)


def _markdown(
    heads: Sequence[str], values: Sequence[Sequence[object]], aligns: Sequence[str]
) -> str:
    rules = ["---:" if align == "right" else "---" for align in aligns]
    body = [[_markdown_cell(value) for value in row] for row in values]
    rows = [[_markdown_cell(head) for head in heads], rules, *body]
    return _lines(f"| {' | '.join(row)} |" for row in rows)


_MARKDOWN_ACTIVE = str.maketrans({mark: f"\\{mark}" for mark in r"\|`*_[]<>#!~"})


def _markdown_cell(value: object) -> str:
    text = money_text(value) if is_money(value) else visible(_plain(value))
    return text.translate(_MARKDOWN_ACTIVE)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
