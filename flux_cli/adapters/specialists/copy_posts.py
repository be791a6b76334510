"""Posts and the e-mail: each channel's length and manners, the same facts and voice."""

from __future__ import annotations

import re

from flux_cli.adapters.specialists.copy_material import Material
from flux_cli.adapters.specialists.copy_page import claims_of, fact_sentences, problem
from flux_cli.adapters.specialists.copy_rules import (
    ALIKE_LIMIT,
    POST_LIMITS,
    PREVIEW_LIMIT,
    SUBJECT_LIMIT,
    alike,
)
from flux_cli.adapters.specialists.copy_text import Email, Post
from flux_cli.adapters.specialists.proofs import testimonies
from flux_cli.adapters.specialists.statements import Statement, capital

_OFFERS = ("price", "opening", "trust")


def posts(material: Material) -> tuple[Post, ...]:
    """Up to three posts for X, one for LinkedIn, one for Instagram; each within its limit."""
    facts = material.statements
    written: list[Post] = []
    for write, choices in (
        (_short, (facts[:2], facts[:1], ())),
        (_linkedin, (facts[4:7], facts[3:6], facts[1:4], facts[1:3], facts[:1], ())),
        (_instagram, (_every_other(facts), facts[1::2], facts[-2:], facts[-1:], ())),
        (_testimony, ((),)),
        (_short, (facts[2:4], facts[2:3])),
    ):
        # The same facts in two posts make one post twice; other facts, or fewer, make two.
        for choice in choices:
            before = set(material.used)
            post = write(material, choice)
            if post and _publishable(post, written, material):
                written.append(post)
                break
            material.used = before
    for channel in POST_LIMITS:
        if all(post.channel != channel for post in written):
            written.append(_plain(material, channel))
    order = list(POST_LIMITS)
    return tuple(sorted(written, key=lambda post: order.index(post.channel)))


def email(material: Material) -> Email:
    """One e-mail of about a hundred words: why, what, three facts, a customer, a button."""
    first = material.statements[:2]
    rest = tuple(s for s in _spread(material, 4) if s not in first)[:3]
    found = problem(material)
    opening, claims = material.say("hook", _themes(material)[1:3]), claims_of((*first, *rest))
    if found:
        stat = " ".join(found.quote.split())
        opening = material.pick("problem", stat=stat) or stat
        claims = (*claims, found.id)
    what = material.pick("intro") or material.pick("intro_plain") or material.pick("intro_unnamed")
    told = fact_sentences(material, first, "it" if material.brief.product in what else "")
    parts = [material.pick("greeting"), opening, f"{what} {told}".strip()]
    if len(rest) > 1:
        lines = "\n".join(f"- {statement.fragment()}" for statement in rest)
        parts.append(f"{material.pick('facts_lead')}\n\n{lines}")
    said = testimonies(material)
    if said:
        text, who, claim = said[min(3, len(said) - 1)]
        parts.append(f"“{text}” — {who}")
        claims = (*claims, claim)
    parts.append(material.pick("email_close") or material.invitation())
    team = f"The {material.brief.product} team" if material.named else "The team"
    parts.append(f"{material.pick('signoff')}\n{team}".strip())
    preview, about = _preview(material)
    return Email(
        _subject(material),
        preview,
        "\n\n".join(part for part in parts if part),
        material.call_to_action,
        tuple(dict.fromkeys((*claims, *about))),
    )


def _subject(material: Material) -> str:
    """A question that fits if the themes have one left, else the voice's own subject line."""
    for theme in _themes(material)[:4]:
        hook = material.lines(theme).hook
        free = hook not in material.used and material.allowed(hook)
        if free and hook.endswith("?") and len(hook) <= SUBJECT_LIMIT:
            material.used.add(hook)
            return hook
    return material.pick("subjects")[:SUBJECT_LIMIT] or material.call_to_action


def _preview(material: Material) -> tuple[str, tuple[str, ...]]:
    """The line an inbox shows under the subject: the offer, or else the shortest fact."""
    offers = [s for theme in _OFFERS for s in material.statements if s.theme == theme]
    for statement in (*offers, *material.statements):
        sentence = statement.sentence(capital(material.name))
        if len(sentence) <= PREVIEW_LIMIT:
            return sentence, statement.claims
    line = material.say("line", _themes(material)) or material.pick("descriptions")
    return (line if 0 < len(line) <= PREVIEW_LIMIT else material.call_to_action), ()


