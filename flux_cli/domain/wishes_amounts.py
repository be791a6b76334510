"""Numbers and money in a wish: `two dozen`, `1,200`, `under $500`, `$8 each`, `€10 a head`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flux_cli.domain.currencies import EXPONENTS, WITHDRAWN
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.shopping import asset_of
from flux_cli.domain.wishes_text import Plain, Reading
from flux_cli.domain.wishes_words import listed
from flux_cli.errors import FluxError

_ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_VALUES = {
    **{word: value for value, word in enumerate(_ONES)},
    **{word: 10 * value for value, word in enumerate(_TENS, 2)},
}
_ONE = "|".join(sorted(_VALUES, key=len, reverse=True))
_SPELT = re.compile(
    rf"\b(?:(?:{_ONE}|a|[0-9]+)[ -]+)?(?:hundred|thousand)\b"
    rf"(?:(?: +and)?[ -]+(?:{_ONE}|hundred|thousand)\b)*"
    rf"|\b(?:{_ONE})\b(?:[ -]+(?:{_ONE}|hundred|thousand)\b)*"
)
_DOZENS = re.compile(r"\b(?:(half) +a +|(a|[0-9]{1,4}) +)?dozens?\b(?: +of\b)?")
_GROUPED = re.compile(r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9,])")
_BETWEEN = re.compile(r"\bbetween +([0-9]{1,7}) +and +([0-9]{1,7})\b")
_UP_TO = re.compile(r"(?<![\w.$€£¥/-])([0-9]{1,7}) +to +([0-9]{1,7})\b(?![-/.])")
_POINTED = re.compile(
    r"\b(max|min|approx|ca|no|nr|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|mon|tue|wed|thu"
    r"|fri|sat|sun)\.(?= *[0-9a-z])"
)


def spell_out(plain: Plain) -> None:
    """Write number words as digits, ranges as `20-30`, and abbreviations without their points."""
    plain.put(_POINTED, lambda match: f"{match[1]} ")
    plain.put(_SPELT, _digits)
    plain.put(_DOZENS, _dozens)
    plain.put(_GROUPED, lambda match: match.group().replace(",", ""))
    plain.put(_BETWEEN, lambda match: f"{match[1]}-{match[2]}")
    plain.put(_UP_TO, lambda match: f"{match[1]}-{match[2]}")


def _digits(match: re.Match[str]) -> str:
    whole, part = 0, 0
    words = [word for word in re.split(r"[ -]+", match.group()) if word != "and"]
    for before, word in zip(["", *words], words, strict=False):
        if word in _VALUES:
            tens = _VALUES.get(before, 0)
            if before in _VALUES and not (tens >= 20 and tens % 10 == 0 and _VALUES[word] < 10):
                return match.group()
            part += _VALUES[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word == "thousand":
            whole, part = whole + max(part, 1) * 1000, 0
        else:
            part += 1 if word == "a" else int(word[:7])
    return str(whole + part)


def _dozens(match: re.Match[str]) -> str:
    if match[1]:
        return "6"
    return "12" if match[2] in (None, "a") else str(12 * int(match[2]))


_SYMBOLS = {
    "us$": "USD", "c$": "CAD", "ca$": "CAD", "a$": "AUD", "au$": "AUD", "hk$": "HKD", "s$": "SGD",
    "nz$": "NZD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW",
    "₺": "TRY", "zł": "PLN",
}  # fmt: skip
_NAMES = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "euro": "EUR",
    "euros": "EUR", "pound": "GBP", "pounds": "GBP", "quid": "GBP", "yen": "JPY",
    "swiss francs": "CHF", "francs": "CHF", "rupees": "INR", "us dollars": "USD",
    "canadian dollars": "CAD", "australian dollars": "AUD", "kronor": "SEK", "yuan": "CNY",
    "zloty": "PLN",
}  # fmt: skip
# Codes that are words of English are no currencies in running text.
_WORDS_TOO = frozenset(listed("all top try mad cup gel pen sos bob cop mop ern lak bam kid lei"))
_CODES = {code.lower(): code for code in {*EXPONENTS} - WITHDRAWN} | {"usdc": "USD"}
_CODE = "|".join(sorted(set(_CODES) - _WORDS_TOO))
_SYMBOL = "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))
_NAME = "|".join(sorted(_NAMES, key=len, reverse=True))
_NUMBER = r"[0-9]{1,12}(?:[.,][0-9]{1,3})?(?![0-9])"
_RANGE = rf"(?:{_NUMBER} *- *)?"
_MONEY = (
    rf"(?:(?<![a-z])(?P<b>{_SYMBOL}|(?:{_CODE})(?=[ 0-9])) *(?P<n>{_NUMBER}) ?(?P<k>k\b)?"
    rf"(?: *(?:{_CODE})\b)?"
    rf"|(?<![\w.,$€£¥])(?P<n2>{_NUMBER}) ?(?P<k2>k)? ?(?P<a>{_SYMBOL}|(?:{_CODE}|{_NAME})\b))"
)
_PEOPLE_WORD = (
    r"(?:person|head|attendee|guest|participant|student|hacker|dev|developer|employee|kid|child"
    r"|member|volunteer|visitor|player|pupil|delegate)"
)
_LEAD = (
    r"(?:\b(?:(?:the|a|my|our|total|overall|whole|maximum|max|budget|spend|spending|limit|cap|cost"
    r"|costs|price|capped|keep|stay|it|is|are|of|at|most|to|up|no|not|more|less|than|under|below"
    r"|within|around|about|approximately|roughly|have|has|we|i|only|with|for|on|and|or|between)\b"
    r"|[:=~<≤(-]) *){0,12}"
)
_TAIL = (
    r"(?: *(?:\b(?:budget|max|maximum|tops|total|in total|altogether|all in|all included|or less"
    r"|at most|limit|including shipping|incl shipping|shipping included|with shipping)\b)){0,3}"
)
_PAID = re.compile(rf"(?P<lead>{_LEAD})(?:{_MONEY} *(?:-|\bto\b|\band\b) *)?"
                   .replace("?P<", "?P<x_").replace("x_lead", "lead")
                   + rf"(?P<lower>{_NUMBER} *- *)?{_MONEY}(?P<tail>{_TAIL})")  # fmt: skip
_BARE = re.compile(
    r"(?P<lead>\b(?:budget|spend|spending)\b(?: +(?:is|of|at|most|max|up|to|no|not|more|than|under"
    r"|only|about|around|roughly)\b)*[ :=-]*)"
    rf"(?P<n>{_NUMBER}) ?(?P<k>k\b)?(?![ -]*(?:%|percent|people))"
    rf"|(?<![\w.,])(?P<n2>{_NUMBER}) ?(?P<k2>k)? +(?P<lead2>(?:max +|total +)?budget)\b"
    r"|(?P<lead3>\b(?:under|below|less than|no more than|not more than|at most|max|maximum|up to"
    rf"|for under) +)(?P<n3>{_NUMBER}) ?(?P<k3>k)?(?= *(?:$|[,;)\n]|\. |\.$|total|all in))"
)
_IDLE = re.compile(r"(?:(?:and|or|with|on|[-(]) +| +)*")
_EACH = re.compile(
    r" *(?:\b(?:each|apiece|a piece|per piece|per item|per unit|ea|a pop)\b|/ *(?:each|piece|pc)\b"
    r"|\b(?:per|for each|for every) +(?P<thing>[a-z][a-z-]*(?: [a-z][a-z-]*)?))"
)
_A_HEAD = re.compile(
    rf" *(?:\bper +{_PEOPLE_WORD}\b|\ba head\b|\bpp\b|/ *{_PEOPLE_WORD}\b"
    rf"|\bfor (?:each|every) +{_PEOPLE_WORD}\b)"
)
_NOT_MOST = re.compile(r"\b(?:at least|minimum|over|(?<!no )(?<!not )more than|above) *$")
_NEARLY = re.compile(r"\b(?:around|about|approximately|roughly)\b|~")


@dataclass(frozen=True, slots=True)
class Paid:
    """An amount of money in the wish, where its words are, and what it is for."""

    money: Money
    currency: str
    start: int
    end: int
    thing: str = ""


@dataclass(frozen=True, slots=True)
class Prices:
    """All money of a wish: for everything, for each person, and for one piece of something."""

    budgets: tuple[Paid, ...]
    heads: tuple[Paid, ...]
    pieces: tuple[Paid, ...]


def read_prices(reading: Reading) -> Prices:
    """Every amount of money, claimed."""
    budgets, heads, pieces = list[Paid](), list[Paid](), list[Paid]()
    for match in _PAID.finditer(reading.left):
        number, thousand = match["n"] or match["n2"], match["k"] or match["k2"]
        currency = _currency(match["b"] or match["a"])
        start, end = match.start(), match.end()
        start += _IDLE.match(match["lead"]).end()  # type: ignore[union-attr]  # it may be empty
        if _NOT_MOST.search(reading.left[:start]) or "at least" in match["lead"]:
            shown = reading.quote(start, end)
            reading.warn(f"{shown} is the least, not the most: not used", start, end)
            reading.claim(start, end)
            continue
        amount = _amount(reading, number, bool(thousand), currency, start, end)
        if amount is None:
            continue
        head, each = (form.match(reading.left, end) for form in (_A_HEAD, _EACH))
        ended = (head or each or match).end()
        thing = (each["thing"] or "") if each and not head else ""
        paid = Paid(amount, currency, start, ended, thing)
        (heads if head else pieces if each else budgets).append(paid)
        if match["lower"] or match["x_n"] or match["x_n2"]:
            shown = reading.quote(start, ended)
            reading.assume(f"{shown}: up to {amount}, nothing is a least", start, ended)
        elif _NEARLY.search(match["lead"]):
            reading.assume(f"{reading.quote(start, ended)}: at most {amount}", start, ended)
        reading.claim(start, ended)
    _read_bare(reading, budgets)
    return Prices(tuple(budgets), tuple(heads), tuple(pieces))


def _read_bare(reading: Reading, budgets: list[Paid]) -> None:
    """Amounts without a currency, where the words say that they are money."""
    for match in _BARE.finditer(reading.left):
        number = match["n"] or match["n2"] or match["n3"]
        thousand = match["k"] or match["k2"] or match["k3"]
        currency = budgets[0].currency if budgets else "USD"
        start, end = match.span()
        amount = _amount(reading, number, bool(thousand), currency, start, end)
        if amount is not None:
            budgets.append(Paid(amount, currency, start, end))
            shown = reading.quote(start, end)
            reading.assume(f"{shown} is taken to be in {currency}", start, end)
            reading.claim(start, end)


def _currency(said: str) -> str:
    return _SYMBOLS.get(said) or _NAMES.get(said) or _CODES[said]


def _amount(
    reading: Reading, number: str, thousand: bool, currency: str, start: int, end: int
) -> Money | None:
    asset = asset_of(currency)
    whole, mark, part = number.replace(",", ".").partition(".")
    if mark and len(part) == 3 and not thousand:
        whole, part = whole + part, ""
        said = f"{reading.quote(start, end)}: the mark before three digits groups thousands"
        reading.assume(said, start, end)
    if thousand:
        whole, part = whole + part.ljust(3, "0"), ""
    try:
        money = parse_money(f"{whole}.{part}" if part else whole, asset)
    except FluxError as error:
        reading.warn(f"{reading.quote(start, end)}: {error.message}", start, end)
        return None
    if money.units == 0:
        reading.warn(f"{reading.quote(start, end)} is no money: not used", start, end)
        return None
    return money
