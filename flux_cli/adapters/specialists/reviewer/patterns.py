"""What no offline analyser finds in JavaScript, and secrets by their form, by Flux's own rules.

The rules look at tokens, so that comments and the insides of strings are not code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from flux_cli.adapters.specialists.reviewer.findings import Raw
from flux_cli.adapters.specialists.reviewer.tree import CodeFile

NAME = "flux"
RULES = ("js-sql", "js-shell", "js-html", "js-tls", "js-secret", "js-weak-hash", "js-random")
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}\b"
    r"|\bxox[abprs]-[A-Za-z0-9-]{20,}"
    r"|\bsk_live_[A-Za-z0-9]{20,}"
    r"|\bAIza[A-Za-z0-9_-]{35}\b"
    r"|\bnpm_[A-Za-z0-9]{36}\b"
)
"""Private keys, and the tokens whose issuers gave them a form: AWS, GitHub, Slack, Stripe, …"""

SECRET_NAME = re.compile(
    r"(?:passw(?:or)?d|secret|token|api_?key|private_?key|credential)s?$", re.I
)
CHANCE_NAME = re.compile(
    r"secret|token|passw|otp|nonce|salt|session|csrf|apikey|reset|invite", re.I
)
PLACEHOLDER = re.compile(
    r"^(?:|x+|\*+|\.+|<.*>|\$?\{.*\}|(?:your|my|an?|the)[-_ ].*|.*(?:example|placeholder|changeme|"
    r"change[-_ ]me|dummy|redacted|todo|fixme|not[-_ ]set).*|none|null|undefined|password|secret|"
    r"token|true|false|https?://.*|/.*)$",
    re.I | re.S,
)
"""Values that keep no secret: empty, a hole to fill in, or the name of the thing."""

PROCESS_OWNERS = ("", "cp", "child_process", "childProcess", "shell", "shelljs", "proc")
"""Whose `exec` runs a shell; that of a regular expression does not."""

QUERIES = ("query", "execute", "raw", "all", "get", "run", "$queryRawUnsafe", "$executeRawUnsafe")
BROKEN_HASHES = ("md5", "sha1", "md4")

_SQL = re.compile(
    r"\s*(select\b.+\bfrom\b|insert\s+into\b|update\b.+\bset\b|delete\s+from\b)", re.I | re.S
)
_JUST_VALUE = re.compile(r"^(['\"`])(.*)\1$", re.S)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of code that is neither space nor comment, and the line it begins in."""

    text: str
    kind: str
    line: int


def secrets_in(file: CodeFile) -> Iterator[Raw]:
    """Every line with a key or token of a known form."""
    for number, line in enumerate(file.text.splitlines(), 1):
        found = SECRETS.search(line)
        if found:
            start = found.group()[:8].rstrip("-")
            message = f"a key or token of a known form begins with {start!r}"
            yield Raw(NAME, "secret-format", file.number, number, found.start() + 1, message)


def script_patterns(file: CodeFile) -> Iterator[Raw]:
    """Every use of Flux's own rules in a JavaScript or TypeScript file."""
    tokens = list(_tokens(file))
    for place, token in enumerate(tokens):
        for rule, message in _about(tokens, place):
            yield Raw(NAME, rule, file.number, token.line, 1, message)


def _about(tokens: list[Token], place: int) -> Iterator[tuple[str, str]]:
    """(rule, message) of everything that the token at `place` is the sign of."""
    here = tokens[place].text.strip("'\"")
    after = [token.text for token in tokens[place + 1 : place + 6]]
    if after[:1] == ["("]:
        yield from _call(tokens, place, here)
    elif here in ("innerHTML", "outerHTML") and after[:1] in (["="], ["+="]):
        if not _constant(tokens, place + 2):
            yield "js-html", f"{here} is set to markup that is not constant"
    elif here == "rejectUnauthorized" and after[:2] in ([":", "false"], ["=", "false"]):
        yield "js-tls", "rejectUnauthorized is false"
    elif here == "NODE_TLS_REJECT_UNAUTHORIZED" and {"'0'", '"0"', "0"} & set(after[:4]):
        yield "js-tls", "certificates are not checked in the whole process"
    elif here == "Math" and after[:2] == [".", "random"]:
        yield "js-random", "Math.random can be guessed"
    elif after[:1] in ([":"], ["="]) and after[1:2]:
        # A type, a comparison or a path to the value is no secret; a quoted value may be.
        value = _JUST_VALUE.match(after[1])
        if value and _is_secret(here, value.group(2)):
            yield "js-secret", f"{here} is written out"


