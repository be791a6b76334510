"""The form of `scenario.toml`: every field, its type and its bounds; nothing else is allowed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(min_length=1, max_length=600)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^/].*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TaskForm(_Strict):
    """One `[[tasks]]` table; `max_price` is CREDIT as text."""

    id: Name
    trade: Name
    title: Line
    needs: list[Name] = []
    produces: list[Pattern]
    media_types: list[Line] = []
    max_price: str
    deadline_hours: int = 72


class PaymentForm(_Strict):
    """One `[[payments]]` table: something to ask money for and then buy; amounts are CREDIT.

    `evidence` names files of the scenario's folder that back what is said.
    """

    id: Name
    merchant: Name
    category: Name
    item: Line
    amount: str
    justification: Line
    expected_return: str | None = None
    urgency: Literal["low", "medium", "high"] = "medium"
    known_prices: Annotated[list[str], Field(max_length=20)] = []
    evidence: Annotated[list[Pattern], Field(max_length=10)] = []


class ShoppingForm(_Strict):
    """The `[shopping]` table: a wish in words, bought within the scenario's budget.

    `by` counts days from the start of the run.
    """

    wish: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    by: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,3}d$")] | None = None
    strategy: Literal["cheapest", "balanced", "fastest"] = "balanced"


class Form(_Strict):
    """A whole scenario file: `tasks` to have done, `payments` to make, or `shopping` to do.

    What is said for the money stands once for all tasks, and with each payment of its own; for a
    cart its own facts speak.
    """

    schema_: Literal["flux.scenario/1"]
    name: Name
    title: Line
    goal: Line
    brief: Pattern
    sources: list[Pattern] = []
    purpose: Line
    justification: Line | None = None
    expected_return: str | None = None
    urgency: Literal["low", "medium", "high"] = "medium"
    budget: str | None = None
    tasks: list[TaskForm] = []
    payments: list[PaymentForm] = []
    shopping: ShoppingForm | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Form:
        kinds = (bool(self.tasks), bool(self.payments), self.shopping is not None)
        if sum(kinds) != 1:
            raise ValueError(
                "a scenario has [[tasks]], [[payments]] or [shopping]: one of the three"
            )
        said = (self.justification, self.expected_return)
        if self.shopping and said != (None, None):
            raise ValueError("justification and expected_return are no part of shopping")
        if self.shopping and self.budget is None:
            raise ValueError("budget is missing")
        if self.payments and said != (None, None):
            raise ValueError("justification and expected_return belong to each of the payments")
        if self.tasks and self.justification is None:
            raise ValueError("justification is missing")
        return self

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=lambda name: name.removesuffix("_")
    )
