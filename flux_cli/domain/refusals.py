"""Why something was refused: a stable code and the two numbers that disagreed."""

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
