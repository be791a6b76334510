"""A delivered file lands whole, inside its task's folder, or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from flux_cli.domain.text import HIDDEN, visible
from flux_cli.domain.work import Artefact
from flux_cli.errors import StorageFailed, WorkFailed

LONGEST_PATH, LONGEST_NAME = 240, 200
"""In characters, and in bytes: a name that any file system takes."""

DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}
)
"""Names that Windows gives to devices, whatever their ending."""


def write_artefact(folder: Path, path: str, data: bytes, media_type: str) -> Artefact:
    """Put `data` at `folder`/`path` in one step and say what was written.

    `path` is relative, with forward slashes. Raises WorkFailed if it leaves the folder,
    StorageFailed if the disk refuses it.
    """
    target = _inside(folder, path)
    temporary: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".partial-")
        with os.fdopen(handle, "wb") as partial:
            partial.write(data)
            partial.flush()
            os.fsync(partial.fileno())
        # mkstemp makes the file private; what is delivered is readable like any other file.
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise StorageFailed(
            f"Cannot write {path}: {error.strerror or error}", subject=path
        ) from error
    return Artefact(path, media_type, len(data), hashlib.sha256(data).hexdigest())


def is_portable(path: str) -> bool:
    """Whether `path` is relative, stays below its folder, and is a file's name on every system."""
    parts = path.split("/")
    return (
        0 < len(path) <= LONGEST_PATH
        and HIDDEN.search(path) is None
        and not any(character in path for character in '\\:%*?"<>|')
        and not any(part in ("", ".", "..") or part[-1] in ". " for part in parts)
        and not any(part.partition(".")[0].rstrip().lower() in DEVICES for part in parts)
        and all(len(part.encode()) <= LONGEST_NAME for part in parts)
    )


def _inside(folder: Path, path: str) -> Path:
    """The absolute target of `path`, or WorkFailed if it is not strictly below `folder`."""
    root = folder.resolve()
    target = root / path
    # A link already in the folder could still lead out of it, so the real parent counts.
    if not is_portable(path) or not target.parent.resolve().is_relative_to(root):
        raise WorkFailed(f"{visible(path)[:80]!r} is no place in the task's folder", subject=path)
    return target
