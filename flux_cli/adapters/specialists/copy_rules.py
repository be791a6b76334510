"""What copy may not do: promise what nobody proved, use a banned word, or run too long."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flux_cli.adapters.specialists.terms import similarity, words

HEADLINE_LIMIT, HEADLINES_NEEDED = 30, 8
DESCRIPTION_LIMIT, DESCRIPTIONS_NEEDED = 90, 4
SUBJECT_LIMIT, PREVIEW_LIMIT = 60, 90
POST_LIMITS = {"X": 280, "LinkedIn": 700, "Instagram": 2200}
ALIKE_LIMIT = 0.3

_SUPERLATIVES = re.compile(
    r"\b(?:best(?! before)|number one|no\. ?1|world-class|world['’]s|market-leading|"
    r"industry-leading|award-winning|unbeatable|unrivalled|unmatched|unparalleled|ultimate|"
    r"perfect(?:ly)?|flawless|cheapest|fastest|strongest|easiest|safest|greatest|finest|smartest|"
    r"brightest|lightest|most (?:advanced|powerful|popular|trusted|affordable|reliable)|"
    r"guaranteed|risk-free|miracle|revolutionary|groundbreaking|game-chang(?:er|ing)|"
    r"never fails?|100% safe|once-in-a-lifetime|second to none)\b|#1\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\{[^}]*\}|\{\{|\}\}|<[a-z_]+>|\b(?:TODO|TBD|TBC|FIXME|XXX+|lorem|ipsum)\b|"
    r"(?i:\[(?:your|insert|name|product|company|link|url|date)[^\]]*\])|"
    r"\b(?:None|null|undefined)\b"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.@-])(?:[a-z0-9-]+\.)+[a-z]{2,24}(?![\w-])(?:/\S*)?",
    re.IGNORECASE,
)
_SEAMS = re.compile(
    r"\s[,.;:!?](?:\s|$)|,,|(?<!\.)\.\.(?!\.)|\?\.|!\.|\b(\w{2,}) \1\b| {2,}|\ba an?\b|"
    r"\ba [aeio]\w(?!e\b)|\ban [bcdfgjklmnpqrstvwz]\w",
    re.IGNORECASE,
)


def superlatives(text: str) -> tuple[str, ...]:
    """The words in `text` that promise more than copy can prove, in lower case."""
    return tuple(match.group().lower() for match in _SUPERLATIVES.finditer(text))


def placeholders(text: str) -> tuple[str, ...]:
    """What was left to fill in."""
    return tuple(match.group() for match in _PLACEHOLDER.finditer(text))


def addresses(text: str) -> tuple[str, ...]:
    """The addresses on the web that `text` sends a reader to, without what begins and ends them."""
    found = (match.group().rstrip(".,;:!?)”’") for match in _ADDRESS.finditer(text))
    return tuple(re.sub(r"^(?:https?://)?(?:www\.)?", "", one.lower()).rstrip("/") for one in found)


def seams(text: str) -> tuple[str, ...]:
    """Where a text was joined badly: a space before a comma, a doubled word, two full stops."""
    return tuple(match.group().strip() for match in _SEAMS.finditer(text))


def banned_pattern(banned: Iterable[str]) -> re.Pattern[str] | None:
    """A pattern that finds each banned word with its common endings, or None if none is banned."""
    parts = [
        r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", word.strip())))
        for word in banned
        if re.search(r"\w", word)
    ]
    if not parts:
        return None
    endings = r"(?:s|es|ed|d|er|ers|est|ly|ing|['’]s)?"
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)}){endings}(?!\w)", re.IGNORECASE)


def banned_words(text: str, banned: Iterable[str]) -> tuple[str, ...]:
    """The banned words that `text` uses."""
    pattern = banned_pattern(banned)
    return tuple(match.group().lower() for match in pattern.finditer(text)) if pattern else ()


def alike(one: str, other: str) -> float:
    """How alike two variants are, 0.0 to 1.0: shared three-word runs (Jaccard)."""
    return similarity(one, other)


def worst_pair(texts: Iterable[str]) -> float:
    """The likeness of the two variants that are most alike."""
    listed = list(texts)
    return max(
        (alike(one, other) for at, one in enumerate(listed) for other in listed[at + 1 :]),
        default=0.0,
    )


def openings(text: str) -> list[str]:
    """The first two words of each sentence of `text`, in lower case."""
    starts = []
    for sentence in re.split(r"(?<=[.!?…])[\"”’)]*\s+|\n+", text):
        found = words(sentence)
        if len(found) > 2:
            starts.append(" ".join(found[:2]))
    return starts