def _is_secret(name: str, value: str) -> bool:
    """Whether the name says secret and the value could be one; a mere key has to look drawn."""
    if PLACEHOLDER.match(value):
        return False
    drawn = len(value) >= 12 and re.search(r"\d", value) and re.search(r"[a-z]", value, re.I)
    return bool(
        (SECRET_NAME.search(name) and len(value) >= 6) or (name.lower().endswith("key") and drawn)
    )


def _call(tokens: list[Token], place: int, name: str) -> Iterator[tuple[str, str]]:
    """What a call of `name` is the sign of."""
    first = place + 2
    owner = tokens[place - 2].text if place > 1 and tokens[place - 1].text == "." else ""
    together = _put_together(tokens, first)
    if name in ("exec", "execSync") and owner in PROCESS_OWNERS and together:
        yield "js-shell", f"{name} is given a command that is put together"
    elif name in QUERIES and together and _SQL.match(_first_text(tokens, first)):
        yield "js-sql", f"{name} is given SQL that is put together"
    elif name in ("write", "writeln") and owner == "document" and not _constant(tokens, first):
        yield "js-html", f"document.{name} puts text into the page as markup"
    elif name == "insertAdjacentHTML":
        yield "js-html", "insertAdjacentHTML puts text into the page as markup"
    elif name == "createHash" and _first_text(tokens, first).strip("'\"`").lower() in BROKEN_HASHES:
        yield "js-weak-hash", f"createHash is given {tokens[first].text}"


def _put_together(tokens: list[Token], start: int) -> bool:
    """Whether the argument that begins at `start` joins texts or fills in a template."""
    depth = 0
    texts = joined = False
    for token in tokens[start : start + 60]:
        if token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth -= 1
        if depth < 0 or (token.text == "," and depth == 0):
            break
        if token.kind == "template" and "${" in token.text:
            return True
        texts |= token.kind in ("string", "template")
        joined |= token.text == "+" and depth == 0
    return texts and joined


def _constant(tokens: list[Token], start: int) -> bool:
    """Whether the expression that begins at `start` is one literal text."""
    rest = [token.text for token in tokens[start + 1 : start + 2]]
    text = tokens[start : start + 1]
    fixed = text and text[0].kind in ("string", "template") and "${" not in text[0].text
    return bool(fixed) and rest in ([], [";"], [")"], [","], ["}"])


def _first_text(tokens: list[Token], start: int) -> str:
    for token in tokens[start : start + 1]:
        if token.kind in ("string", "template"):
            return token.text[1:]
    return ""


def _tokens(file: CodeFile) -> Iterator[Token]:
    """The tokens of a script; a template literal with all it holds is one."""
    text, place, line = file.text, 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        assert match is not None, "the last alternative takes any character"
        kind, piece = str(match.lastgroup), match.group()
        if kind == "template":
            piece = _template(text, place)
        if kind not in ("space", "comment"):
            yield Token(piece, kind, line)
        line += len(re.findall(r"\r\n|\r|\n", piece))
        place += len(piece)


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<comment>//[^\r\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<string>'(?:[^'\\\r\n]|\\.)*'?|\"(?:[^\"\\\r\n]|\\.)*\"?)"
    r"|(?P<template>`)"
    r"|(?P<word>[\w$]+)"
    r"|(?P<sign>[+\-*/%&|^!=<>?]=+|=>|.)",
    re.S,
)


def _template(text: str, start: int) -> str:
    """A template literal from its backtick to the one that closes it."""
    place, depth = start + 1, 0
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 1
        elif text.startswith("${", place):
            depth += 1
        elif character == "}" and depth:
            depth -= 1
        elif character == "`" and not depth:
            break
        place += 1
    return text[start : place + 1]
