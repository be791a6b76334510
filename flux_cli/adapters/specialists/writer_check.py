"""Copy judged from its files, the brief and the claims alone, so that anyone can repeat it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from flux_cli.adapters.specialists.claims import ClaimSheet
from flux_cli.adapters.specialists.copy_rules import (
    ALIKE_LIMIT,
    DESCRIPTION_LIMIT,
    DESCRIPTIONS_NEEDED,
    HEADLINE_LIMIT,
    HEADLINES_NEEDED,
    POST_LIMITS,
    PREVIEW_LIMIT,
    SUBJECT_LIMIT,
    addresses,
    banned_words,
    openings,
    placeholders,
    seams,
    superlatives,
    worst_pair,
)
from flux_cli.adapters.specialists.copy_sheet import copy_markdown
from flux_cli.adapters.specialists.copy_text import CopySheet, every_text, read_copy, running_text
from flux_cli.adapters.specialists.proofs import speaks_for
from flux_cli.adapters.specialists.readability import flesch_kincaid
from flux_cli.adapters.specialists.terms import numbers, words
from flux_cli.adapters.specialists.voice import voice_of
from flux_cli.domain.brief import Brief, parse_brief
from flux_cli.domain.work import Assignment, Check
from flux_cli.errors import WorkFailed

OPENING_SHARE = 0.25
_SPOKEN = re.compile(r"“([^”]{12,})”")
"""Words that stand in a post or an e-mail as somebody's."""


def check_copy(
    assignment: Assignment, folder: Path, claims: ClaimSheet | None
) -> tuple[Check, ...]:
    """Every check of a writer's delivery; a file that cannot be read fails the first."""
    try:
        page = (folder / "copy.md").read_text("utf-8")
        sheet = read_copy((folder / "copy.json").read_bytes())
    except (OSError, UnicodeDecodeError, WorkFailed) as error:
        reason = error.message if isinstance(error, WorkFailed) else f"{type(error).__name__}"
        return (Check("files can be read", False, "2 files", reason),)
    brief = parse_brief(assignment.brief, assignment.goal)
    return (
        Check("files can be read", True, "2 files", "2 files"),
        _same_words(sheet, page, claims, brief),
        *_lengths(sheet),
        _action(sheet, brief),
        _forbidden("no banned word", (banned_words(page, brief.banned),)),
        _forbidden("no superlative without a claim", _unproved(sheet, claims)),
        _forbidden("nothing left to fill in", (placeholders(page),)),
        _forbidden("no seam shows", (seams(text) for _, text, _ in every_text(sheet))),
        _forbidden("no address but the client's", (_strange(sheet, assignment, claims),)),
        _numbers(sheet, brief, assignment, claims),
        _claims(sheet, claims),
        _quotations(sheet, claims),
        _praise(sheet, claims),
        _variety(sheet),
        _openings(sheet),
        _grade(sheet, brief),
    )


def _same_words(sheet: CopySheet, page: str, claims: ClaimSheet | None, brief: Brief) -> Check:
    """copy.md is what copy.json gives when it is laid out again."""
    register = voice_of(brief.voice, brief.kind).lead.name
    wanted = copy_markdown(sheet, claims, brief, register).splitlines()
    found = page.splitlines()
    same = sum(one == other for one, other in zip(wanted, found, strict=False))
    return Check(
        "copy.md and copy.json have the same words",
        wanted == found,
        f"{len(wanted)} lines alike",
        f"{same} of {len(found)} lines alike",
    )


