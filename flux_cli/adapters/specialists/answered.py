"""Answers in a model's words: asked for question by question, and held to the quotations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flux_cli.adapters.specialists.claims import ClaimSheet
from flux_cli.adapters.specialists.terms import numbers, terms
from flux_cli.domain.work import Slot

LONGEST_ANSWER = 300
MOST_QUOTATIONS = 8
SUPPORTED = 0.7
"""Of an answer's words, so many at least are in the question or in its quotations."""


def slots(sheet: ClaimSheet) -> tuple[Slot, ...]:
    """One answer a question that has quotations; where there are none nothing can be said."""
    return tuple(
        Slot(f"answer-{f.id}", f.question, f.answer, LONGEST_ANSWER, _quotes(sheet, f.claims))
        for f in sheet.questions
        if f.found
    )


def _quotes(sheet: ClaimSheet, names: Sequence[str]) -> tuple[str, ...]:
    found = (sheet.claim(name) for name in names[:MOST_QUOTATIONS])
    return tuple(" ".join(claim.quote.split()) for claim in found if claim)


def answered(sheet: ClaimSheet, texts: Mapping[str, str]) -> ClaimSheet:
    """The sheet with a model's answers at their questions."""
    return replace(
        sheet,
        questions=tuple(
            replace(f, answer=texts.get(f"answer-{f.id}", "")) if f.found else f
            for f in sheet.questions
        ),
    )


def unsupported(answer: str, question: str, quotes: Sequence[str]) -> str | None:
    """What in an answer its quotations do not say, or None."""
    known = {figure for quote in (question, *quotes) for figure in numbers(quote)}
    if strange := [figure for figure in numbers(answer) if figure not in known]:
        return f"the number {strange[0]} is in no quotation"
    given = {term for quote in (question, *quotes) for term in terms(quote)}
    said = terms(answer)
    if not said or sum(term in given for term in said) < SUPPORTED * len(said):
        return "it says more than the quotations do"
    return None
