"""Whether a report's pages say a number that is no fact, or reach for something outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from flux_cli.adapters.specialists.analyst.facts import Fact, show
from flux_cli.adapters.specialists.analyst.writing import QUERIES, computation_of, plain
from flux_cli.domain.text import visible

_DIGIT = re.compile(r"\d")
_LINK = re.compile(
    r"\[((?:[^\[\]\\]|\\.)*)\]\(" + re.escape(QUERIES) + r' "(f\d+) ([^" ]+) (\d+)"\)'
)
_TABLE = re.compile(
    r"((?:^\|.*\n)+)\n\*([^\n]*)\* \(\[computation\]\(" + re.escape(QUERIES) + r' "(f\d+)"\)\)$',
    re.M,
)
_PICTURE = re.compile(r"!\[((?:[^\[\]\\]|\\.)*)\]\(charts/[\w.-]+\.png\)")
_OUTSIDE = re.compile(r"url\(|@import|expression\(|javascript:|content\s*:", re.I)
_QUIET = frozenset({"style", "table", "svg", "pre", "summary"})
_VOID = frozenset({"meta", "br", "hr", "img", "link", "input", "wbr", "base", "col"})


@dataclass(frozen=True, slots=True)
class Known:
    """The facts by their ids, and the names that may stand in a page with their digits."""

    facts: Mapping[str, Fact]
    labels: frozenset[str]

    def shown(self, fact: str, column: str, row: int) -> str | None:
        """What that cell of that fact looks like, or None where there is no such cell."""
        found = self.facts.get(fact)
        if found is None or column not in found.columns or row >= len(found.values):
            return None
        place = found.columns.index(column)
        return show(found.values[row][place], found.forms[place])


def loose_in_markdown(report: str, known: Known) -> list[str]:
    """The numbers of a Markdown report that are no fact, or another than their fact is."""
    wrong: list[str] = []

    def linked(match: re.Match[str]) -> str:
        words, fact, column, row = match.groups()
        real = known.shown(fact, column, int(row))
        if real is None or plain(real) != words:
            wrong.append(f"{words} is not {fact} {column} {row}")
        return " "

    def tabled(match: re.Match[str]) -> str:
        fact = known.facts.get(match.group(3))
        rows = match.group(1).strip().split("\n")[2:]
        if fact is None or rows != [
            "| " + " | ".join(map(plain, row)) + " |" for row in fact.shown()
        ]:
            wrong.append(f"a table is not {match.group(3)}")
        return match.group(2)

    # A table that names no fact stays, and its numbers are found below.
    body = _TABLE.sub(tabled, _LINK.sub(linked, report) + "\n")
    body = _PICTURE.sub(lambda match: match.group(1), body)
    for label in sorted(known.labels, key=len, reverse=True):
        body = body.replace(plain(visible(label)), " ")
    body = body.replace("&#47;", " ")
    return wrong + [line.strip()[:80] for line in body.splitlines() if _DIGIT.search(line)]


class _Page(HTMLParser):
    """Collects what a page says outside its facts, and everything that reaches out of it."""

    def __init__(self, known: Known) -> None:
        super().__init__(convert_charrefs=True)
        self.known = known
        self.wrong: list[str] = []
        self.foreign: list[str] = []
        self.stack: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.cell: str | None = None
        self.said = ""
        self.table: tuple[str, list[list[str]]] | None = None
        self.computations: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._look(tag, found)
        if tag in _VOID:
            return
        self.stack.append((tag, found.get("class", "")))
        if tag in ("pre", "summary"):
            self.computations.append("")
        if tag == "a" and "data-cell" in found:
            self.cell, self.said = found["data-cell"], ""
        if tag == "table":
            self.table = (found.get("data-fact", ""), [])
        if self.table is not None and tag == "tr":
            self.table[1].append([])
        if self.table is not None and tag == "td":
            self.table[1][-1].append("")

    def _look(self, tag: str, found: dict[str, str]) -> None:
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form", "img", "image"):
            self.foreign.append(f"<{tag}>")
        for name, value in found.items():
            inner = name in ("href", "src", "xlink:href", "action", "srcset", "data")
            if name.startswith("on") or (inner and not value.startswith("#")):
                self.foreign.append(f"{name}={value[:60]}")
            if name == "style" and _OUTSIDE.search(value):
                self.foreign.append(f"style={value[:60]}")

    def handle_endtag(self, tag: str) -> None:
        while self.stack:
            if self.stack.pop()[0] == tag:
                break
        if tag == "a" and self.cell is not None:
            self._linked()
        if tag == "table" and self.table is not None:
            fact = self.known.facts.get(self.table[0])
            rows = [row for row in self.table[1] if row]
            if fact is None or rows != [[_tidy(cell) for cell in row] for row in fact.shown()]:
                self.wrong.append(f"a table is not {self.table[0] or 'a fact'}")
            self.table = None

    def _linked(self) -> None:
        parts = (self.cell or "").split(" ")
        real = (
            self.known.shown(parts[0], parts[1], int(parts[2]))
            if len(parts) == 3 and parts[2].isdigit()
            else None
        )
        if real is None or _tidy(real) != _tidy(self.said):
            self.wrong.append(f"{self.said} is not {self.cell}")
        self.cell = None

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self.stack}
        if "style" in tags and _OUTSIDE.search(data):
            self.foreign.append("a style that loads")
        if self.cell is not None:
            self.said += data
        elif self.table is not None and self.stack and self.stack[-1][0] == "td":
            self.table[1][-1][-1] = _tidy(self.table[1][-1][-1] + data)
        elif tags & {"pre", "summary"} and self.computations:
            self.computations[-1] += data
        elif not tags & _QUIET:
            self.words.append(data)


def _tidy(words: str) -> str:
    return " ".join(words.split())


def loose_in_html(page: str, known: Known) -> list[str]:
    """The numbers of an HTML report that are no fact, or another than their fact is."""
    reader = _read(page, known)
    body = "\n".join(reader.words)
    for label in sorted(known.labels, key=len, reverse=True):
        body = body.replace(visible(label), " ")
    body = re.sub(r"\((?:CSV|TSV|JSON|JSON lines|Parquet|SQLite), [\w-]+\)", " ", body)
    told = {_tidy(visible(fact.sql)) for fact in known.facts.values()} | {
        _tidy(visible(computation_of(fact))) for fact in known.facts.values()
    }
    other = [words[:80] for words in map(_tidy, reader.computations) if words not in told]
    reader.wrong.extend(f"no computation: {words}" for words in other)
    return reader.wrong + [line.strip()[:80] for line in body.splitlines() if _DIGIT.search(line)]


def foreign_in_html(page: str) -> list[str]:
    """What a page would run or load from elsewhere; its drawings are looked at too."""
    return _read(page, Known({}, frozenset())).foreign


def _read(page: str, known: Known) -> _Page:
    reader = _Page(known)
    reader.feed(page)
    reader.close()
    return reader
