"""One spelling for every value, so that equal values have equal digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


def plain(value: object) -> Json:
    """`value` as JSON: dataclasses become objects, times RFC 3339 in UTC, tuples lists.

    Raises `TypeError` for a float (money and digests never hold one) and for unknown types.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, datetime):
        return instant(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return [plain(item) for item in sorted(value)]
    raise TypeError(f"{type(value).__name__} has no canonical form")


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, e.g. `2026-11-22T03:56:19.000000Z`; sorts as text."""
    assert moment.tzinfo is not None, "a time without a zone is not an instant"
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def canonical(value: object) -> str:
    """The JSON text of `value`: keys sorted, no spaces, no escapes that are not needed."""
    return json.dumps(
        plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
