"""A page of the objects that a key sees, newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

from fastapi import Query
from pydantic import StringConstraints

from flux_cli.entrypoints.rest.call import Call

if TYPE_CHECKING:
    from flux_cli.usecases.ports import Reader

STEP = 200
MOST_WALKED = 4000
"""Of so many objects in a row nobody else's is passed over: the page ends, with its cursor."""


class Identified(Protocol):
    """An object that has an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)

Limit = Annotated[int, Query(ge=1, le=100, description="At most so many.")]
After = Annotated[
    str | None,
    Query(description="The cursor that the last page ended with."),
    StringConstraints(pattern=r"^[a-z]{2,8}_[0-9a-z]{26}$"),
]
AgentName = Annotated[
    str | None,
    Query(description="Only this agent's, by its exact name."),
    StringConstraints(min_length=1, max_length=64),
]


def page(
    call: Call,
    reader: Reader,
    kind: type[T],
    names_of: Callable[[T], tuple[str, ...]],
    limit: int,
    after: str | None,
    **equal: str | None,
) -> tuple[list[T], str | None]:
    """(the objects of this page, the cursor of the next): those one of whose agents is seen.

    `equal` are the fields that must have these values; None asks for nothing.
    """
    wanted = {name: value for name, value in equal.items() if value is not None}
    found: list[T] = []
    before, walked = after, 0
    while walked < MOST_WALKED:
        step = reader.find(kind, limit=STEP, before=before, **wanted)  # type: ignore[arg-type]
        for one in step:
            if len(found) == limit:
                return found, found[-1].id
            before = one.id
            if call.sight.sees_any(reader, names_of(one)):
                found.append(one)
        walked += len(step)
        if len(step) < STEP:
            return found, None
    return found, before
