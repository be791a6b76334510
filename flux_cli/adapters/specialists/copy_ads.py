"""Search advertisements: headlines and descriptions that fit, differ, and say something true."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flux_cli.adapters.specialists.copy_material import Material
from flux_cli.adapters.specialists.copy_rules import (
    ALIKE_LIMIT,
    DESCRIPTION_LIMIT,
    DESCRIPTIONS_NEEDED,
    HEADLINE_LIMIT,
    HEADLINES_NEEDED,
    alike,
    seams,
)
from flux_cli.adapters.specialists.copy_text import Variant
from flux_cli.adapters.specialists.statements import Statement, capital
from flux_cli.adapters.specialists.terms import NUMBER_WORDS, numbers, words
from flux_cli.errors import WorkFailed

HEADLINES_WANTED = 12
DESCRIPTIONS_WANTED = 6
_SHORTER = (
    (r"\bcentimetres?\b", "cm"), (r"\bkilograms?\b", "kg"), (r"\bpercent\b|\bper cent\b", "%"),
    (r"(?<=\d) %", "%"), (r"\bfor up to\b", "up to"), (r"\bminutes\b", "min"),
)  # fmt: skip
_LOOSE_TEXT = (
    "a an the of with without for in on to from that which who at over per by up and or so about "
    "under than as is are was your its first every no not until only more less just into"
)
_LOOSE_ENDS = frozenset(_LOOSE_TEXT.split())
_CONDITION = re.compile(
    r"\b(?:if|unless|except|until|only|first|per|over|under|without|no|not)\b", re.I
)


def headlines(material: Material) -> tuple[Variant, ...]:
    """Eight to twelve headlines of at most 30 characters. Raises WorkFailed if there are fewer."""
    kept: list[Variant] = []
    for candidate in _headline_candidates(material):
        if len(kept) == HEADLINES_WANTED:
            break
        if _fits(candidate.text, HEADLINE_LIMIT, material) and _differs(candidate, kept):
            kept.append(candidate)
    if len(kept) < HEADLINES_NEEDED:
        raise WorkFailed(
            f"Only {len(kept)} of {HEADLINES_NEEDED} headlines can be written; "
            "the brief forbids too many words"
        )
    material.used.update(variant.text for variant in kept)
    return tuple(kept)


def descriptions(material: Material) -> tuple[Variant, ...]:
    """Four to six descriptions of at most 90 characters. Raises WorkFailed if there are fewer."""
    kept: list[Variant] = []
    for candidate in _description_candidates(material):
        if len(kept) == DESCRIPTIONS_WANTED:
            break
        if _fits(candidate.text, DESCRIPTION_LIMIT, material) and _differs(candidate, kept):
            kept.append(candidate)
    if len(kept) < DESCRIPTIONS_NEEDED:
        raise WorkFailed(
            f"Only {len(kept)} of {DESCRIPTIONS_NEEDED} descriptions can be written; "
            "the brief forbids too many words"
        )
    return tuple(kept)


def short_forms(statement: Statement, limit: int, subject: str) -> Iterator[str]:
    """The statement as it is, then ever shorter forms of it that are still true and whole."""
    whole = statement.text.rstrip(".")
    led = re.match(
        rf"^(?:everything|it|they|{re.escape(subject)}) (?:(?:is|are) )?(.+)$", whole, re.I
    )
    for start in ([led.group(1)] if led else []) + [whole]:
        text = start
        for pattern, shorter in _SHORTER:
            text = re.sub(pattern, shorter, text)
        digits = " ".join(str(NUMBER_WORDS.get(w.lower(), w)) for w in text.split())
        money = re.sub(r"(?<=\d) with (?:the |an? )?", ", ", text, count=1)
        for form in (start, text, digits, *([money] if text[:1] in "€$£" else []), *_cuts(digits)):
            if len(form) <= limit and len(form.split()) >= 2:
                yield capital(form.strip(" ,"))


def _cuts(text: str) -> Iterator[str]:
    """The beginnings of `text` that end where a clause ends and drop no condition."""
    for match in re.finditer(r",\s|;\s| – | \(|\s(?:so|which|that|and)\s", text):
        yield from _whole(text[: match.start()], text[match.start() :])
    for match in re.finditer(r"\s(?:from|of|with|up to)\s", text):
        if re.search(r"\d", text[: match.start()]):
            yield from _whole(text[: match.start()], text[match.start() :])
    amount = re.match(
        r"^(?:takes up|uses|holds|has|offers|includes|connects to) (\d.+)$", text, re.I
    )
    if amount:
        yield amount.group(1)
        yield from _cuts(amount.group(1))


def _whole(front: str, rest: str) -> Iterator[str]:
    last = front.split()[-1].lower() if front.split() else ""
    if len(front.split()) >= 2 and last not in _LOOSE_ENDS and not _CONDITION.search(rest):
        yield front


def _headline_candidates(material: Material) -> Iterator[Variant]:
    """The facts that fit, the voice's titles for them, the name, the action; then general ones."""
    brief = material.brief
    lead = material.voice.lead
    facts = [_fact_headline(statement, brief.product) for statement in material.statements]
    titles = [
        Variant(material.lines(theme).title, f"benefit: {theme}")
        for theme in dict.fromkeys(statement.theme for statement in material.statements)
    ]
    general = [
        Variant(text, "name")
        for pattern in lead.patterns.get("headlines", ())
        if (text := material.fill(pattern))
    ]
    action = Variant(capital(material.call_to_action), "call to action")
    audience = [Variant(f"For {material.who}", "audience")] if material.who else []
    promise = [Variant(brief.promise.rstrip("."), "promise")] if brief.promise else []
    named = f"{brief.product}: {material.thing}" if material.named else capital(brief.kind)
    yield from promise
    yield from general[:1]
    yield action
    # A fact, then a title, in turn: a reader should meet both whichever half is shown.
    for at in range(max(len(facts), len(titles))):
        yield from (fact for fact in facts[at : at + 1] if fact)
        yield from titles[at : at + 1]
        if at == 2:
            yield from [*audience, Variant(named, "name")]
    yield from [*audience, Variant(named, "name")]
    yield from general[1:]
    for setting in (*material.settings, "everyday", "general"):
        yield Variant(material.lines(setting).title, "situation")
    for theme in dict.fromkeys(statement.theme for statement in material.statements):
        yield Variant(material.lines(theme, material.voice.second).title, f"benefit: {theme}")


