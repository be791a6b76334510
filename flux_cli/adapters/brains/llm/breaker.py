"""A provider that keeps failing is left alone for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_FAILURES = 3
REST_SECONDS = 30.0


class Breaker:
    """Closed after `MOST_FAILURES` failures in a row; one try is let through after the rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def allows(self) -> bool:
        """Whether to ask; the first to be allowed after the rest is the one that tries it."""
        if self._failures < MOST_FAILURES:
            return True
        if self._clock() < self._until:
            return False
        self._until = self._clock() + REST_SECONDS
        return True

    def failed(self) -> None:
        """The provider did not answer."""
        self._failures += 1
        if self._failures >= MOST_FAILURES:
            self._until = self._clock() + REST_SECONDS

    def answered(self) -> None:
        """The provider answered, whatever it said."""
        self._failures = 0
