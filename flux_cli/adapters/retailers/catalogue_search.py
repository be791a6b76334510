"""Full-text search over offers, with SQLite's FTS5 and Porter's stemmer, in memory."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

from flux_cli.domain.offers import Offer

_WORDS = re.compile(r"\w+")


class CatalogueIndex:
    """The words of some offers, asked for by term; a term is data and never query syntax."""

    def __init__(self, offers: Sequence[Offer]) -> None:
        self._offers = offers
        self._database: sqlite3.Connection | None = None

    def fits(self, terms: Sequence[str]) -> list[set[int]]:
        """For each term the numbers of the offers that have its words side by side."""
        return [self._having(term) for term in terms]

    def _having(self, term: str) -> set[int]:
        words = _WORDS.findall(term)
        if not words:
            return set()
        phrase = '"' + " ".join(words) + '"'
        rows = self._built().execute("select rowid from words where words match ?", [phrase])
        return {int(row[0]) for row in rows}

    def _built(self) -> sqlite3.Connection:
        """Indexed at the first question: a wish without terms needs none."""
        if self._database is None:
            self._database = sqlite3.connect(":memory:")
            self._database.execute(
                "create virtual table words using fts5(title, text, tokenize='porter unicode61')"
            )
            self._database.executemany(
                "insert into words (rowid, title, text) values (?, ?, ?)",
                [(number, o.title, o.text) for number, o in enumerate(self._offers)],
            )
        return self._database
