"""A campaign brief as it was written, and what was understood of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flux_cli.domain import brief_prose as prose
from flux_cli.domain import palette
from flux_cli.domain.brief_sections import Sections, plain, read_sections, sentences

FEATURE_LIMIT = 24
QUESTION_LIMIT = 24
_URL = re.compile(
    r"\bhttps?://[^\s<>\"')\]]{3,200}|"
    r"\b(?:www\.)?(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.){1,3}"
    r"(?:com|org|net|io|app|co|dev|shop|store|eu|uk|de|at|ch|fr|nl|se|ie|it|es|example|test|invalid)"
    r"\b(?:/[^\s<>\"')\]]{0,150})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Brand:
    """How the product looks: `#rrggbb` colours."""

    primary: str
    secondary: str
    accent: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What a brief says. Every field comes from its text or is empty; nothing is made up.

    `product` is the product's name, `kind` what it is ("solar-powered camping lantern"),
    `promise` the one-sentence pitch, `features` short statements of fact in the brief's order,
    `voice` adjectives, `audiences` who it is for, `call_to_action` a short imperative,
    `banned` words that must not appear, `questions` what the client wants researched,
    `assumed` what had to be derived because the brief does not say it, a sentence each.
    """

    product: str
    kind: str
    promise: str
    audiences: tuple[str, ...]
    features: tuple[str, ...]
    voice: tuple[str, ...]
    call_to_action: str
    url: str
    banned: tuple[str, ...]
    questions: tuple[str, ...]
    brand: Brand
    assumed: tuple[str, ...]


def parse_brief(text: str, goal: str = "") -> Brief:
    """Understand a brief in Markdown or prose, or none at all and only a `goal`.

    Pure. Reads at most the first 200 kB of `text`; control characters and markup never pass.
    """
    sections = read_sections(text)
    loose = tuple(s for line in sections.loose for s in sentences(plain(line.text)))
    clean_goal = plain(" ".join(read_goal(goal)))
    assumed: list[str] = []
    if sections.truncated:
        assumed.append("The brief is longer than 200 kB; only its first part was read.")
    product, kind, promise = _identity(sections, loose, clean_goal, assumed)
    voice = _voice(sections, loose)
    features = _features(sections, loose, promise)
    return Brief(
        product=product[:60].strip(),
        kind=kind[:80].strip(),
        promise=promise[:300].strip(),
        audiences=_audiences(sections, loose, promise)[:6],
        features=features[:FEATURE_LIMIT],
        voice=voice[:8],
        call_to_action=_action(sections, loose)[:60].strip(),
        url=_url(sections)[:200],
        banned=_banned(sections, loose)[:60],
        questions=_questions(sections, loose)[:QUESTION_LIMIT],
        brand=_brand(sections, product or kind, assumed),
        assumed=tuple(assumed),
    )


def read_goal(goal: str) -> tuple[str, ...]:
    """A goal's lines as clean text, whatever headings it may look like."""
    sections = read_sections(goal[:2000].replace("#", " ").replace(":", " – "))
    lines = [*sections.loose, *(line for lines in sections.under.values() for line in lines)]
    return tuple(line.text for line in lines)


def _identity(
    sections: Sections, loose: tuple[str, ...], goal: str, assumed: list[str]
) -> tuple[str, str, str]:
    """(product, kind, promise): from its own section, else the title, the prose, the goal."""
    own = [plain(line.text) for line in sections.under.get("product", [])]
    told = [s for line in own for s in sentences(line)]
    pitch = _first_sentence(sections, "promise")
    title = _titled(sections.title)
    product = kind = ""
    defining = ""
    for sentence in (*told, title, pitch, *loose, prose.goal_subject(goal)):
        product, kind = prose.name_and_kind(sentence)
        if product:
            defining = sentence
            break
    if own and not product and len(own[0].split()) <= 5 and not own[0].endswith("."):
        product = own[0].strip(' "“”')
    if title and len(title.split()) <= 4 and (not product or not own):
        product = title
    named_kind = " ".join(plain(line.text) for line in sections.under.get("kind", []))
    kind = prose.kind_only(named_kind) or kind
    if not product:
        product, kind = _unnamed(loose, told, goal, kind, assumed)
    promise = pitch or (defining if defining in (*told, *loose) else "")
    if not promise and told and len(told[0].split()) > 5:
        promise = told[0]
    return product, kind, promise


def _unnamed(
    loose: tuple[str, ...], told: list[str], goal: str, kind: str, assumed: list[str]
) -> tuple[str, str]:
    """A product that no sentence introduces by name."""
    offered = next((k for s in (*told, *loose) if (k := prose.kind_offered(s))), "")
    subject = prose.goal_subject(goal)
    kind = kind or offered or (prose.kind_only(subject) if subject else "")
    name = prose.frequent_name(" ".join((*told, *loose)))
    if (
        not name
        and subject
        and re.fullmatch(r"[A-ZÀ-Þ][\w'’&-]*(?: [A-ZÀ-Þ0-9][\w'’&-]*){0,3}", subject)
    ):
        name, kind = subject, "" if kind.lower() == subject.lower() else kind
    if not name and kind:
        name = kind[:1].upper() + kind[1:]
        assumed.append("The brief gives the product no name, so it is called by what it is.")
    return name, kind


def _titled(title: str) -> str:
    """The product's name in a title such as "Campaign brief: Lumo"."""
    rest = re.sub(
        r"\b(?:the|marketing|creative|campaign|launch|product|content|project|autumn|spring|summer|"
        r"winter|brief(?:ing)?|for|20\d\d)\b|[–—:|-]",
        lambda match: " " if match.group().isalnum() else " , ",
        title,
        flags=re.IGNORECASE,
    )
    parts = [part.strip() for part in rest.split(" , ") if part.strip()]
    return parts[0] if parts and parts[0][:1].isupper() else ""