def _lengths(sheet: CopySheet) -> tuple[Check, ...]:
    posts = [(post.channel, len(post.text)) for post in sheet.posts]
    long_posts = [f"{name} {size}" for name, size in posts if size > POST_LIMITS.get(name, 0)]
    channels = {name for name, _ in posts}
    subject = len(sheet.email.subject)
    fits = 0 < subject <= SUBJECT_LIMIT and 0 < len(sheet.email.preview) <= PREVIEW_LIMIT
    return (
        _size("headlines", [v.text for v in sheet.headlines], HEADLINES_NEEDED, HEADLINE_LIMIT),
        _size(
            "descriptions",
            [v.text for v in sheet.descriptions],
            DESCRIPTIONS_NEEDED,
            DESCRIPTION_LIMIT,
        ),
        Check(
            "posts fit their channels",
            not long_posts and channels == set(POST_LIMITS),
            ", ".join(f"{name} up to {limit}" for name, limit in POST_LIMITS.items()),
            ", ".join(f"{name} {size}" for name, size in posts),
        ),
        Check(
            "the e-mail's subject and preview fit",
            fits,
            f"up to {SUBJECT_LIMIT} and {PREVIEW_LIMIT} characters",
            f"{subject} and {len(sheet.email.preview)} characters",
        ),
    )


def _size(what: str, texts: list[str], needed: int, limit: int) -> Check:
    longest = max(map(len, texts), default=0)
    fits = len(set(texts)) >= needed and longest <= limit and all(text.strip() for text in texts)
    return Check(
        f"{what} are enough and short enough",
        fits,
        f"{needed} or more, up to {limit} characters",
        f"{len(set(texts))}, up to {longest} characters",
    )


def _action(sheet: CopySheet, brief: Brief) -> Check:
    """The page, the e-mail and a post ask for the brief's action."""
    wanted = brief.call_to_action or sheet.landing.call_to_action
    places = {
        "landing page": sheet.landing.call_to_action,
        "e-mail": sheet.email.call_to_action,
        "posts": "\n".join(post.text for post in sheet.posts),
    }
    missing = [name for name, text in places.items() if not wanted or wanted not in text]
    return Check(
        "the call to action is on the page, in the e-mail and in a post",
        not missing,
        wanted or "a call to action",
        f"missing: {', '.join(missing)}" if missing else wanted,
    )


def _forbidden(name: str, found: Iterable[tuple[str, ...]]) -> Check:
    every = [word for words in found for word in words]
    shown = f": {', '.join(every[:5])}" if every else ""
    return Check(name, not every, "0 found", f"{len(every)} found{shown}")


def _strange(
    sheet: CopySheet, assignment: Assignment, claims: ClaimSheet | None
) -> tuple[str, ...]:
    """Addresses that neither the brief nor the research has."""
    known = f"{assignment.brief} {assignment.goal} {sheet.product}".lower()
    known += " ".join(claim.quote.lower() for claim in claims.claims) if claims else ""
    found = (one for _, text, _ in every_text(sheet) for one in addresses(text))
    return tuple(one for one in found if one not in known)


def _unproved(sheet: CopySheet, claims: ClaimSheet | None) -> list[tuple[str, ...]]:
    """Superlatives that no claim cited beside them contains."""
    unproved = []
    for _, text, names in every_text(sheet):
        cited = " ".join(c.quote.lower() for n in names if claims and (c := claims.claim(n)))
        unproved.append(tuple(word for word in superlatives(text) if word not in cited))
    return unproved


def _numbers(
    sheet: CopySheet, brief: Brief, assignment: Assignment, claims: ClaimSheet | None
) -> Check:
    """Each number is in the brief, or in a claim that the same text cites."""
    given = set(numbers(f"{assignment.brief} {assignment.goal} {brief.product}"))
    invented = []
    for place, text, names in every_text(sheet):
        cited = {f for n in names if claims and (c := claims.claim(n)) for f in numbers(c.quote)}
        invented += [
            f"{figure} ({place})" for figure in numbers(text) if figure not in given | cited
        ]
    return _forbidden("no number is invented", (tuple(invented),))


