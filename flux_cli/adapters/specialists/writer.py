"""A writer that says what the brief and the research say, in the voice the brief asks for."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, replace
from pathlib import Path

from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.specialists.claims import ClaimSheet, read_claims
from flux_cli.adapters.specialists.copy_ads import descriptions, headlines
from flux_cli.adapters.specialists.copy_material import gather
from flux_cli.adapters.specialists.copy_page import landing
from flux_cli.adapters.specialists.copy_posts import email, posts
from flux_cli.adapters.specialists.copy_sheet import copy_markdown
from flux_cli.adapters.specialists.copy_slots import rewritten, slots
from flux_cli.adapters.specialists.copy_text import COPY_SCHEMA, CopySheet, copy_json, running_text
from flux_cli.adapters.specialists.readability import flesch_kincaid
from flux_cli.adapters.specialists.voice import voice_of
from flux_cli.adapters.specialists.writer_check import check_copy
from flux_cli.domain.brief import Brief, parse_brief
from flux_cli.domain.work import Assignment, Check, Submission
from flux_cli.errors import WorkFailed

UNITS_FULL = 2400
WORDS_PER_CLAIM = 40


@dataclass(frozen=True, slots=True)
class ContentWriter:
    """Writes a landing page, advertisements, posts and an e-mail; every fact has its source."""

    name: str = "content-writer"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """(words of the brief and 40 for each claim, the number that earns the full price).

        Before the research is done, the words it will read stand for the claims it will find.
        """
        claims = claims_needed(assignment)
        to_read = sum(len(source.text.split()) for source in assignment.sources)
        found = WORDS_PER_CLAIM * len(claims.claims) if claims else to_read
        return len(assignment.brief.split()) + found, UNITS_FULL

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Write copy.md and copy.json. Raises WorkFailed if the brief leaves nothing to say."""
        brief = parse_brief(assignment.brief, assignment.goal)
        if not brief.product:
            raise WorkFailed("Neither the brief nor the goal says what the copy is about")
        claims = claims_needed(assignment)
        sheet = rewritten(write_copy(brief, claims, assignment.seed), assignment.rewritten)
        page = copy_markdown(sheet, claims, brief, voice_of(brief.voice, brief.kind).lead.name)
        files = (
            ("copy.md", page.encode(), "text/markdown"),
            ("copy.json", copy_json(sheet), "application/json"),
        )
        return Submission(
            tuple(write_artefact(folder, path, data, kind) for path, data, kind in files),
            f"A landing page, {len(sheet.headlines)} headlines, {len(sheet.descriptions)} "
            f"descriptions, {len(sheet.posts)} posts and an e-mail for {brief.product}, "
            f"at reading grade {sheet.grade}.",
            slots=slots(sheet, claims),
        )

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Read the files again and measure every text against the brief and the research."""
        return check_copy(assignment, folder, _claims_or_none(assignment))


def write_copy(brief: Brief, claims: ClaimSheet | None, seed: int) -> CopySheet:
    """All the copy for one brief; the same brief, claims and seed give the same words."""
    digest = hashlib.sha256(f"{seed}\n{brief.product}\n{brief.kind}".encode()).digest()
    material = gather(brief, claims, random.Random(int.from_bytes(digest[:8])))  # noqa: S311
    page = landing(material)
    sheet = CopySheet(
        product=brief.product,
        voice=brief.voice,
        landing=page,
        posts=posts(material),
        email=email(material),
        headlines=headlines(material),
        descriptions=descriptions(material),
        grade=0.0,
        grade_range=material.voice.lead.grade,
        schema=COPY_SCHEMA,
    )
    return replace(sheet, grade=flesch_kincaid(running_text(sheet)))


def claims_needed(assignment: Assignment) -> ClaimSheet | None:
    """The claim sheet an earlier task handed over, if any. Raises WorkFailed if it is broken."""
    for name in sorted(assignment.needs):
        if name.rsplit("/", 1)[-1] == "claims.json":
            return read_claims(assignment.needs[name])
    return None


def _claims_or_none(assignment: Assignment) -> ClaimSheet | None:
    try:
        return claims_needed(assignment)
    except WorkFailed:
        return None
