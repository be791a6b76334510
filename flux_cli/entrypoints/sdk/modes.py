"""One method, two places: on this ledger, or asked of a server."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar, cast

from flux_cli.entrypoints.sdk.given import python_errors

if TYPE_CHECKING:
    from flux_cli.entrypoints.sdk.remote_client import Remote


class _Placed(Protocol):
    """An SDK: `_remote` is the server that it is on, None where it is on a ledger."""

    _remote: Remote | None


S = TypeVar("S", bound=_Placed)
P = ParamSpec("P")
R = TypeVar("R")


def here_or_there(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """`method` on this ledger with Python's own errors, or what it asks a server for."""
    here = python_errors(method)

    @wraps(method)
    def called(sdk: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if sdk._remote is None:
            return here(sdk, *args, **kwargs)
        from flux_cli.entrypoints.sdk.remote_client import talk_of

        return cast("R", sdk._remote.call(talk_of(method.__name__)(*args, **kwargs)))

    return cast("Callable[Concatenate[S, P], R]", called)
