"""What of the research may be shown to customers, as proof or as the problem to solve."""

from __future__ import annotations

import re

from flux_cli.adapters.specialists.claims import Claim, ClaimSheet
from flux_cli.adapters.specialists.copy_material import Material, disputed
from flux_cli.adapters.specialists.statements import third_person

_SPOKEN = re.compile(r"^[\"“](.+?)[\"”]\s*(?:[—–-]+\s*(.{2,60}))?$")
_INTERNAL = re.compile(
    r"cost per|per click|click rate|\bCPA\b|\borders?\b|campaign|adverts?\b|advertis|margin|"
    r"budget|conversion|visitors?\b|sponsor|competitor|rival|channel|internal|we may|copy should|"
    r"messages|did not germinate|blame|complain|criticis|doubt|obstacle|hesitat|shop staff|"
    r"probably buy|\bfair\b.*median|recruited|fielded|discount|fail|pricing|\bshare\b|"
    r"said that they would|when people",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:but|star off|never (?:came|worked|arrived|again)|wish|lot of money|"
    r"too (?:bright|loud|small|big|large|heavy|expensive|dear|slow|weak|dark|long|short|much|many)|"
    r"disappoint\w*|broke|broken|unfortunately|not quite|fail(?:s|ed|ure)?|worse|worst|annoy\w*|"
    r"refund|waste of|however|although|problems?|bugs?|crash\w*|slow|confus\w*|expensive|missing|"
    r"late|not worth|(?:would|do|did|does|could|can|will)(?: not|n['’]t) "
    r"(?:buy|pay|need|want|trust|believe|work|use|see|recommend|get|know|like|think|understand)|"
    r"(?:won|wouldn|don|didn|doesn|can|couldn)['’]t (?:buy|pay|need|want|trust|believe|work|use|"
    r"see|recommend|get|know|like|think|understand)|cannot (?:trust|afford|see)|"
    r"not (?:sure|convinced|for me|enough|happy|impressed|what)|why (?:would|should)|unless|"
    r"only if|doubt\w*|scept\w*|skept\w*|worr(?:y|ied|ies)|afraid|regret\w*|hesitat\w*|"
    r"sent it back|returned it|gave up|stopped using|hard to|difficult|leak\w*|mou?ld\w*|poor|"
    r"flimsy|cheap|ugly|nois[ey]\w*|boring|useless|pointless|gimmick\w*|overpriced|complain\w*|"
    r"objections?|dislike\w*|hate[ds]?)\b|\?\s*[\"”]",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"stop|prevent|object|doubt|hesitat|complain|worr|dislike|against|barrier|concern|"
    r"\b(?:one|two|three) stars?\b|\b[123] stars?\b|and below|negative|critic|return(?:s|ed)\b|"
    r"not buy|did not|problems?\b|churn|cancel",
    re.IGNORECASE,
)
"""Headings and questions that gather what speaks against a product."""

_TROUBLE = re.compile(
    r"\b(?:empty|dark|forg[eo]t\w*|gave up|died?|dies|thr[eo]w\w*|wast\w*|without|r[au]n out|"
    r"leave|left|lost|before the test|compared with)\b",
    re.IGNORECASE,
)


def speaks_for(claim: Claim, sheet: ClaimSheet) -> bool:
    """Whether somebody's words are praise: never what a question or a heading gathers against.

    Who calls nothing good is no witness either way; in doubt the words are left out.
    """
    cited = [finding.question for finding in sheet.questions if claim.id in finding.claims]
    objected = any(_AGAINST.search(question) for question in cited)
    return not (
        objected
        or _AGAINST.search(claim.heading)
        or _NEGATIVE.search(" ".join(claim.quote.split()))
    )


def customer_facing(claim: Claim, material: Material) -> bool:
    """Whether a claim may be shown to customers: nothing internal, negative, or in dispute."""
    text = claim.quote
    start = text.split(maxsplit=1)[0].lower() if text.split() else ""
    return (
        claim.id not in disputed(material.sheet)
        and material.allowed(text)
        and not _INTERNAL.search(f"{claim.source} {text}")
        and start not in {"it", "they", "this", "these", "he", "she", "his", "her", "only", "that"}
        and not re.match(r"the (?:second|third|other|largest|most common|three|two)\b", text, re.I)
        and len(text) <= 260
    )


def testimonies(material: Material) -> tuple[tuple[str, str, str], ...]:
    """(quotation, who said it, claim) of the customers' words that speak for the product."""
    sheet = material.sheet
    found = []
    for claim in sheet.claims if sheet else ():
        spoken = _SPOKEN.match(" ".join(claim.quote.split()))
        fits = claim.kind == "testimony" and spoken and material.allowed(claim.quote)
        if fits and spoken and sheet and speaks_for(claim, sheet):
            found.append((spoken.group(1), (spoken.group(2) or "A customer").strip(), claim.id))
    return tuple(found)


def praises(claim: Claim, material: Material) -> bool:
    """Whether a finding is about the product, and about what went well with it."""
    noun = re.escape(material.thing.split()[-1]) if material.thing else "product"
    name = re.escape(material.brief.product)
    about = re.search(rf"\b{name}\b|\b(?:the|our|a) (?:\w+ )?{noun}\b", claim.quote, re.IGNORECASE)
    return bool(about) and not _NEGATIVE.search(claim.quote) and not _TROUBLE.search(claim.quote)


def findings_about(material: Material, topic: str) -> tuple[Claim, ...]:
    """Customer-facing sentences with a number that answer a question about `topic`."""
    sheet = material.sheet
    if sheet is None:
        return ()
    contested = {v for p in sheet.comparisons if not p.agrees for v in p.values}
    wanted = [f for f in sheet.questions if re.search(topic, f.question, re.IGNORECASE)]
    names = list(dict.fromkeys(name for finding in wanted for name in finding.claims))
    claims = [claim for name in names if (claim := sheet.claim(name))]
    return tuple(
        claim
        for claim in claims
        if claim.kind in {"prose", "bullet"}
        and re.search(r"\d", claim.quote)
        and claim.quote.rstrip().endswith(".")
        and not third_person(claim.quote.split()[0])
        and customer_facing(claim, material)
        and not any(value in claim.quote for value in contested)
    )
