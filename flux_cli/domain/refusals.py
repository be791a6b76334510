"""Why something was refused: a stable code and the numbers that disagreed; and what a rule said."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.money import Money


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rule's reason: a stable code and, where numbers disagreed, the limit and the observed.

    Numbers are units of the request's asset, unless `unit` says otherwise.
    """

    code: str
    message: str
    limit: int | None = None
    observed: int | None = None
    unit: str = "money"

    @classmethod
    def over(cls, code: str, message: str, limit: Money, observed: Money) -> Refusal:
        """The refusal of an amount above its limit."""
        return cls(code, message, limit.units, observed.units)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule said: why it refuses, or None where it does not; the numbers it compared.

    `rule` is a stable name; `payee` the one whose share it judged. Numbers are units of the
    request's asset, unless `unit` says otherwise.
    """

    rule: str
    refusal: Refusal | None = None
    limit: int | None = None
    observed: int | None = None
    unit: str = "money"
    payee: str | None = None

    @property
    def code(self) -> str | None:
        """The refusal's code, or None where the rule does not refuse."""
        return None if self.refusal is None else self.refusal.code

    @property
    def excess(self) -> int:
        """By how much an amount is over its cap; 0 or less where none is."""
        if self.limit is None or self.observed is None or self.unit != "money":
            return 0
        return self.observed - self.limit
