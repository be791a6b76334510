"""What a merchant's clients send and get: every field, its type and its bounds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flux_cli.domain.card_network import Authorization
from flux_cli.domain.money import BOUND, Money

Minor = Annotated[int, Field(ge=0, le=BOUND, description="Whole minor units of the currency.")]
Part = Annotated[
    int | None, Field(gt=0, le=BOUND, description="Minor units; all that is left without it.")
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3,10}$")]
Detail = Annotated[str, StringConstraints(min_length=1, max_length=32)]
SIMULATED: Literal[True] = True


class _Strict(BaseModel):
    # Without the input, an error that is logged or sent back holds no card.
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class CardForm(_Strict):
    """A card's details as they were revealed. Kept nowhere."""

    number: Detail
    expiry: Annotated[Detail, Field(description="MM/YY")]
    cvv: Detail
    simulated: Annotated[Literal[True], Field(description="As the revealed file says.")] = True


class ChargeForm(_Strict):
    """A purchase: authorised, and captured at once unless `capture` is false.

    An amount of 0 only asks whether the card is good.
    """

    card: CardForm
    amount_minor: Minor
    currency: Code = "CREDIT"
    capture: bool = True


class ForcePostForm(_Strict):
    """A purchase that the acquirer posts without an authorisation, or above one, as a tip is."""

    card: CardForm
    amount_minor: Annotated[Minor, Field(gt=0)]
    currency: Code = "CREDIT"


class CaptureForm(_Strict):
    """What to capture of an authorisation; `final` lets go of the rest."""

    amount_minor: Part = None
    final: bool = True


class PartForm(_Strict):
    """What to reverse or to refund."""

    amount_minor: Part = None


class AmountOut(BaseModel):
    """An amount: exact in `amount_minor`, readable in `decimal`."""

    amount_minor: int
    currency: str
    exponent: int
    decimal: str


class AuthorizationOut(BaseModel):
    """A merchant's claim on a card, and what became of it. SIMULATED."""

    object: Literal["authorization"] = "authorization"
    id: str
    simulated: Literal[True] = SIMULATED
    status: str
    forced: bool
    merchant: str
    category: str
    network_id: str
    amount: AmountOut
    open: AmountOut
    captured: AmountOut
    refunded: AmountOut
    created_at: datetime
    expires_at: datetime


class AuthorizationsOut(BaseModel):
    """A merchant's latest authorisations, newest first."""

    object: Literal["list"] = "list"
    data: list[AuthorizationOut]


class ProblemOut(BaseModel):
    """Why something was not done (RFC 9457); `reason` is the network's stable word for a no."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    reason: str | None = None


class HealthOut(BaseModel):
    """Whether the merchant answers, and who it is."""

    status: Literal["ok"] = "ok"
    simulated: Literal[True] = SIMULATED
    merchant: str
    category: str


def told(authorization: Authorization) -> AuthorizationOut:
    """An authorisation as a merchant may see it; nothing of its card."""
    return AuthorizationOut(
        id=authorization.id,
        status=authorization.state.value,
        forced=authorization.forced,
        merchant=authorization.merchant,
        category=authorization.category,
        network_id=authorization.network_id,
        amount=_amount(authorization.amount),
        open=_amount(authorization.open_amount),
        captured=_amount(authorization.captured),
        refunded=_amount(authorization.refunded),
        created_at=authorization.at,
        expires_at=authorization.expires_at,
    )


def _amount(money: Money) -> AmountOut:
    asset = money.asset
    return AmountOut(
        amount_minor=money.units,
        currency=asset.code,
        exponent=asset.exponent,
        decimal=money.decimal,
    )
