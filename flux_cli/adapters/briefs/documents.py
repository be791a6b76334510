"""Documents that research reads, as text in which every passage has its place.

A page of a PDF begins with a form feed. HTML becomes the Markdown of its headings, paragraphs,
lists, quotations and tables, each word as it stands there. Plain text stays as it is.
"""

from __future__ import annotations

from pathlib import Path

from flux_cli.adapters.briefs import run_reader
from flux_cli.errors import Fix, InvalidInput

HTML = (".html", ".htm", ".xhtml")
SECONDS = 40


def document_text(path: Path, data: bytes) -> str:
    """The text of a document; raises `InvalidInput` for one that holds none."""
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _converted(path, data, "pdf", "pages")
    if path.name.lower().endswith(HTML):
        return _converted(path, data, "html")
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if utf16 else "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8 text, PDF or HTML",
            param="sources",
            fixes=(Fix("save it as UTF-8 text"),),
        ) from error


def _converted(path: Path, data: bytes, reader: str, *options: str) -> str:
    """What a reader in a process of its own makes of somebody's file."""
    ended = run_reader(path, reader, data, SECONDS, *options)
    text = ended.stdout.decode("utf-8", "replace")
    if ended.returncode != 0 or not text.strip():
        raise InvalidInput(
            f"{path} has no text that can be read",
            param="sources",
            fixes=(Fix("save it as UTF-8 text"),),
        )
    return text
