"""One page of objects, and the filters that lists share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Protocol, TypeVar

from flux_cli.domain.identifiers import spell
from flux_cli.domain.runs import Run
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LONGEST_PAGE
from flux_cli.errors import InvalidInput
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.view_agents import agent_named

PAGED = frozenset({"limit", "after"})
SLACK = timedelta(hours=1)
"""An id's own time and when its object was recorded lie no further apart."""


class Identified(Protocol):
    """An object that has an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


def page(
    flux: Invocation,
    reader: Reader,
    kind: type[T],
    equal: dict[str, Any],
    time: str = "created_at",
) -> tuple[list[T], str | None]:
    """(the objects of this page, the cursor of the next); raises `InvalidInput`.

    `time` is the field that --since and --until are about.
    """
    if flux.after is not None and reader.lookup(kind, id=flux.after) is None:
        raise InvalidInput(f"{flux.after[:64]!r} is no cursor of this list", param="--after")
    if flux.since is None and flux.until is None:
        found = reader.find(kind, limit=flux.limit + 1, before=flux.after, **equal)
    else:
        found = list(islice(_between(flux, reader, kind, equal, time), flux.limit + 1))
    shown = found[: flux.limit]
    return shown, shown[-1].id if len(found) > len(shown) else None


def _between(
    flux: Invocation, reader: Reader, kind: type[T], equal: dict[str, Any], time: str
) -> Iterator[T]:
    """The objects from --since to before --until, newest first, read from about where they are."""
    since, until = flux.since, flux.until
    before = flux.after
    newest = reader.find(kind, limit=1, before=before, **equal)
    if until is not None and newest and getattr(newest[0], time) - SLACK >= until:
        prefix, milliseconds = newest[0].id.partition("_")[0], (until + SLACK).timestamp() * 1000
        before = spell(prefix, max(0, int(milliseconds)) << 80)
    while found := reader.find(kind, limit=LONGEST_PAGE, before=before, **equal):
        for one in found:
            at: datetime = getattr(one, time)
            if since is not None and at + SLACK < since:
                return
            if (since is None or since <= at) and (until is None or at < until):
                yield one
        before = found[-1].id


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
