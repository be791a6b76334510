"""One-time virtual cards, simulated: their numbers, their limits and their states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.money import Money

NUMBER_LENGTH = 16

CVV_LENGTH = 3

MOST_WRONG_TRIES = 5
"""So many wrong expiry dates or CVVs in a card's life lock it; nothing sets the count back."""

CARD_NETWORK = "card-network"
"""The payee of a card that may pay any merchant; it never spends, it only gives refunds."""


class CardState(StrEnum):
    """Whether a card can still pay, and why not."""

    ACTIVE = "active"
    PAUSED = "paused"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


LIVE = (CardState.ACTIVE, CardState.PAUSED)
"""The states that have not ended: what is left on the card is still on it."""


class CardUsage(StrEnum):
    """`single_use` pays once; `until_spent` pays several times up to its limit.

    Once is one approved authorisation above one whole unit of the asset, or one capture. What is
    smaller, such as a merchant's check of the card, counts when it is captured.
    """

    SINGLE_USE = "single_use"
    UNTIL_SPENT = "until_spent"


@dataclass(frozen=True, slots=True)
class Card:
    """A SIMULATED card for one approved intent. The middle digits and the CVV are not stored.

    `limit = remaining + authorised + spent + released` always, and `refunded` is of what was
    spent: `remaining` is in the account `card:<id>`, `authorised` in the accounts of its open
    authorisations, `released` went back to the holder and `spent` to `payee`. `payee` is whom
    the kernel allowed, None for a run's card, which only funds escrows. `merchant` and `category`
    are its locks, exact. `taken_by` is the authorisation that used up a single-use card.
    `fingerprint` is a keyed hash of the number.
    """

    id: str
    key: str
    intent_id: str
    run_id: str | None
    holder: str
    purpose: str
    payee: str | None
    merchant: str | None
    category: str | None
    prefix: str
    last_four: str
    fingerprint: str
    usage: CardUsage
    limit: Money
    authorised: Money
    spent: Money
    released: Money
    refunded: Money
    state: CardState
    taken_by: str | None
    wrong_tries: int
    issued_at: datetime
    expires_at: datetime
    revealed_at: datetime | None

    @property
    def masked(self) -> str:
        """The number as it may be shown: `424242••••••1234`."""
        hidden = NUMBER_LENGTH - len(self.prefix) - len(self.last_four)
        return f"{self.prefix}{'•' * hidden}{self.last_four}"

    @property
    def remaining(self) -> Money:
        """What the card can still pay."""
        return self.limit - self.authorised - self.spent - self.released

    @property
    def expiry(self) -> str:
        """The month it expires in, as a card shows it: `MM/YY`, in UTC."""
        return f"{self.expires_at:%m/%y}"

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.state in LIVE

    @property
    def paused(self) -> bool:
        """Whether its owner stopped it for now."""
        return self.state is CardState.PAUSED

    @property
    def locked(self) -> bool:
        """Whether somebody guessed at it too often."""
        return self.wrong_tries >= MOST_WRONG_TRIES


@dataclass(frozen=True, slots=True, repr=False)
class Revealed:
    """A card's secrets, for the one look its holder has; its `repr` shows none of them."""

    number: str
    cvv: str
    expiry: str

    def __repr__(self) -> str:
        return "Revealed(…)"


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
