"""One page of objects, and the filters that lists share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol, TypeVar

from flux_cli.domain.runs import Run
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST
from flux_cli.errors import InvalidInput
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.view_agents import agent_named

PAGED = frozenset({"limit", "after"})
FILTERED = LIST - {"since", "until"}
"""For lists of objects that have a state, an agent and a run."""


class Identified(Protocol):
    """An object that has an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


def page(
    flux: Invocation, reader: Reader, kind: type[T], equal: dict[str, Any]
) -> tuple[list[T], str | None]:
    """(the objects of this page, the cursor of the next); raises `InvalidInput`."""
    if flux.after is not None and reader.lookup(kind, id=flux.after) is None:
        raise InvalidInput(f"{flux.after[:64]!r} is no cursor of this list", param="--after")
    found = reader.find(kind, limit=flux.limit + 1, before=flux.after, **equal)
    shown = found[: flux.limit]
    return shown, shown[-1].id if len(found) > len(shown) else None


def filters(
    flux: Invocation, reader: Reader, states: type[StrEnum], agent_field: str
) -> dict[str, str]:
    """What --status, --agent and --run ask for, by field; raises `NotFound`, `InvalidInput`."""
    equal: dict[str, str] = {}
    if flux.status is not None:
        if flux.status not in list(states):
            raise InvalidInput(
                f"no state {flux.status[:64]!r}: there are {', '.join(states)}", param="--status"
            )
        equal["state"] = flux.status
    if flux.agent is not None:
        equal[agent_field] = agent_named(reader, flux.agent).name
    if flux.run is not None:
        equal["run_id"] = reader.resolve(Run, flux.run).id
    return equal
