"""How hard a text is to read, computed from its own letters: no dictionary, no download."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+(?:['’][A-Za-z]+)?|\d[\d.,]*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)]*(?:\s+|$)|\n+")
_GROUP = re.compile(r"[aeiouyàáâäæèéêëìíîïòóôöøùúûü]+")
_LISTED = {
    "area": 3, "being": 2, "business": 2, "camera": 2, "chocolate": 2, "coriander": 4, "create": 2,
    "created": 3, "different": 2, "doing": 2, "evening": 2, "every": 2, "everyone": 3,
    "everything": 3, "family": 3, "favourite": 2, "going": 2, "idea": 3, "interest": 2, "people": 2,
    "quiet": 2, "reliable": 4, "science": 2, "several": 2, "something": 2, "sometimes": 2,
    "theatre": 3, "vegetable": 4, "video": 3, "vegan": 2, "recipe": 3, "cafe": 2, "diet": 2,
}  # fmt: skip


def syllables(word: str) -> int:
    """The syllables of one English word, at least one; a number counts as its digits' groups."""
    bare = word.lower().replace("’", "'").removesuffix("'s").replace("'", "")
    if bare[:1].isdigit():
        return max(1, min(3, sum(character.isdigit() for character in bare)))
    if bare in _LISTED:
        return _LISTED[bare]
    count = len(_GROUP.findall(bare))
    # A last "e" is silent ("tape"), except after consonant + l ("table"); so is the e of "-ed".
    if bare.endswith("e") and not re.search(r"[^aeiouy]le$", bare) and count > 1:
        count -= not re.search(r"[aeiouy]e$", bare)
    elif re.search(r"[^aeiouytd]ed$", bare) or re.search(r"[^aeiouyscgzxh]es$", bare):
        count -= count > 1 and not re.search(r"[^aeiouy]les$|[^aeiouy]led$", bare)
    # Silent inside a compound or before an ending: "lifetime", "movement", "safely".
    count -= len(re.findall(r"[aeiouy][^aeiouyl]e(?:ment|ly|less|ful|time|ness)", bare))
    # Vowels that stand together and are spoken apart: "real-ise" aside, "dia", "io" in "radio".
    count += len(re.findall(r"(?:^|[^aeiou])(?:i[aou]|eo|u[ao])(?!u)", bare))
    count += len(re.findall(r"[^aeioutcsgx]ious|sual", bare))
    count -= len(re.findall(r"[tscgx]i(?:on|al|a[nt])|gua|qua|quo|[sc]ua", bare))
    return max(1, count)


def sentence_count(text: str) -> int:
    """The sentences of `text`, at least one; a line break ends a sentence too."""
    return max(1, sum(bool(_WORD.search(part)) for part in _SENTENCE_END.split(text)))


def flesch_kincaid(text: str) -> float:
    """The Flesch-Kincaid grade of `text`: the school years it takes to read it with ease.

    0.39 × words per sentence + 11.8 × syllables per word − 15.59 (Kincaid et al., 1975);
    0.0 for a text without words.
    """
    found = _WORD.findall(text)
    if not found:
        return 0.0
    per_sentence = len(found) / sentence_count(text)
    per_word = sum(map(syllables, found)) / len(found)
    return round(0.39 * per_sentence + 11.8 * per_word - 15.59, 2)
