"""Base64url and JSON that can be read in one way only; a number with a point is a `Decimal`."""

from __future__ import annotations

import base64
import binascii
import json
import re
from decimal import Decimal
from typing import Any

from flux_cli.adapters.ap2.faults import Fault

Json = dict[str, Any]
LONGEST_NUMBER = 30
_B64URL = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def to_b64url(data: bytes) -> str:
    """Unpadded base64url (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: str, field: str) -> bytes:
    """The bytes; raises `Fault` for padding, other characters, and a second spelling of them."""
    try:
        if not _B64URL.fullmatch(text):
            raise ValueError(text)
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise Fault("malformed", field, "it is no base64url") from None
    if to_b64url(data) != text:
        raise Fault("malformed", field, "it has another spelling in base64url")
    return data


def from_json(data: bytes | str, field: str) -> Any:
    """The value; raises `Fault` for a name that is there twice, NaN, and numbers without end."""

    def once(pairs: list[tuple[str, Any]]) -> Json:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Fault("malformed", f"{field}.{twice[:40]}", "the name is there twice")
        return dict(pairs)

    try:
        return json.loads(
            data, object_pairs_hook=once, parse_float=_number, parse_int=_whole, parse_constant=_no
        )
    except (ValueError, RecursionError):
        raise Fault("malformed", field, "it is no JSON of one meaning") from None


def to_json(value: object) -> bytes:
    """Compact JSON, names as they come; a `Decimal` is written with every digit it has."""
    return _written(value).encode("utf-8")


def _written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(one) for one in value) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    assert not isinstance(value, float), "an amount is never a float"
    return json.dumps(value)


def _number(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number has an end")
    number = Decimal(text)
    if abs(number.adjusted()) > LONGEST_NUMBER:
        raise ValueError("a number has an end")
    return number


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number has an end")
    return int(text)


def _no(word: str) -> None:
    raise ValueError(f"{word} is no number")
