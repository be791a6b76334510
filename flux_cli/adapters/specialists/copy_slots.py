"""The texts of a copy sheet that may be written anew, and the sheet with some of them so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flux_cli.adapters.specialists.claims import ClaimSheet
from flux_cli.adapters.specialists.copy_rules import (
    DESCRIPTION_LIMIT,
    HEADLINE_LIMIT,
    POST_LIMITS,
    PREVIEW_LIMIT,
    SUBJECT_LIMIT,
)
from flux_cli.adapters.specialists.copy_text import CopySheet, running_text
from flux_cli.adapters.specialists.readability import flesch_kincaid
from flux_cli.domain.work import Slot

LONGEST_BLOCK, LONGEST_BODY = 500, 1600

Text = tuple[str, str, str, int, tuple[str, ...]]
"""(place, what stands there, the text, most characters, the claims it cites)."""


def slots(sheet: CopySheet, claims: ClaimSheet | None) -> tuple[Slot, ...]:
    """What a model may write; customers' words and approved answers are nobody's to change."""
    return tuple(
        Slot(place, wanted, text, most, _words(names, claims))
        for place, wanted, text, most, names in _texts(sheet)
        if text
    )


def _words(names: tuple[str, ...], claims: ClaimSheet | None) -> tuple[str, ...]:
    found = (claims.claim(name) for name in names) if claims else ()
    return tuple(" ".join(claim.quote.split()) for claim in found if claim)


def _texts(sheet: CopySheet) -> Iterator[Text]:
    page, email = sheet.landing, sheet.email
    for n, one in enumerate(sheet.headlines, 1):
        yield f"headline-{n}", "search headline", one.text, HEADLINE_LIMIT, one.claims
    for n, one in enumerate(sheet.descriptions, 1):
        yield f"description-{n}", "search description", one.text, DESCRIPTION_LIMIT, one.claims
    for n, post in enumerate(sheet.posts, 1):
        wanted = f"{post.channel} post, with its link"
        yield f"post-{n}", wanted, post.text, POST_LIMITS[post.channel], post.claims
    yield "hero", "the landing page's headline", page.headline, 80, page.intro.claims
    yield "sub", "the line under it", page.subheadline, 200, page.intro.claims
    yield "intro", "first paragraph", page.intro.text, LONGEST_BLOCK, page.intro.claims
    for n, block in enumerate(page.benefits, 1):
        wanted = f"paragraph under {block.title!r}"
        yield f"benefit-{n}", wanted, block.text, LONGEST_BLOCK, block.claims
    yield "closing", "last paragraph", page.closing.text, LONGEST_BLOCK, page.closing.claims
    yield "subject", "the e-mail's subject", email.subject, SUBJECT_LIMIT, email.claims
    yield "preview", "the e-mail's preview line", email.preview, PREVIEW_LIMIT, email.claims
    yield "email", "the e-mail", email.body, LONGEST_BODY, email.claims


def rewritten(sheet: CopySheet, texts: Mapping[str, str]) -> CopySheet:
    """The sheet with these texts in their places, and its grade measured again."""

    def at(place: str, text: str) -> str:
        return texts.get(place, text)

    page, email = sheet.landing, sheet.email
    better = replace(
        sheet,
        headlines=tuple(
            replace(v, text=at(f"headline-{n}", v.text)) for n, v in enumerate(sheet.headlines, 1)
        ),
        descriptions=tuple(
            replace(v, text=at(f"description-{n}", v.text))
            for n, v in enumerate(sheet.descriptions, 1)
        ),
        posts=tuple(
            replace(post, text=at(f"post-{n}", post.text)) for n, post in enumerate(sheet.posts, 1)
        ),
        landing=replace(
            page,
            headline=at("hero", page.headline),
            subheadline=at("sub", page.subheadline),
            intro=replace(page.intro, text=at("intro", page.intro.text)),
            benefits=tuple(
                replace(b, text=at(f"benefit-{n}", b.text)) for n, b in enumerate(page.benefits, 1)
            ),
            closing=replace(page.closing, text=at("closing", page.closing.text)),
        ),
        email=replace(
            email,
            subject=at("subject", email.subject),
            preview=at("preview", email.preview),
            body=at("email", email.body),
        ),
    )
    return replace(better, grade=flesch_kincaid(running_text(better)))
