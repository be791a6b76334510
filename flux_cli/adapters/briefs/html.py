"""HTML on stdin, as Markdown text on stdout: a process of its own, like the one for PDF."""

from __future__ import annotations

import re
import resource
import sys
from html.parser import HTMLParser

MOST_CHARACTERS = 2_000_000
MOST_MEMORY = 1_000_000_000
MOST_SECONDS = 10

NOT_SHOWN = frozenset(
    {"script", "style", "head", "template", "noscript", "svg", "iframe", "object", "select"}
)
EMPTY = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track"}
    | {"wbr"}
)
"""Elements that have no end."""

HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
OPENINGS = HEADINGS | {"li": "- ", "blockquote": "> "}
BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "ul", "ol"}
    | {"dl", "dt", "dd", "pre", "figure", "figcaption", "form", "table", "body", "br", "hr"}
    | set(OPENINGS)
)
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class Page(HTMLParser):
    """Collects the words a reader of the page would see, block by block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self._words: list[str] = []
        self._opening = ""
        self._hidden, self._depth = "", 0
        self._rows: list[list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, a cell, or something that is not shown."""
        if self._depth:
            self._depth += tag == self._hidden
            return
        given = dict(attrs)
        unseen = "hidden" in given or _HIDING.search(given.get("style") or "")
        if tag in NOT_SHOWN or unseen:
            if tag not in EMPTY:
                self._hidden, self._depth = tag, 1
            return
        if tag in ("td", "th", "tr", "table"):
            self._begin_table_part(tag)
        elif tag in BLOCKS and self._rows is None:
            self._close()
            self._opening = OPENINGS.get(tag, self._opening if tag == "p" else "")
        elif tag in BLOCKS:
            self._words.append(" ")

    def _begin_table_part(self, tag: str) -> None:
        if tag == "table":
            self._close()
            self._rows = []
        elif self._rows is not None and tag == "tr":
            self._rows.append([])
        elif self._rows:
            self._words = []

    def handle_endtag(self, tag: str) -> None:
        """End what is hidden, a cell, a table or a block."""
        if self._depth:
            self._depth -= tag == self._hidden
            return
        if tag in ("td", "th") and self._rows:
            self._rows[-1].append(_plain("".join(self._words)))
            self._words = []
        elif tag == "table" and self._rows is not None:
            rows, self._rows, self._words = self._rows, None, []
            self.blocks += _table([row for row in rows if row])
        elif tag in BLOCKS and self._rows is None:
            self._close()
            self._opening = ""

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._depth:
            self._words.append(data)

    def close(self) -> None:
        """End the last block, and a table that never did."""
        super().close()
        if self._rows is not None:
            self.blocks += _table([row for row in self._rows if row])
        self._close()

    def _close(self) -> None:
        text, self._words = _plain("".join(self._words)), []
        if text:
            self.blocks.append(self._opening + text)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _table(rows: list[list[str]]) -> list[str]:
    """A table as Markdown where it has columns, else a paragraph for each row."""
    width = len(rows[0]) if rows else 0
    if width < 2 or len(rows) < 2 or any("|" in cell for row in rows for cell in row):
        return [" ".join(row) for row in rows if any(row)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["\n".join((lines[0], "|" + "---|" * width, *lines[1:]))]


def html_text(data: bytes) -> str:
    """What a reader of the page sees, a blank line after each block."""
    declared = re.search(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]{3,20})", data[:2048])
    encoding = declared.group(1).decode("ascii") if declared else "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        text = data.decode("utf-8", "replace")
    page = Page()
    page.feed(text)
    page.close()
    return ("\n\n".join(page.blocks) + "\n")[:MOST_CHARACTERS]


def main() -> None:
    """Read it within 1 GB of memory and 10 seconds of work."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    sys.stdout.buffer.write(html_text(sys.stdin.buffer.read()).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
