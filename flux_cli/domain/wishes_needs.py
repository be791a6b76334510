"""The clauses of a wish made into needs: how many, must or nice, without what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flux_cli.domain.categories import Category
from flux_cli.domain.money import Money
from flux_cli.domain.shopping import MOST_QUANTITY, MOST_TERMS
from flux_cli.domain.wishes_frame import Crowd
from flux_cli.domain.wishes_marks import heading, leave_needless, take_exclusions, take_marks
from flux_cli.domain.wishes_phrases import (
    Clause,
    Phrase,
    Token,
    find_phrases,
    names_goods,
    tell_kind,
)
from flux_cli.domain.wishes_quantities import (
    Count,
    Share,
    take_counts,
    take_measures,
    take_share,
    usual,
)
from flux_cli.domain.wishes_text import Reading

_SENTENCE = re.compile(r"(?:[^.!?;\n]|[.!?](?![ \n]|$))+")
_PARTED = re.compile(
    r",|\+(?!\w)|&| - | / |\bw/|\b(?:and|plus|as well as|n|also|then|along with)\b"
    r"|(?<!thing )\bwith\b"
)
_BRACKETS = re.compile(r"\([^()\n]{0,200}\)")


@dataclass(slots=True)
class Draft:
    """A need as far as it is understood; `many` is None while no number was given."""

    phrase: Phrase
    must: bool
    many: int | None
    people: int | None
    terms: list[str]
    start: int
    end: int
    exclusions: list[str] = field(default_factory=list)
    ceiling: Money | None = None

    @property
    def category(self) -> Category:
        """What kind of goods it is."""
        return self.phrase.category


class Clauses:
    """Reads a wish clause by clause; what one says may hold for those after it."""

    def __init__(self, reading: Reading, crowds: Sequence[Crowd], people: int | None) -> None:
        self.reading = reading
        self.crowds = crowds
        self.people = people
        self.drafts: list[Draft] = []
        self.never: list[str] = []
        self._must = True
        self._share: tuple[Share, Count | None] | None = None
        self._kept = False
        self._first, self._had = 0, 0
        self._unknown: list[tuple[int, int]] = []

    def read(self) -> None:
        """Make drafts of all that is left of the wish."""
        text = self.reading.left
        for brackets in _BRACKETS.finditer(text):
            # What is in brackets belongs to what goes before, whole.
            inner = brackets.group()[1:-1].replace(",", " ")
            text = f"{text[: brackets.start()]} {inner} {text[brackets.end() :]}"
        self.reading.left = text
        for sentence in _SENTENCE.finditer(text):
            if not sentence.group().strip():
                self._kept = False
                continue
            if not self._kept:
                self._must, self._share = True, None
            self._sentence(sentence.start(), sentence.end())

    def _sentence(self, start: int, end: int) -> None:
        if self._only_marks(start, end):
            return
        self._first, self._had = start, len(self.drafts)
        places = [start]
        for match in _PARTED.finditer(self.reading.left, start, end):
            places += [match.start(), match.end()]
        places.append(end)
        ended = self.reading.left[start:end].rstrip().endswith(":")
        for first, last in zip(places[::2], places[1::2], strict=True):
            self._parted(first, last)
        self._tell_unknown()
        # A line that ends in a colon speaks of the lines below it.
        self._kept = ended or (self._kept and len(self.drafts) > self._had)

    def _only_marks(self, start: int, end: int) -> bool:
        """Whether it is a heading such as `Nice to have`, which holds for the lines below."""
        must = heading(self.reading.left[start:end].strip(" :"))
        if must is None:
            return False
        self.reading.claim(start, end)
        self._must, self._share, self._kept = must, None, True
        return True

    def _parted(self, start: int, end: int) -> None:
        """A clause with a colon is a title and what it is of, unless `snacks: 40`."""
        colon = self.reading.left.find(":", start, end)
        if colon < 0:
            self._clause(start, end)
            return
        before = names_goods(self.reading, start, colon)
        after = names_goods(self.reading, colon + 1, end)
        rest = self.reading.left[colon + 1 : end].strip()
        if before and not after and rest:
            self.reading.claim(colon, colon + 1)
            self._clause(start, end)
            return
        if before and not rest and not self._line_goes_on(end):
            self._clause(start, colon)
            return
        self._title(start, colon)
        self._parted(colon + 1, end)

    def _line_goes_on(self, end: int) -> bool:
        text = self.reading.left
        return end < len(text) and (text[end : end + 1] != "\n" or bool(text[end:].strip()))

    def _title(self, start: int, end: int) -> None:
        reading = self.reading
        self._marks(start, end)
        self._bar(take_exclusions(self.reading, start, end), ())
        share = take_share(reading, start, end)
        counts = take_counts(reading, start, end)
        if share is not None:
            self._share = (share, counts[0] if counts else None)
        for count in counts[share is not None :]:
            shown = reading.quote(count.start, count.end)
            reading.warn(f"{shown}: a number in a title is not used", count.start, count.end)
        found = find_phrases(reading, start, end)
        shown = reading.quote(start, end)
        if found.phrases:
            reading.assume(f"{shown} is a title: what follows it is bought", start, end)
        elif found.unknown:
            reading.heard(f"what it is for: {shown}", start, end)
        reading.claim(start, end)

    def _clause(self, start: int, end: int) -> None:
        reading = self.reading
        leave_needless(self.reading, start, end)
        marks = take_marks(reading, start, end)
        without = take_exclusions(self.reading, start, end)
        share = take_share(reading, start, end)
        sizes = take_measures(reading, start, end)
        counts = take_counts(reading, start, end)
        found = find_phrases(reading, start, end)
        if self._counts_the_last(found, counts):
            found = replace(found, phrases=())
        found = self._without_things(found, end)
        if found.phrases:
            self._goods(found, counts, share, sizes, (start, end))
        else:
            self._afterthought(found, counts, share, sizes)
            for size, at in sizes:
                reading.warn(f"'{size}': of what is not understood", at, at + 1)
        self._judge(marks, found.phrases)
        self._bar(without, found.phrases)
        self._tell_rest(found, counts if not found.phrases else [])

    def _without_things(self, found: Clause, end: int) -> Clause:
        """A kind of no goods is a word of no known use: of `a whiteboard`, which nobody sells.

        It tells of the goods before it only as in `…, organic` and `…, the black ones`.
        """
        kinds = found.kinds
        if self.drafts and not found.unknown and not found.unsold:
            kinds = tuple(kind for kind in kinds if self._is_thing(kind, end))
        unknown = tuple(sorted({*found.unknown, *kinds}, key=lambda token: token.start))
        left = tuple(kind for kind in found.kinds if kind not in kinds)
        return replace(found, kinds=left, unknown=unknown)

    def _is_thing(self, kind: Token, end: int) -> bool:
        """Whether a word such as `laptop` stands for goods: `two laptops`, `and a laptop`."""
        if kind.said != kind.word and kind.said.endswith("s"):
            return True
        text = self.reading.left
        ends = not text[kind.end : end].strip(" .!")
        return ends and re.search(r"\b(?:an?|another|new) +$", text[: kind.start]) is not None

    def _counts_the_last(self, found: Clause, counts: Sequence[Count]) -> bool:
        """Whether `cups` only counts, as in `coffee for all, 200 cups`."""
        if len(found.phrases) != 1 or not counts or not self.drafts:
            return False
        last, said = self.drafts[-1], " ".join(found.phrases[0].words)
        return last.many is None and said in (last.category.unit, last.category.units)

    def _marks(self, start: int, end: int) -> None:
        """Marks of a title hold for what follows it."""
        marks = take_marks(self.reading, start, end)
        if marks:
            self._must = marks[-1][0]

    def _judge(self, marks: list[tuple[bool, int]], phrases: Sequence[Phrase]) -> None:
        """A mark before goods holds from there on, one after them for those goods alone."""
        new = self.drafts[len(self.drafts) - len(phrases) :]
        for draft in new:
            before = [must for must, at in marks if at < draft.start]
            if before:
                self._must = before[-1]
            draft.must = self._must
        for must, at in marks:
            own = [draft for draft in new if draft.start < at]
            if own:
                own[-1].must = must
            elif not new:
                self._must = must
                last = len(self.drafts) > self._had
                if last and not self.reading.left[at:].split("\n")[0].strip(" .,;!)"):
                    self.drafts[-1].must = must

    def _bar(self, without: list[tuple[str, int, int]], phrases: Sequence[Phrase]) -> None:
        new = self.drafts[len(self.drafts) - len(phrases) :]
        for word, start, end in without:
            own = [draft for draft in new if draft.start < start]
            kept = own[-1].exclusions if own else self.never
            shown = self.reading.quote(start, end)
            if word in kept:
                continue
            if len(kept) >= MOST_TERMS:
                self.reading.warn(f"{shown}: too many exclusions; not kept", start, end)
                continue
            kept.append(word)
            of = own[-1].category.name.lower() if own else "everything"
            self.reading.heard(f"no {word}, of {of}: {shown}", start, end)

    def _goods(
        self,
        found: Clause,
        counts: list[Count],
        share: Share | None,
        sizes: list[tuple[str, int]],
        place: tuple[int, int],
    ) -> None:
        people = self._crowd(*place)
        for number, phrase in enumerate(found.phrases):
            following = found.phrases[number + 1 :]
            until = following[0].start if following else place[1]
            count = _count_of(phrase, counts, until)
            draft = Draft(phrase, True, None, people, list(phrase.terms), phrase.start, phrase.end)
            if count is not None:
                counts.remove(count)
            elif phrase.single and self._is_one(phrase):
                count = Count(1, phrase.start, phrase.end)
            mine = [size for size in sizes if size[1] < until or not following]
            for size in mine:
                sizes.remove(size)
                draft.terms.append(size[0])
            self._number(draft, count, share, found)
            self.drafts.append(draft)
        for count in counts:
            shown = self.reading.quote(count.start, count.end)
            self.reading.warn(f"{shown}: of what is not understood", count.start, count.end)

    def _afterthought(
        self, found: Clause, counts: list[Count], share: Share | None, sizes: list[tuple[str, int]]
    ) -> None:
        """`…, 48 pieces` and `…, 64 gb` speak of what went before."""
        if not self.drafts or found.unknown or found.unsold:
            return
        last = self.drafts[-1]
        last.terms += [token.word for token in found.kinds] + [size for size, _ in sizes]
        for token in found.kinds:
            tell_kind(self.reading, last.phrase, token)
        for size, at in sizes:
            self.reading.heard(f"{' '.join(last.phrase.words)} of {size}", at, at + len(size))
        sizes.clear()
        if last.many is None and (counts or share):
            self._number(last, counts.pop(0) if counts else None, share, found)

    def _number(
        self, draft: Draft, count: Count | None, share: Share | None, found: Clause
    ) -> None:
        reading = self.reading
        if share is None and count is None and self._share is not None:
            share, count = self._share
        elif share is None and self._share is not None:
            share = self._share[0]
        if count is not None:
            draft.many = count.many
            draft.start, draft.end = min(draft.start, count.start), max(draft.end, count.end)
            if count.assumed:
                reading.assume(count.assumed, count.start, count.end)
        if share is not None and draft.people is None:
            reading.warn(f"{reading.quote(share.start, share.end)}: of how many is not said",
                         share.start, share.end)  # fmt: skip
        elif share is not None and draft.people is not None and draft.many is not None:
            draft.many = min(MOST_QUANTITY, -(-draft.many * draft.people // share.among))
            said = f"{reading.quote(share.start, share.end)} of {draft.people} people"
            reading.heard(f"{draft.many} {draft.category.units}: {said}", share.start, share.end)
        for token in found.containers:
            if count is not None and abs(token.start - count.end) <= len(token.said) + 2:
                said = f"{reading.quote(count.start, token.end)}: packs differ in size, so counted"
                said += f" as {draft.many} {draft.category.units}"
                reading.assume(said, count.start, token.end)

    def _is_one(self, phrase: Phrase) -> bool:
        return re.search(r"\b(?:an?|another|single) +$", self.reading.left[: phrase.start]) is not (
            None
        )

    def _crowd(self, start: int, end: int) -> int | None:
        here = [crowd.people for crowd in self.crowds if start <= crowd.start < end]
        return here[0] if here else self.people

    def _tell_rest(self, found: Clause, counts: Sequence[Count]) -> None:
        reading = self.reading
        left = list(counts)
        for start, end in [*found.unsold, *_runs(found.unknown, reading.left)]:
            before = [count for count in left if 0 <= start - count.end <= 20]
            if not before and (start, end) not in found.unsold:
                self._unknown.append((start, end))
                continue
            first = before[-1].start if before else start
            left = [count for count in left if count not in before]
            shown = reading.quote(first, end)
            reading.warn(f"{shown} is nothing the shops sell: not bought", first, end)
        for count in left:
            shown = reading.quote(count.start, count.end)
            reading.warn(f"{shown}: of what is not understood", count.start, count.end)

    def _tell_unknown(self) -> None:
        """Warn of words of no known use; of a whole sentence where it speaks of no goods."""
        unknown, self._unknown = self._unknown, []
        if len(self.drafts) == self._had and len(unknown) > 1:
            unknown = [(min(first for first, _ in unknown), max(last for _, last in unknown))]
        for first, last in unknown:
            shown = self.reading.quote(first, last)
            self.reading.warn(f"{shown} was not understood", first, last)


def _count_of(phrase: Phrase, counts: Sequence[Count], until: int) -> Count | None:
    before = [count for count in counts if count.start < phrase.end]
    if before:
        return before[-1]
    after = [count for count in counts if count.start < until]
    return after[0] if after else None


def _runs(tokens: Sequence[Token], text: str) -> list[tuple[int, int]]:
    """Places of unknown words, neighbours together."""
    runs: list[tuple[int, int]] = []
    for token in tokens:
        if runs and not text[runs[-1][1] : token.start].strip():
            runs[-1] = (runs[-1][0], token.end)
        else:
            runs.append((token.start, token.end))
    return runs


def settled(draft: Draft, reading: Reading) -> int:
    """How many units a draft comes to; what is usual where it does not say."""
    if draft.many is not None:
        return draft.many
    many, why = usual(draft.category, draft.people)
    many = min(many, MOST_QUANTITY)
    reading.assume(f"{' '.join(draft.phrase.words)}: {why}", draft.start, draft.end)
    return many
