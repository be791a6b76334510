"""Brief files as text: plain text and Markdown, PDF, and images where a program can read them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from flux_cli.errors import Fix, InvalidInput

LARGEST_BRIEF = 10_000_000
PDF_SECONDS = 30
OCR_SECONDS = 90
OCR_PROGRAM = "tesseract"

_IMAGES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")


def read_brief(path: Path) -> str:
    """The text of a brief, whatever its file is called; what it says is not believed.

    Raises `InvalidInput` for a file that cannot be read, is larger than 10 MB, holds no text, or
    is an image where no program to read one is installed.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BRIEF + 1)
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_BRIEF:
        raise _wrong(path, f"is larger than {LARGEST_BRIEF} bytes")
    if data.lstrip()[:5] == b"%PDF-":
        text = _pdf_text(path, data)
    elif data.startswith(_IMAGES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        text = _image_text(path, data)
    else:
        text = _plain_text(path, data)
    if not text.strip():
        raise _wrong(path, "holds no text", Fix("give the wish in words, or as a text file"))
    return text


def _plain_text(path: Path, data: bytes) -> str:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        text = "\x00"
    if "\x00" in text:
        raise _wrong(
            path,
            "is neither text, Markdown, PDF nor an image",
            Fix("save it as UTF-8 text or as PDF"),
        )
    return text


def _pdf_text(path: Path, data: bytes) -> str:
    """A PDF is somebody's program: it is read in a process that may use little, and not long."""
    ended = run_reader(path, "pdf", data, PDF_SECONDS)
    if ended.returncode != 0:
        raise _wrong(path, "is a PDF that cannot be read", Fix("save it as text and give that"))
    text = ended.stdout.decode("utf-8", "replace")
    if not text.strip():
        raise _wrong(
            path,
            "is a PDF without text, perhaps a scan",
            Fix("save its pages as images or type it"),
        )
    return text


def _image_text(path: Path, data: bytes) -> str:
    program = shutil.which(OCR_PROGRAM)
    if program is None:
        raise _wrong(
            path,
            f"is an image, and {OCR_PROGRAM}, which could read it, is not installed",
            Fix(f"install {OCR_PROGRAM}, or give the wish as text or PDF"),
        )
    ended = _run(path, [program, "stdin", "stdout"], data, OCR_SECONDS)
    if ended.returncode != 0:
        raise _wrong(path, f"is an image that {OCR_PROGRAM} cannot read")
    return ended.stdout.decode("utf-8", "replace")


def run_reader(
    path: Path, reader: str, data: bytes, seconds: float, *options: str
) -> subprocess.CompletedProcess[bytes]:
    """What one of the readers of this room makes of a file, in a process that is bounded."""
    argv = [sys.executable, "-I", "-m", f"flux_cli.adapters.briefs.{reader}", *options]
    return _run(path, argv, data, seconds)


def _run(
    path: Path, argv: Sequence[str], data: bytes, seconds: float
) -> subprocess.CompletedProcess[bytes]:
    # Whoever reads a stranger's file is told nothing of this process's secrets.
    environ = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no argument from the file
            argv, input=data, capture_output=True, timeout=seconds, check=False, env=environ
        )
    except subprocess.TimeoutExpired:
        raise _wrong(path, f"could not be read within {seconds:g} seconds") from None
    except OSError as error:
        raise _wrong(path, f"could not be read: {error.strerror}") from error


def _wrong(path: Path, why: str, *fixes: Fix) -> InvalidInput:
    return InvalidInput(f"{path} {why}", param="--brief", fixes=fixes)
