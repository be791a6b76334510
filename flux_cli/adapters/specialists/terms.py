"""Words as they are compared: lower case, without endings, without the words that mean nothing."""

from __future__ import annotations

import re

_STOP_TEXT = (
    "a about after again all also am an and any are as at be because been before being "
    "between both but by can could did do does doing done down each either else every few for "
    "from further get gets give given gives go goes got had has have having he her here hers "
    "him his how i if in into is it its itself just let like made make makes many may me "
    "might more most much must my no nor not now of off on once one only or other our ours "
    "out over own per same she should so some such than that the their theirs them then there "
    "these they thing things this those through to too under until up upon us use used uses "
    "using very was we were what when where which while who whom whose why will with within "
    "without would yet you your yours mr mrs ms s t re ve ll d say said says tell told real "
    "really still even well way ways whether today currently "
)
STOP_WORDS = frozenset(_STOP_TEXT.split())
_IRREGULAR = {
    "bought": "buy", "brought": "bring", "children": "child", "costs": "cost", "dead": "die",
    "died": "die", "dies": "die", "dying": "die", "feet": "foot", "felt": "feel", "grew": "grow",
    "grown": "grow", "held": "hold", "kept": "keep", "knew": "know", "leaves": "leaf",
    "lying": "lie", "men": "man", "paid": "pay", "people": "person", "ran": "run", "sent": "send",
    "sold": "sell", "spent": "spend", "stood": "stand", "taken": "take", "threw": "throw",
    "thrown": "throw", "took": "take", "went": "go", "women": "woman", "wrote": "write",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)
NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def words(text: str) -> list[str]:
    """The words and numbers of `text` in lower case, in order."""
    return [match.group().lower().replace("’", "'") for match in _WORD.finditer(text)]


def stem(word: str) -> str:
    """`word` without its ending, so that "lasted", "lasts" and "lasting" are one term."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or any(character.isdigit() for character in word):
        return word
    for ending, replacement in (
        ("ations", "at"), ("ation", "at"), ("ings", ""), ("ing", ""), ("ments", ""), ("ment", ""),
        ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ness", ""), ("ously", "ous"), ("ers", "er"),
        ("ed", ""), ("es", ""), ("ly", ""), ("s", ""), ("e", ""),
    ):  # fmt: skip
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: len(word) - len(ending)] + replacement
            break
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls"
    return word[:-1] if doubled else word


def terms(text: str) -> list[str]:
    """The stems of the meaningful words of `text`, in order, repeats kept."""
    return [
        stem(word)
        for word in words(text)
        if word not in STOP_WORDS and len(word) > 1 and not word[0].isdigit()
    ]


def numbers(text: str) -> tuple[str, ...]:
    """Every number of `text` in a plain form ("1,900.50" is "1900.5"; "six" is "6"), in order."""
    found: list[str] = []
    for match in re.finditer(r"\d+(?:[.,]\d+)*|[A-Za-z]+", text):
        token = match.group()
        if token[0].isdigit():
            found.append(plain_number(token))
        elif token.lower() in NUMBER_WORDS:
            found.append(str(NUMBER_WORDS[token.lower()]))
    return tuple(found)


def digits(text: str) -> tuple[str, ...]:
    """Every number of `text` that is written in digits, in a plain form, in order."""
    return tuple(plain_number(match.group()) for match in _NUMBER.finditer(text))


def plain_number(token: str) -> str:
    """ "1,900" as "1900" and "2.50" as "2.5": one spelling for one value."""
    bare = re.sub(r",(?=\d{3}(?:\D|$))", "", token).replace(",", ".")
    if bare.count(".") == 1:
        bare = bare.rstrip("0").rstrip(".")
    return bare.lstrip("0") or "0"


def shingles(text: str, size: int = 3) -> frozenset[tuple[str, ...]]:
    """The runs of `size` words in `text`; the whole text where it is shorter."""
    found = words(text)
    if len(found) < size:
        return frozenset([tuple(found)]) if found else frozenset()
    return frozenset(tuple(found[at : at + size]) for at in range(len(found) - size + 1))


def similarity(one: str, other: str) -> float:
    """The share of three-word runs two texts have in common, 0.0 to 1.0 (Jaccard)."""
    mine, theirs = shingles(one), shingles(other)
    if not mine or not theirs:
        return 0.0
    return len(mine & theirs) / len(mine | theirs)
