"""A denied outcome, as the command line shows it."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.money import ASSETS, Asset, Money
from flux_cli.entrypoints.cli.document import Answer
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.errors import Fix


@dataclass(frozen=True, slots=True)
class Refusal:
    """One rule that said no, and the two numbers that disagreed, in minor units of `currency`."""

    rule: str
    message: str
    limit_minor: int | None = None
    observed_minor: int | None = None
    currency: str = "CREDIT"

    def numbers(self) -> tuple[str, str] | None:
        """Limit and observed for people, None for a rule that is not about an amount."""
        if self.limit_minor is None or self.observed_minor is None:
            return None
        return in_words(self.limit_minor, self.currency), in_words(
            self.observed_minor, self.currency
        )


class Denial(Exception):
    """Carries a refusal from a command to the one place that ends the process."""

    def __init__(
        self,
        message: str,
        refusals: tuple[Refusal, ...],
        subject: str | None,
        max_amount_minor: int | None,
        fixes: tuple[Fix, ...],
        document: Answer | None,
        exit_code: ExitCode,
    ) -> None:
        super().__init__(message)
        assert refusals, "a denial names the rule that refused"
        self.message = message
        self.refusals = refusals
        self.subject = subject
        self.max_amount_minor = max_amount_minor
        self.fixes = fixes
        self.document = document
        self.exit_code = exit_code


def in_words(minor: int, currency: str) -> str:
    """An amount of a currency we know in its usual form, else the bare count and its code."""
    asset: Asset | None = ASSETS.get(currency)
    return str(Money(minor, asset)) if asset else f"{minor} {currency}"
