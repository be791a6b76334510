"""Findings: what an analyser says about a place, and what the client is told."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flux_cli.adapters.specialists.reviewer.tree import CodeFile
from flux_cli.domain.text import visible

SEVERITIES = ("high", "medium", "low")
GROUPS = ("security", "bug", "maintenance")
LONGEST_SNIPPET = 160


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of defect: what it is called, why it matters, what to do, and who finds it."""

    name: str
    title: str
    group: str
    severity: str
    rules: tuple[str, ...]
    why: str
    fix: str
    cwe: int = 0


@dataclass(frozen=True, slots=True)
class Raw:
    """One line an analyser reported: its rule, the file's number, and where, from 1."""

    analyser: str
    rule: str
    number: int
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one line, found by one or more analysers.

    `snippet_sha256` is of the line's bytes as they are in the file, without the line's end.
    `left_out` says why it is not counted, "" where it is; `silenced` that its authors marked it.
    """

    kind: str
    severity: str
    file: str
    line: int
    column: int
    message: str
    rules: tuple[str, ...]
    analysers: tuple[str, ...]
    snippet: str
    snippet_sha256: str
    fingerprint: str
    silenced: bool = False
    left_out: str = ""


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name, in the order of the table."""
    table = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
    return {
        name: Kind(name=name, **(row | {"rules": tuple(row["rules"])}))
        for name, row in table.items()
    }


@cache
def kind_of_rule() -> dict[str, Kind]:
    """The kind each analyser's rule finds."""
    return {rule: kind for kind in kinds().values() for rule in kind.rules}


def finding(
    kind: Kind, file: CodeFile, raws: list[Raw], *, silenced: bool, left_out: str
) -> Finding:
    """One finding from all that was said about one kind at one line."""
    first = min(raws, key=lambda raw: (raw.column, raw.analyser, raw.rule))
    line = file.lines[first.line - 1]
    digest = hashlib.sha256(line).hexdigest()
    secret = kind.name == "hard-coded-secret"
    return Finding(
        kind=kind.name,
        severity=kind.severity,
        file=file.path,
        line=first.line,
        # Analysers count columns in bytes, letters or UTF-16 units, which agree in ASCII alone.
        column=min(max(first.column, 1), len(line) + 1) if line.isascii() else 1,
        message=_said(first.message, secret=secret),
        rules=tuple(sorted({raw.rule for raw in raws})),
        analysers=tuple(sorted({raw.analyser for raw in raws})),
        snippet=_shown(line, secret=secret),
        snippet_sha256=digest,
        fingerprint=hashlib.sha256(f"{kind.name}\0{file.path}\0{digest}".encode()).hexdigest()[:32],
        silenced=silenced,
        left_out=left_out,
    )


def rank(found: Finding) -> tuple[int, int, int, str, int]:
    """Its place in the review: the worst first, then as the table of kinds has them."""
    kind = kinds()[found.kind]
    return (
        SEVERITIES.index(found.severity),
        GROUPS.index(kind.group),
        list(kinds()).index(found.kind),
        found.file,
        found.line,
    )


def _shown(line: bytes, *, secret: bool) -> str:
    """The line for readers; what is between quotes is masked where it may be a secret."""
    text = visible(line.decode("utf-8", "replace").strip())
    if secret:
        text = masked(text)
    return text if len(text) <= LONGEST_SNIPPET else text[: LONGEST_SNIPPET - 1] + "…"


def _said(message: str, *, secret: bool) -> str:
    """An analyser's sentence on one line, without its full stop."""
    text = visible(message).replace("``", "`").rstrip(". ")[:300]
    return masked(text) if secret else text


def masked(text: str) -> str:
    """`text` with what is in quotes, and what looks drawn by chance, replaced."""
    quoted = re.sub(r"(['\"`]).*?\1", r"\1***\1", text)
    return re.sub(r"(?<![\w/+=-])(?=[\w/+=-]*\d)[\w/+=-]{16,}", "***", quoted)
