"""What clients send: every field and its bounds. Money is decimal text, never a number."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.errors import InvalidInput

LONGEST_TEXT = 600
LONGEST_NAME = 64
LONGEST_METADATA = 10_000

AMOUNT = r"^[0-9]{1,12}(\.[0-9]{1,6})?$"

Amount = Annotated[
    str,
    StringConstraints(pattern=AMOUNT, max_length=19),
    Field(description='CREDIT as decimal text, e.g. "12.50".'),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME),
    Field(description="An agent's exact name."),
]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
Detail = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Metadata = Annotated[
    dict[str, Any] | None,
    Field(description="The program's own; at most 10,000 characters of JSON."),
]
Urgency = Literal["low", "medium", "high"]


class Strict(BaseModel):
    """No field that is not named here, no type but its own, and no value in an error."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Nothing(Strict):
    """An empty object: all that is asked for is in the path."""


class PolicyForm(Strict):
    """An agent's limits; null is no limit of that kind, zero allows nothing."""

    per_payment: Amount | None = None
    per_day: Annotated[Amount | None, Field(description="In any 24 hours.")] = None
    owner_threshold: Annotated[
        Amount | None, Field(description="Above it a payment waits for the owner.")
    ] = None
    payees: Annotated[
        list[Name] | None, Field(max_length=1000, description="The exact names that may be paid.")
    ] = None
    paused: bool = False


class AgentForm(Strict):
    """An agent to be entered."""

    name: Name
    display_name: Annotated[Word | None, Field(description="Shown to people.")] = None
    metadata: Metadata = None
    policy: PolicyForm = PolicyForm()


class FundForm(Strict):
    """Simulated money for a wallet."""

    amount: Amount
    memo: Text = ""


class MoneyForm(Strict):
    """A wish to pay an agent, with what is said for it."""

    from_agent: Name
    to_agent: Name
    amount: Amount
    memo: Annotated[Text, Field(description="What it is for.")] = ""
    metadata: Metadata = None
    justification: Text = ""
    expected_return: Amount | None = None
    urgency: Urgency = "medium"
    category: Word = "general"
    mandate_id: Detail | None = None
    hold_hours: Annotated[int, Field(ge=1, le=720)] = 24


class PaymentForm(MoneyForm):
    """A payment: made at once, or only held where `capture` is false."""

    capture: bool = True
    rail: Annotated[
        Literal["simulated", "arc"], Field(description="Anything but simulated needs a live key.")
    ] = "simulated"


class DenyForm(Strict):
    """The owner's no."""

    reason: Text = ""


class CaptureForm(Strict):
    """How much of a hold to pay; all of it without an amount. `final` lets go of the rest."""

    amount: Amount | None = None
    final: bool = True


class RefundForm(Strict):
    """How much to give back; all that is left without an amount."""

    amount: Amount | None = None
    payee: Annotated[Name | None, Field(description="Who gives it back, of several.")] = None


class EscrowForm(Strict):
    """Money to lock for another agent until the evaluator, at first the payer, accepts."""

    from_agent: Name
    to_agent: Name
    amount: Amount
    memo: Text = ""
    evaluator: Name | None = None
    hours: Annotated[int, Field(ge=1, le=366 * 24, description="Given back after it.")] = 366 * 24


class StreamForm(Strict):
    """Money per second."""

    from_agent: Name
    to_agent: Name
    rate: Annotated[
        str,
        StringConstraints(min_length=3, max_length=40),
        Field(description="0.01/s, 36/h, 0.0001/90s"),
    ]
    fund: Annotated[Amount, Field(description="Locked for it now.")]
    cap: Annotated[Amount | None, Field(description="The most it may ever pay.")] = None
    lasts_seconds: Annotated[int | None, Field(ge=1, le=316_224_000)] = None
    memo: Text = ""
    justification: Text = ""
    expected_return: Amount | None = None


class TopUpForm(Strict):
    """More funds for a stream."""

    amount: Amount
    justification: Text = ""
    expected_return: Amount | None = None


class CardForm(Strict):
    """A one-time card to ask for; its money is set aside on it."""

    agent: Name
    amount: Amount
    purpose: Text
    justification: Text = ""
    expected_return: Annotated[
        Amount | None, Field(description="What should come back; words go in the justification.")
    ] = None
    urgency: Urgency = "medium"
    budget_remaining: Amount | None = None


class ChargeForm(Strict):
    """A card as its holder was told it, to pay a merchant with. Kept nowhere."""

    number: Detail
    cvv: Detail
    expiry: Annotated[Detail, Field(description="MM/YY")]
    amount: Amount
    merchant_name: Word


class OrchestrateForm(Strict):
    """A wish in words, and the most it may cost."""

    prompt: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    budget: Amount | None = None
    strategy: Literal["cheapest", "fastest", "balanced"] | None = None
    agent: Annotated[Name, Field(description="Who buys.")] = "orchestrator"


class ExecuteForm(Strict):
    """A cart to be bought; its price is the shops' own, never a client's."""

    cart_id: Detail
    hash: Annotated[
        Detail | None, Field(description="Of the cart that was looked at; another is not bought.")
    ] = None


def money(text: str) -> Money:
    """An amount that was sent; raises `InvalidAmount`."""
    return parse_money(text, CREDIT)


def some_money(text: str | None) -> Money | None:
    """An amount that may be absent."""
    return None if text is None else money(text)


def json_text(metadata: dict[str, Any] | None) -> str | None:
    """Metadata as JSON text, None where there is none. Raises `InvalidInput`."""
    import json

    if not metadata:
        return None
    try:
        text = json.dumps(metadata, sort_keys=True, allow_nan=False)
    except (ValueError, RecursionError):
        raise InvalidInput("metadata holds no number that JSON has") from None
    if len(text) > LONGEST_METADATA:
        raise InvalidInput(f"metadata has at most {LONGEST_METADATA} characters of JSON")
    return text
