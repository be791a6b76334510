"""The form of `scenario.toml`: every field, its type and its bounds; nothing else is allowed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

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


class Form(_Strict):
    """A whole scenario file."""

    schema_: Literal["flux.scenario/1"]
    name: Name
    title: Line
    goal: Line
    brief: Pattern
    sources: list[Pattern] = []
    purpose: Line
    justification: Line
    expected_return: str | None = None
    urgency: Literal["low", "medium", "high"] = "medium"
    budget: str | None = None
    tasks: list[TaskForm]

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=lambda name: name.removesuffix("_")
    )
