"""What a banner says: short headlines, a supporting line, facts and a call, all from the brief."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flux_cli.domain.brief import Brief

LONGEST_HEADLINE = 72
LONGEST_SUPPORT = 130
DEFAULT_ACTION = "Learn more"


@dataclass(frozen=True, slots=True)
class Message:
    """Everything there is to say, best first; a layout takes what its format has room for."""

    name: str
    kicker: str
    headlines: tuple[str, ...]
    supports: tuple[str, ...]
    facts: tuple[str, ...]
    action: str
    url: str
    promise: str = ""


def compose(brief: Brief, needs: Mapping[str, str]) -> Message:
    """The message of a campaign; every line is the client's, the writer's or the researcher's."""
    headlines = headlines_for(brief, needs)
    supports = unique(
        text
        for text in (sentence(brief.promise), *claims(brief, needs), *map(sentence, brief.features))
        if 12 <= len(text) <= LONGEST_SUPPORT and allowed(text, brief)
    )
    kicker = brief.kind if len(brief.kind) <= 40 and allowed(brief.kind, brief) else ""
    facts = tuple(one_line(f).rstrip(".") for f in brief.features if len(one_line(f)) <= 34)
    action = one_line(brief.call_to_action).rstrip(".")
    return Message(
        name=name_of(brief),
        kicker=capitalised(one_line(kicker)),
        headlines=headlines,
        supports=supports,
        facts=tuple(capitalised(fact) for fact in facts if allowed(fact, brief))[:3],
        action=action if 0 < len(action) <= 28 else DEFAULT_ACTION,
        url=short_url(brief.url),
        promise=sentence(brief.promise) if allowed(brief.promise, brief) else "",
    )


def name_of(brief: Brief) -> str:
    """The product's name, no longer than a banner can carry."""
    name = one_line(brief.product)
    if len(name) <= 48:
        return name
    kept = name[:48].rsplit(" ", 1)[0]
    return kept.rstrip(" ,;:-–—")


def headlines_for(brief: Brief, needs: Mapping[str, str]) -> tuple[str, ...]:
    """Candidates from the writer's page, the promise, the advertisements and the facts."""
    candidates = [
        *landing(needs),
        *from_promise(brief),
        *advertisements(needs),
        *(form for feature in brief.features for form in fact_forms(one_line(feature))),
        one_line(brief.kind),
    ]
    tidy = unique(
        capitalised(text.strip(" .,;:–—-"))
        for text in candidates
        if len(text.split()) >= 2
        and len(text) <= LONGEST_HEADLINE
        and text.casefold() != brief.call_to_action.casefold()
        and allowed(text, brief)
    )
    ideal = [text for text in tidy if 3 <= len(text.split()) <= 9 and 12 <= len(text) <= 46]
    rest = [text for text in tidy if text not in ideal]
    return tuple(ideal + rest) or first_words(brief)


def fact_forms(fact: str) -> tuple[str, ...]:
    """A fact, and the fact up to its figure, which is as true: "Shines for 14 hours"."""
    figure = re.match(r"(\D{6,24}\d+ [a-z]+) (?:on|with|from|at) ", fact)
    return (fact, figure[1]) if figure else (fact,)


def first_words(brief: Brief) -> tuple[str, ...]:
    """Where nothing is short enough: the name, or how the first thing said begins."""
    for text in (name_of(brief), brief.kind, brief.promise, *brief.features):
        words = one_line(text).split()[:6]
        while words and len(" ".join(words)) > 60:
            words.pop()
        if words or text:
            return (" ".join(words) or one_line(text)[:36],)
    return ()


def from_promise(brief: Brief) -> list[str]:
    """The promise, what it says the product does, and its clauses."""
    whole = one_line(brief.promise).rstrip(".!")
    name = re.escape(one_line(brief.product))
    lead = re.compile(rf"^(?:the )?{name}(?: is| are)?(?: the| an?)? ", re.IGNORECASE)
    bare = lead.sub("", whole, count=1) if brief.product else whole
    found = [bare, whole] if len(whole.split()) <= 8 else [bare]
    does = re.search(r"\b(?:that|which) (.+)$", bare)
    if does:
        found.insert(0, does.group(1))
    # "One day of sun, a whole night of light": neither half says anything without the other.
    halves = re.fullmatch(r"[^,;:.]+, (?:a|an|the|no|your) [^,;:.]+", bare, re.IGNORECASE)
    ends = r"[;:.!?–—]" if halves else r"[,;:.!?–—]"
    for part in re.split(rf"{ends}| - | so that | because ", bare):
        clause = part.strip()
        inner = re.search(r"\b(?:that|which) (.+)$", clause)
        found.append(inner.group(1) if inner else clause)
        found.append(re.split(r"\b(?:that|which|with)\b", clause)[0].strip())
        found += [extra.strip() for extra in re.split(r"\bwith\b", clause)[1:]]
    # A long clause is still a whole thought without what hangs on its last preposition.
    for text in list(found):
        shorter = re.match(r"(.{14,}?\w) (?:for|in|from|on|at|without|by|over|during) ", text)
        if shorter and len(text) > 46:
            found.append(shorter.group(1))
    return [part for part in found if len(part.split()) >= 3 and complete(part)]


