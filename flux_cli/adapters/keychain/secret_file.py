"""A secret's file: whole or not there at all, for its owner alone, made once."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def make_once(path: Path, content: bytes) -> None:
    """Put `content` at `path` unless something is there, 0600; on return it outlives a power cut.

    It is written under another name and then linked: never half of one, never two. Who comes
    second finds the first one's. Raises `OSError`.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first, and its secret is the one
    finally:
        os.unlink(draft)
    keep_names(path.parent)


def keep_names(folder: Path) -> None:
    """Have the names in `folder` kept over a power cut, which a file's own fsync does not."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
