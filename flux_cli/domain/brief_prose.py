"""What sentences say about a product when no heading says it."""

from __future__ import annotations

import re

_NAME = r"(?:[A-ZÀ-Þ0-9][\w'’&+.-]{0,30})(?:\s(?:[A-ZÀ-Þ0-9][\w'’&+-]{0,30}|of|and|the|&)){0,3}"
_NAME_END = r"(?<![\s.,])"
_KIND = r"(?:a|an|the|our|its|your|one)\s+(?:new\s+|first\s+)?([^.;:!?()]{3,120})"
_IS_A = re.compile(
    rf"(?:^|[\s\"“(])(?P<name>{_NAME}){_NAME_END}(?:\s*,\s*|\s+is\s+|\s+are\s+|\s*[–—:-]\s+){_KIND}"
)
_GOODS = (
    r"software|hosting|insurance|coffee|tea|chocolate|skincare|cosmetics|bread|clothing|furniture|"
    r"jewellery|jewelry|food|beer|wine|soap|training|consulting|accounting|equipment|cutlery|"
    r"tableware|bedding|lighting|honey|granola|yoghurt|ice cream|toothpaste|footwear|luggage"
)
# Only what is never counted is introduced without an article: "Ledgerly is accounting software".
_IS_GOODS = re.compile(
    rf"(?:^|[\s\"“(])(?P<name>{_NAME}){_NAME_END}(?:\s*,\s*|\s+is\s+)"
    rf"((?:[\w-]+\s){{0,4}}(?:{_GOODS})\b[^.;:!?()]{{0,80}})"
)
_CALLED = re.compile(rf"\b(?:called|named)\s+[\"“]?(?P<name>{_NAME}){_NAME_END}")
_OUR_KIND = re.compile(
    r"\b(?:[Ww]e\s+(?:make|sell|build|run|are|offer|launch|are launching|have built|are building)|"
    r"[Ll]aunch(?:es|ing)?|[Pp]romot(?:e|es|ing))\s+(?:an?|the|our)?\s*"
    r"([^.;:!?()]{3,120})"
)
_NOT_NAMES_TEXT = (
    "a an and as at but by for he her his how i if in it its my no not of on or our she so that "
    "the their then there these they this those to we what when where which who why with you your "
    "launch campaign brief please today most people customers everyone nobody each every after "
    "before because since while once one make create write plan new"
)
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())
_KIND_STOPS = re.compile(
    r"\s+(?:that|which|who|whose|where|when|for|with|from|made|built|designed|by|and\s+(?:it|we|the)|"
    r"based|aimed|called|named|so|because|to\s+(?:help|make|let|keep)|is|are|has|lets|helps|works|"
    r"runs|in\s+[A-Z]|on\s+[A-Z]|at\s+[A-Z0-9])\b.*|,.*|\s[–—-]\s.*",
    re.DOTALL,
)
_GOAL = re.compile(
    r"\b(?:campaign|launch|advert(?:s|ising)?|ads?|copy|marketing|promotion|posts?|page|website|"
    r"brand|materials?|promote|market|advertise|sell)\b(?:\s+(?:campaign|materials?|kit|plan|page|copy))?"
    r"(?:\s+(?:for|of|about|around|to\s+(?:launch|promote|sell)))?\s+(.+)",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"^(?:please\s+)?(?:make|create|write|run|launch|plan|build|design|do|start|prepare)\s+"
    r"(?:(?:an?|the|my|our|some|new)\s+)*",
    re.IGNORECASE,
)
_ORDER_ONLY = re.compile(
    r"(?:(?:marketing|ads?|adverts?|social|media|spring|summer|autumn|winter|product|new|big|us|me)"
    r"\s*)*(?:campaign|launch|ads?|copy|marketing|posts?|page|website|materials?|something|it|this|"
    r"that|them|the product|our product|product)?",
    re.IGNORECASE,
)
_AUDIENCE = re.compile(
    r"\b(?:aimed at|targets?|targeting|target audience (?:is|are)|audience (?:is|are)|meant for|"
    r"intended for|(?:buyers|customers|users|readers|clients|guests) "
    r"(?:are|is|will be)(?: mostly| mainly| usually)?|"
    r"designed for|built for|made for|we (?:sell to|serve|want to reach|talk to|are talking to)|"
    r"(?:is|are) for)\s+([^.;:!?]{4,160})",
    re.IGNORECASE,
)
_KIND_FOR = re.compile(
    r"\bfor\s+((?:[a-zà-þ'’-]+\s){0,5}[a-zà-þ'’-]{3,}s|people\s[^.;:,!?]{3,60})\b"
)
_VOICE = re.compile(
    r"\b(?:tone|voice|style)(?: of voice)?\s*(?:should be|must be|is|:|to be|stays?)"
    r"\s+([^.;!?]{3,160})|"
    r"\b(?:sound|write|keep it|keep the copy|come across as|feel)\s+([^.;!?]{3,120})",
    re.IGNORECASE,
)
_ACTION = re.compile(
    r"(?:call to action|cta|button)\s*(?:is|:|should be|reads?|says?)?\s*[\"“']?([^.!?\"”]{3,60})|"
    r"(?:want|ask|get|invite|encourage)\s+(?:(?!it\b|this\b|copy\b)[a-z-]+\s){1,3}?"
    r"to\s+(?!be\b|sound\b|feel\b|have\b|know\b)([^.;:,!?]{3,60})",
    re.IGNORECASE,
)
_BANNED = re.compile(
    r"\b(?:avoid|never (?:say|use|write|call it)|do not (?:say|use|write|call it)|"
    r"don['’]t (?:say|use|write|call it)|please don['’]t (?:say|use)|stay away from|"
    r"banned words?(?: are| is|:)?)\s+([^;!?]{2,200})",
    re.IGNORECASE,
)
_VOICE_TEXT = (
    "playful fun funny cheeky witty humorous quirky lively irreverent light-hearted lighthearted "
    "silly mischievous warm friendly caring honest down-to-earth human gentle calm kind welcoming "
    "homely neighbourly neighborly cosy cozy inviting approachable conversational natural relaxed "
    "precise clear technical expert professional trustworthy plain factual sober serious exact "
    "concise formal matter-of-fact dry direct straightforward credible authoritative reassuring "
    "understated minimal quiet measured competent practical sensible bold confident energetic "
    "adventurous punchy daring vivid fearless strong ambitious inspiring optimistic upbeat urgent "
    "simple modern premium elegant rugged outdoorsy curious generous"
)
VOICE_WORDS = frozenset(_VOICE_TEXT.split())