def complete(text: str) -> bool:
    """Whether a clause can stand alone: it neither starts nor ends on a joining word."""
    joining = (
        r"and|or|but|with|without|for|to|of|in|on|at|by|from|as|than|the|a|an|so|while|when|is"
    )
    headless = "is|are|was|were|has|have|that|which|who|because"
    first_and_last = (
        rf"(?i)^(and|or|but|so|than|of|even|if|when|while|since|as|{headless})\b|\b({joining})$"
    )
    return re.search(first_and_last, text.strip()) is None


def landing(needs: Mapping[str, str]) -> list[str]:
    """The headline of the landing page in a writer's `copy.json`."""
    pages = (data.get("landing") for data in documents(needs))
    texts = (page.get("headline") for page in pages if isinstance(page, dict))
    return [one_line(text) for text in texts if isinstance(text, str)]


def advertisements(needs: Mapping[str, str]) -> list[str]:
    """The headlines of a writer's `copy.json` that do more than name the product."""
    texts: list[str] = []
    for data in documents(needs):
        for headline in listed(data.get("headlines")):
            entry = headline if isinstance(headline, dict) else {"text": headline}
            text = entry.get("text")
            if isinstance(text, str) and entry.get("variant") not in ("name", "call to action"):
                texts.append(one_line(text))
    return texts


def claims(brief: Brief, needs: Mapping[str, str]) -> list[str]:
    """Quotes of `claims.json` that speak for this product and are short enough to show."""
    about = significant(f"{brief.product} {brief.kind} {' '.join(brief.features)}")
    quotes: list[str] = []
    for data in documents(needs):
        for claim in listed(data.get("claims")):
            quote = claim.get("quote") if isinstance(claim, dict) else None
            if not isinstance(quote, str) or not 24 <= len(one_line(quote)) <= 110:
                continue
            if DOUBT.search(quote):
                continue
            named = brief.product and brief.product.lower() in quote.lower()
            if named or len(about & significant(quote)) >= 3:
                quotes.append(sentence(quote))
    return quotes


DOUBT = re.compile(
    r"\b(not|no|nobody|never|doubt\w*|fear\w*|complain\w*|problems?|broke\w*|fail\w*|wors[et]|too"
    r"|reasons?|against|unsure|instead|cheaper|brighter|lighter|expensive|a lot for)\b|n't\b",
    re.IGNORECASE,
)
"""What research should say and an advertisement should not: objections, faults, rivals' merits."""


def documents(needs: Mapping[str, str]) -> list[dict[str, Any]]:
    """The JSON objects among the artefacts of earlier tasks."""
    found: list[dict[str, Any]] = []
    for name in sorted(needs):
        if name.rsplit("/", 1)[-1] not in ("claims.json", "copy.json"):
            continue
        try:
            data = json.loads(needs[name])
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            found.append(data)
    return found


def listed(value: object) -> list[Any]:
    """A JSON list, at most its first 200 items, or nothing."""
    return value[:200] if isinstance(value, list) else []


def significant(text: str) -> set[str]:
    """The words of four letters or more, and the numbers."""
    return set(re.findall(r"\d+|[^\W\d_]{4,}", text.lower()))


def repeats(support: str, headline: str) -> bool:
    """Whether a line says again what the headline says."""
    words = significant(headline)
    return len(words & significant(support)) > 0.5 * max(1, len(words))


def rest_of(promise: str, headline: str) -> str:
    """What a promise goes on to say after the part of it that is the headline, or nothing."""
    if not headline or not promise.casefold().startswith(headline.casefold()):
        return ""
    rest = promise[len(headline) :].lstrip(" ,;:–—-")
    return capitalised(rest) if len(rest.split()) >= 4 else ""


def allowed(text: str, brief: Brief) -> bool:
    """Whether none of the client's banned words is in `text`."""
    return not any(
        re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
        for word in brief.banned
        if word.strip()
    )


def short_url(url: str) -> str:
    """An address as it is spoken: no scheme, no www, no query; nothing if it is still long."""
    text = re.sub(r"^[a-z]+://(www\.)?", "", one_line(url), flags=re.IGNORECASE)
    text = re.split(r"[?#\s]", text)[0].rstrip("/")
    return text if len(text) <= 40 else text.split("/")[0] if len(text.split("/")[0]) <= 40 else ""


def one_line(text: str) -> str:
    """`text` without line breaks, control characters or markup signs."""
    visible = "".join(c if c.isprintable() else " " for c in text[:4000])
    return " ".join(re.sub(r"[*_`#<>\[\]{}]+", " ", visible).split())


def sentence(text: str) -> str:
    """`text` on one line, capitalised, with a full stop."""
    line = capitalised(one_line(text))
    return line if not line or line[-1] in ".!?" else f"{line}."


def capitalised(text: str) -> str:
    """`text` with its first letter large."""
    return text[:1].upper() + text[1:]


def unique(texts: Any) -> tuple[str, ...]:
    """`texts` in order, each once however it is cased."""
    return tuple({text.casefold(): text for text in reversed(list(texts)) if text}.values())[::-1]
