"""Other parties' free text, made fit to keep: normalised, on one line, bounded."""

from __future__ import annotations

import unicodedata

from flux_cli.domain.text import HIDDEN


def bounded(text: str, most: int) -> str:
    """`text` in NFKC on one line, without hidden characters, cut to `most` characters."""
    if len(text) <= most and text.isascii() and text.isprintable():
        return " ".join(text.split())
    room = " ".join(text[: 4 * most].split())
    plain = HIDDEN.sub("", unicodedata.normalize("NFKC", HIDDEN.sub("", room)))
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"
