"""A delivered file lands whole, inside its task's folder, or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path, PurePosixPath

from flux_cli.domain.work import Artefact
from flux_cli.errors import StorageFailed, WorkFailed


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


def _inside(folder: Path, path: str) -> Path:
    """The absolute target of `path`, or WorkFailed if it is not strictly below `folder`."""
    relative = PurePosixPath(path)
    unsafe = (
        relative.is_absolute()
        or not relative.parts
        or ".." in relative.parts
        or "\\" in path
        or ":" in path
        or any(ord(character) < 32 or ord(character) == 127 for character in path)
    )
    root = folder.resolve()
    target = root / relative
    # A link already in the folder could still lead out of it, so the real parent counts.
    if unsafe or not target.parent.resolve().is_relative_to(root):
        raise WorkFailed(f"The path {path!r} leaves the task's folder", subject=path)
    return target
