"""The text of a PDF on stdin, on stdout: a process of its own, started by `read_brief`."""

from __future__ import annotations

import io
import logging
import resource
import sys

MOST_PAGES = 40
MOST_CHARACTERS = 200_000
MOST_SOURCE_PAGES = 400
MOST_SOURCE_CHARACTERS = 2_000_000
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


def pdf_pages(data: bytes) -> str:
    """The text of the first 400 pages, a form feed before each; raises what pypdf does."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    parts: list[str] = []
    for page in PdfReader(io.BytesIO(data)).pages[:MOST_SOURCE_PAGES]:
        # A page's own form feeds would count as pages.
        parts.append(f"\f\n{page.extract_text().replace(chr(12), ' ').rstrip()}\n")
        if sum(map(len, parts)) > MOST_SOURCE_CHARACTERS:
            break
    text = "".join(parts)[:MOST_SOURCE_CHARACTERS]
    return text if text.strip() else ""


def main() -> None:
    """Read it within 1 GB of memory and 20 seconds of work."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    read = pdf_pages if "pages" in sys.argv[1:] else pdf_text
    text = read(sys.stdin.buffer.read())
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
