"""The simulated card network's messages: authorisations, what follows them, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flux_cli.domain.cards import Card, CardState, CardUsage
from flux_cli.domain.money import Money

AUTHORIZATION_LIFETIME = timedelta(days=7)
"""How long money stays authorised for a merchant that does not capture it."""

MOST_OPEN = 32
"""So many authorisations may be open on one card."""


class DeclineReason(StrEnum):
    """Why the network said no, most serious first."""

    DUPLICATE_TRANSACTION = "duplicate_transaction"
    INVALID_NUMBER = "invalid_number"
    CARD_LOCKED = "card_locked"
    WRONG_EXPIRY = "wrong_expiry"
    WRONG_CVC = "wrong_cvc"
    FROZEN = "frozen"
    AGENT_PAUSED = "agent_paused"
    CARD_CANCELLED = "card_cancelled"
    ALREADY_USED = "already_used"
    EXPIRED = "expired"
    CARD_PAUSED = "card_paused"
    WRONG_ASSET = "wrong_asset"
    MERCHANT_NOT_ALLOWED = "merchant_not_allowed"
    CATEGORY_NOT_ALLOWED = "category_not_allowed"
    OVER_LIMIT = "over_limit"
    TOO_MANY_OPEN = "too_many_open"
    AUTHORIZATION_CLOSED = "authorization_closed"
    OVER_CAPTURE = "over_capture"
    OVER_REVERSAL = "over_reversal"
    OVER_REFUND = "over_refund"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    CLOCK_BEHIND_LEDGER = "clock_behind_ledger"


DETAILS = frozenset(
    {DeclineReason.INVALID_NUMBER, DeclineReason.WRONG_EXPIRY, DeclineReason.WRONG_CVC}
)
"""What would tell a guesser which part of a card was right; one message says all of them."""

_NOT_THIS_CARD = "there is no card with this number, expiry date and CVV"

SAID = {
    DeclineReason.DUPLICATE_TRANSACTION: "this network id already names another transaction",
    DeclineReason.INVALID_NUMBER: _NOT_THIS_CARD,
    DeclineReason.CARD_LOCKED: "the card is locked after too many wrong tries",
    DeclineReason.WRONG_EXPIRY: _NOT_THIS_CARD,
    DeclineReason.WRONG_CVC: _NOT_THIS_CARD,
    DeclineReason.FROZEN: "the economy, the holder or the payee is frozen",
    DeclineReason.AGENT_PAUSED: "the holder is paused",
    DeclineReason.CARD_CANCELLED: "the card is cancelled",
    DeclineReason.ALREADY_USED: "the card is used up",
    DeclineReason.EXPIRED: "the card has expired",
    DeclineReason.CARD_PAUSED: "the card is paused",
    DeclineReason.WRONG_ASSET: "the card holds another asset",
    DeclineReason.MERCHANT_NOT_ALLOWED: "the card is not for this merchant",
    DeclineReason.CATEGORY_NOT_ALLOWED: "the card is not for this category",
    DeclineReason.OVER_LIMIT: "the amount is more than is left on the card",
    DeclineReason.TOO_MANY_OPEN: "too many authorisations are open on the card",
    DeclineReason.AUTHORIZATION_CLOSED: "nothing of the authorisation is open",
    DeclineReason.OVER_CAPTURE: "the amount is more than is authorised",
    DeclineReason.OVER_REVERSAL: "the amount is more than is authorised",
    DeclineReason.OVER_REFUND: "the amount is more than was captured and not refunded",
    DeclineReason.INSUFFICIENT_FUNDS: "the payee does not have what it would give back",
    DeclineReason.CLOCK_BEHIND_LEDGER: "the clock is behind the ledger's latest record",
}


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """A card's details as a merchant types them in; its `repr` shows none of them."""

    number: str
    expiry: str
    cvv: str

    def __repr__(self) -> str:
        return "Presented(…)"


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a merchant asks of a card."""

    merchant: str
    category: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Declined:
    """The network's no. Nothing moved; `card_id` is None where no card was found.

    `reason` is for the owner's record. `told` and `message` are what whoever presented the card
    may learn: they are the same for every detail that was wrong.
    """

    reason: DeclineReason
    card_id: str | None
    message: str

    @property
    def told(self) -> str:
        """The reason with nothing in it that helps to guess a card."""
        return "invalid_details" if self.reason in DETAILS else str(self.reason)


def declined(reason: DeclineReason, card_id: str | None) -> Declined:
    """The decline for a reason, with its constant message."""
    return Declined(reason, card_id, SAID[reason])


class AuthorizationState(StrEnum):
    """Where an authorisation stands; only an `open` one has money set aside."""

    OPEN = "open"
    CAPTURED = "captured"
    REVERSED = "reversed"
    EXPIRED = "expired"
    CHECKED = "checked"
    """It was for nothing: the merchant asked whether the card is good."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """A merchant's claim on a card.

    `amount = captured + released + open_amount` always; `refunded` is of what was captured. The
    account `card:<id>` holds `open_amount`. `forced` says that it was captured without one before;
    `late` that some of it was captured after it had expired.
    """

    id: str
    network_id: str
    card_id: str
    merchant: str
    category: str
    amount: Money
    captured: Money
    released: Money
    refunded: Money
    state: AuthorizationState
    forced: bool
    late: bool
    at: datetime
    expires_at: datetime

    @property
    def open_amount(self) -> Money:
        """What is still set aside for it."""
        return self.amount - self.captured - self.released

    @property
    def refundable(self) -> Money:
        """What was captured and not given back."""
        return self.captured - self.refunded


class MessageKind(StrEnum):
    """What a merchant sends to the network."""

    AUTHORISE = "authorise"
    CHARGE = "charge"
    CAPTURE = "capture"
    REVERSE = "reverse"
    REFUND = "refund"
    FORCE_POST = "force_post"


@dataclass(frozen=True, slots=True)
class NetworkMessage:
    """One message with its answer, for ever: `declined` is why not, or None for a yes.

    `content` is a keyed hash of everything in it, so that a repetition can be told from another
    message and no card can be read out of it.
    """

    id: str
    network_id: str
    kind: MessageKind
    content: str
    card_id: str | None
    authorization_id: str | None
    merchant: str
    category: str
    amount: Money | None
    declined: DeclineReason | None
    at: datetime


def is_small(amount: Money) -> bool:
    """Whether an authorisation does not use up a single-use card before it is captured."""
    whole: int = 10**amount.asset.exponent
    return amount.units <= whole


Rule = Callable[[Card, Purchase, datetime], bool]

_RULES: tuple[tuple[DeclineReason, Rule], ...] = (
    (DeclineReason.CARD_CANCELLED, lambda card, *_: card.state is CardState.CANCELLED),
    (DeclineReason.ALREADY_USED, lambda card, *_: card.state is CardState.USED),
    (
        DeclineReason.EXPIRED,
        lambda card, _, now: card.state is CardState.EXPIRED or now >= card.expires_at,
    ),
    (DeclineReason.CARD_PAUSED, lambda card, *_: card.paused),
    (DeclineReason.WRONG_ASSET, lambda card, asked, _: asked.amount.asset != card.limit.asset),
    (
        DeclineReason.MERCHANT_NOT_ALLOWED,
        lambda card, asked, _: card.payee is None or card.merchant not in (None, asked.merchant),
    ),
    (
        DeclineReason.CATEGORY_NOT_ALLOWED,
        lambda card, asked, _: card.category not in (None, asked.category),
    ),
    (
        DeclineReason.ALREADY_USED,
        lambda card, *_: card.usage is CardUsage.SINGLE_USE and card.taken_by is not None,
    ),
    (DeclineReason.OVER_LIMIT, lambda card, asked, _: asked.amount > card.remaining),
)
"""Most serious first; the network tells the first."""


def refused(card: Card, asked: Purchase, now: datetime) -> DeclineReason | None:
    """Why `card` does not pay what is asked of it at `now`, or None where it does."""
    return next((reason for reason, breaks in _RULES if breaks(card, asked, now)), None)
