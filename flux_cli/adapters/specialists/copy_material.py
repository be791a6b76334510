"""What there is to write with: the brief's facts as sentences, the research, and the voice."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from flux_cli.adapters.specialists.claims import ClaimSheet
from flux_cli.adapters.specialists.copy_rules import banned_words, superlatives
from flux_cli.adapters.specialists.statements import (
    Statement,
    capital,
    head_noun,
    lower_first,
    plural_phrase,
    read_statement,
    with_article,
)
from flux_cli.adapters.specialists.terms import numbers, terms
from flux_cli.adapters.specialists.voice import (
    Register,
    ThemeLines,
    Voice,
    settings_of,
    theme_named,
    theme_of,
    voice_of,
)
from flux_cli.domain.brief import Brief

_PLACES_TEXT = (
    "bakery cafe café restaurant shop store bar hotel studio gym salon market farm school museum "
    "gallery theatre library clinic bistro deli brewery roastery florist bookshop hostel pub spa"
)
_OPENERS = ("You get", "There is")
_ANYBODY = frozenset({"people", "everyone", "everybody", "anyone", "anybody", "customers"})
"""What is left of an audience that only its description told apart."""

_PLACES = frozenset(_PLACES_TEXT.split())
_ATTRIBUTE = re.compile(r"^(?:[a-z]+-[a-z]+|wireless|portable|vegan|organic|handmade|foldable)$")


@dataclass(slots=True)
class Material:
    """Everything a text may be made of. `used` remembers what was said, so it is said once."""

    brief: Brief
    voice: Voice
    rng: random.Random
    statements: tuple[Statement, ...]
    sheet: ClaimSheet | None
    used: set[str] = field(default_factory=set)
    addressed: int = 0
    had: int = 0

    @property
    def named(self) -> bool:
        """Whether the product has a name of its own."""
        return self.brief.product.lower() != self.brief.kind.lower()

    @property
    def thing(self) -> str:
        """The short noun phrase for the product: "herb garden", "accounting software"."""
        front = re.split(r"\s(?:in|for|from|with|of|at|on|to|by|that|about)\s", self.brief.kind)[0]
        words = front.split()
        while len(words) > 1 and _ATTRIBUTE.match(words[0]):
            words = words[1:]
        return " ".join(words)

    @property
    def name(self) -> str:
        """What stands as the subject of a sentence: the name, or "the lantern"."""
        if self.named:
            return self.brief.product
        thing = self.thing or "product"
        return f"{'these' if plural_phrase(thing) else 'the'} {thing.split()[-1]}"

    @property
    def place(self) -> bool:
        """Whether the product is somewhere to go."""
        return head_noun(self.brief.kind).lower() in _PLACES

    @property
    def who(self) -> str:
        """The audience whose turn it is, of those short enough to stand in a sentence."""
        every = self.audiences
        return every[self.addressed % len(every)] if every else ""

    @property
    def audiences(self) -> tuple[str, ...]:
        """The brief's audiences as plural phrases that can follow "for"."""
        found = []
        for audience in self.brief.audiences:
            short = re.split(r"[,;(:–—]|\swho\s(?=.{40})", audience)[0].strip()
            if len(short) > 48:
                short = re.split(r"\s(?:with|who|in|aged|between)\s", short)[0].strip()
            head = re.split(r"\s(?:with|who|in|at|of|from|and|without|that|\w+ing)\s", short)[0]
            plural = plural_phrase(head) or head.lower().startswith("people")
            if short.lower() in _ANYBODY:
                continue
            if 3 < len(short) <= 48 and plural and not numbers(short):
                found.append(lower_first(short))
        together = f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else ""
        short = all(len(people.split()) < 3 for people in found)
        return (together,) if short and 0 < len(together) <= 60 else tuple(found)

    @property
    def settings(self) -> tuple[str, ...]:
        """Where the product is used, as far as the brief says; lines for when facts run out."""
        brief = self.brief
        return settings_of(" ".join((brief.kind, brief.promise, *brief.audiences)))

    @property
    def call_to_action(self) -> str:
        """The brief's call to action, else what the voice would say."""
        return self.brief.call_to_action or self.voice.lead.call_to_action

    @property
    def url(self) -> str:
        """The address as it is printed: no scheme, no last slash."""
        return re.sub(r"^https?://(?:www\.)?", "", self.brief.url).rstrip("/")

    def tell(self, statement: Statement, subject: str) -> str:
        """A fact as a sentence about `subject`; what one gets is said in turns."""
        opener = "There is"
        if statement.form == "noun" and not self.place:
            opener = _OPENERS[self.had % len(_OPENERS)]
            self.had += 1
        if statement.form == "noun" and subject == "it":
            opener = "It comes with"
        return statement.sentence(capital(subject), opener=opener)

    def invitation(self) -> str:
        """The call to action with the address, for the end of a post."""
        return f"{self.call_to_action}: {self.url}" if self.url else f"{self.call_to_action}."

    def allowed(self, text: str) -> bool:
        """Whether `text` neither uses a banned word nor promises what nobody proved."""
        return not banned_words(text, self.brief.banned) and not superlatives(text)

    def fill(self, pattern: str, **more: str) -> str | None:
        """`pattern` with its slots filled, or None if a slot is empty or a word is banned."""
        # Only what has a name can be greeted by it.
        if not self.named and "{product}" in pattern and re.search(r"(?i)hello|says", pattern):
            return None
        # A café is not made for anyone; it is open to them.
        if self.place and "made {product}" in pattern:
            return None
        thing = self.thing
        slots = {
            "product": self.name,
            "a_kind": with_article(self.brief.kind) if self.brief.kind else "",
            "kind": self.brief.kind,
            "thing": "" if with_article(thing) == thing else thing,
            "a_thing": with_article(thing) if thing and not plural_phrase(thing) else "",
            "who": self.who,
            "cta": self.call_to_action,
            **more,
        }
        slots |= {key.capitalize(): capital(value) for key, value in slots.items()}
        wanted = re.findall(r"\{(\w+)\}", pattern)
        if any(not slots.get(slot) for slot in wanted):
            return None
        # "The lantern is a lantern" says nothing.
        if not self.named and "product" in map(str.lower, wanted) and "a_kind" in wanted:
            return None
        text = re.sub(r"\{(\w+)\}", lambda match: slots[match.group(1)], pattern)
        # A name that ends in a full stop or a letter in the middle of a sentence stays as it is;
        # a sentence that starts with a slot starts with a capital.
        text = re.sub(r"(^|[.!?] )([a-zà-þ])", lambda m: m.group(1) + m.group(2).upper(), text)
        return text if self.allowed(text) else None

    def pick(self, key: str, **more: str) -> str:
        """One unused text of the leading register's patterns `key`, or an empty text."""
        options = list(self.voice.lead.patterns.get(key, ()))
        self.rng.shuffle(options)
        for option in options:
            text = self.fill(option, **more)
            if text and text not in self.used:
                self.used.add(text)
                self.addressed += "{who}" in option
                return text
        return ""

    def lines(self, theme: str, register: Register | None = None) -> ThemeLines:
        """A theme's lines in a register; the leading one unless told otherwise."""
        return theme_named(theme).lines[(register or self.voice.lead).name]

    def say(self, kind: str, themes: Iterable[str]) -> str:
        """An unused `title`, `line` or `hook` of the first of `themes` that has one left."""
        for theme in (*themes, *self.settings, "general"):
            for register in (self.voice.lead, self.voice.second):
                text = str(getattr(self.lines(theme, register), kind))
                if text not in self.used and self.allowed(text):
                    self.used.add(text)
                    return text
        return ""


