"""One-time virtual cards, simulated: their numbers, their limits and their states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money

NUMBER_LENGTH = 16


class CardState(StrEnum):
    """Whether a card can still pay, and why not."""

    ACTIVE = "active"
    PAUSED = "paused"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class CardUsage(StrEnum):
    """`single_use` pays once; `until_spent` pays several times up to its limit."""

    SINGLE_USE = "single_use"
    UNTIL_SPENT = "until_spent"


@dataclass(frozen=True, slots=True)
class Card:
    """A SIMULATED card for one approved intent. The middle digits and the CVV are not stored.

    `fingerprint` is a keyed hash of the number; `limit = spent + remaining + released` always.
    """

    id: str
    intent_id: str
    run_id: str | None
    holder: str
    purpose: str
    prefix: str
    last_four: str
    fingerprint: str
    usage: CardUsage
    limit: Money
    spent: Money
    released: Money
    state: CardState
    issued_at: datetime
    expires_at: datetime

    @property
    def masked(self) -> str:
        """The number as it may be shown: `424242••••••1234`."""
        hidden = NUMBER_LENGTH - len(self.prefix) - len(self.last_four)
        return f"{self.prefix}{'•' * hidden}{self.last_four}"

    @property
    def remaining(self) -> Money:
        """What the card can still pay."""
        return self.limit - self.spent - self.released


def luhn_digit(payload: str) -> str:
    """The check digit that makes `payload` + digit pass the Luhn test (ISO/IEC 7812-1)."""
    doubled = 0
    for index, character in enumerate(reversed(payload)):
        digit = int(character) * (2 if index % 2 == 0 else 1)
        doubled += digit - 9 if digit > 9 else digit
    return str(-doubled % 10)


def luhn_valid(number: str) -> bool:
    """Whether the last digit of `number` is its Luhn check digit."""
    return number.isascii() and number.isdigit() and luhn_digit(number[:-1]) == number[-1]


def card_number(prefix: str, entropy: int) -> str:
    """A 16-digit number on `prefix`, its middle from `entropy`, with a valid check digit."""
    width = NUMBER_LENGTH - len(prefix) - 1
    return _closed(prefix + str(entropy % 10**width).zfill(width))


def _closed(payload: str) -> str:
    return payload + luhn_digit(payload)
