"""Where a ledger may live, how its file is made, and the durable mode for this SQLite."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from flux_cli.errors import Fix, UnsafeStorage

OLDEST_SQLITE = (3, 38)
"""STRICT tables came with 3.37, JSON without a build option and its arrows with 3.38."""

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "drvfs",
     "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "davfs", "fuse.davfs2"}
)  # fmt: skip
"""File systems whose locks SQLite cannot rely on."""


@dataclass(frozen=True, slots=True)
class Mode:
    """How commits are made durable, and why this way."""

    journal: str
    synchronous: str
    reason: str


def durable_mode(version: tuple[int, int, int]) -> Mode:
    """WAL+FULL where this SQLite can be trusted with it, else DELETE+EXTRA.

    SQLite 3.7.0–3.51.2, but for 3.44.6+ and 3.50.7+ of those branches, can corrupt a WAL when
    two connections checkpoint while a third commits. Both modes lost no acknowledged commit in
    power cuts; WAL+NORMAL and DELETE+FULL did.
    """
    shown = ".".join(map(str, version))
    fixed = (
        version >= (3, 51, 3)
        or (3, 50, 7) <= version < (3, 51, 0)
        or (3, 44, 6) <= version < (3, 45, 0)
    )
    if fixed:
        return Mode("wal", "full", f"SQLite {shown} checkpoints its log safely")
    return Mode("delete", "extra", f"SQLite {shown} can corrupt a write-ahead log (WAL-reset bug)")


def current_mode() -> Mode:
    """The durable mode for the SQLite library this Python runs on."""
    major, minor, patch = sqlite3.sqlite_version_info[:3]
    if (major, minor) < OLDEST_SQLITE:
        raise UnsafeStorage(
            f"SQLite {sqlite3.sqlite_version} cannot keep a ledger safely: it takes 3.38 or newer",
            fixes=(Fix("use a Python that comes with a newer SQLite"),),
        )
    return durable_mode((major, minor, patch))


def file_system(path: Path) -> str:
    """The type of the file system `path` is on, or `unknown` where the system does not say."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
    best, found = "", "unknown"
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].replace("\\040", " ")
        inside = str(path) == point or str(path).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, found = point, right.split(" ")[0]
    return found


def prepare(path: Path) -> None:
    """Make the folder (0700) and the empty file (0600), whatever the umask.

    Raises `UnsafeStorage` for a link, a shared file system, or a place that cannot be written.
    """
    elsewhere = Fix("choose another place", ("flux", "status", "--db", "PATH"))
    if path.is_symlink():
        raise UnsafeStorage(f"{path} is a link; name the file itself", subject=str(path))
    try:
        # mkdir's own parents=True would leave every folder above the last to the umask.
        for folder in reversed((path.parent, *path.parent.parents)):
            folder.mkdir(mode=0o700, exist_ok=True)
        kind = file_system(path.parent.resolve())
        if kind in NETWORK:
            raise UnsafeStorage(
                f"{path.parent} is on {kind}, whose locks cannot protect a ledger",
                subject=str(path),
                fixes=(elsewhere,),
            )
        if path.exists():
            check_existing(path)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise UnsafeStorage(
            f"cannot make a ledger at {path}: {error.strerror}",
            subject=str(path),
            fixes=(elsewhere,),
        ) from error


def check_existing(path: Path) -> None:
    """Raise `UnsafeStorage` unless `path` is an ordinary file with one name that can be written."""
    if not path.is_file():
        raise UnsafeStorage(f"{path} is not a file", subject=str(path))
    if path.stat().st_nlink > 1:
        raise UnsafeStorage(
            f"{path} has a second name (a hard link): two names would be locked apart",
            subject=str(path),
        )
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise UnsafeStorage(f"{path} or its folder is read-only", subject=str(path))


def keep_name(path: Path) -> None:
    """Have the disk keep a new file's name in its folder."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
