"""One spelling for every value, so that equal values have equal digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache, lru_cache
from typing import Any

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


def plain(value: object) -> Json:
    """`value` as JSON: dataclasses become objects, times RFC 3339 in UTC, tuples lists.

    Raises `TypeError` for a float (money and digests never hold one) and for unknown types.
    """
    kind: Any = type(value)
    if kind in _SCALARS:
        return value  # type: ignore[return-value]  # one of Json's own
    names = _fields(kind)
    if names is not None:
        parts = [(name, getattr(value, name)) for name in names]
        return {name: part if type(part) in _SCALARS else plain(part) for name, part in parts}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return [plain(item) for item in sorted(value)]
    raise TypeError(f"{type(value).__name__} has no canonical form")


_SCALARS = frozenset({str, int, bool, type(None)})


@cache
def _fields(kind: type) -> tuple[str, ...] | None:
    """The fields of a dataclass, None for any other type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


@lru_cache(maxsize=256)
def instant(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, e.g. `2026-11-22T03:56:19.000000Z`; sorts as text."""
    assert moment.tzinfo is not None, "a time without a zone is not an instant"
    moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def canonical(value: object) -> str:
    """The JSON text of `value`: keys sorted, no spaces, no escapes that are not needed."""
    return _spell(plain(value))


_spell = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
