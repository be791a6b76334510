"""Dotted paths into JSON objects: `amount.decimal`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from flux_cli.entrypoints.cli.document import Json
from flux_cli.errors import InvalidInput


def parse_fields(text: str) -> tuple[str, ...]:
    """The paths of `a,b.c`, in order and once each. Raises `InvalidInput` if there are none."""
    paths = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not paths:
        raise InvalidInput("--fields wants names, as in id,status", param="--fields")
    return paths


def at(item: Json, path: str) -> object:
    """The value at a dotted path, None where there is none."""
    value: object = item
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def only(item: Json, paths: Sequence[str]) -> Json:
    """A new object with just the values at `paths`, nested as they were."""
    result: Json = {}
    for path in paths:
        *parents, name = path.split(".")
        place = result
        for parent in parents:
            inner = place.setdefault(parent, {})
            if not isinstance(inner, dict):
                break  # the parent was asked for whole, so it holds this already
            place = inner
        else:
            value = at(item, path)
            # A copy, so that a later `a.b` never writes into the object it was picked from.
            place[name] = dict(value) if isinstance(value, dict) else value
    return result


MOST_NAMED = 24


def refuse_unknown(paths: Sequence[str], known: Sequence[str]) -> None:
    """Raise `InvalidInput` if a path is not known, naming the nearest and those there are."""
    unknown = [path for path in paths if path not in known]
    if not unknown:
        return
    near = difflib.get_close_matches(unknown[0], known, n=1)
    # What is inside an amount is the same everywhere (`flux help formats`) and not worth naming.
    amounts = {path.removesuffix(".amount_minor") for path in known if "amount_minor" in path}
    named = [path for path in known if path.rpartition(".")[0] not in amounts]
    if len(named) > MOST_NAMED:
        named = [path for path in named if "." not in path]
    raise InvalidInput(
        f"no field {', '.join(map(repr, unknown))}: "
        + (f"did you mean {near[0]}? " if near else "")
        + f"there are {', '.join(named)}",
        param="--fields",
    )


def known_fields(items: Sequence[Json]) -> list[str]:
    """Every path that some item has, in the order first met."""
    paths: dict[str, None] = {}
    for item in items:
        _gather(item, "", paths)
    return list(paths)


def _gather(item: Json, prefix: str, paths: dict[str, None]) -> None:
    for key, value in item.items():
        paths.setdefault(prefix + key)
        if isinstance(value, dict):
            _gather(value, f"{prefix}{key}.", paths)
