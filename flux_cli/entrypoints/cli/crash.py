"""What is kept of a bug: where it happened, and nothing of what anybody's variables held."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from datetime import datetime
from pathlib import Path


def record(error: BaseException, command: str, now: datetime) -> Path:
    """Write a crash file that only its owner can read. Raises OSError if it cannot be kept."""
    from platformdirs import user_log_path

    folder = user_log_path("flux", appauthor=False)
    private_folder(folder)
    path = folder / f"crash-{now:%Y%m%dT%H%M%S%f}-{os.getpid()}.txt"
    # Without capture_locals: variables may hold card numbers and keys. Arguments are left out
    # for the same reason.
    trace = "".join(traceback.TracebackException.from_exception(error).format())
    about = (
        f"command: flux {command}\ntime: {now.isoformat()}\npython: {sys.version}\n"
        f"platform: {platform.platform()}\n\n"
    )
    private_file(path, about + trace)
    return path


def private_folder(path: Path) -> None:
    """Make `path` and what is missing above it, 0700 whatever the umask."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)


def private_file(path: Path, text: str) -> None:
    """Create `path`, which must not exist, 0600 whatever the umask."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
