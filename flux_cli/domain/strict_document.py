"""A document that came from outside, read key by key: what nobody asked for is a mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flux_cli.errors import FluxError, InvalidInput

T = TypeVar("T")


class Unusable(Exception):
    """A value is not what its key wants; the message completes "budget …"."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How documents of one kind are read."""

    noun: str
    """What the document is, as in "is no part of a policy"."""
    objects: str
    """What its lists hold, as in "wants at most 5 tables"."""
    failure: type[InvalidInput] = InvalidInput
    """What is raised for a mistake."""
    null_is_absent: bool = False


class StrictDocument:
    """One object of a document; each key is taken once, and `done` finds what is left."""

    def __init__(self, document: Mapping[str, object], manner: Manner, place: str = "") -> None:
        self._left = dict(document)
        self._asked: list[str] = []
        self._manner = manner
        self._place = place

    def take(self, key: str, read: Callable[[object], T]) -> T | None:
        """The value of `key`, or None where it is absent. Raises the manner's failure."""
        self._asked.append(key)
        if key not in self._left:
            return None
        value = self._left.pop(key)
        if value is None and self._manner.null_is_absent:
            return None
        try:
            return read(value)
        except (Unusable, FluxError) as error:
            raise self.wrong(key, str(error)) from error

    def need(self, key: str, read: Callable[[object], T]) -> T:
        """The value of `key`, which must be there."""
        value = self.take(key, read)
        if value is None:
            raise self.wrong(key, "is missing")
        return value

    def parts(self, key: str, most: int, least: int = 0) -> list[StrictDocument]:
        """The objects in the list at `key`, each to be read to its end."""
        self._asked.append(key)
        found = self._left.pop(key, None)
        if found is None:
            found = []
        if not isinstance(found, list | tuple) or not least <= len(found) <= most:
            raise self.wrong(key, f"wants {least} to {most} {self._manner.objects}")
        parts = []
        for number, one in enumerate(found, 1):
            if not isinstance(one, Mapping):
                raise self.wrong(key, f"wants {self._manner.objects}")
            parts.append(StrictDocument(one, self._manner, f"{self._place}{key}[{number}]."))
        return parts

    def done(self) -> None:
        """Raise the manner's failure if anything was not asked for."""
        for key in self._left:
            known = ", ".join(self._asked)
            raise self.wrong(str(key)[:64], f"is no part of {self._manner.noun}: there are {known}")

    def wrong(self, key: str, why: str) -> InvalidInput:
        """The failure that names this key."""
        return self._manner.failure(f"{self._place}{key} {why}", param=f"{self._place}{key}")
