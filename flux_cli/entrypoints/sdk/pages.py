"""Reading lists that may be long, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from flux_cli.usecases.ports import EntryRecord, Reader

T = TypeVar("T")

PAGE = 1000


def every(reader: Reader, kind: type[T], **equal: str | int) -> Iterator[T]:
    """Every object whose fields equal these, newest first."""
    before: str | None = None
    while page := _page(reader, kind, before, equal):
        yield from page
        before = str(getattr(page[-1], "id"))  # noqa: B009 - every kept object has one


def _page(
    reader: Reader, kind: type[T], before: str | None, equal: dict[str, str | int]
) -> list[T]:
    return reader.find(kind, limit=PAGE, before=before, **equal)  # type: ignore[arg-type]


def every_entry(
    reader: Reader, account: str, *, since: datetime | None = None
) -> Iterator[EntryRecord]:
    """Every entry that touched an account, newest first."""
    before: int | None = None
    while page := reader.entries(account=account, limit=PAGE, before=before, since=since):
        yield from page
        before = page[-1].seq
