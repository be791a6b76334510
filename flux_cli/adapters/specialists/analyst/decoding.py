"""A text file of unknown encoding as blocks of whole lines, its hash taken on the way."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flux_cli.errors import WorkFailed

BLOCK = 2 * 1024 * 1024
LONGEST_LINE = 8 * 1024 * 1024
"""Bytes; a file with a longer line is not a table of rows."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(slots=True)
class Reading:
    """What was noticed while reading: counts of bytes, lines and things put right."""

    encoding: str = "utf-8"
    bytes: int = 0
    sha256: str = ""
    recoded_lines: int = 0
    unreadable_characters: int = 0
    nul_characters: int = 0


def encoding_of(head: bytes) -> str:
    """The encoding a file's first bytes show: by its mark, by its zeros, else UTF-8."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) >= 8:
        pairs = len(head) // 2
        if head[1 : 2 * pairs : 2].count(0) > 0.7 * pairs:
            return "utf-16-le"
        if head[0 : 2 * pairs : 2].count(0) > 0.7 * pairs:
            return "utf-16-be"
    return "utf-8"


def blocks(path: Path, reading: Reading) -> Iterator[str]:
    """Text of whole lines ending in `\\n`; fills in `reading`. Raises WorkFailed.

    A line that is not UTF-8 in a file that should be is read as Windows-1252, as are the files
    that are Windows-1252 throughout; a byte which that does not define is read as Latin-1.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            file.seek(0)
            reading.encoding = encoding_of(head)
            narrow = reading.encoding.startswith("utf-8")
            source = _bytes(file, digest, reading)
            yield from _narrow(source, reading) if narrow else _wide(source, reading)
    except OSError as error:
        raise WorkFailed(f"Cannot read {path.name}: {error.strerror}", subject=path.name) from error
    reading.sha256 = digest.hexdigest()


def _bytes(file: IO[bytes], digest: hashlib._Hash, reading: Reading) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        digest.update(block)
        reading.bytes += len(block)
        yield block


def _narrow(source: Iterator[bytes], reading: Reading) -> Iterator[str]:
    """Blocks of an encoding in which a line ends with the byte for a line's end."""
    rest = b""
    first = True
    for block in source:
        whole = rest + block
        if first:
            whole = whole.removeprefix(codecs.BOM_UTF8)
            first = False
        cut = whole.rfind(b"\n") + 1 or whole.rfind(b"\r", 0, -1) + 1
        if not cut and len(whole) > LONGEST_LINE:
            raise WorkFailed(f"A line is longer than {LONGEST_LINE} bytes; this is not a table")
        rest = whole[cut:]
        if cut:
            yield _lines(_decoded(whole[:cut], reading), reading)
    if rest:
        yield _lines(_decoded(rest, reading), reading)


def _wide(source: Iterator[bytes], reading: Reading) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(reading.encoding)(errors="replace")
    rest = ""
    for block in source:
        rest += decoder.decode(block)
        cut = rest.rfind("\n") + 1
        if not cut and len(rest) > LONGEST_LINE:
            raise WorkFailed(f"A line is longer than {LONGEST_LINE} bytes; this is not a table")
        whole, rest = rest[:cut], rest[cut:]
        if whole:
            reading.unreadable_characters += whole.count("\ufffd")
            yield _lines(whole, reading)
    rest += decoder.decode(b"", final=True)
    if rest:
        reading.unreadable_characters += rest.count("\ufffd")
        yield _lines(rest, reading)


def _decoded(data: bytes, reading: Reading) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(_line(line, reading) for line in data.splitlines(keepends=True))


def _line(line: bytes, reading: Reading) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        reading.recoded_lines += 1
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _lines(whole: str, reading: Reading) -> str:
    """`whole` with one kind of line end, without zeros and marks, ending in a line end."""
    if "\x00" in whole:
        reading.nul_characters += whole.count("\x00")
        whole = whole.replace("\x00", "")
    if "\r" in whole:
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    whole = whole.removeprefix("\ufeff")
    return whole if whole.endswith("\n") else whole + "\n"