def name_and_kind(sentence: str) -> tuple[str, str]:
    """("Lumo", "solar-powered lantern") from "Lumo is a solar-powered lantern …", or empties."""
    for match in (*_IS_A.finditer(sentence), *_IS_GOODS.finditer(sentence)):
        name = match.group("name").strip(" ,.")
        words = name.split()
        while words and words[0].lower() in _NOT_NAMES:
            words = words[1:]
        if words and words[0][0].isalnum() and words[-1].lower() not in _NOT_NAMES:
            return " ".join(words), kind_only(match.group(2))
    called = _CALLED.search(sentence)
    if called:
        before = re.search(
            r"\b(?:a|an|our|the)\s+([^.;:!?()]{3,80}?),?\s+(?:called|named)\b", sentence
        )
        return called.group("name"), kind_only(before.group(1)) if before else ""
    return "", ""


def kind_only(text: str) -> str:
    """The noun phrase at the start of `text`, in lower case where it is no name."""
    kind = _KIND_STOPS.sub("", " " + text.strip().strip("\"“”'")).strip(" ,.-–—")
    kind = re.sub(r"^(?:(?:a|an|the|our|your|my|new)\s+)+", "", kind, flags=re.IGNORECASE)
    return _lower_first(" ".join(kind.split()[:9]))[:80].rstrip(" ,")


def kind_offered(sentence: str) -> str:
    """The thing in "we make a …", "launching our …", or nothing."""
    match = _OUR_KIND.search(sentence)
    return kind_only(match.group(1)) if match else ""


def goal_subject(goal: str) -> str:
    """What a goal such as "Launch a campaign for …" is about."""
    text = " ".join(goal.split())[:300].rstrip(".!")
    match = _GOAL.search(text)
    while match and _GOAL.search(match.group(1)):
        match = _GOAL.search(match.group(1))
    subject = match.group(1) if match else _ORDER.sub("", text)
    return "" if _ORDER_ONLY.fullmatch(subject.strip()) else subject.strip()