def _claims(sheet: CopySheet, claims: ClaimSheet | None) -> Check:
    """Each cited claim exists, and each text with a figure that research has cites a claim."""
    known = {claim.id for claim in claims.claims} if claims else set()
    researched = {f for claim in claims.claims for f in numbers(claim.quote)} if claims else set()
    researched -= set(numbers(sheet.product))
    wrong, texts = [], 0
    for place, text, names in every_text(sheet):
        figures = set(numbers(text)) & researched
        texts += bool(figures)
        if set(names) - known or (figures and not names):
            wrong.append(place)
    return Check(
        "facts are linked to claims",
        not wrong,
        f"{texts} of {texts} texts with figures",
        f"{texts - len(wrong)} of {texts}" + (f"; not: {', '.join(wrong[:4])}" * bool(wrong)),
    )


def _quotations(sheet: CopySheet, claims: ClaimSheet | None) -> Check:
    """What stands as a customer's words, or as a finding, is in the claim it cites."""
    said = [(quote.text, quote.claims) for quote in sheet.landing.proof]
    for text, names in (*((p.text, p.claims) for p in sheet.posts),
                        (sheet.email.body, sheet.email.claims)):  # fmt: skip
        said += [(spoken, names) for spoken in _SPOKEN.findall(text)]
    wrong = []
    for spoken, names in said:
        cited = [c.quote for n in names if claims and (c := claims.claim(n))]
        if not any(" ".join(spoken.split()) in " ".join(quote.split()) for quote in cited):
            wrong.append(spoken[:30])
    total = len(said)
    return Check(
        "every proof is in its claim's words",
        not wrong,
        f"{total} of {total}",
        f"{total - len(wrong)} of {total}",
    )


def _praise(sheet: CopySheet, claims: ClaimSheet | None) -> Check:
    """Nobody's objection stands where customers speak for the product."""
    shown = [names for quote in sheet.landing.proof for names in [quote.claims]]
    shown += [post.claims for post in sheet.posts if _SPOKEN.search(post.text)]
    shown += [sheet.email.claims] if _SPOKEN.search(sheet.email.body) else []
    cited = [c for names in shown for n in names if claims and (c := claims.claim(n))]
    spoken = [claim for claim in cited if claim.kind == "testimony"]
    wrong = [claim.id for claim in spoken if claims and not speaks_for(claim, claims)]
    return _forbidden("no objection stands as praise", (tuple(wrong),))


def _variety(sheet: CopySheet) -> Check:
    """Headlines, descriptions and posts do not repeat one another."""
    groups = {
        "headlines": worst_pair(variant.text for variant in sheet.headlines),
        "descriptions": worst_pair(variant.text for variant in sheet.descriptions),
        "posts": worst_pair(post.text for post in sheet.posts),
    }
    return Check(
        "variants differ",
        max(groups.values()) < ALIKE_LIMIT,
        f"below {ALIKE_LIMIT} alike",
        ", ".join(f"{name} {value:.2f}" for name, value in groups.items()),
    )


def _openings(sheet: CopySheet) -> Check:
    """No opening of a sentence is used so often that a reader would notice."""
    action = re.escape(sheet.landing.call_to_action)
    prose = re.sub(rf"^(?:[-•·#] ?|{action}).*$", "", running_text(sheet), flags=re.MULTILINE)
    starts = openings(prose)
    word, count = Counter(starts).most_common(1)[0] if starts else ("", 0)
    share = count / max(len(starts), 1)
    # The product may be named more often than anything else.
    limit = OPENING_SHARE + 0.15 * (words(sheet.product)[:1] == word.split()[:1])
    return Check(
        "sentences do not all open the same way",
        share <= limit or count <= 3,
        f"up to {limit:.0%} with one opening",
        f"{share:.0%} with “{word}”",
    )


def _grade(sheet: CopySheet, brief: Brief) -> Check:
    """The reading grade, computed again, is in the range of the voice the brief asks for."""
    grade = flesch_kincaid(running_text(sheet))
    low, high = voice_of(brief.voice, brief.kind).lead.grade
    honest = sheet.grade == grade and sheet.grade_range == (low, high)
    return Check(
        "reading grade is in range",
        low <= grade <= high and honest,
        f"{low} to {high}",
        f"{grade}" + ("" if honest else f", but copy.json says {sheet.grade}"),
    )
