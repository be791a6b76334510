"""What a command answers with, before anyone decides how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from pathlib import PurePath
from typing import Literal, TypeGuard

from flux_cli.domain.money import Asset, Money
from flux_cli.domain.text import whole

Kind = Literal["text", "money", "number", "status", "id", "time"]
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Column:
    """One column people see: the field it shows (a dotted path), its heading, what it holds.

    Only `text` columns are shortened to fit, the last one first; money and numbers never are.
    The last column may go on below itself instead: it `wraps`.
    """

    field: str
    heading: str
    kind: Kind = "text"
    wraps: bool = False

    @property
    def align(self) -> Literal["left", "right"]:
        """Numbers end where their units do."""
        return "right" if self.kind in {"money", "number"} else "left"


@dataclass(frozen=True, slots=True)
class Document:
    """One object: its name (`card`), its fields in order, and how people see parts of it.

    Values may be `Money`, aware datetimes, enums, paths, mappings and sequences beside JSON's
    own. `tables` shows a field that is a list of objects in columns; `headings` renames a
    field for people; `last` is the one clear last line of the human form.
    """

    object_name: str
    fields: Mapping[str, object]
    version: int = 1
    tables: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    last: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of objects; `next` is the cursor for `--after`, None on the last page.

    `empty` is what people read when there is nothing, and names the command to try.
    """

    object_name: str
    rows: Sequence[Mapping[str, object]]
    columns: tuple[Column, ...]
    next: str | None = None
    empty: str = ""
    last: str = ""
    version: int = 1


Answer = Document | Listing


def answer_json(answer: Answer) -> Json:
    """The one JSON document that `answer` is."""
    return document_json(answer) if isinstance(answer, Document) else listing_json(answer)


def document_json(document: Document) -> Json:
    """The object as JSON: `object`, `id`, `schema`, then its fields in order."""
    return _object_json(document.object_name, document.version, document.fields)


def listing_json(listing: Listing) -> Json:
    """The page as JSON, each of its objects whole."""
    return {
        "object": "list",
        "schema": "flux.list/1",
        "data": [_object_json(listing.object_name, listing.version, row) for row in listing.rows],
        "has_more": listing.next is not None,
        "next": listing.next,
    }


def _object_json(name: str, version: int, fields: Mapping[str, object]) -> Json:
    head: Json = {"object": name}
    if "id" in fields:
        head["id"] = jsonable(fields["id"])
    head["schema"] = f"flux.{name}/{version}"
    return head | {key: jsonable(value) for key, value in fields.items() if key not in head}


def jsonable(value: object) -> object:
    """`value` in JSON's own types; a type with no agreed form is a bug and raises TypeError."""
    match value:
        case Enum():
            return jsonable(value.value)
        case None | bool() | int():
            return value
        case str():
            return whole(value)
        case float() if isfinite(value):
            return value
        case Money():
            return money_json(value.units, value.asset.code, value.asset.exponent)
        case datetime():
            return time_json(value)
        case PurePath():
            return whole(str(value))
        case Mapping():
            return {whole(str(key)): jsonable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [jsonable(inner) for inner in value]
        case set() | frozenset():
            return sorted((jsonable(inner) for inner in value), key=str)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def money_json(units: int, asset_code: str, exponent: int) -> Json:
    """Money as the contract writes it: exact in `amount_minor`, readable in `decimal`."""
    return {
        "amount_minor": units,
        "currency": asset_code,
        "exponent": exponent,
        "decimal": Money(units, Asset(asset_code, exponent)).decimal,
    }


def is_money(value: object) -> TypeGuard[Json]:
    """Whether a JSON value is an amount as `money_json` writes it."""
    return isinstance(value, dict) and value.keys() == {
        "amount_minor",
        "currency",
        "exponent",
        "decimal",
    }


def money_text(value: Json) -> str:
    """An amount for people: `$120.00` for CREDIT, `120.00 USDC` for the rest."""
    units, code, exponent = value["amount_minor"], value["currency"], value["exponent"]
    assert isinstance(units, int)
    assert isinstance(exponent, int)
    return str(Money(units, Asset(str(code), exponent)))


def money_plain(value: Json) -> str:
    """An amount for programs that read columns: `120.00`, exact, without sign of currency."""
    number, point, part = str(value["decimal"]).partition(".")
    exponent = value["exponent"]
    assert isinstance(exponent, int)
    # As for people: all of a currency's own decimals (1.500 of KWD), of millionths two.
    least = exponent if exponent < 6 else 2
    return number + point + part.rstrip("0").ljust(least, "0")


def time_json(moment: datetime) -> str:
    """RFC 3339 in UTC with a Z; a time without a zone is a bug and raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no place in a document")
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
