"""Which passages answer a question: full-text candidates, ranked by how much they cover."""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flux_cli.adapters.specialists.passages import Document, Unit, quotable
from flux_cli.adapters.specialists.questions import (
    SYNONYMS,
    Question,
    expected_figure,
    question_terms,
)
from flux_cli.adapters.specialists.terms import digits, similarity, stem, terms
from flux_cli.domain.brief import Brief

CANDIDATES = 120
PER_QUESTION = 5
COVERED_ENOUGH = 0.5
_EVIDENCE_TEXT = "test tested trial survey study review household measured respondent participant"
_MEASURED = frozenset(map(stem, _EVIDENCE_TEXT.split()))
_GENERAL = frozenset(
    {"customer", "person", "product", "company", "brand", "client", "user", "market"}
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A unit that answers a question, with how well (0.0 to 1.0 and a little more)."""

    unit: Unit
    score: float


@dataclass(slots=True)
class Index:
    """A full-text index in memory over every quotable unit of the documents."""

    units: tuple[Unit, ...]
    weight: Mapping[str, float]
    stems: tuple[frozenset[str], ...]
    headings: tuple[frozenset[str], ...]
    neighbours: Mapping[tuple[str, str], frozenset[str]]
    texts: Mapping[str, str] = field(repr=False)
    brief_source: str
    connection: sqlite3.Connection = field(repr=False)

    def candidates(self, wanted: Iterable[str]) -> list[tuple[int, float]]:
        """(unit number, relevance 0.0 to 1.0) of the passages with any `wanted` stem."""
        query = " OR ".join(f'"{word}"' for word in sorted(set(wanted)) if word)
        if not query:
            return []
        rows = self.connection.execute(
            "select rowid, bm25(units, 1.0, 0.5, 0.3) as rank from units where units match ?"
            " order by rank, rowid limit ?",
            (query, CANDIDATES),
        ).fetchall()
        best = min((rank for _, rank in rows), default=-1.0) or -1.0
        return [(rowid - 1, rank / best) for rowid, rank in rows]


def build_index(documents: Sequence[Document], brief_source: str = "") -> Index:
    """Index the stems of every unit with its heading and its source's name.

    `brief_source` names the source that is the brief: it asks, so it answers only last.
    """
    units = tuple(unit for document in documents for unit in document.units)
    stems = tuple(frozenset(terms(unit.text)) for unit in units)
    headings = tuple(frozenset(terms(f"{unit.heading} {_name(unit)}")) for unit in units)
    counted = Counter(
        term
        for unit, own, head in zip(units, stems, headings, strict=True)
        if unit.kind != "question"
        for term in own | head
    )
    weight = {term: math.log(1 + len(units) / count) for term, count in counted.items()}
    near: dict[tuple[str, str], set[str]] = {}
    for unit, own in zip(units, stems, strict=True):
        if unit.kind != "question":
            near.setdefault((unit.source, unit.heading), set()).update(own)
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table units using fts5(body, heading, source)")
    connection.executemany(
        "insert into units(rowid, body, heading, source) values (?, ?, ?, ?)",
        (
            (at, " ".join(terms(u.text)), " ".join(terms(u.heading)), " ".join(terms(_name(u))))
            for at, u in enumerate(units, 1)
        ),
    )
    return Index(
        units,
        weight,
        stems,
        headings,
        {key: frozenset(value) for key, value in near.items()},
        {document.source.name: document.source.text for document in documents},
        brief_source,
        connection,
    )


def answers(index: Index, question: Question, brief: Brief) -> tuple[Hit, ...]:
    """The passages that answer `question`, best first, near-duplicates left out; maybe none."""
    if question.wants == "feature":
        hits = _features(index, brief)
    elif question.wants == "answer":
        hits = _faq(index)
    elif question.wants == "evidence":
        hits = _evidence(index, question)
    elif question.wants == "testimony" and question.asked_by == "researcher":
        hits = [Hit(unit, _vividness(unit)) for unit in index.units if unit.kind == "testimony"]
    else:
        hits = _covering(index, question, brief)
    hits.sort(key=lambda hit: (-round(hit.score, 6), hit.unit.source, hit.unit.start))
    limit = {"feature": 24, "answer": 12, "testimony": 10, "evidence": 8}.get(
        question.wants, PER_QUESTION
    )
    return _distinct(hits, limit)


def _covering(index: Index, question: Question, brief: Brief) -> list[Hit]:
    """Passages that have enough of the question's meaning, weighed by how rare each word is."""
    wanted = question.seeds or frozenset(question_terms(question, brief.product))
    if not wanted:
        return []
    wide = wanted.union(*(SYNONYMS.get(term, frozenset()) for term in wanted))
    rarest = math.log(1 + 2 * max(len(index.units), 1))
    figure = expected_figure(question)
    hits: list[Hit] = []
    for at, relevance in index.candidates(wide):
        unit = index.units[at]
        if unit.kind == "question":
            continue
        covered = _coverage(index, at, wanted, rarest, seeded=bool(question.seeds))
        if covered < COVERED_ENOUGH:
            continue
        bonus = -0.35 if unit.source == index.brief_source else 0.0
        if question.wants == "number":
            bonus += 0.15 if digits(unit.text) else -0.25
        if figure:
            bonus += 0.15 if figure.search(unit.text) else -0.15
        if question.wants == "testimony":
            bonus += 0.45 if unit.kind == "testimony" else 0.0
        if unit.kind == "row":
            bonus -= 0.1
        hits.append(Hit(unit, 0.65 * covered + 0.35 * relevance + bonus + _standing(unit)))
    best = max((hit.score for hit in hits), default=0.0)
    return [hit for hit in hits if hit.score >= 0.55 * best]


def _coverage(
    index: Index, at: int, wanted: frozenset[str], rarest: float, *, seeded: bool
) -> float:
    """The share of the wanted meaning a unit has, alone or with its heading and its section."""
    unit = index.units[at]
    section = index.neighbours[(unit.source, unit.heading)]
    got = total = 0.0
    for term in wanted:
        # A word no source has weighs most: without it the question is not answered.
        known = index.weight.get(term)
        weight = rarest if known is None and term != "who" else known or 3.0
        if term in _GENERAL:
            weight /= 2
        total += weight
        alike = SYNONYMS.get(term, frozenset())
        if term in index.stems[at]:
            got += weight
        elif term in index.headings[at]:
            got += 0.9 * weight
        elif alike & index.stems[at]:
            got += 0.8 * weight
        elif alike & index.headings[at]:
            got += 0.6 * weight
        elif term in section:
            got += 0.4 * weight
    if seeded:
        found = len(wanted & (index.stems[at] | index.headings[at]))
        return min(1.0, found / 3)
    return got / total if total else 0.0


def _features(index: Index, brief: Brief) -> list[Hit]:
    """Each of the brief's own statements, where a source has it word for word."""
    hits: list[Hit] = []
    statements = [brief.promise, *brief.features]
    for place, statement in enumerate(statements):
        wording = " ".join(statement.split()).rstrip(".").lower()
        exact = [
            unit
            for unit in index.units
            if wording and wording in " ".join(unit.text.split()).replace("*", "").lower()
        ]
        hits += [Hit(unit, 2.0 - place / 100) for unit in exact[:1]]
    return hits


def _faq(index: Index) -> list[Hit]:
    """The whole answer under each heading that is a question, where a source has several."""
    sections: dict[tuple[str, str], list[Unit]] = {}
    for unit in index.units:
        if unit.heading.endswith("?") and unit.kind in {"prose", "bullet", "question"}:
            sections.setdefault((unit.source, unit.heading), []).append(unit)
    per_source = Counter(source for source, _ in sections)
    hits: list[Hit] = []
    for (source, _), units in sections.items():
        same = [unit for unit in units if unit.paragraph == units[0].paragraph]
        # A short "Yes." before the first quotable sentence belongs to the answer.
        line = index.texts[source].rfind("\n", 0, same[0].start) + 1
        opening = index.texts[source][line : same[0].start]
        start = line if re.match(r"[A-Z]", opening) else same[0].start
        text = index.texts[source][start : same[-1].end]
        if per_source[source] > 1 and quotable(text):
            whole = replace(same[0], start=start, end=same[-1].end, text=text, kind="prose")
            hits.append(Hit(whole, 1.0 - len(hits) / 100))
    return hits


def _evidence(index: Index, question: Question) -> list[Hit]:
    """Sentences with a figure from a test, a survey or reviews, on what the brief talks about."""
    hits: list[Hit] = []
    for at, unit in enumerate(index.units):
        shared = question.seeds & index.stems[at]
        measured = _MEASURED & (index.stems[at] | index.headings[at])
        own = unit.source == index.brief_source
        own |= "competitor" in unit.source.lower() or _leaning(unit)
        fits = unit.kind in {"prose", "bullet"} and measured and len(shared) > 1 and not own
        if fits and digits(unit.text):
            worth = sum(index.weight.get(term, 0.0) for term in shared) / 20
            hits.append(Hit(unit, 0.4 + min(0.6, worth) + _standing(unit)))
    return hits


def _standing(unit: Unit) -> float:
    """A small correction: a sentence that leans on the one before it is a poorer quotation."""
    concrete = 0.05 if digits(unit.text) else 0.0
    return concrete - (0.06 if _leaning(unit) else 0.0)


def _leaning(unit: Unit) -> bool:
    """Whether a sentence opens with a word that points at the sentence before it."""
    opening = unit.text.split(maxsplit=1)[0].lower() if unit.text.split() else ""
    return opening in {"it", "its", "they", "this", "these", "that", "he", "she", "his", "her"}


def _vividness(unit: Unit) -> float:
    """Short and personal quotations first: they are the ones a reader remembers."""
    length = len(unit.text.split())
    personal = any(word in unit.text for word in ("I ", "my ", "My ", "we ", "our "))
    return 1.0 - abs(length - 16) / 60 + (0.2 if personal else 0.0)


def _name(unit: Unit) -> str:
    return unit.source.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _distinct(hits: Sequence[Hit], limit: int) -> tuple[Hit, ...]:
    """The first `limit` hits that do not repeat one another, unless they differ in a number."""
    kept: list[Hit] = []
    for hit in hits:
        repeats = any(
            similarity(hit.unit.text, other.unit.text) > 0.5
            or (
                _alike(hit.unit.text, other.unit.text)
                and digits(hit.unit.text) == digits(other.unit.text)
            )
            for other in kept
        )
        if not repeats:
            kept.append(hit)
        if len(kept) == limit:
            break
    return tuple(kept)


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(terms(one)), set(terms(other))
    return bool(mine and theirs) and len(mine & theirs) / len(mine | theirs) > 0.6