def _first_sentence(sections: Sections, key: str) -> str:
    lines = sections.under.get(key, [])
    found = sentences(plain(lines[0].text)) if lines else ()
    return found[0].strip('"“”') if found else ""


def _items(sections: Sections, key: str) -> tuple[str, ...]:
    """The bullets under `key`, or the sentences where it is written as prose."""
    items: list[str] = []
    for line in sections.under.get(key, []):
        text = plain(line.text)
        items += [text] if line.bullet else sentences(text)
    return tuple(dict.fromkeys(item for item in items if item))


def _audiences(sections: Sections, loose: tuple[str, ...], promise: str) -> tuple[str, ...]:
    listed: list[str] = []
    for item in _items(sections, "audiences"):
        label = re.match(r"^(?:primary|secondary|main|also|first|second)[^:]{0,20}:\s*", item, re.I)
        people = item[label.end() :] if label else item
        said = prose.audiences_in(people)
        listed += said or prose.split_people(people)
    if not listed:
        for sentence in loose:
            listed += prose.audiences_in(sentence)
    if not listed:
        listed += prose.people_served(promise)
    return tuple(dict.fromkeys(person[:200] for person in listed))


def _voice(sections: Sections, loose: tuple[str, ...]) -> tuple[str, ...]:
    lines = " . ".join(plain(line.text) for line in sections.under.get("voice", []))
    asked = list(prose.voice_words(lines))
    if not asked:
        # Words this module does not know still count where the brief lists nothing else.
        asked = [w for line in sections.under.get("voice", []) for w in prose.word_list(line.text)]
    for sentence in loose if not asked else ():
        asked += prose.voice_in(sentence)
    return tuple(dict.fromkeys(asked))


def _features(sections: Sections, loose: tuple[str, ...], promise: str) -> tuple[str, ...]:
    facts = list(_items(sections, "features"))
    if len(facts) == 1 and len(parts := re.split(r"[,;]\s+(?:and\s+)?", facts[0])) > 2:
        facts = [part[:1].upper() + part[1:] for part in parts]
    if not facts:
        told = [s for s in _items(sections, "product") if len(s.split()) > 5]
        facts = [s for s in (*told, *loose) if s != promise and _states_a_fact(s)]
    return tuple(dict.fromkeys(fact[:300].rstrip(" ;,") for fact in facts if len(fact) > 3))


def _states_a_fact(sentence: str) -> bool:
    """Whether a sentence of prose is about the product, not about the campaign."""
    about_the_work = (
        sentence.endswith("?")
        or prose.audiences_in(sentence)
        or prose.voice_in(sentence)
        or prose.action_in(sentence)
        or prose.banned_in(sentence)
        or palette.hex_colours(sentence)
        or _URL.fullmatch(sentence.rstrip("."))
        or re.search(
            r"\b(?:campaign|brief|budget|please|deadline|tone|audience|we want|we need|"
            r"we would like|call to action|launch(?:es|ing)?\b.*\b(?:in|on)|the copy|"
            r"(?:brand )?colou?rs?)\b",
            sentence,
            re.IGNORECASE,
        )
    )
    return not about_the_work and len(sentence.split()) >= 3


def _action(sections: Sections, loose: tuple[str, ...]) -> str:
    asked = ""
    for item in _items(sections, "call_to_action")[:1]:
        quoted = re.search(r"[\"“]([^\"”]{3,60})[\"”]", item)
        asked = quoted.group(1) if quoted else prose.action_in(item) or item
    for sentence in loose if not asked else ():
        asked = asked or prose.action_in(_URL.sub("", sentence))
    words = re.sub(r"\s+(?:at|on|via)\s*$", "", _URL.sub("", asked).rstrip(" .!–—-:"))
    return words.strip(" .!")


def _url(sections: Sections) -> str:
    every = [line for lines in sections.under.values() for line in lines]
    for line in (*sections.under.get("url", ()), *every, *sections.loose):
        match = _URL.search(line.text)
        if match and not line.text[: match.start()].endswith("@"):
            return match.group().rstrip(".,;")
    return ""


def _banned(sections: Sections, loose: tuple[str, ...]) -> tuple[str, ...]:
    words: list[str] = []
    for line in sections.under.get("banned", []):
        text = plain(line.text)
        words += prose.banned_in(text) or prose.word_list(text)
    for sentence in loose:
        words += prose.banned_in(sentence)
    return tuple(dict.fromkeys(word for word in words if 1 < len(word) <= 40))


def _questions(sections: Sections, loose: tuple[str, ...]) -> tuple[str, ...]:
    asked = list(_items(sections, "questions")) or [s for s in loose if s.endswith("?")]
    return tuple(dict.fromkeys(question[:300] for question in asked if len(question) > 5))


def _brand(sections: Sections, name: str, assumed: list[str]) -> Brand:
    everything = [line.text for line in sections.under.get("brand", [])]
    written = " ".join(everything)
    given = palette.hex_colours(written)
    if not given:
        given = palette.hex_colours(" ".join(line.text for line in sections.loose))
    if not written:
        loose = (s for line in sections.loose for s in sentences(line.text))
        written = " ".join(s for s in loose if re.search(r"\bcolou?rs?\b", s, re.IGNORECASE))
    if not given and palette.named_colours(written):
        given = palette.named_colours(written)
        assumed.append("The brief names its colours in words; their codes were chosen to match.")
    primary, secondary, accent = palette.derive(name, given)
    if not given:
        assumed.append(
            "The brief names no brand colours; they were derived from the product's name."
        )
    elif len(given) < 3:
        assumed.append("The brief names fewer than three colours; the rest were derived from them.")
    return Brand(primary, secondary, accent)
