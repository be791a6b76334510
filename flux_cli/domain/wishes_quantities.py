"""How many of a thing one clause of a wish asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flux_cli.domain.categories import Category
from flux_cli.domain.shopping import MOST_QUANTITY
from flux_cli.domain.wishes_frame import NOUNS
from flux_cli.domain.wishes_text import Reading
from flux_cli.domain.wishes_words import CONTAINERS, listed

_ABOUT = (
    r"(?:\b(?P<about>about|around|approximately|approx|roughly|circa|ca|nearly|almost) +|~ *"
    r"|\b(?P<least>at least|minimum|min) +|\b(?P<most>at most|maximum|max|up to|no more than) +)?"
)
_NUMBER = re.compile(
    rf"{_ABOUT}(?<![\w.,$€£¥#-])(?:x ?)?(?:(?P<low>[0-9]{{1,7}}) ?- ?)?(?P<many>[0-9]{{1,7}})"
    r"(?: ?x\b|\b)(?![.,]?[0-9])(?!-[a-z])(?! ?%)\+?"
)
_TIMES = re.compile(r"(?<!\w)x ?(?P<many>[0-9]{1,7})\b")
_FEW = re.compile(r"\b(?P<word>a couple(?: of)?|couple of|a few|few|several|a handful of)\b")
_FEWS = {"couple": 2, "few": 3, "several": 5, "handful": 5}
_PACK_OF = re.compile(
    rf"(?P<packs>(?<![\w-])[0-9]{{1,5}}|\ban?|\bone) +(?:{'|'.join(sorted(CONTAINERS))}|sets?)"
    r" +(?:of|with) +(?P<each>[0-9]{1,5})\b"
    r"|(?P<packs2>(?<![\w-])[0-9]{1,5}|\ban?) +(?P<each2>[0-9]{1,4})-packs?\b(?: +of\b)?"
)
_REAMS = re.compile(r"(?P<many>(?<![\w-])[0-9]{1,4}|\ba|\bone) +reams?\b(?: +of\b)?")
MEASURE = re.compile(
    r"(?<![\w.-])(?P<size>[0-9]{1,5}(?:\.[0-9]{1,2})?) ?(?P<unit>gb|tb|mb|mah|wh|w|watts?"
    r"|inch(?:es)?|\"|cm|mm|m|ft|feet|ml|l|litres?|liters?|oz|kg|g|lbs?|hz|mp)\b(?!-)"
)
_WEIGHED = frozenset(listed("kg g lb lbs oz"))
PER_HEAD = re.compile(
    rf"\b(?:per (?P<among>[0-9]{{1,4}}) {NOUNS}|(?:per|a) (?:person|head)|per {NOUNS}"
    rf"|each|apiece|for (?:each|every)(?: (?:one|person|of us|of them|{NOUNS}))?"
    r"|for everyone|for everybody|to each)\b"
)
REAM = 500


@dataclass(frozen=True, slots=True)
class Count:
    """A number in a clause: what it comes to, where it is, and what was assumed of it."""

    many: int
    start: int
    end: int
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """So many for `among` people each."""

    among: int
    start: int
    end: int


def take_counts(reading: Reading, start: int, end: int) -> list[Count]:
    """The numbers between two places of the wish, claimed, in order."""
    counts = _packs(reading, start, end)
    for match in _NUMBER.finditer(reading.left, start, end):
        first, last = match.span()
        shown = reading.quote(first, last)
        many, assumed = int(match["many"]), ""
        if match["low"]:
            assumed = f"{shown}: up to {many} are wanted"
        elif match["about"] or match.group().startswith("~"):
            assumed = f"{shown}: taken as {many}"
        elif match["least"] or match["most"]:
            assumed = f"{shown}: exactly {many} are wanted"
        counts.append(Count(many, first, last, assumed))
        reading.claim(first, last)
    for match in _TIMES.finditer(reading.left, start, end):
        counts.append(Count(int(match["many"]), *match.span()))
        reading.claim(*match.span())
    for match in _FEW.finditer(reading.left, start, end):
        many = next(value for word, value in _FEWS.items() if word in match["word"])
        shown = reading.quote(*match.span())
        counts.append(Count(many, *match.span(), f"{shown}: taken as {many}"))
        reading.claim(*match.span())
    return sorted((_within(reading, one) for one in counts), key=lambda one: one.start)


def _packs(reading: Reading, start: int, end: int) -> list[Count]:
    counts = []
    for match in _PACK_OF.finditer(reading.left, start, end):
        packs, each = match["packs"] or match["packs2"], match["each"] or match["each2"]
        many = (int(packs) if packs.isdigit() else 1) * int(each)
        counts.append(Count(many, *match.span()))
        reading.claim(*match.span())
    for match in _REAMS.finditer(reading.left, start, end):
        many = int(match["many"]) if match["many"].isdigit() else 1
        said = f"{reading.quote(*match.span())}: {REAM} sheets a ream"
        counts.append(Count(many * REAM, *match.span(), said))
        reading.claim(*match.span())
    return counts


def _within(reading: Reading, count: Count) -> Count:
    if 1 <= count.many <= MOST_QUANTITY:
        return count
    near = min(max(count.many, 1), MOST_QUANTITY)
    shown = reading.quote(count.start, count.end)
    reading.warn(f"{shown} is no number one can buy: {near} are meant", count.start, count.end)
    return replace(count, many=near)


def take_share(reading: Reading, start: int, end: int) -> Share | None:
    """`each`, `per person`, `per 5 people` between two places, claimed."""
    match = PER_HEAD.search(reading.left, start, end)
    if match is None:
        return None
    reading.claim(*match.span())
    return Share(max(1, int(match["among"] or 1)), *match.span())


def take_measures(reading: Reading, start: int, end: int) -> list[tuple[str, int]]:
    """Sizes such as `64 gb` and where they are, claimed; weights are warned of."""
    sizes = []
    for match in MEASURE.finditer(reading.left, start, end):
        first, last = match.span()
        if match["unit"] in _WEIGHED:
            shown = reading.quote(first, last)
            reading.warn(f"{shown}: goods are counted, not weighed; not used", first, last)
        else:
            sizes.append((f"{match['size']} {match['unit']}", first))
        reading.claim(first, last)
    return sizes


def usual(category: Category, people: int | None) -> tuple[int, str]:
    """(units where no number is given, the sentence that says why)."""
    many = category.usual_for(people)
    unit = category.unit if many == 1 else category.units
    if people is None:
        return many, f"{many} {unit}, as usual"
    each = "each" if category.per == 1 else f"every {category.per}"
    return many, f"{many} {unit}: {category.amount} for {each} of {people} people"
