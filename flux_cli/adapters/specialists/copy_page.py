"""The landing page: what it is, why it matters, what speaks for it, what is asked, what to do."""

from __future__ import annotations

import re

from flux_cli.adapters.specialists.claims import Claim
from flux_cli.adapters.specialists.copy_material import Material, disputed
from flux_cli.adapters.specialists.copy_text import Block, Landing, Quote, Variant
from flux_cli.adapters.specialists.proofs import (
    customer_facing,
    findings_about,
    praises,
    testimonies,
)
from flux_cli.adapters.specialists.statements import Statement, capital
from flux_cli.adapters.specialists.terms import terms
from flux_cli.adapters.specialists.voice import theme_named

BENEFITS = 6
QUESTIONS = 5
TESTED = "Put to the test"
_CLOSING_THEMES = ("price", "trust", "delivery", "opening")
_DEFINITION = re.compile(r"^[^.]{2,60}?(?:\s(?:is|are)\s|,\s)(?:an?|the|our)?\s?[a-z]")


def landing(material: Material) -> Landing:
    """The page from its headline to its button; sections without material are empty."""
    headline, subheadline = _hero(material)
    groups = _grouped(material)
    main = [group for group in groups if group[0] not in _CLOSING_THEMES]
    groups = main if len(main) > 2 else groups
    benefits = tuple(
        _benefit(material, theme, group, place)
        for place, (theme, group) in enumerate(groups[:BENEFITS])
    )
    # Where the brief has few facts, the reader's own day fills the page, and claims nothing.
    benefits += _moments(material, max(0, 3 - len(benefits)))
    intro = _intro(material, subheadline)
    proof = _proof(material)
    listed = material.statements if len(material.statements) > 1 else ()
    facts = tuple(Variant(s.fragment(), s.theme, s.claims) for s in listed)
    faq = _faq(material, {theme for theme, _ in groups[:BENEFITS]})
    return Landing(
        headline,
        subheadline,
        intro,
        material.pick("benefits") if benefits else "",
        benefits,
        material.pick("glance") if facts else "",
        facts,
        _proof_title(material, proof),
        proof,
        material.pick("faq") if faq else "",
        faq,
        _closing(material),
        material.call_to_action,
        material.brief.url,
    )


def fact_sentences(material: Material, statements: tuple[Statement, ...], subject: str = "") -> str:
    """The facts as sentences; the product is "it" in a sentence right after one that names it."""
    told: list[str] = []
    subject = subject or material.name
    for statement in statements[:3]:
        told.append(material.tell(statement, subject))
        about_it = statement.form in {"verb", "adjective", "price"}
        subject = "it" if about_it and not material.place else material.name
    return " ".join(told)


def claims_of(statements: tuple[Statement, ...]) -> tuple[str, ...]:
    """The claims that a group of facts rests on."""
    return tuple(dict.fromkeys(claim for s in statements for claim in s.claims))


def problem(material: Material) -> Claim | None:
    """The finding that shows best what people struggle with, if research found one."""
    found = findings_about(
        material, r"problem|frustrat|struggl|trouble|pain|difficult|go(?:es)? wrong"
    )
    shares = [claim for claim in found if re.search(r"\d ?%|percent|out of|one in", claim.quote)]
    return next(iter(shares or found), None)


def _hero(material: Material) -> tuple[str, str]:
    brief = material.brief
    promise = brief.promise if material.allowed(brief.promise) else ""
    definition = bool(promise and brief.product and promise.startswith(brief.product))
    if promise and not definition and len(promise) <= 90:
        headline = promise
    else:
        headline = material.say("title", [s.theme for s in material.statements[:1]])
    introduced = re.search(rf"\b{re.escape(brief.product)}, (an? .{{20,}})$", promise)
    if introduced and len(introduced.group(1).split()) > 6:
        return headline, f"{brief.product} is {introduced.group(1).rstrip('.')}."
    whole = definition and promise.endswith(".") and len(promise) <= 200
    subheadline = promise if whole and _DEFINITION.match(promise) else ""
    if not subheadline:
        subheadline = _introduction(material) or material.say("line", ())
    return headline, subheadline


def _introduction(material: Material) -> str:
    """One sentence that says what the product is, and for whom where that is known."""
    if not material.named:
        return material.pick("intro_unnamed")
    return material.pick("intro") or material.pick("intro_plain")


def _intro(material: Material, subheadline: str) -> Block:
    lead = [statement.theme for statement in material.statements[:1]]
    title = material.say("hook", lead)
    found = problem(material)
    if found:
        stat = " ".join(found.quote.split())
        return Block(title, material.pick("problem", stat=stat) or stat, (found.id,))
    text = material.say("line", lead)
    if (
        material.named
        and subheadline.startswith(f"{material.name} is")
        and _unaddressed(material, subheadline)
    ):
        text = f"{material.pick('for_whom')} {text}".strip()
    return Block(title, text)