def _fact_headline(statement: Statement, subject: str) -> Variant | None:
    text = next(short_forms(statement, HEADLINE_LIMIT, subject), None)
    return Variant(text, f"fact: {statement.theme}", statement.claims) if text else None


def _description_candidates(material: Material) -> Iterator[Variant]:
    """A fact with the voice's line, two facts, a fact with the action; then general ones."""
    action = material.call_to_action + "."
    subject = material.name
    for at, statement in enumerate(material.statements):
        fact = material.tell(statement, subject)
        line = material.lines(statement.theme)
        forms = [
            f"{fact} {line.line}",
            f"{line.title.rstrip('.')}. {fact}",
            f"{fact} {action}",
            fact,
        ]
        if at % 2:
            forms[:2] = reversed(forms[:2])
        following = material.statements[at + 1 : at + 2]
        if following and following[0].form == "verb" and statement.form == "verb":
            both = f"{subject} {statement.body} and {following[0].body}."
            forms.insert(0, capital(both))
        if len(fact) > DESCRIPTION_LIMIT:
            short = next((c for c in _cuts(fact.rstrip(".")) if len(c) >= 45), "")
            forms = [f"{short}. {action}", f"{short}."] if short else []
        for text in forms:
            if len(text) <= DESCRIPTION_LIMIT and len(text) >= 45:
                claims = statement.claims
                if len(forms) == 5 and text == forms[0]:
                    claims = tuple(dict.fromkeys((*claims, *following[0].claims)))
                yield Variant(text, f"fact: {statement.theme}", claims)
                break
    for pattern in material.voice.lead.patterns.get("descriptions", ()):
        if filled := material.fill(pattern):
            yield Variant(filled, "name")
    for statement in material.statements:
        yield Variant(f"{material.lines(statement.theme).line} {action}", "benefit")
    for setting in (*material.settings, "general"):
        yield Variant(f"{material.lines(setting).line} {action}", "situation")
    for pattern in material.voice.lead.patterns.get("subjects", ()):
        if filled := material.fill(pattern):
            yield Variant(f"{filled.rstrip('.?!')}. {action}", "name")


def _fits(text: str, limit: int, material: Material) -> bool:
    return 6 <= len(text) <= limit and material.allowed(text) and not seams(text)


def _differs(candidate: Variant, kept: list[Variant]) -> bool:
    """Whether a reader would see a new text: other words, another opening, another number."""
    mine = words(candidate.text)
    for other in kept:
        theirs = words(other.text)
        shared = len(set(mine) & set(theirs)) / max(1, min(len(set(mine)), len(set(theirs))))
        if alike(candidate.text, other.text) >= ALIKE_LIMIT or shared > 0.7 or mine == theirs:
            return False
    starts = sum(words(other.text)[:1] == mine[:1] for other in kept)
    figures = set(numbers(candidate.text))
    repeated = figures and any(figures == set(numbers(other.text)) for other in kept)
    return starts < 2 and not (repeated and "fact" not in candidate.variant)
