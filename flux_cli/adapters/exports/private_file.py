"""A file of money's history: readable by its owner only, and whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from flux_cli.errors import Fix, InvalidInput, StorageFailed


@contextmanager
def private_file(path: Path, *, replace: bool) -> Iterator[TextIO]:
    """A file to write UTF-8 into, line breaks as given, put at `path` when all of it is on disk.

    Its mode is 0600 whatever the umask. Raises `InvalidInput` where something is at `path`, but
    with `replace` a plain file there is replaced; `StorageFailed` where the disk refuses.
    """
    if os.path.lexists(path) and not (replace and _is_plain(path)):
        raise _taken(path)
    partial: str | None = None
    try:
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(partial, path)
        else:
            # Unlike a rename, a link fails where something came to be there meanwhile.
            os.link(partial, path)
        _keep_name(path.parent)
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        raise StorageFailed(
            f"cannot write {path}: {error.strerror or error}", subject=str(path)
        ) from error
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def _is_plain(path: Path) -> bool:
    """Whether this is a file and nothing that would send the history elsewhere, or be lost."""
    return path.is_file() and not path.is_symlink()


def _taken(path: Path) -> InvalidInput:
    plain = _is_plain(path)
    fix = Fix("replace it with --force") if plain else Fix("name another file")
    what = "exists already" if plain else "is no plain file"
    return InvalidInput(f"{path} {what}: nothing was written", subject=str(path), fixes=(fix,))


def _keep_name(folder: Path) -> None:
    """Have the disk keep the new name too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
