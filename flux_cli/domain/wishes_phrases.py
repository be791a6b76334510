"""Which goods the words of one clause name: a head such as `cables`, and what goes before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flux_cli.domain.categories import Category
from flux_cli.domain.shopping import LONGEST_TERM
from flux_cli.domain.wishes_text import Reading
from flux_cli.domain.wishes_words import (
    CONTAINERS,
    GENERIC,
    GENERIC_PHRASES,
    KINDS,
    LONGEST_PHRASE,
    PIECES,
    STOP,
    WORDS,
    listed,
    mended,
)

_TOKEN = re.compile(r"[^\W_][\w'-]*")
_MEASURED = re.compile(r"[0-9]{1,5}[a-z]{1,4}|[0-9]{1,4}-(?:inch|port|pin|outlet|watt)")
_WIDEST_GAP = 2
_VESSELS = frozenset(
    listed(
        "bottle bottles cup cups roll rolls sheet sheets set sets pair pairs pad pads serving"
        " servings glass glasses tin tins bar bars"
    )
)
COUNTED = PIECES | _VESSELS


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the wish: as it is written there, and as it is read."""

    said: str
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """Goods that a clause names; `single` where the head is one of a kind, as in `a mouse`."""

    category: Category
    words: tuple[str, ...]
    terms: tuple[str, ...]
    start: int
    end: int
    single: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """What was found in a clause.

    Goods; containers such as `boxes`; kinds such as `organic` where no goods are named; words of
    no known use; and places of goods that nobody sells.
    """

    phrases: tuple[Phrase, ...]
    containers: tuple[Token, ...]
    kinds: tuple[Token, ...]
    unknown: tuple[Token, ...]
    unsold: tuple[tuple[int, int], ...]


def find_phrases(reading: Reading, start: int, end: int) -> Clause:
    """The goods between two places of the wish."""
    tokens = _tokens(reading, start, end)
    heads = _heads(tokens)
    phrases, unsold = list[Phrase](), list[tuple[int, int]]()
    used = set[int]()
    for number, (first, last) in enumerate(heads):
        floor = heads[number - 1][1] if number else 0
        begin = _modifiers(tokens, first, floor)
        after = _tail(tokens, last)
        used.update(range(begin, last))
        if after > last and not _plural(tokens[last - 1].word):
            # Of `coffee mugs` the head is a word nobody sells by.
            unsold.append((tokens[begin].start, tokens[after - 1].end))
            used.update(range(last, after))
            continue
        phrases.append(_phrase(tokens, begin, first, last))
        _tell_slips(reading, tokens[begin:last])
    rest = [token for number, token in enumerate(tokens) if number not in used]
    kinds = [token for token in rest if _kind(token.word)]
    for token in kinds:
        _qualify(reading, phrases, token)
    return Clause(
        tuple(phrases),
        tuple(token for token in rest if token.word in CONTAINERS),
        () if phrases else tuple(kinds),
        tuple(token for token in rest if not _known(token.word) and token not in kinds),
        tuple(unsold),
    )


def names_goods(reading: Reading, start: int, end: int) -> bool:
    """Whether anything between two places of the wish is sold."""
    return bool(_heads(_tokens(reading, start, end)))


def _tokens(reading: Reading, start: int, end: int) -> list[Token]:
    return [
        Token(match.group(), mended(match.group()), *match.span())
        for match in _TOKEN.finditer(reading.left, start, end)
        if len(match.group()) <= LONGEST_TERM
    ]


def _qualify(reading: Reading, phrases: list[Phrase], token: Token) -> None:
    """Give a kind that stands after goods, as in `t-shirts (organic)`, to those goods."""
    before = [number for number, phrase in enumerate(phrases) if phrase.start < token.start]
    if phrases:
        number = before[-1] if before else 0
        phrase = phrases[number]
        phrases[number] = replace(phrase, terms=(*phrase.terms, token.word))
        tell_kind(reading, phrase, token)


def tell_kind(reading: Reading, phrase: Phrase, token: Token) -> None:
    """Say that a kind such as `organic` is taken to be of these goods."""
    reading.heard(f"{' '.join(phrase.words)}: {token.word}", token.start, token.end)


def named(text: str) -> Category | None:
    """The category that a few words name, as in `per power strip`; None where they name none."""
    words = [mended(word) for word in text.split()]
    for length in range(len(words), 0, -1):
        found = WORDS.get(" ".join(words[:length]))
        if found is not None:
            return found
    return None


