"""What of the research may be shown to customers, as proof or as the problem to solve."""

from __future__ import annotations

import re

from flux_cli.adapters.specialists.claims import Claim
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
    r"\b(?:but|star off|never came|wish|lot of money|too (?:bright|loud|small|big|expensive|slow)|"
    r"disappoint|broke|broken|unfortunately|not quite|failed|worse|annoy|refund|waste of|however|"
    r"although|problem|bug|crash|slow|confusing|expensive|missing|late)\b",
    re.IGNORECASE,
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
    found = []
    for claim in material.sheet.claims if material.sheet else ():
        spoken = re.match(
            r"^[\"“](.+?)[\"”]\s*(?:[—–-]+\s*(.{2,60}))?$", " ".join(claim.quote.split())
        )
        fits = claim.kind == "testimony" and spoken and material.allowed(claim.quote)
        if fits and spoken and not _NEGATIVE.search(claim.quote):
            found.append((spoken.group(1), (spoken.group(2) or "A customer").strip(), claim.id))
    return tuple(found)


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
