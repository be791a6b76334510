"""Work that is done outside Flux: by a program on this machine, or by an agent on the web."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from flux_cli.domain.text import HIDDEN

MOST_WORDS = 20
LONGEST_WORD = 400
LONGEST_URL = 300

_URL = re.compile(
    r"(https?)://([a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?",
    re.ASCII,
)
_HERE = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]", re.ASCII)
_LINE = re.compile(r"(network )?([0-9a-f]{64}) (.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class AllowedCommand:
    """A command that the owner lets work: its words, and the digest of the files they name.

    With `network` it may reach the network; otherwise nothing but its own folder.
    """

    words: tuple[str, ...]
    sha256: str
    network: bool = False

    @property
    def line(self) -> str:
        """It as the configuration has it."""
        return f"{'network ' if self.network else ''}{self.sha256} {shlex.join(self.words)}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """All that the owner lets work from outside: commands, and addresses or whole origins."""

    commands: tuple[AllowedCommand, ...] = ()
    urls: tuple[str, ...] = ()

    def names(self, url: str) -> bool:
        """Whether `url` is one of the addresses, or of an origin that stands without a path."""
        return url in self.urls or origin(url) in self.urls


def command_fault(words: tuple[str, ...]) -> str | None:
    """What keeps these words from being a command, or None."""
    if not 0 < len(words) <= MOST_WORDS:
        return f"a command has 1 to {MOST_WORDS} words"
    if any(not word or len(word) > LONGEST_WORD or HIDDEN.search(word) for word in words):
        return f"a word of a command is 1 to {LONGEST_WORD} plain characters"
    if not words[0].startswith("/"):
        return "a command begins with the absolute path of a program"
    return None


def url_fault(url: str) -> str | None:
    """What keeps this from being an agent's address, or None."""
    found = _URL.fullmatch(url)
    if found is None or len(url) > LONGEST_URL:
        return "an agent's address is like https://agents.example/work, in small letters"
    if found[1] == "http" and not _HERE.fullmatch(found[2]):
        return "an agent is asked over https: only one on this machine may be asked in clear"
    return None


def origin(url: str) -> str:
    """Scheme, host and port of an address that has no fault."""
    found = _URL.fullmatch(url)
    assert found is not None, "it was looked at before"
    return f"{found[1]}://{found[2]}{found[3] or ''}"


def commands_in(text: str) -> tuple[AllowedCommand, ...]:
    """One command a line: perhaps `network`, its digest, its words as a shell would quote them.

    Raises `ValueError` with what a line should be.
    """
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        parts = _LINE.fullmatch(line)
        words = tuple(shlex.split(parts[3])) if parts else ()
        if parts is None or command_fault(words):
            raise ValueError("wants lines such as SHA256 /path/of/program word, or nothing")
        found.append(AllowedCommand(words, parts[2], bool(parts[1])))
    return tuple(found)


def urls_in(text: str) -> tuple[str, ...]:
    """Addresses with spaces or lines between; raises `ValueError` for what is none."""
    for url in text.split():
        if fault := url_fault(url):
            raise ValueError(f"wants addresses with spaces between: {fault}")
    return tuple(text.split())