def _unaddressed(material: Material, subheadline: str) -> bool:
    """Whether there is an audience that the subheadline leaves out."""
    return bool(material.who) and not any(who in subheadline for who in material.audiences)


def _grouped(material: Material) -> list[tuple[str, tuple[Statement, ...]]]:
    """The facts by theme, in the brief's order; what belongs at the end of a page comes last."""
    groups: dict[str, list[Statement]] = {}
    for statement in material.statements:
        groups.setdefault(statement.theme, []).append(statement)
    ordered = sorted(groups.items(), key=lambda item: item[0] in _CLOSING_THEMES)
    return [(theme, tuple(group[:2])) for theme, group in ordered]


def _benefit(material: Material, theme: str, group: tuple[Statement, ...], place: int) -> Block:
    facts = fact_sentences(material, group)
    line = material.say("line", [theme])
    # A page on which every paragraph has the same order reads like a form.
    text = f"{facts} {line}" if place % 2 == 0 else f"{line} {facts}"
    return Block(material.say("title", [theme]), text.strip(), claims_of(group))


def _moments(material: Material, count: int) -> tuple[Block, ...]:
    """`count` paragraphs at most about where the product is used; they state no fact."""
    blocks: list[Block] = []
    # The last setting is left for the posts, which need something to open with.
    for setting in material.settings[:-1]:
        lines = material.lines(setting)
        texts = {lines.title, lines.line, lines.hook}
        free = not texts & material.used and all(map(material.allowed, texts))
        if free and len(blocks) < count:
            material.used |= texts
            blocks.append(Block(lines.title, f"{lines.line} {lines.hook}"))
    return tuple(blocks)


def _proof(material: Material) -> tuple[Quote, ...]:
    """Three customers at most, and two findings at most that went well for the product."""
    opening = problem(material)
    quotes = [Quote(text, who, (claim,)) for text, who, claim in testimonies(material)[:3]]
    topics = r"evidence|support|test|survey|real|result|problem"
    for claim in findings_about(material, topics):
        again = opening is not None and claim.id == opening.id
        if len(quotes) < 5 and not again and praises(claim, material):
            label = claim.source.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            named = capital(re.sub(r"[-_]+", " ", label))
            if label.lower() != "brief":
                quotes.append(Quote(" ".join(claim.quote.split()), named, (claim.id,)))
    return tuple(quotes)


def _proof_title(material: Material, proof: tuple[Quote, ...]) -> str:
    """What stands above the proof: people are named only where people speak."""
    spoken = {claim for _, _, claim in testimonies(material)}
    if not proof or any(set(quote.claims) & spoken for quote in proof):
        return material.pick("proof") if proof else ""
    return TESTED if material.allowed(TESTED) else material.pick("proof")


def _faq(material: Material, shown: set[str]) -> tuple[Block, ...]:
    """The questions customers ask, with the approved answers; else what the facts answer."""
    blocks = [
        Block(claim.heading, " ".join(claim.quote.split()), (claim.id,))
        for claim in _asked(material)
    ]
    if blocks:
        return tuple(blocks[:QUESTIONS])
    groups = _grouped(material)
    if len(groups) < 2:
        return ()
    unshown = [group for group in groups if group[0] not in shown]
    shown_last = [group for group in reversed(groups) if group[0] in shown]
    for theme, statements in (*unshown, *shown_last)[: max(3, len(unshown))][:4]:
        question = theme_named(theme).ask
        answer = fact_sentences(material, statements)
        if theme != "general" and material.allowed(question):
            blocks.append(Block(question, answer, claims_of(statements)))
    return tuple(blocks)


def _asked(material: Material) -> list[Claim]:
    """Answers under a question's heading, those that meet an objection first."""
    sheet = material.sheet
    if sheet is None:
        return []
    worries: set[str] = set()
    for finding in sheet.questions:
        if re.search(r"stop|prevent|object|doubt|hesitat", finding.question, re.IGNORECASE):
            for name in finding.claims:
                claim = sheet.claim(name)
                worries.update(terms(claim.quote) if claim else ())
    answers = [
        claim
        for claim in sheet.claims
        if claim.heading.endswith("?")
        and claim.kind == "prose"
        and claim.id not in disputed(sheet)
        and material.allowed(f"{claim.heading} {claim.quote}")
        and claim.question in {f.id for f in sheet.questions if "ask before" in f.question}
        and (customer_facing(claim, material) or claim.quote.startswith(("Yes", "No")))
    ]
    return sorted(
        answers, key=lambda c: -min(3, len(worries & set(terms(f"{c.heading} {c.quote}"))))
    )


def _closing(material: Material) -> Block:
    offer = tuple(
        statement
        for theme in _CLOSING_THEMES
        for statement in material.statements
        if statement.theme == theme
    )[:3]
    facts = fact_sentences(material, offer)
    return Block(
        material.pick("closing_title"),
        f"{facts} {material.pick('closing')}".strip(),
        claims_of(offer),
    )