def _heads(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """(first, last) of each name of a category; of neighbours the later one is the head."""
    heads: list[tuple[int, int]] = []
    at = 0
    while at < len(tokens):
        length = _longest(tokens, at)
        if not length:
            at += 1
            continue
        if heads and heads[-1][1] == at and _near(tokens, at) and _leads(tokens, heads[-1]):
            heads.pop()
        heads.append((at, at + length))
        at += length
    return _without_units(tokens, heads)


def _without_units(
    tokens: Sequence[Token], heads: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The names that are not the unit of another: `cups` goes in `coffee, 120 cups`."""
    of = [WORDS.get(" ".join(token.word for token in tokens[first:last])) for first, last in heads]
    units = {unit: one for one in of if one is not None for unit in (one.unit, one.units)}
    return [
        (first, last)
        for (first, last), own in zip(heads, of, strict=True)
        if last - first > 1 or units.get(tokens[first].word, own) is own
    ]


def _leads(tokens: Sequence[Token], head: tuple[int, int]) -> bool:
    """Whether a name only tells what kind of thing the next one is, as `phone` of `charger`."""
    return not _plural(tokens[head[1] - 1].word)


def _longest(tokens: Sequence[Token], at: int) -> int:
    most = min(LONGEST_PHRASE, len(tokens) - at)
    word = tokens[at].word
    after = [token.word for token in tokens[at + 1 : at + 2]]
    if (word in CONTAINERS or word in COUNTED) and after == ["of"]:
        return 0
    for length in range(most, 0, -1):
        if not all(_near(tokens, at + step) for step in range(1, length)):
            continue
        words = " ".join(token.word for token in tokens[at : at + length])
        if words in WORDS or words.replace("-", " ") in WORDS:
            return length
    return 0


def _near(tokens: Sequence[Token], at: int) -> bool:
    return at > 0 and tokens[at].start - tokens[at - 1].end <= _WIDEST_GAP


def _modifiers(tokens: Sequence[Token], first: int, floor: int) -> int:
    """Where the words before a head begin that tell its kind: `usb-c to hdmi` of `adapters`."""
    begin = first
    while begin > floor and _near(tokens, begin):
        before = tokens[begin - 1].word
        joint = before == "to" and begin - 2 >= floor and tokens[begin - 2].word in KINDS
        if (before in STOP and not joint) or before.isdigit():
            break
        if before in CONTAINERS or (before in COUNTED and before not in WORDS):
            break
        begin -= 1
    return begin


def _tail(tokens: Sequence[Token], last: int) -> int:
    after = last
    while after < len(tokens) and _near(tokens, after) and _odd(tokens[after].word):
        after += 1
    return after


def _odd(word: str) -> bool:
    return not _known(word) and not _kind(word)


def _kind(word: str) -> bool:
    return word in KINDS or _MEASURED.fullmatch(word) is not None


def _known(word: str) -> bool:
    return word in STOP or word in CONTAINERS or word in COUNTED


def _generic(word: str, category: Category) -> bool:
    """Whether a word says no more than the category: `paper` does of paper, not of towels."""
    if word in category.unit.split() or word in category.units.split():
        return True
    return word in GENERIC and WORDS.get(word) is category


def _plural(word: str) -> bool:
    return word.endswith("s") or word == "mice"


def _phrase(tokens: Sequence[Token], begin: int, first: int, last: int) -> Phrase:
    head = tuple(token.word for token in tokens[first:last])
    before = tuple(token.word for token in tokens[begin:first] if token.word != "to")
    joined = " ".join(head)
    category = WORDS.get(joined) or WORDS[joined.replace("-", " ")]
    own = () if joined in GENERIC_PHRASES else head
    terms = tuple(dict.fromkeys(w for w in (*before, *own) if not _generic(w, category)))
    single = not _plural(head[-1])
    return Phrase(
        category, (*before, *head), terms, tokens[begin].start, tokens[last - 1].end, single
    )


def _tell_slips(reading: Reading, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.said != token.word:
            shown = reading.quote(token.start, token.end)
            reading.assume(f"{shown} is read as {token.word}", token.start, token.end)
        elif not _kind(token.word) and not _of_the_table(token.word):
            shown = reading.quote(token.start, token.end)
            reading.assume(
                f"{shown} is taken for a word the product has to have", token.start, token.end
            )


def _of_the_table(word: str) -> bool:
    return word in _TABLE


_TABLE = frozenset(word for phrase in WORDS for word in phrase.split())
