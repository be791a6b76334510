"""What a client may ask of each tool; anything else is refused before a use case sees it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from flux_cli.domain.intents import IntentState
from flux_cli.domain.money import Asset, Money, parse_money
from flux_cli.domain.text import HIDDEN, visible
from flux_cli.errors import InvalidAmount, InvalidInput

AMOUNT_FORM = "^[0-9]{1,12}([.][0-9]{1,6})?$"


def _seen(text: str) -> str:
    if HIDDEN.search(text):
        raise ValueError("it holds characters that cannot be seen")
    return text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_seen)]
Id = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_seen)]
Key = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="Your name for this one act. The same key with the same words acts once;"
        " use another for another act, and the same again for a retry.",
    ),
    AfterValidator(_seen),
]
Amount = Annotated[
    str,
    Field(
        max_length=24,
        description="Digits as text, with at most one point, such as 25.00; of the mandate's"
        " currency.",
        json_schema_extra={"pattern": AMOUNT_FORM},
    ),
]
Purpose = Annotated[str, Field(min_length=1, max_length=200, description="What it is for.")]
Words = Annotated[str, Field(max_length=600)]
Category = Annotated[
    str,
    Field(min_length=1, max_length=64, description="The kind of thing bought."),
    AfterValidator(_seen),
]


class Asked(BaseModel):
    """A tool's arguments: exact types, bounded, and no field that is not named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Asked):
    """No arguments."""


class StatementAsked(Asked):
    """A page of one's own account."""

    limit: int = Field(20, ge=1, le=100)
    before: int | None = Field(None, ge=1, le=2**62, description="The `next` of the page before.")


class PaymentsAsked(Asked):
    """A page of one's own payments."""

    state: Literal[tuple(state.value for state in IntentState)] | None = None  # type: ignore[valid-type]
    limit: int = Field(20, ge=1, le=50)
    before: Id | None = Field(None, description="The `next` of the page before.")


class CardsAsked(Asked):
    """A page of one's own cards."""

    limit: int = Field(20, ge=1, le=50)
    before: Id | None = Field(None, description="The `next` of the page before.")


class PaymentNamed(Asked):
    """One payment of one's own."""

    payment_id: Id


class CartNamed(Asked):
    """One cart of one's own."""

    cart_id: Id


class Search(Asked):
    """What to look for on the market."""

    words: Annotated[str, Field(min_length=1, max_length=200)]
    strategy: Literal["balanced", "cheapest", "fastest"] = "balanced"
    limit: int = Field(10, ge=1, le=50)


class Spending(Asked):
    """Money for one purpose."""

    amount: Amount
    purpose: Purpose
    justification: Words = Field("", description="Why it is worth it; large amounts are voted on.")
    claimed_return: Amount | None = Field(None, description="What is expected back, if anything.")
    urgency: Literal["low", "medium", "high"] = "medium"
    category: Category = "general"
    reference: Annotated[str, Field(max_length=64), AfterValidator(_seen)] = Field(
        "", description="Your name for the occasion, where the same is paid again on purpose."
    )


class PaymentAsked(Spending):
    """A payment to another agent, judged or asked for."""

    to: Name = Field(description="The payee, by its exact name.")


class PaymentWanted(PaymentAsked):
    """A payment to be made."""

    idempotency_key: Key


class CardWanted(Spending):
    """A card to be issued."""

    idempotency_key: Key
    merchant: Name | None = Field(None, description="Only this merchant may charge it.")


class CartWanted(Asked):
    """A wish to be made into a cart."""

    idempotency_key: Key
    wish: Annotated[str, Field(min_length=1, max_length=2000, description="In English words.")]
    budget: Amount | None = Field(None, description="At most this, shipping included.")
    by: Annotated[str, Field(max_length=10), AfterValidator(_day)] | None = Field(
        None, description="All there by this day, such as 2026-11-27."
    )
    strategy: Literal["balanced", "cheapest", "fastest"] = "balanced"


class CartToBuy(Asked):
    """A cart to be bought as it was seen."""

    cart_id: Id
    hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="The cart's, as you saw it.")]


def read(kind: type[Asked], arguments: dict[str, Any] | None) -> Asked:
    """The arguments as they may be used; raises `InvalidInput` naming the first at fault."""
    try:
        return kind.model_validate(arguments or {})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        named = ".".join(visible(str(part))[:64] for part in first["loc"])
        raise InvalidInput(visible(first["msg"])[:200], param=named or None) from None


def schema_of(kind: type[Asked]) -> dict[str, Any]:
    """The arguments as JSON Schema."""
    schema = kind.model_json_schema()
    for noise in ("title", "description"):
        schema.pop(noise, None)
    for part in schema.get("properties", {}).values():
        part.pop("title", None)
    return schema | {"type": "object"}


def amount_of(text: str, asset: Asset, param: str) -> Money:
    """An amount of more than nothing; raises `InvalidAmount` naming the argument."""
    try:
        amount = parse_money(text, asset)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=param) from None
    if amount.units == 0:
        raise InvalidAmount("an amount is more than nothing", param=param)
    return amount
