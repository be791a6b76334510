"""Days in a wish: `by Friday`, `+5d`, `5 December`, `next week`, counted from a given today."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from flux_cli.domain.wishes_text import Reading
from flux_cli.domain.wishes_words import listed

_MONTHS = listed(
    "january february march april may june july august september october november december"
)
_DAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
_MONTH = "|".join([*_MONTHS, *(f"{name[:3]}" for name in _MONTHS if name != "may"), "sept"])
_DAY = "|".join([*_DAYS, "mon", "tues", "tue", "weds", "wed", "thurs", "thu", "fri", "sat", "sun"])
_NTH = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?: *,? *(20[0-9]{2}))?(?![0-9])"
_LEAD = (
    r"(?P<lead>(?:\b(?:deadline|due|needed|need|needs|delivered|deliver|delivery|arrive|arrives"
    r"|arriving|here|there|ready|is|are|it|all|everything|event|meetup|party|workshop|conference"
    r"|hackathon|date|has|have|to|be|on|by|before|prior|until|till|no|not|later|than|latest|at|the"
    r"|for|our|my|within|in|sometime|during|starts|takes|place)\b[ :]*){0,12})"
)

Made = Callable[[re.Match[str], date], date]


def _weekday(name: str) -> int:
    return next(at for at, day in enumerate(_DAYS) if day.startswith(name[:3]))


def _month(name: str) -> int:
    return next(at for at, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _next_weekday(match: re.Match[str], today: date) -> date:
    wanted = _weekday(match["weekday"])
    if match["which"] == "next":
        return today + timedelta(days=7 - today.weekday() + wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _in_some(match: re.Match[str], today: date) -> date:
    number = int(match["many"]) if match["many"] else 1
    unit = match["unit"]
    if unit.startswith("hour"):
        return today + timedelta(days=-(-number // 24))
    days = {"day": 1, "business": 1, "working": 1, "week": 7, "fortnight": 14, "month": 30}
    if unit.startswith(("business", "working")):
        day = today
        while number > 0:
            day += timedelta(days=1)
            number -= day.weekday() < 5
        return day
    return today + timedelta(days=number * days[unit.rstrip("s")])


def _month_end(today: date) -> date:
    first = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    return first - timedelta(days=1)


def _friday(today: date, weeks: int) -> date:
    """The Friday of this week or a later one; on a weekend this week is the coming one."""
    weeks += today.weekday() > 4 and weeks == 0
    return today + timedelta(days=4 - today.weekday() + 7 * weeks)


def _named(day: str, month: int, year: str | None, today: date) -> date:
    if year:
        return date(int(year), month, int(day))
    found = date(today.year, month, int(day))
    return found if found >= today else found.replace(year=today.year + 1)


def _slashed(match: re.Match[str], today: date) -> date:
    first, second, year = match[2], match[3], match[4]
    month, day = (second, first) if int(first) > 12 else (first, second)
    return _named(day, int(month), year, today)


def _nth(match: re.Match[str], today: date) -> date:
    day = int(match["nth"])
    if day < today.day:
        today = _month_end(today) + timedelta(days=1)
    return today.replace(day=day)


def _plus(match: re.Match[str], today: date) -> date:
    return today + timedelta(days=int(match["plus"]) * (7 if match["step"] == "w" else 1))


_FORMS: tuple[tuple[str, Made, str], ...] = (
    (r"\b(20[0-9]{2})-([0-9]{2})-([0-9]{2})\b",
     lambda m, _: date(int(m[2]), int(m[3]), int(m[4])), ""),
    (r"\b([0-9]{1,2})\.([0-9]{1,2})\.(20[0-9]{2})\b",
     lambda m, _: date(int(m[4]), int(m[3]), int(m[2])), ""),
    (r"(?<![\w/])([0-9]{1,2})/([0-9]{1,2})(?:/(20[0-9]{2}))?(?![\w/])", _slashed, "month/day"),
    (rf"\b{_NTH}(?: +of)? +({_MONTH})\b{_YEAR}",
     lambda m, today: _named(m[2], _month(m[3]), m[4], today), ""),
    (rf"\b({_MONTH}) +(?:the +)?{_NTH}\b{_YEAR}",
     lambda m, today: _named(m[3], _month(m[2]), m[4], today), ""),
    (r"(?<!\w)\+(?P<plus>[0-9]{1,3}) ?(?P<step>[dw])\b", _plus, ""),
    (r"\b(?:(?<=in )|(?<=within )|(?<=the )|(?<=next )|(?<=in the next ))(?:a +|an +|next +)?"
     r"(?:(?P<many>[0-9]{1,3}) +)?"
     r"(?P<unit>hours?|days?|weeks?|fortnights?|months?|business days?|working days?)\b"
     r"(?<!the day)(?<!the week)(?<!the month)(?<!next week)(?<!next month)", _in_some, ""),
    (r"\b(?P<many>[0-9]{1,3}) +(?P<unit>days?|weeks?) +from +(?:now|today)\b", _in_some, ""),
    (r"\bday after tomorrow\b", lambda _, today: today + timedelta(days=2), ""),
    (r"\btomorrow\b", lambda _, today: today + timedelta(days=1), ""),
    (r"\b(?:today|tonight|same[- ]day)\b", lambda _, today: today, ""),
    (r"\bend of (?:the |this )?month\b|\bmonth'?s end\b|\beom\b",
     lambda _, today: _month_end(today), ""),
    (r"\bend of next week\b|\bnext week\b", lambda _, today: _friday(today, 1),
     "the Friday of that week"),
    (r"\bend of (?:the |this )?week\b|\bthis week\b|\beow\b", lambda _, today: _friday(today, 0),
     "the Friday of that week"),
    (rf"\b(?:(?P<which>next|this|coming) +)?(?P<weekday>{'|'.join(_DAYS)})\b", _next_weekday, ""),
    (rf"(?<=by )(?P<which>next +)?(?P<weekday>{_DAY})\b", _next_weekday, ""),
    (r"\b(?:this |the )?weekend\b",
     lambda _, today: today + timedelta(days=(5 - today.weekday()) % 7), "the Saturday"),
    (r"(?<=by the )(?P<nth>[0-9]{1,2})(?:st|nd|rd|th)\b", _nth, "the next day of that number"),
)  # fmt: skip
_HOUR = r"(?: *(?:at +)?[0-9]{1,2}(?::[0-9]{2})? ?(?:am|pm)\b)?"
_PATTERNS = [(re.compile(f"{_LEAD}(?:{form}){_HOUR}"), made, how) for form, made, how in _FORMS]


def read_deadline(reading: Reading) -> date | None:
    """The earliest day the wish names, claimed with all others; None where it names none."""
    found: list[tuple[date, int, int]] = []
    for pattern, made, how in _PATTERNS:
        while match := pattern.search(reading.left):
            start, end = match.span()
            shown = reading.quote(start, end)
            reading.claim(start, end)
            try:
                day = made(match, reading.today)
            except ValueError:
                reading.warn(f"{shown} is no day of the calendar: not used", start, end)
                continue
            if re.search(r"\b(?:before|prior)\b", match["lead"]):
                day -= timedelta(days=1)
            _tell(reading, how, shown, day, start, end)
            found.append((day, start, end))
    if not found:
        return None
    earliest = min(found)[0]
    if len({day for day, _, _ in found}) > 1:
        reading.assume(f"of several days the earliest counts: {earliest}")
    if earliest < reading.today:
        reading.warn(f"{earliest} is past: nothing can be there by then")
    return earliest


def _tell(reading: Reading, how: str, shown: str, day: date, start: int, end: int) -> None:
    if how:
        reading.assume(f"{shown} is taken as {day} ({how})", start, end)
    elif "next" in shown.lower() and "day" in shown.lower():
        reading.assume(f"{shown} is taken as {day}, in the week after this one", start, end)
    reading.heard(f"there by {day}: {shown}", start, end)
