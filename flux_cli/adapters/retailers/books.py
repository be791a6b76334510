"""A simulated shop's books: a file for each session, cart, feed and token, written whole.

The answers to a book's keyed requests are in it, so a change and its answer are kept together.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from flux_cli.adapters.retailers.acp_form import Json, Refused, Reply
from flux_cli.domain.canonical import digest

Action = Callable[[Json, Json], Reply]
"""(book, request body) to an answer; what it changes in the book is kept with the answer."""

_ID = re.compile(r"(?:cs|cart|feed|vt)_[0-9a-z]{1,64}", re.ASCII)


class Books:
    """The books of one shop, below one folder; one writer at a time, of all processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only one that changes a book."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def find(self, book_id: str) -> Json | None:
        """A book, None where there is none; a name that is none of ours is never a path."""
        if not _ID.fullmatch(book_id):
            return None
        path = self._folder / f"{book_id}.json"
        if not path.is_file():
            return None
        found: Json = json.loads(path.read_text(encoding="utf-8"))
        return found

    def load(self, book_id: str) -> Json:
        """A book; raises `Refused` where there is none."""
        book = self.find(book_id)
        if book is None:
            raise Refused(404, "not_found", "there is nothing of this id")
        return book

    def keep(self, book: Json) -> None:
        """Put the book in its place when all of it is on disk."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(dir=self._folder, prefix=".partial-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(book, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self._folder / f"{book['id']}.json")

    def once(self, book: Json, call: str, body: Json, do: Action) -> Reply:
        """Carry a request out, or give the answer its key had before; another body is refused."""
        asked = digest(_whole(body))
        before = book["calls"].get(call)
        if before is not None:
            if before["asked"] != asked:
                raise Refused(422, "idempotency_conflict", "the key named another request")
            return Reply(before["status"], before["body"], {"Idempotent-Replayed": "true"})
        reply = do(book, body)
        book["calls"][call] = {"asked": asked, "status": reply.status, "body": reply.body}
        self.keep(book)
        return reply


def named(prefix: str, *parts: str) -> str:
    """The id of what these parts name: the same ones give the same."""
    return f"{prefix}_{hashed(*parts)}"


def hashed(*parts: str) -> str:
    """24 hexadecimal digits for these parts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def _whole(body: Json) -> object:
    """The body in one spelling to be compared by: `1.0` is 1 (RFC 8785), other floats are text."""
    return json.loads(json.dumps(body), parse_float=_number, parse_constant=str)


def _number(text: str) -> int | str:
    number = float(text)
    return int(number) if number.is_integer() else text
