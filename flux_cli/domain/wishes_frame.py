"""What holds for a whole wish: how many people, which strategy, which shops it speaks of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.shopping import MOST_PEOPLE
from flux_cli.domain.wishes_text import Reading
from flux_cli.domain.wishes_words import WORDS, listed

NOUNS = (
    r"(?:people|poeple|peopel|persons?|ppl|pax|heads?|attendees?|guests?|participants?|students?"
    r"|pupils?|hackers?|devs?|developers?|engineers?|employees?|staff|colleagues?|coworkers?|kids?"
    r"|children|adults?|volunteers?|members?|visitors?|friends?|delegates?|players?|teachers?|folks"
    r"|girls?|boys?|runners?|cyclists?|teammates?|users?|makers?|contestants?|competitors?|invitees?|mentors?|teenagers?|women|men)"
)
_RANGE = r"(?:(?P<low>[0-9]{1,6}) *- *)?(?P<many>[0-9]{1,6})"
_GROUP = r"(?:team|group|party|class|crew|family|gang|audience|crowd)"
_BEFORE = (
    r"(?:\b(?:for (?:each|every) of|for|of|with|all|our|the|my|us|about|around|approximately"
    r"|roughly|up|to|some|a|an|team|group|class|crew) +){0,6}"
)
_AFTER = r"(?= *(?:$|[,;.:)(\n+&-]|(?:and|by|under|in|on|with|at|but|who|asap|max|plus|total)\b))"
_PEOPLE = re.compile(
    rf"(?<!per )\b{_BEFORE}{_RANGE}[ -]*"
    rf"(?:(?!per\b|for\b|each\b|and\b|the\b)\w{{3,12}} +)??{NOUNS}\b"
    r"|(?:^|(?<=[,;\n]))[ \n]*(?:number of )?(?:people|attendees|guests|participants|headcount|pax"
    r"|persons) *[:=] *(?P<given>[0-9]{1,6})(?= *(?:$|[,;.\n]))"
    r"|\bfor (?:all |our |the |about )?(?P<trade>[0-9]{1,6}) (?P<who>[a-z]{3,}"
    r"(?:ers|ors|ists|ants|ents|ees|ians|mates|eers|nerds|grads|moms|dads|parents))\b"
    rf"|\b(?:for +)?(?:an? +|our +|the +)?{_GROUP} +of +(?P<group>[0-9]{{1,6}})\b"
    r"|\b(?:we are|we're|there are|there'?s) +(?P<we>[0-9]{1,6})(?: +of us)?\b"
    r"|\b(?P<us>[0-9]{1,6}) +of us\b"
    rf"|\bfor +(?:all +)?(?P<bare>[0-9]{{1,6}})\b{_AFTER}"
)
_GIVEN = ("many", "group", "we", "us", "bare", "given", "trade")
_THINGS = frozenset(listed("computers printers servers posters papers containers dinners orders"))
_JOINED = re.compile(r" *(?:and|plus|&|\+|,) *")


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many people, and where the wish says so."""

    people: int
    start: int
    end: int


def read_crowds(reading: Reading) -> tuple[Crowd, ...]:
    """Every number of people, claimed; `6 adults and 4 kids` are one crowd of ten."""
    crowds: list[Crowd] = []
    text = reading.left
    for match in _PEOPLE.finditer(text):
        number = next(match[name] for name in _GIVEN if match[name])
        if match["who"] and (match["who"] in WORDS or match["who"] in _THINGS):
            continue
        start, end = match.span()
        shown = reading.quote(start, end)
        if not 1 <= int(number) <= MOST_PEOPLE:
            reading.warn(f"{shown}: no such number of people is catered for", start, end)
            reading.claim(start, end)
            continue
        crowd = Crowd(int(number), start, end)
        if match["low"]:
            reading.assume(f"{shown}: counted as {number} people", start, end)
        between = text[crowds[-1].end : start] if crowds else ""
        if crowds and match["many"] and _JOINED.fullmatch(between):
            before = crowds.pop()
            crowd = Crowd(before.people + crowd.people, before.start, end)
            reading.assume(f"{reading.quote(before.start, end)}: {crowd.people} people together")
        reading.claim(crowd.start, end)
        crowds.append(crowd)
    for crowd in crowds:
        shown = reading.quote(crowd.start, crowd.end)
        reading.heard(f"{crowd.people} people: {shown}", crowd.start, crowd.end)
    return tuple(crowds)


def headcount(reading: Reading, crowds: tuple[Crowd, ...]) -> int | None:
    """How many people the wish is for: the most that it names."""
    if not crowds:
        return None
    most = max(crowd.people for crowd in crowds)
    if len({crowd.people for crowd in crowds}) > 1:
        reading.assume(f"of several numbers of people the largest counts for all: {most}")
    return most


_POSSIBLY = r"(?: +(?:delivery|shipping|option|options|way|possible|price|prices|one|ones))?"
_STRATEGIES = (
    (Strategy.CHEAPEST, re.compile(
        rf"\b(?:cheapest{_POSSIBLY}|as cheap(?:ly)? as (?:possible|you can)|lowest (?:price|cost)s?"
        r"(?: possible)?|low[- ]cost|save money|saving money|minimi[sz]e (?:the )?costs?"
        r"|budget[- ]friendly|economical(?:ly)?|as little as possible)\b")),
    (Strategy.FASTEST, re.compile(
        rf"\b(?:fastest{_POSSIBLY}|quickest{_POSSIBLY}|asap|a\.s\.a\.p|as soon as (?:possible"
        r"|you can)|as (?:fast|quickly) as possible|urgent(?:ly)?|express(?: delivery| shipping)?"
        r"|right away|immediately|quickly"
        r"|(?:quick|fast|rapid|rush) (?:delivery|shipping)|in a (?:rush|hurry))\b!?")),
    (Strategy.BALANCED, re.compile(
        r"\b(?:balanced|best value|good value|value for money)\b")),
)  # fmt: skip
_NAMING = re.compile(r"\b(?:strategy|mode|priority) *[:=]? *$")


def read_strategy(reading: Reading) -> Strategy:
    """What the wish weighs most; balanced where it does not say, or says both."""
    found: dict[Strategy, tuple[int, int]] = {}
    for strategy, pattern in _STRATEGIES:
        for match in pattern.finditer(reading.left):
            start, end = match.span()
            naming = _NAMING.search(reading.left[:start])
            start = naming.start() if naming else start
            found.setdefault(strategy, (start, end))
            reading.heard(f"{strategy}: {reading.quote(start, end)}", start, end)
            reading.claim(start, end)
    if len(found) == 1:
        return next(iter(found))
    if found:
        said = " and ".join(reading.quote(*place) for place in found.values())
        reading.warn(f"{said} pull apart: the strategy is balanced")
    return Strategy.BALANCED


_SHOP = re.compile(
    r"\b(?:(?:not|only|nothing|anything|everything|no|except|without|avoid|exclude) +)?"
    r"(?:(?:from|at|on|via|to|use|using) +)?(?:amazon|walmart|tech ?data)(?:\.com)?\b"
    r"(?: +only)?"
)


def set_shops_aside(reading: Reading) -> None:
    """A shop is chosen by its id in the cart, never by a name in running text."""
    for match in _SHOP.finditer(reading.left):
        start, end = match.span()
        shown = reading.quote(start, end)
        reading.warn(
            f"{shown}: shops are not chosen in words; leave one out with `flux carts exclude`",
            start,
            end,
        )
        reading.claim(start, end)
