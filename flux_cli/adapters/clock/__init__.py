"""Where time and ids come from: the machine's own, or those of a recording."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from threading import Lock

import uuid_utils

from flux_cli.domain.identifiers import PREFIXES, spell


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The present instant, to the microsecond."""
        return datetime.now(UTC)


class FreshIds:
    """Ids from UUIDv7 (RFC 9562): unique, and in the order they were made."""

    def new(self, kind: str) -> str:
        """A fresh id of this kind."""
        return spell(PREFIXES[kind], uuid_utils.uuid7().int)


class StoppedClock:
    """A clock that stands at one instant, for a replay: nothing in it takes time."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Always the same instant."""
        return self._at


class RecordedIds:
    """Ids that a replay spells again: a UUIDv7 of one instant, a count and a salt."""

    def __init__(self, at: datetime, salt: str) -> None:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        self._milliseconds = (at - epoch) // timedelta(milliseconds=1)
        self._salt, self._made, self._lock = salt, dict[str, int](), Lock()

    def new(self, kind: str) -> str:
        """The next id of this kind; kinds are counted apart, so threads do not mix them up."""
        with self._lock:
            made = self._made[kind] = self._made.get(kind, 0) + 1
        mixed = hashlib.sha256(f"{self._salt}|{kind}|{made}".encode()).digest()[:5]
        random_bits = made << 40 | int.from_bytes(mixed)
        return spell(PREFIXES[kind], self._milliseconds << 80 | 7 << 76 | 2 << 62 | random_bits)