def audiences_in(sentence: str) -> tuple[str, ...]:
    """Who a sentence says the product is for."""
    match = _AUDIENCE.search(sentence)
    if match:
        return split_people(match.group(1))
    return ()


def people_served(kind_sentence: str) -> tuple[str, ...]:
    """The plural people in "… is accounting software for small agencies"."""
    match = _KIND_FOR.search(kind_sentence)
    return split_people(match.group(1)) if match else ()


def split_people(text: str) -> tuple[str, ...]:
    """ "A, B and C" as three groups, unless what follows belongs to the group before it."""
    whole = " ".join(text.split()).strip(" .,")
    # "Owners and leads at agencies" are all at agencies: what follows belongs to each of them.
    if re.search(r"\b(?:who|that|whose|with|at|of|in|from)\b", whole):
        return (whole,)
    parts = [part.strip() for part in re.split(r",\s*(?:and\s+)?|\s+and\s+|\s+or\s+", whole)]
    if len(parts) > 1 and all(part.split() and part.split()[-1].endswith("s") for part in parts):
        return tuple(parts)
    return (whole,)


def voice_in(sentence: str) -> tuple[str, ...]:
    """The adjectives a sentence asks the copy to have."""
    match = _VOICE.search(sentence)
    if not match:
        return ()
    return voice_words(match.group(1) or match.group(2))


def voice_words(text: str) -> tuple[str, ...]:
    """The known voice adjectives in `text` that are not negated, in order, once each."""
    found: list[str] = []
    for clause in re.split(r"[.;\n]|\bbut\b|,\s*(?=never|not)", text):
        if re.search(r"^\W*(?:never|not|no|avoid|don['’]t)\b", clause.strip(), re.IGNORECASE):
            continue
        asked = re.split(r"\b(?:never|not|without|rather than|instead of)\b", clause)[0]
        found += [
            word
            for word in re.findall(r"[a-zà-þ]+(?:-[a-z]+)*", asked.lower())
            if word in VOICE_WORDS
        ]
    return tuple(dict.fromkeys(found))


def action_in(sentence: str) -> str:
    """The imperative a sentence wants readers to follow."""
    match = _ACTION.search(sentence)
    if not match:
        return ""
    text = (match.group(1) or match.group(2) or "").strip(" \"“”'")
    return text[:1].upper() + text[1:]


def banned_in(sentence: str) -> tuple[str, ...]:
    """The words a sentence forbids."""
    match = _BANNED.search(sentence)
    return word_list(match.group(1)) if match else ()


def word_list(text: str) -> tuple[str, ...]:
    """The words or short phrases listed in `text`; whatever is quoted, if anything is."""
    quoted = re.findall(r"[\"“”‘]([^\"“”’]{2,40})[\"“”’]", text)
    if quoted:
        return tuple(dict.fromkeys(part.strip().lower().rstrip(".,") for part in quoted))
    body = re.sub(
        r"^(?:the\s+)?(?:words?|phrases?|terms?|like|such as|anything like|calling it)\b[:\s]*",
        "",
        text,
    )
    parts = re.split(r"[,;/]\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+", body)
    kept = (
        re.sub(r"^(?:the (?:words?|phrases?)|any|words like)\s+", "", p.strip(" .'’"))
        for p in parts
    )
    return tuple(dict.fromkeys(part.lower() for part in kept if part and len(part.split()) <= 3))


def frequent_name(text: str) -> str:
    """The capitalised word that stands most often inside sentences, if it does so twice."""
    counts: dict[str, int] = {}
    for match in re.finditer(r"(?<=[a-z,] )([A-ZÀ-Þ][\w'’&-]{1,30})\b", text):
        word = re.sub(r"['’]s$", "", match.group(1))
        if word.lower() not in _NOT_NAMES:
            counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ranked[0][0] if ranked and ranked[0][1] > 1 else ""


def _lower_first(text: str) -> str:
    """Lower-case the first letter, unless the first word is an abbreviation or mixed case."""
    first = text.split(" ", 1)[0]
    if len(first) > 1 and not first[1:].islower():
        return text if first[1:2].isupper() or any(c.isdigit() for c in first) else _decap(text)
    return _decap(text)


def _decap(text: str) -> str:
    return text[:1].lower() + text[1:]
