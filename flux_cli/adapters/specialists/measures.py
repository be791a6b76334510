"""Numbers with what they measure, and pairs of sources that give the same thing two numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flux_cli.adapters.specialists.passages import Document, Unit
from flux_cli.adapters.specialists.terms import NUMBER_WORDS, numbers, plain_number, stem, terms

PAIR_LIMIT = 12
MEASURE_LIMIT = 4_000

_MEASURE = re.compile(
    r"(?P<currency>[€$£]\s?)?(?P<number>\d+(?:[.,]\d+)*|\b(?:" + "|".join(NUMBER_WORDS) + r")\b)"
    r"(?P<percent>\s?(?:%|percent\b|per cent\b))?(?:[ -](?P<unit>[A-Za-z]+))?",
    re.IGNORECASE,
)
_UNITS = {
    "h": "hour", "hr": "hour", "hrs": "hour", "kg": "kilogram", "g": "gram", "km": "kilometre",
    "cm": "centimetre", "mm": "millimetre", "m": "metre", "l": "litre", "w": "watt",
    "min": "minute",
    "db": "decibel", "kwh": "kilowatt", "liter": "litre", "meter": "metre", "am": "", "pm": "",
}  # fmt: skip
_UNIT_NAMES = (
    "second minute hour day week month year watt kilowatt litre millilitre gram kilogram tonne "
    "metre centimetre millimetre kilometre mile inch foot decibel lumen star point degree mah "
    "gigabyte megabyte page word bank user customer household person pod plant"
)
_KNOWN_UNITS = frozenset(map(stem, _UNIT_NAMES.split()))
_VAGUE = frozenset({"averag", "report", "rough", "near", "come", "comes", "take", "set", "show"})
_OPPOSED = (
    {"low", "high"}, {"first", "last"}, {"summer", "winter"}, {"before", "after"}, {"min", "max"},
    {"lowest", "highest"}, {"shortest", "longest"}, {"adults", "children"}, {"month", "year"},
    {"small", "grown"}, {"young", "grown"}, {"fastest", "average"}, {"spend", "cost"},
)  # fmt: skip
_BOUND = re.compile(r"\b(?:more|less|fewer|longer|over|under|least|most) than\s*$", re.IGNORECASE)
_PER = re.compile(r"\s(?:an?|per|each|every)\s([a-z]+)", re.IGNORECASE)
_QUALIFIERS = re.compile(
    r"\b(?:up to|at least|about|around|roughly|nearly|on average|average|from|more than|less than|"
    r"fewer than|introductory|median)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number in one unit of text, with the terms that say what it measures."""

    unit: Unit
    value: str
    dimension: str
    shown: str
    about: frozenset[str]
    headed: frozenset[str]
    nearby: frozenset[str]
    names: frozenset[str]
    others: frozenset[str]
    per: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sources on the same thing; `agrees` if they give the same number."""

    first: Measure
    second: Measure
    agrees: bool
    strength: float

    @property
    def qualified(self) -> bool:
        """Whether one side hedges ("up to", "on average"), so that both may be true."""
        return bool(
            _QUALIFIERS.search(self.first.unit.text) or _QUALIFIERS.search(self.second.unit.text)
        )


def measures(document: Document, product: str) -> list[Measure]:
    """Every number in a unit of measurement in the sentences and tables of `document`."""
    found: list[Measure] = []
    own = {word.lower() for word in product.split()}
    for unit in document.units:
        if unit.kind in {"prose", "bullet", "testimony"}:
            names = _names(unit.text, own) | _names(unit.heading, own, heading=True)
            for match in _MEASURE.finditer(unit.text):
                dimension = _dimension(match)
                bound = _BOUND.search(unit.text, 0, match.start())
                if dimension and not bound:
                    found.append(_measured(unit, match, dimension, names))
    return found[:MEASURE_LIMIT]


def pairs(
    documents: Sequence[Document], product: str, weight: Mapping[str, float]
) -> tuple[Pair, ...]:
    """The strongest pairs of measures in different sources that are about the same thing."""
    by_dimension: dict[str, list[Measure]] = {}
    for document in documents:
        for measure in measures(document, product):
            by_dimension.setdefault(measure.dimension, []).append(measure)
    found: list[Pair] = []
    for dimension in sorted(by_dimension):
        group = by_dimension[dimension][:400]
        for at, one in enumerate(group):
            for other in group[at + 1 :]:
                if one.unit.source != other.unit.source:
                    strength = _same_thing(one, other, weight)
                    if strength:
                        found.append(Pair(one, other, one.value == other.value, strength))
    agreed = {
        (measure.unit, measure.shown, other.unit.source)
        for pair in found
        if pair.agrees
        for measure, other in ((pair.first, pair.second), (pair.second, pair.first))
    }
    # A figure the other source repeats elsewhere is not in dispute between the two.
    return _strongest(
        [
            pair
            for pair in found
            if pair.agrees
            or (
                (pair.first.unit, pair.first.shown, pair.second.unit.source) not in agreed
                and (pair.second.unit, pair.second.shown, pair.first.unit.source) not in agreed
            )
        ]
    )


def _strongest(found: list[Pair]) -> tuple[Pair, ...]:
    """Disagreements first; each pair of numbers is shown once, however often it is said."""
    kept: list[Pair] = []
    seen: set[tuple[str, ...]] = set()
    for pair in sorted(
        found,
        key=lambda p: (p.agrees, -p.strength, p.first.unit.source, p.first.unit.start),
    ):
        values = tuple(sorted((pair.first.value, pair.second.value)))
        key = (pair.first.dimension, *values)
        if key in seen:
            continue
        if pair.agrees and any(pair.first.value in k[1:] and k[0] == key[0] for k in seen):
            continue
        seen.add(key)
        kept.append(pair)
    return tuple(kept[:PAIR_LIMIT])


def _measured(unit: Unit, match: re.Match[str], dimension: str, names: frozenset[str]) -> Measure:
    token = match.group("number").lower()
    value = str(NUMBER_WORDS[token]) if token in NUMBER_WORDS else plain_number(token)
    left, right = _clause(unit.text, match.start(), match.end())
    window = unit.text[left:right]
    words = [
        term
        for term in terms(window)
        if term not in NUMBER_WORDS and term != dimension and term not in _VAGUE
    ]
    per = _PER.match(
        unit.text, match.end("percent") if match.group("percent") else match.end("number")
    )
    shown = match.group().strip(" -") if match.group("unit") else match.group().strip()
    if match.group("unit") and (match.group("currency") or match.group("percent")):
        shown = shown[: len(shown) - len(match.group("unit"))].strip(" -")
    return Measure(
        unit,
        value,
        dimension,
        shown,
        frozenset(words),
        frozenset(terms(unit.heading)) if len(unit.heading.split()) <= 3 else frozenset(),
        frozenset(w.lower() for w in re.findall(r"[a-z]+", unit.text.lower())),
        names,
        frozenset(numbers(unit.text)) - {value},
        per.group(1).lower() if per else "",
    )


def _dimension(match: re.Match[str]) -> str:
    """The kind of quantity a number is: money, a share, or its unit; empty if it has none."""
    if match.group("currency"):
        return match.group("currency").strip()
    if match.group("percent"):
        return "%"
    unit = (match.group("unit") or "").lower()
    known = stem(_UNITS.get(unit, unit)) if _UNITS.get(unit, unit) else ""
    return known if known in _KNOWN_UNITS else ""


def _clause(text: str, start: int, end: int) -> tuple[int, int]:
    """The part of the sentence around a number that says what the number is about."""
    left = max(
        (text.rfind(mark, 0, start) for mark in (";", ": ", " but ", " while ", ", and ")),
        default=-1,
    )
    rights = [
        at
        for mark in (";", " but ", " while ", ", and ", ", which ")
        if (at := text.find(mark, end)) >= 0
    ]
    return max(left + 1, start - 70), min([*rights, end + 70, len(text)])


def _names(text: str, own: set[str], *, heading: bool = False) -> frozenset[str]:
    """Capitalised words inside `text` that are not the product: whom or what it is about."""
    pattern = r"(?<=[a-z,–—] )[A-ZÀ-Þ][\w'’-]+|[A-ZÀ-Þ][a-zà-þ]+ [A-Z][\w-]*"
    found = re.findall(rf"{pattern}|[A-ZÀ-Þ][a-zà-þ]+ \d+" if heading else pattern, text)
    if heading and len(text.split()) > 1 and text.split()[1][:1].islower():
        found = []
    return frozenset(name.lower() for name in found if not own & set(name.lower().split()))


def _same_thing(one: Measure, other: Measure, weight: Mapping[str, float]) -> float:
    """How surely two measures are about the same thing, or 0.0 if that is not sure enough."""
    # A heading may supply the word that a sentence leaves out, but costs nothing if it does not.
    mine_about = one.about | (one.headed & other.about)
    other_about = other.about | (other.headed & one.about)
    shared = mine_about & other_about
    if not shared or one.names != other.names:
        return 0.0
    if one.per and other.per and one.per != other.per:
        return 0.0
    if one.value != other.value:
        if one.value in other.others or other.value in one.others:
            return 0.0
        # "Twelve pods cost …" and "a set of six costs …" count different things.
        if one.others and other.others and not one.others & other.others:
            return 0.0
    for opposed in _OPPOSED:
        mine, theirs = opposed & one.nearby, opposed & other.nearby
        if mine and theirs and not mine & theirs:
            return 0.0
        if bool(mine) != bool(theirs) and opposed in ({"first", "last"}, {"before", "after"}):
            return 0.0

    def mass(words: frozenset[str]) -> float:
        return sum(weight.get(word, 1.0) for word in words)

    overlap = mass(shared) / max(min(mass(mine_about), mass(other_about)), 1e-9)
    whole = mass(shared) / mass(mine_about | other_about)
    if one.value == other.value:
        return overlap * whole if len(shared) > 1 and overlap >= 0.5 else 0.0
    certain = len(shared) >= 2 and overlap >= 0.5 and whole >= 0.25
    short = len(shared) >= 1 and overlap >= 0.6 and whole >= 0.25
    return overlap * whole if certain or short else 0.0
