"""What `flux` knows before it loads anything: each noun and daily verb, and its module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One word after `flux`: the module whose `app` carries it out, and a line of help.

    A `noun` has verbs below it; a `verb` is a command itself, the only one of its app.
    """

    name: str
    kind: Literal["noun", "verb"]
    summary: str
    section: str

    @property
    def module(self) -> str:
        """Where `app` is; a module is named for its word."""
        return f"flux_cli.entrypoints.cli.{self.name.replace('-', '_')}"


SECTIONS = ("Every day", "Money", "Agents and their market", "Records", "Flux itself")

ENTRIES: tuple[Entry, ...] = (
    Entry("config", "noun", "What Flux is set to, and by whom.", "Flux itself"),
    Entry("completion", "verb", "Print the completion script for a shell.", "Flux itself"),
    Entry("help", "verb", "Explain exit codes, environment variables or formats.", "Flux itself"),
)
"""Loading a module costs milliseconds, so only the one that is called for is imported.

A new command is a row here and a module with an `app` from `noun()` or `daily()`.
"""
