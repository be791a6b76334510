"""Plain values checked against a type as they come in, from any thread.

msgspec (0.22) shares what it learns of a type's fields before it has learned all of them: a second
thread that meets the same type meanwhile ends the process. So each type is learned under a lock.
"""

from __future__ import annotations

import threading
from typing import TypeVar

import msgspec

T = TypeVar("T")

_learning = threading.Lock()
_learned: set[object] = set()


def convert(value: object, kind: type[T]) -> T:
    """`value` as a `kind`, nothing coerced; raises `msgspec.ValidationError`."""
    return msgspec.convert(value, _known(kind), strict=True)


def decode(text: bytes | str, kind: type[T]) -> T:
    """The JSON in `text` as a `kind`; raises `msgspec.DecodeError`, and `RecursionError`."""
    return msgspec.json.decode(text, type=_known(kind))


def _known(kind: type[T]) -> type[T]:
    if kind not in _learned:
        with _learning:
            msgspec.json.Decoder(kind)
            _learned.add(kind)
    return kind
