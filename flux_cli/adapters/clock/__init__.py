"""The machine's own sources: time and fresh ids."""

from __future__ import annotations

from datetime import UTC, datetime

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