def gather(brief: Brief, sheet: ClaimSheet | None, rng: random.Random) -> Material:
    """Turn a brief and a claim sheet into material; what may not be said is left out here."""
    material = Material(brief, voice_of(brief.voice, brief.kind), rng, (), sheet)
    features = brief.features or _from_kind(brief)
    statements = []
    for text in features:
        statement = read_statement(text, brief.product)
        telling = len(statement.text.split()) > 1 or statement.form == "adjective"
        if telling and material.allowed(statement.text) and len(statement.text) <= 180:
            linked = supporting_claims(statement.text, sheet)
            statements.append(replace(statement, theme=theme_of(text), claims=linked))
    material.statements = tuple(_told_once(statements, brief))
    return material


def supporting_claims(text: str, sheet: ClaimSheet | None) -> tuple[str, ...]:
    """The claims that say what `text` says: in the same words, or the same numbers and words."""
    if sheet is None:
        return ()
    wording = " ".join(text.lower().split()).rstrip(".")
    exact = [c.id for c in sheet.claims if wording in " ".join(c.quote.lower().split())]
    if exact:
        return tuple(exact[:2])
    wanted, figures = set(terms(text)), set(numbers(text))
    near = [
        (len(wanted & set(terms(claim.quote))) / max(len(wanted), 1), claim.id)
        for claim in sheet.claims
        if figures <= set(numbers(claim.quote)) and claim.kind != "row"
    ]
    return tuple(name for share, name in sorted(near, key=lambda n: -n[0])[:1] if share >= 0.6)


def disputed(sheet: ClaimSheet | None) -> frozenset[str]:
    """The claims that another source contradicts."""
    pairs = sheet.comparisons if sheet else ()
    direct = {name for p in pairs if not p.agrees for name in (p.first, p.second)}
    # Who repeats a disputed figure is in the dispute as well.
    echoes = {n for p in pairs if direct & {p.first, p.second} for n in (p.first, p.second)}
    return frozenset(direct | echoes)


def _from_kind(brief: Brief) -> tuple[str, ...]:
    """What the name of a thing already says: a "solar-powered lantern" is solar-powered."""
    words = brief.kind.split()
    told = ("solar-powered" if word == "solar" else word for word in words[:-1])
    return tuple(word for word in told if _ATTRIBUTE.match(word))


def _told_once(statements: Sequence[Statement], brief: Brief) -> list[Statement]:
    """The statements without the one that only repeats what the product is."""
    defining = re.compile(rf"^{re.escape(brief.product)}\b[^.]*\b(?:is|are)\b", re.IGNORECASE)
    return [
        statement
        for statement in statements
        if statement.text.rstrip(".") != brief.promise.rstrip(".")
        and not (defining.match(statement.text) and head_noun(brief.kind) in statement.text)
    ]
