"""The text of a PDF on stdin, on stdout: a process of its own, started by `read_brief`."""

from __future__ import annotations

import io
import logging
import resource
import sys

MOST_PAGES = 40
MOST_CHARACTERS = 200_000
MOST_MEMORY = 1_000_000_000
MOST_SECONDS = 20


def pdf_text(data: bytes) -> str:
    """The text of the first 40 pages, a line break after each; raises what pypdf does."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    parts: list[str] = []
    for page in PdfReader(io.BytesIO(data)).pages[:MOST_PAGES]:
        parts.append(page.extract_text())
        if sum(map(len, parts)) > MOST_CHARACTERS:
            break
    return "\n".join(parts)[:MOST_CHARACTERS]


def main() -> None:
    """Read it within 1 GB of memory and 20 seconds of work."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    text = pdf_text(sys.stdin.buffer.read())
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
