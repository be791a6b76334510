"""What is reported and yet no defect: each with the reason that the client is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flux_cli.adapters.specialists.reviewer.findings import Kind, Raw
from flux_cli.adapters.specialists.reviewer.patterns import CHANCE_NAME, PLACEHOLDER
from flux_cli.adapters.specialists.reviewer.tree import CodeFile

IN_TESTS = {
    "check-by-assert": "asserts are how tests are written",
    "hard-coded-secret": "secrets in tests are made up",
    "guessable-secret": "tests want chance that repeats",
    "listens-everywhere": "a test's server lives as long as the test",
    "predictable-temporary-file": "a test's paths are its own",
    "request-without-timeout": "a test that hangs is seen at once",
    "weak-hash": "a test's hash protects nothing",
    "unused-private-code": "a test framework calls it",
    "unused-variable": "a test often wants only that the line runs",
}
_QUOTED = re.compile(r"(['\"])(.*?)\1")
_NARROWS = re.compile(r"assert\s+(?:isinstance\(|[\w.]+\s+is\s+not\s+None\b)")
_QUOTES = re.compile(r"\s*(?:[\w.]*\.)?_?(?:quote|escape)\w*\(", re.I)
_LOGIN = re.compile(r"passw|passphrase|pwd|secret|credential", re.I)
_DRAWN = re.compile(r"^(?=.*\d)(?=.*[a-z])[\x21-\x7e]{8,}$", re.I)
"""Eight or more characters, digits and letters among them and no space: drawn, not written."""

_MODULE = re.compile(rb"^\s*(?:import|export)\b|\brequire\(|module\.exports", re.M)
_NOQA = re.compile(rb"#\s*(?:noqa|nosec)\b", re.I)
_WHOLE_FILE = re.compile(rb"#\s*(?:ruff|flake8)\s*:\s*noqa\s*$", re.I)
_LINE = re.compile(rb"(?:eslint|oxlint)-disable-(next-)?line")
_BLOCK = re.compile(rb"(?:eslint|oxlint)-(disable|enable)(?!-)\b")


def left_out(kind: Kind, file: CodeFile, raws: Sequence[Raw]) -> str:
    """Why this is not counted as a defect, or ""."""
    line = file.lines[raws[0].line - 1].decode("utf-8", "replace")
    rules = {raw.rule for raw in raws}
    if file.is_test and kind.name in IN_TESTS and "secret-format" not in rules:
        return IN_TESTS[kind.name]
    if kind.name == "shell-injection" and all("seems safe" in raw.message for raw in raws):
        return "the command is constant, so nothing can be put into it"
    if kind.name == "guessable-secret" and not CHANCE_NAME.search(line):
        return "nothing on the line says that this chance protects anything"
    if kind.name == "check-by-assert" and _NARROWS.search(line):
        return "it tells a type checker what it cannot see"
    if kind.name == "statement-without-effect" and "attribute access" in raws[0].message:
        return "reading an attribute may run a property"
    if kind.name == "sql-injection" and _holes_are_quoted(line):
        return "what is filled in goes through a function that quotes it"
    if kind.name == "hard-coded-secret" and "secret-format" not in rules:
        values = [match[2] for match in _QUOTED.finditer(line)]
        if values and all(PLACEHOLDER.match(value) or len(value) < 4 for value in values):
            return "the value is a placeholder or a name"
        # "token" and "key" are words of parsers and tables more often than of logins.
        if not _LOGIN.search(line) and not any(_DRAWN.search(value) for value in values):
            return "the value reads like a word, and its name is no password's"
    if kind.name == "unused-import" and file.name == "__init__.py":
        return "what a package offers is imported in its __init__"
    if kind.name == "unused-private-code" and line.lstrip().startswith("@"):
        return "a decorator may register it"
    top_level = not line.startswith((" ", "\t"))
    if "eslint/no-unused-vars" in rules and top_level and not _MODULE.search(file.data):
        return "a script without imports or exports may be called by its page"
    if kind.name == "unused-import" and re.search(r"\bimport\s+(\w+)\s+as\s+\1\b", line):
        return "importing a name as itself says that it is offered"
    return ""


def _holes_are_quoted(line: str) -> bool:
    """Whether each thing that an f-string fills in is quoted where it stands."""
    holes = re.findall(r"(?<!{){([^{}]+)}", line)
    return bool(holes) and all(_QUOTES.match(hole) for hole in holes)


def silenced_lines(file: CodeFile) -> frozenset[int]:
    """The lines on which the authors told their own analysers to be quiet."""
    lines = file.lines
    if file.language == "python":
        if any(_WHOLE_FILE.search(line) for line in lines):
            return frozenset(range(1, len(lines) + 1))
        return frozenset(n for n, line in enumerate(lines, 1) if _NOQA.search(line))
    quiet, off = set(), False
    for number, line in enumerate(lines, 1):
        block = _BLOCK.search(line)
        off = block[1] == b"disable" if block else off
        if off:
            quiet.add(number)
        single = _LINE.search(line)
        if single:
            quiet.add(number + bool(single[1]))
    return frozenset(quiet)


def without_directives(data: bytes) -> bytes:
    """A script in which no comment switches a rule off; every line and column stays."""
    quiet = re.sub(rb"(eslint|oxlint)-(?=disable|enable)", rb"\1_", data)
    return re.sub(rb"(/\*\s*)eslint(?=\s)", rb"\1______", quiet)
