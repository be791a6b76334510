"""A folder as a source: named by the hash of everything in it, and never followed out of."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from flux_cli.domain.work import NOT_SOURCE
from flux_cli.errors import InvalidInput

MOST_FILES = 20_000
MOST_BYTES = 256 * 1024 * 1024
DEEPEST = 64


def tree_digest(root: Path) -> str:
    """SHA-256 over the path, kind and content of everything below `root`.

    A link counts as what it says, not as what it points to. Raises `InvalidInput` for a folder
    with more than `MOST_FILES` files or `MOST_BYTES` bytes, or one that cannot be read.
    """
    total = hashlib.sha256()
    files = size = 0
    for path, kind in _walk(root, b""):
        full = os.path.join(os.fsencode(root), path)
        try:
            content = os.readlink(full) if kind == b"l" else _content(full)
        except OSError as error:
            raise _unreadable(full, error) from error
        files, size = files + 1, size + len(content)
        if files > MOST_FILES or size > MOST_BYTES:
            raise InvalidInput(
                f"{root} holds more than {MOST_FILES} files or {MOST_BYTES} bytes",
                param="sources",
            )
        # Lengths first, so that no file's content can be taken for the next file's path.
        head = b"%s %d %d\0" % (kind, len(path), len(content))
        total.update(head + path + hashlib.sha256(content).digest())
    return total.hexdigest()


def _walk(root: Path, below: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """(path below the root, kind) of every file and link, in byte order."""
    place = os.path.join(os.fsencode(root), below)
    try:
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(place, error) from error
    for entry in entries:
        path = os.path.join(below, entry.name)
        if entry.is_symlink():
            yield path, b"l"
        elif entry.is_dir(follow_symlinks=False):
            if os.fsdecode(entry.name) not in NOT_SOURCE:
                if depth == DEEPEST:
                    raise InvalidInput(f"{root} is deeper than {DEEPEST}", param="sources")
                yield from _walk(root, path, depth + 1)
        elif entry.is_file(follow_symlinks=False):
            yield path, b"f"


def _content(path: bytes) -> bytes:
    """A plain file's bytes; what turned into a link or a pipe since it was listed is refused."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(0, "not a plain file")
        if about.st_size > MOST_BYTES:
            raise InvalidInput(f"a file is larger than {MOST_BYTES} bytes", param="sources")
        return file.read(MOST_BYTES + 1)


def _unreadable(path: bytes, error: OSError) -> InvalidInput:
    return InvalidInput(f"cannot read {os.fsdecode(path)!r}: {error.strerror}", param="sources")
