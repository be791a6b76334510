"""The cap on what models may cost: reserved before a call, settled after it."""

from __future__ import annotations

import threading

from flux_cli.domain.money import Money


class Meter:
    """What one command spends on models; never more than `cap`, however many ask at once."""

    def __init__(self, cap: Money) -> None:
        self.cap = cap
        self._lock = threading.Lock()
        self._spent: dict[str, int] = {}

    def reserve(self, subject: str, most: Money, allowance: Money | None) -> bool:
        """Set `most` aside for `subject` if the cap and the subject's allowance leave as much."""
        with self._lock:
            own = self._spent.get(subject, 0) + most.units
            if sum(self._spent.values()) + most.units > self.cap.units:
                return False
            if allowance is not None and own > allowance.units:
                return False
            self._spent[subject] = own
            return True

    def settle(self, subject: str, reserved: Money, cost: Money) -> None:
        """Put back what a call did not cost."""
        assert cost.units <= reserved.units, "a call costs no more than was set aside for it"
        with self._lock:
            self._spent[subject] -= reserved.units - cost.units

    @property
    def spent(self) -> Money:
        """What is spent or set aside so far."""
        with self._lock:
            return Money(sum(self._spent.values()))
