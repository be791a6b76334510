"""What a justification says will come back, as money; and how much of that is believed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from flux_cli.domain.money import BOUND, Money

SETTLED_CLAIMS_TRUSTED = 5
UNPROVEN_PERCENT = 25
"""How much of a claim counts while the requester has too few settled claims for a record."""

LONGEST_TEXT = 2_000


def believed_return(claimed: Money, settled_claims: int, accuracy_percent: int) -> Money:
    """What of a claim counts: a quarter, or from five settled claims on the requester's record.

    Rounded down; a record above 100 % counts as 100 %.
    """
    trusted = settled_claims >= SETTLED_CLAIMS_TRUSTED
    share = max(0, min(accuracy_percent, 100)) if trusted else UNPROVEN_PERCENT
    return Money(claimed.units * share // 100, claimed.asset)


def claimed_return(text: str, amount: Money) -> Money | None:
    """The largest benefit `text` claims for spending `amount`, or None where it claims none.

    Only the largest, since one benefit is often said twice. A monthly benefit counts three
    months, a weekly or daily one twelve weeks, a quarterly or yearly one once, or the shorter
    time the text names. Costs, budgets and amounts in other currencies are not benefits. Reads
    at most 2,000 characters; amounts beyond `BOUND` are not read.
    """
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).replace("’", "'")
    plain = _WORDED.sub(r"$\1", plain)
    claims: list[int] = []
    for sentence in _SENTENCE_END.split(plain):
        claims.extend(_claims(sentence, amount))
    possible = [units for units in claims if 0 <= units <= BOUND]
    return Money(max(possible), amount.asset) if possible else None


def _claims(sentence: str, amount: Money) -> Iterator[int]:
    """The benefits one sentence claims, in units; each amount in it is read at most once."""
    exponent = amount.asset.exponent
    for pattern in (_RATIO, _RATIO_AFTER):
        for match in pattern.finditer(sentence):
            spent, back = _units(match, "spent", exponent), _units(match, "back", exponent)
            if spent and back is not None and not _negated(sentence, match.start()):
                yield amount.units * back // spent
        sentence = pattern.sub(" ", sentence)
    for match in _HOURS.finditer(sentence):
        rate = _units(match, "rate", exponent)
        if rate is not None and not _negated(sentence, match.start()):
            hours = int(match["hours"].replace(",", ""))
            yield hours * rate * _times(match, sentence[match.end() :])
    sentence = _HOURS.sub(" ", sentence)
    for match in _DIFFERENCE.finditer(sentence):
        high, low = _units(match, "high", exponent), _units(match, "low", exponent)
        falls = match["falls"] is not None
        if high is not None and low is not None and not _negated(sentence, match.start()):
            gain = high - low if falls else low - high
            if gain > 0:
                yield gain * _times(match, sentence[match.end() :])
    sentence = _DIFFERENCE.sub(" ", sentence)
    for pattern in (_AFTER_CUE, _BEFORE_CUE):
        for match in pattern.finditer(sentence):
            units = _units(match, "sum", exponent)
            if units is not None and not _negated(sentence, match.start()):
                yield units * _times(match, sentence[match.end() :])
        sentence = pattern.sub(" ", sentence)
    for pattern in (_MULTIPLE, _MULTIPLE_AFTER):
        for match in pattern.finditer(sentence):
            if not _negated(sentence, match.start()):
                yield amount.units * _hundredths(match["times"]) // _multiple_scale(match)


def _negated(sentence: str, start: int) -> bool:
    return _NEGATION.search(sentence[max(0, start - 24) : start]) is not None


def _units(match: re.Match[str], name: str, exponent: int) -> int | None:
    """The amount in the groups of `name` in units; None if too precise or beyond `BOUND`."""
    whole = match[name].replace(",", "")
    part = match[f"{name}_part"] or ""
    zeros = exponent + _SUFFIX[(match[f"{name}_suffix"] or "").lower()]
    if len(part) > zeros:
        return None
    units = int(whole + part.ljust(zeros, "0"))
    return units if units <= BOUND else None


def _times(match: re.Match[str], rest: str) -> int:
    """How many periods of the matched benefit count."""
    found = match["period"] or match.groupdict().get("early")
    if found is None:
        return 1
    letters = re.sub(r"[^a-z]", "", _PER.sub("", found.lower()))
    period = next(name for start, name in _PERIODS.items() if letters.startswith(start))
    most = _HORIZON[period]
    named = _OVER.match(rest)
    if named is None or not named["unit"].lower().startswith(period):
        return most
    count = named["count"].lower()
    return min(most, _NUMBERS[count] if count in _NUMBERS else int(count))


def _hundredths(number: str) -> int:
    whole, _, part = number.partition(".")
    return int(whole + part.ljust(2, "0"))


def _multiple_scale(match: re.Match[str]) -> int:
    return 100 if match["kind"].lower() in ("x", "×", "times") else 10_000


_SENTENCE_END: Final = re.compile(r"[;\n\r]|[.!?](?=\s|$)")
_NEGATION: Final = re.compile(
    r"\b(?:not|never|no|without|cannot|hardly|won't|don't|doesn't|didn't|isn't|can't)"
    r"\s(?:[a-z]{1,12}\s){0,2}$",
    re.IGNORECASE,
)
_SUFFIX: Final = {"": 0, "k": 3, "thousand": 3, "m": 6, "million": 6}
_NUMBERS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12}
_HORIZON: Final = {"day": 84, "week": 12, "month": 3, "quarter": 1, "year": 1}
_PERIODS: Final = {
    "da": "day", "we": "week", "wk": "week", "mo": "month", "qu": "quarter",
    "ye": "year", "yr": "year", "an": "year",
}  # fmt: skip
_PER: Final = re.compile(r"^\s*(?:/|per\b|an?\b|each\b|every\b)\s*")


_WORDED: Final = re.compile(
    r"(?<![$0-9.,])\b([0-9][0-9,]{0,15}(?:\.[0-9]{1,6})?) (?:US )?(?:dollars|USDC?)\b",
    re.IGNORECASE,
)


def _compiled(*parts: str) -> re.Pattern[str]:
    return re.compile("".join(parts), re.IGNORECASE)


def _sum(name: str) -> str:
    """The pattern of an amount of dollars, or of our asset; `name` prefixes its groups."""
    return (
        rf"(?:(?:US)?\$ ?|\bUSDC? )(?P<{name}>[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,3}}|[0-9]{{1,12}})"
        rf"(?:\.(?P<{name}_part>[0-9]{{1,6}}))?(?![0-9]|[.,][0-9])"
        rf"(?: ?(?P<{name}_suffix>k|m|thousand|million)\b)?"
    )


_WORDS = r"(?:[a-z'-]{1,20}\s+)"
_PERIOD = (
    r"(?P<period>\s*(?:/|\bper\b|\ban?\b|\beach\b|\bevery\b)\s*"
    r"(?:day|week|wk|month|mo|quarter|year|yr|annum)\b"
    r"|\s+(?:daily|weekly|monthly|quarterly|yearly|annually)\b)?"
)
_EARLY = r"(?:(?P<early>daily|weekly|monthly|quarterly|yearly|annual)\s+)?"
_GAINS = (
    r"(?:sav(?:e|es|ed|ing)|avoid(?:s|ed|ing)?|earn(?:s|ed|ing)?|generat(?:e|es|ed|ing)"
    r"|return(?:s|ed|ing)|yield(?:s|ed|ing)?|recover(?:s|ed|ing)?|recoup(?:s|ed|ing)?"
    r"|gain(?:s|ed|ing)|bring(?:s|ing)?(?:\s+(?:in|back))?|brought(?:\s+(?:in|back))?"
    r"|pa(?:ys|id|ying)\s+back|net(?:s|ted|ting))"
)
_FALLS = (
    r"(?:reduc(?:e|es|ed|ing)|cut(?:s|ting)?|lower(?:s|ed|ing)?|trim(?:s|med|ming)?"
    r"|drop(?:s|ped|ping)?|shrink(?:s|ing)?)"
)
_RISES = r"(?:increas(?:e|es|ed|ing)|rais(?:e|es|ed|ing)|grow(?:s|ing)?|lift(?:s|ed|ing)?)"
_EARNINGS = r"(?:revenue|sales|income|profit|margin|earnings|turnover)"
_MORE = (
    r"(?:expected|extra|additional|new|net|more|incremental|projected|estimated|added|potential"
    r"|total|annual|monthly|weekly|yearly)"
)
_BENEFIT = (
    rf"(?:savings?|returns?|roi|payback|benefits?|profits?|gains?|(?:{_MORE}\s+)+{_EARNINGS})"
)
_ABOUT = (
    r"(?:(?:about|around|roughly|approximately|nearly|almost|over|up\s+to|at\s+least|more\s+than"
    r"|an?|some|the|another|estimated|expected|additional|extra|average\s+of|total\s+of|us|~|≈)\s*){0,4}"
)
# The words between a verb and its amount may name who gains, but never lead on to what is paid.
_OBJECT = (
    r"(?:(?!on\b|from\b|for\b|against\b|with\b|after\b|because\b|and\b|but\b|costs?\b|spend"
    r"|pay|budget|price)[a-z'-]{1,20}\s+){0,6}"
)
_OVER = re.compile(
    r"[\s,]*(?:over|for|across|during)\s+(?:the\s+)?(?:next\s+|first\s+|coming\s+)?"
    r"(?P<count>[0-9]{1,3}|one|two|three|four|five|six|twelve)\s+(?P<unit>days?|weeks?|months?)",
    re.IGNORECASE,
)
_RATIO: Final = _compiled(
    r"\b(?:each|every|per)\s+",
    _sum("spent"),
    r"[^$]{0,60}?\b",
    _GAINS,
    r"\s+",
    _ABOUT,
    _sum("back"),
)
_RATIO_AFTER: Final = _compiled(
    _sum("back"),
    rf"\s+(?:{_GAINS}|in\s+{_BENEFIT}|{_BENEFIT}|back)\s+(?:for|per|on)\s+(?:(?:each|every)\s+)?",
    _sum("spent"),
    r"(?:\s+(?:spent|paid|used|invested))?",
)
_HOURS: Final = _compiled(
    rf"\b{_GAINS}\s+{_OBJECT}{_ABOUT}",
    r"(?P<hours>[0-9]{1,3}(?:,[0-9]{3})|[0-9]{1,6})\s+(?:[a-z-]{1,15}\s+)?(?:hours?|hrs?)\b",
    _PERIOD,
    r"[^$.;]{0,40}?(?:\bat|@|[x×*]|\bworth|\bcosting|\bbilled\s+at)\s*(?:about\s+)?",
    _sum("rate"),
    r"\s*(?:/|\bper\b|\ban\b|\beach\b)?\s*(?:hour|hr|h)?\b",
)
_DIFFERENCE: Final = _compiled(
    rf"\b(?:(?P<falls>{_FALLS})|{_RISES}\s+{_WORDS}{{0,3}}?{_EARNINGS})\b[^$;]{{0,50}}?\bfrom\s+",
    _sum("high"),
    rf"(?:\s*/\s*[a-z]{{1,7}}|\s+(?:a|per)\s+[a-z]{{1,7}})?\s+(?:down\s+|up\s+)?to\s+{_ABOUT}",
    _sum("low"),
    _PERIOD,
)
_AFTER_CUE: Final = _compiled(
    rf"\b(?:{_GAINS}\s+{_OBJECT}|(?:{_FALLS}|{_RISES}\s+{_WORDS}{{0,3}}?{_EARNINGS})\b[^$;]{{0,50}}?\bby\s+",
    r"|\b(?:is|are|be|work|time|labou?r)\s+worth\s+",
    rf"|{_EARLY}{_BENEFIT}(?:\s+(?:is|are|will\s+be|of|at|worth|totall?ing|comes\s+to)|\s*[:=])?\s*)",
    _ABOUT,
    _sum("sum"),
    _PERIOD,
)
_BEFORE_CUE: Final = _compiled(
    _sum("sum"),
    _PERIOD,
    rf"\s+(?:worth\s+of\s+|(?:in|of|as)\s+)?(?:{_MORE}\s+){{0,3}}"
    rf"(?:saved|earned|recovered|savings?|returns?|profits?|payback|back\b"
    rf"|(?<=in\s){_EARNINGS}|(?:(?<=new\s)|(?<=extra\s)|(?<=additional\s)|(?<=more\s)){_EARNINGS})\b",
    r"(?!\s+(?:(?:about|roughly)\s+)?\$)(?!\s+(?:ticket|label|shipping|flight|postage|fare|polic"
    r"|software|tool|account|plan|on\s+\$))",
)
_MULTIPLE: Final = _compiled(
    r"\b(?P<times>[0-9]{1,3}(?:\.[0-9]{1,2})?) ?(?P<kind>x|×|times|%)\s+",
    r"(?:expected\s+|estimated\s+)?(?:returns?|roi|payback|(?:our|the|its)\s+(?:money|cost|spend))\b",
    r"(?!\s+(?:polic|rate|label))",
)
_MULTIPLE_AFTER: Final = _compiled(
    r"\b(?:returns?|roi|pays?\s+back|payback|yields?)(?:\s+(?:is|of|at|on\s+spend\s+of))?"
    rf"\s*:?\s*{_ABOUT}(?P<times>[0-9]{{1,3}}(?:\.[0-9]{{1,2}})?) ?(?P<kind>x\b|×|times\b|%)",
    r"(?!\s+(?:of|off|more|less|better|higher|faster))",
)
