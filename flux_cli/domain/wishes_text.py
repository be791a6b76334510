"""The words of a wish made plain, with the way back to where each was written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from flux_cli.domain.injection import scan
from flux_cli.domain.shopping import LONGEST_REMARK, MOST_REMARKS, Remark
from flux_cli.domain.text import HIDDEN, visible

_ALIKE = str.maketrans({"’": "'", "‘": "'", "–": "-", "—": ",", "−": "-", "×": "x", "•": "\n"})
_OTHER_ALPHABETS = re.compile(r"[\u0370-\u03ff\u0400-\u052f\u0530-\u058f]")
# A line that was full, and one that goes on in the middle of a sentence.
_WRAPPED = re.compile(r"(?m)^[^\n]{50,}[^\n.;:!?]\n(?=[a-z$€£(]|[0-9]+ )")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?:[^.!?;\n]|[.!?](?!\s|$))+")
_CLAUSE = re.compile(r"(?:[^,]|,(?=\d))+")
# What a shopping list never has to say of its limits; the families of `injection` know the rest.
_ORDERS = re.compile(
    r"\b(?:ignore|ignoring|disregard|forget|exceed|bypass|override|lift|skip|remove|raise"
    r"|no need (?:for|to ask))\b[^,]{0,30}\b(?:budgets?|limits?|approvals?|quorum|polic(?:y|ies)"
    r"|kernel|deadline|rules?|instructions?|review|caps?|owner)\b"
    r"|\b(?:approve|accept|pay) (?:everything|anything)\b"
)


class Plain:
    """Lower-case text without hidden characters; each character knows its place in the wish."""

    def __init__(self, written: str) -> None:
        self.hidden = 0
        wrapped = {match.end() - 1 for match in _WRAPPED.finditer(written)}
        letters: list[str] = []
        self.places: list[tuple[int, int]] = []
        for at, character in enumerate(written):
            if character in "\n\r\x0b\x0c\x85\u2028\u2029":
                shown = " " if at in wrapped else "\n"
            elif character.isspace():
                shown = " "
            elif HIDDEN.match(character):
                self.hidden += 1
                continue
            else:
                shown = unicodedata.normalize("NFKC", character).translate(_ALIKE).lower()
                shown = HIDDEN.sub("", shown)
            letters += shown
            self.places += [(at, at + 1)] * len(shown)
        self.text = "".join(letters)

    def put(self, pattern: re.Pattern[str], words: Callable[[re.Match[str]], str]) -> None:
        """Say each match in other words, which keep the place of the whole match."""
        parts: list[str] = []
        places: list[tuple[int, int]] = []
        done = 0
        for match in pattern.finditer(self.text):
            said = words(match)
            if said == match.group():
                continue
            parts += [self.text[done : match.start()], said]
            places += self.places[done : match.start()]
            places += [self.place(match.start(), match.end())] * len(said)
            done = match.end()
        self.text = "".join([*parts, self.text[done:]])
        self.places = places + self.places[done:]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in the wish the characters from `start` to `end` are written."""
        if start >= end:
            return (-1, -1)
        return self.places[start][0], max(place[1] for place in self.places[start:end])


class Reading:
    """A wish being read: what nobody has made sense of yet, and what was said of the rest.

    `left` is as long as `plain.text`; what was made sense of is blanked there.
    """

    def __init__(self, written: str, plain: Plain, today: date) -> None:
        self.written = written
        self.plain = plain
        self.today = today
        self.left = plain.text
        self.understood: list[Remark] = []
        self.assumptions: list[Remark] = []
        self.warnings: list[Remark] = []

    def claim(self, start: int, end: int) -> None:
        """Blank what was made sense of; lines stay lines."""
        blank = "".join("\n" if one == "\n" else " " for one in self.left[start:end])
        self.left = self.left[:start] + blank + self.left[end:]

    def heard(self, text: str, start: int, end: int) -> None:
        """Remember what was understood, from which words."""
        self._say(self.understood, text, start, end)

    def assume(self, text: str, start: int = 0, end: int = 0) -> None:
        """Remember what was not said and is taken to be meant."""
        self._say(self.assumptions, text, start, end)

    def warn(self, text: str, start: int = 0, end: int = 0) -> None:
        """Remember what was not made use of, and why."""
        self._say(self.warnings, text, start, end)

    def quote(self, start: int, end: int) -> str:
        """The words as they were written, fit to be shown: in quotes, at most 60 characters."""
        first, last = self.plain.place(start, end)
        shown = " ".join(visible(self.written[first:last], lines=False).split())
        return f"'{shown}'" if len(shown) <= 60 else f"'{shown[:57]}…'"

    def _say(self, remarks: list[Remark], text: str, start: int, end: int) -> None:
        said = text if len(text) <= LONGEST_REMARK else text[: LONGEST_REMARK - 1] + "…"
        remark = Remark(said, *self.plain.place(start, end))
        if remark in remarks:
            return
        if len(remarks) < MOST_REMARKS - 1:
            remarks.append(remark)
        elif len(remarks) == MOST_REMARKS - 1:
            remarks.append(Remark("there is more of this kind that is not listed"))


def set_orders_aside(reading: Reading) -> None:
    """Leave out, with a warning, what speaks to the buyer's guards or hides what it is."""
    if reading.plain.hidden:
        reading.warn(f"{reading.plain.hidden} hidden characters were left out")
    for word in _WORD.finditer(reading.left):
        if _OTHER_ALPHABETS.search(word.group()) and re.search("[a-z]", word.group()):
            shown = reading.quote(word.start(), word.end())
            reading.warn(f"{shown} mixes two alphabets: it is not read", word.start(), word.end())
            reading.claim(word.start(), word.end())
    whole = scan(reading.written)
    aside = False
    for sentence in _SENTENCE.finditer(reading.left):
        if _orders(sentence.group()):
            aside = True
            _leave_out(reading, sentence.start(), sentence.end())
    if whole and not aside:
        reading.warn(f"it reads as if it gave orders ({', '.join(whole)}): none are taken")


def _leave_out(reading: Reading, start: int, end: int) -> None:
    clauses = [
        (start + clause.start(), start + clause.end())
        for clause in _CLAUSE.finditer(reading.left[start:end])
        if _orders(clause.group())
    ]
    for first, last in clauses or [(start, end)]:
        said = ", ".join(_orders(reading.left[first:last])) or "orders"
        shown = reading.quote(first, last)
        reading.warn(f"{shown} is no part of a shopping list ({said}): left out", first, last)
        reading.claim(first, last)


def _orders(text: str) -> tuple[str, ...]:
    found = scan(text)
    return found or (("orders",) if _ORDERS.search(text) else ())