def _themes(material: Material) -> list[str]:
    return list(dict.fromkeys(statement.theme for statement in material.statements))


def _spread(material: Material, count: int) -> tuple[Statement, ...]:
    """`count` facts of different themes, those from the middle and the end of the brief first."""
    chosen: list[Statement] = []
    for statement in (*material.statements[2:], *material.statements[:2]):
        if len(chosen) < count and statement.theme not in {s.theme for s in chosen}:
            chosen.append(statement)
    return tuple(chosen)


def _every_other(facts: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Up to five facts from all over the brief."""
    return (*facts[1::2], *facts[8::2])[:5] if len(facts) > 3 else facts[-2:]


def _publishable(post: Post, before: list[Post], material: Material) -> bool:
    fits = 40 < len(post.text) <= POST_LIMITS[post.channel] and material.allowed(post.text)
    return fits and all(alike(post.text, other.text) < ALIKE_LIMIT for other in before)


def _plain(material: Material, channel: str) -> Post:
    """A post for a channel that a thin brief left without one: the voice's own lines."""
    said = (material.pick("posts"), material.pick("descriptions"), material.pick("descriptions"))
    tag = _tag(material.thing) if channel == "Instagram" else ""
    parts = (*said, material.invitation(), tag)
    return Post(channel, "\n\n".join(part for part in parts if part)[: POST_LIMITS[channel]])


def _short(material: Material, facts: tuple[Statement, ...]) -> Post | None:
    """A hook, a fact or two, the action."""
    themes = [statement.theme for statement in facts]
    opener = material.say("hook", themes) or material.pick("posts")
    parts = (opener, fact_sentences(material, facts), material.invitation())
    return Post("X", "\n\n".join(part for part in parts if part), claims_of(facts))


def _testimony(material: Material, _: tuple[Statement, ...]) -> Post | None:
    """A customer's words as a post, where research has some: the customer has the last word."""
    said = testimonies(material)
    if not said:
        return None
    text, who, claim = said[min(4, len(said) - 1)]
    return Post("X", f"“{text}”\n\n— {who}" + f"\n\n{material.url}" * bool(material.url), (claim,))


def _linkedin(material: Material, facts: tuple[Statement, ...]) -> Post | None:
    """The problem, what the product is, a few facts in sentences, the action."""
    found = problem(material)
    themes = [statement.theme for statement in facts]
    stat = " ".join(found.quote.split()) if found else ""
    opener = (material.pick("problem", stat=stat) or stat) if stat else material.say("hook", themes)
    what = material.pick("posts") or material.pick("intro_plain")
    body = fact_sentences(material, facts) or material.say("line", ())
    parts = (opener, what, body, material.invitation())
    claims = (*claims_of(facts), *((found.id,) if found else ()))
    return Post("LinkedIn", "\n\n".join(part for part in parts if part), claims)


def _instagram(material: Material, facts: tuple[Statement, ...]) -> Post | None:
    """A picture's caption: an opening line, short facts, the action, a few tags."""
    opener = material.say("hook", [s.theme for s in facts])
    body = material.say("line", [s.theme for s in facts])
    if len(facts) > 1:
        lines = "\n".join(f"· {statement.fragment()}" for statement in facts)
        body = f"{body}\n\n{material.pick('facts_lead')}\n\n{lines}"
    elif facts:
        body = f"{body}\n\n{fact_sentences(material, facts)}"
    named = material.brief.product if material.named else ""
    people = material.who if len(material.who) < 24 else ""
    tags = dict.fromkeys(filter(None, map(_tag, (named, material.thing, people))))
    parts = (opener, body, material.invitation(), " ".join(tags))
    return Post("Instagram", "\n\n".join(part for part in parts if part), claims_of(facts))


def _tag(words: str) -> str:
    """The words as one hashtag: "herb garden" is "#HerbGarden"."""
    found = re.findall(r"[^\W_]+", words.replace("&", " and "))
    joined = "".join(word[:1].upper() + word[1:] for word in found)
    return f"#{joined}" if 2 < len(joined) <= 30 else ""
