"""The client's own questions, each beside what the data says to it or that it says nothing."""

from __future__ import annotations

import re
from collections import Counter

from flux_cli.adapters.specialists.analyst.replies import reply
from flux_cli.adapters.specialists.analyst.story import (
    Block,
    Bullets,
    Label,
    Paragraph,
    Sentence,
    Story,
)
from flux_cli.adapters.specialists.analyst.subject import Subject

MOST_QUESTIONS = 12
MOST_ANSWERS = 3
LEAST_SCORE = 1.5
_JOINED = re.compile(r",? and (?=(?:how|what|which|who|when) (?!much\b))", re.IGNORECASE)
"""Between two questions in one."""

NOTHING = Bullets((("The data does not answer this: no column speaks of it.",),))

LEAST_SPOKEN = 0.5
"""Of a question's words, so many at least have to be a column's or a finding's."""

_EMPTY = frozenset((
    "a", "an", "the", "of", "to", "in", "on", "for", "and", "or", "by", "is", "are", "was",
    "were", "at", "with", "than", "do", "does", "did", "what", "which", "who", "how", "why",
    "when", "where", "it", "its", "that", "this", "there", "we", "our", "us", "you", "your",
    "they", "their", "them", "has", "have", "had", "be", "been", "will", "would", "can",
    "could", "should", "about", "any", "from", "most", "many", "much", "per", "each",
    "every", "these", "those", "table", "column", "columns", "file",
))  # fmt: skip


def tell_answers(story: Story, subjects: list[Subject], questions: tuple[str, ...]) -> None:
    """Add a section that answers the brief's questions from the headlines found."""
    blocks: list[Block] = []
    known = _vocabulary(subjects)
    for question in questions[:MOST_QUESTIONS]:
        found = list(reply(story, subjects, question))
        for part in _JOINED.split(question) if not found else ():
            found += reply(story, subjects, part) or _answers(story, part, known)
        blocks.append(Paragraph(((Label(question),),)))
        blocks.append(Bullets(tuple(dict.fromkeys(found))))
    told = [block for block in blocks if isinstance(block, Bullets)]
    if len(told) > 1 and all(block == NOTHING for block in told):
        # A brief that goes to several trades asks each of them what is meant for another.
        none = "The data answers none of the brief's questions: no column speaks of what they ask."
        blocks = [Paragraph(((none,),))]
    story.section("Your questions", blocks)


def _vocabulary(subjects: list[Subject]) -> dict[str, str]:
    """Stem of each word of a column's name → the column."""
    known: dict[str, str] = {}
    for subject in subjects:
        for field in subject.clean.fields:
            for word in re.findall(r"[^\W\d_]{2,}", f"{field.key} {field.label}".lower()):
                known.setdefault(_stem(word), field.key)
    return known


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + instead
    return word


def _answers(story: Story, question: str, known: dict[str, str]) -> tuple[Sentence, ...]:
    words = [w for w in re.findall(r"[^\W\d_]{2,}", question.lower()) if w not in _EMPTY]
    stems = {_stem(word) for word in words}
    columns = {known[stem] for stem in stems if stem in known}
    known_words = Counter(tag for h in story.headlines for tag in {_stem(t) for t in h.about})
    scored: list[tuple[float, frozenset[str], Sentence]] = []
    for headline in story.headlines:
        tags = {_stem(tag) for tag in headline.about}
        on_columns, on_words = headline.about & columns, stems & tags
        if on_words or on_columns:
            # A word that few findings are about says more than one that many are.
            rare = sum(0.8 + 2.2 / known_words[word] for word in on_words)
            score = 2.5 * len(on_columns) + rare + min(headline.weight, 100) / 200
            scored.append((-score, on_columns, headline.sentence))
    scored.sort(key=lambda one: one[0])
    spoken = {stem for stem in stems if stem in known or stem in known_words}
    if not scored or -scored[0][0] < LEAST_SCORE or len(spoken) < LEAST_SPOKEN * len(stems):
        return NOTHING.items
    best = -scored[0][0]
    chosen: list[Sentence] = []
    covered: set[str] = set()
    for score, on_columns, sentence in scored:
        # A second answer has to be nearly as close, or about a column not yet spoken of.
        new = bool(on_columns - covered)
        if not chosen or -score >= 0.85 * best or (new and -score >= 0.5 * best):
            chosen.append(sentence)
            covered |= on_columns
    return tuple(dict.fromkeys(chosen))[:MOST_ANSWERS]
