"""Words of a wish that set a need apart: a must, only nice, without something, not needed."""

from __future__ import annotations

import re

from flux_cli.domain.shopping import LONGEST_TERM
from flux_cli.domain.wishes_text import Reading

_NICE = re.compile(
    r"\b(?:(?:a )?nice[- ]to[- ]haves?|(?:would|will) be (?:nice|great|lovely|cool)(?: to have)?"
    r"|ideally|preferably|if (?:at all )?possible|if (?:the |our |my )?budget (?:allows|permits)"
    r"|if there(?:'s| is)? (?:any |some )?(?:money|budget) left(?: over)?|if it fits"
    r"|may ?be|perhaps|optional(?:ly)?|bonus|(?:i |we )?would love|(?:i |we )?would like(?= )"
    r"(?=.{0,3}$)|if we can|if affordable|not essential|not required)\b"
)
_MUST = re.compile(
    r"\b(?:(?:a |an )?(?:absolute )?must(?:[- ]haves?)?|required|requirements?|essentials?"
    r"|mandatory|needs?|needed|definitely|crucial|(?:most )?important|top priority|priority)\b"
)
_WHAT = (
    r"[a-z][\w'-]*(?:[ ](?!(?:no|or|nor|for|please|and|but|by|under|max|in|on|at|with|from|to|the"
    r"|please|budget|i|we|is|are|if)\b)[a-z][\w'-]*){0,2}"
)
_WITHOUT = re.compile(
    r"(?:\b(?:but|and|or) +)?\b(?:no|without|except(?: for)?|excluding|exclude|avoid(?:ing)?"
    r"|but not|free of|nothing(?: with| containing)?|other than|not"
    r"|(?:do not|don'?t) (?:want|include|like|buy|get|order|bring)|forget(?: about)?|skip|leave out"
    r"|allergic to|allergy to) +(?:any +|the +|all +|some +)?"
    r"(?!(?:more|less|later|than|problem|rush|worries|limit|budget|idea|preference|matter|need|hurry"
    r"|time|one|too|to|only|just|sure|yet|very|essential|required|a|an|deadline|extra)\b)"
    rf"(?P<what>{_WHAT})(?P<more>(?: +(?:or|nor) +(?:any +|no +)?{_WHAT}){{0,6}})"
)
_NEEDLESS = re.compile(
    r"(?:[a-z][\w'-]* ){1,3}(?:(?:is|are) )?(?:not (?:needed|required|necessary|wanted)"
    r"|unnecessary)\b"
    r"|\b(?:we |i )?(?:do not|don'?t) (?:need|require) (?:any )?(?:[a-z][\w'-]* ?){1,3}"
)
_LASTS = re.compile(r"\b(?:for )?[0-9]{1,3}[ -](?:days?|hours?|nights?|weeks?|months?)\b")


def heading(text: str) -> bool | None:
    """Whether a line such as `Nice to have` announces musts; None for any other line."""
    if _NICE.fullmatch(text):
        return False
    return True if _MUST.fullmatch(text) else None


def take_marks(reading: Reading, start: int, end: int) -> list[tuple[bool, int]]:
    """(must, where) of the words between two places that say so, claimed, in order."""
    marks = []
    for must, pattern in ((False, _NICE), (True, _MUST)):
        for match in pattern.finditer(reading.left, start, end):
            marks.append((must, match.start()))
            shown = reading.quote(*match.span())
            reading.heard(f"{'must' if must else 'nice to'} have: {shown}", *match.span())
            reading.claim(*match.span())
    return sorted(marks, key=lambda mark: mark[1])


def take_exclusions(reading: Reading, start: int, end: int) -> list[tuple[str, int, int]]:
    """(what, from, to) of all that is to be without, claimed, in order."""
    found = []
    for match in _WITHOUT.finditer(reading.left, start, end):
        for what in (match["what"], *re.split(r" +(?:or|nor) +", match["more"])):
            word = re.sub(r"^(?:any|no) +", "", what.strip())
            if word:
                found.append((word[:LONGEST_TERM], *match.span()))
        reading.claim(*match.span())
    return found


def leave_needless(reading: Reading, start: int, end: int) -> None:
    """Leave out, with a warning, what is not needed and how long the occasion lasts."""
    for pattern, why in ((_NEEDLESS, "not wanted, so not bought"), (_LASTS, "not counted by")):
        for match in pattern.finditer(reading.left, start, end):
            reading.warn(f"{reading.quote(*match.span())}: {why}", *match.span())
            reading.claim(*match.span())
