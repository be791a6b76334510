"""The code under review as data: read once, never followed out of, never imported or run."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flux_cli.domain.text import visible
from flux_cli.domain.work import NOT_SOURCE

LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "typescript",
}
OTHERS_WORK = NOT_SOURCE | {
    "bower_components",
    "dist",
    "build",
    "site-packages",
    "third_party",
    "vendor",
    ".next",
    ".eggs",
}
"""Folders of what others wrote, or what a tool made."""

MOST_FILES = 5_000
LARGEST_FILE = 1024 * 1024
LARGEST_TREE = 48 * 1024 * 1024
LONGEST_LINE = 5_000
"""Characters; a longer line is what a minifier writes, and nobody can review it."""

_TEST_FOLDERS = {"test", "tests", "testing", "__tests__", "spec", "specs", "e2e"}
_TEST_FILE = re.compile(r"(^test_|_test\.py$|^conftest\.py$|\.(test|spec)\.[cm]?[jt]sx?$)")


@dataclass(frozen=True, slots=True)
class CodeFile:
    """One text of the tree; `path` is relative, spelt out where it holds control characters."""

    number: int
    path: str
    name: str
    language: str
    data: bytes

    @property
    def lines(self) -> list[bytes]:
        """Its lines without their ends; as in every editor, line 1 is `lines[0]`."""
        return re.split(rb"\r\n|\r|\n", self.data)

    @property
    def text(self) -> str:
        """Its text, with U+FFFD for what is not UTF-8."""
        return self.data.decode("utf-8", "replace").removeprefix("\ufeff")

    @property
    def is_test(self) -> bool:
        """Whether it tests other code, by where it is and what it is called."""
        folders = self.path.split("/")[:-1]
        return bool(_TEST_FOLDERS & set(folders) or _TEST_FILE.search(self.name))


@dataclass(frozen=True, slots=True)
class Tree:
    """What was read: the code, other texts (for secrets only), and what was left out and why."""

    code: tuple[CodeFile, ...]
    texts: tuple[CodeFile, ...]
    skipped: tuple[tuple[str, str], ...]


def read_tree(root: Path) -> Tree:
    """Everything below `root` that can be reviewed; the same tree gives the same answer."""
    code: list[CodeFile] = []
    texts: list[CodeFile] = []
    skipped: list[tuple[str, str]] = []
    seen: set[str] = set()
    total = 0
    for path, entry in _walk(os.fsencode(root), b""):
        shown = visible(os.fsdecode(path).replace("\\", "\\\\"))
        why = entry if isinstance(entry, str) else ""
        data = b""
        if not why:
            data, why = _content(os.path.join(os.fsencode(root), path))
        suffix = os.path.splitext(shown)[1].lower()
        language = LANGUAGES.get(suffix, "")
        if not why and language and any(len(line) > LONGEST_LINE for line in data.split(b"\n")):
            why = f"a line is longer than {LONGEST_LINE} characters, as a minifier writes them"
        if not why and (len(code) >= MOST_FILES or total + len(data) > LARGEST_TREE):
            why = f"beyond {MOST_FILES} files or {LARGEST_TREE >> 20} MiB"
        if why or shown in seen:
            skipped.append((shown, why or "another file is shown under the same name"))
            continue
        seen.add(shown)
        total += len(data)
        file = CodeFile(len(seen), shown, shown.rpartition("/")[2], language, data)
        (code if language else texts).append(file)
    return Tree(tuple(code), tuple(texts), tuple(skipped))


def _walk(root: bytes, below: bytes) -> Iterator[tuple[bytes, object]]:
    """(path below the root, its entry or why it is left out), in byte order."""
    with os.scandir(os.path.join(root, below)) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = os.path.join(below, entry.name)
        if entry.is_symlink():
            yield path, "a link; links are not followed"
        elif entry.is_dir(follow_symlinks=False):
            name = os.fsdecode(entry.name)
            if name in OTHERS_WORK or name.endswith(".egg-info"):
                yield path + b"/", "history, caches, or what others or tools wrote"
            else:
                yield from _walk(root, path)
        elif entry.is_file(follow_symlinks=False):
            yield path, entry
        else:
            yield path, "no plain file"


def _content(path: bytes) -> tuple[bytes, str]:
    """(bytes, "") of a plain text file, or (b"", why it is left out)."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            return b"", "no plain file"
        if about.st_size > LARGEST_FILE:
            return b"", f"larger than {LARGEST_FILE >> 20} MiB"
        data = file.read(LARGEST_FILE + 1)
    return (b"", "not text") if b"\0" in data else (data, "")


def code_bytes(root: Path) -> int:
    """Bytes of code below `root`, told from sizes alone; 0 where it cannot be read."""
    total = 0
    try:
        for path, entry in _walk(os.fsencode(root), b""):
            suffix = os.path.splitext(os.fsdecode(path))[1].lower()
            if suffix in LANGUAGES and not isinstance(entry, str):
                total += min(os.lstat(os.path.join(os.fsencode(root), path)).st_size, LARGEST_FILE)
    except OSError:
        return total
    return total
