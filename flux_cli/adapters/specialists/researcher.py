"""A researcher that reads the sources it is given and states nothing they do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flux_cli.adapters.specialists.answered import answered, slots
from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.specialists.claims import (
    CLAIMS_SCHEMA,
    SOURCES_SCHEMA,
    Claim,
    ClaimSheet,
    ClaimTable,
    Comparison,
    Finding,
    claims_json,
    to_json,
)
from flux_cli.adapters.specialists.measures import pairs
from flux_cli.adapters.specialists.passages import (
    Document,
    Table,
    Unit,
    byte_span,
    is_converted,
    read_document,
    source_bytes,
    source_hash,
    text_file,
)
from flux_cli.adapters.specialists.questions import (
    Question,
    question_terms,
    questions_for,
    research_brief,
)
from flux_cli.adapters.specialists.research_check import check_research
from flux_cli.adapters.specialists.research_report import research_markdown
from flux_cli.adapters.specialists.retrieval import Index, answers, build_index
from flux_cli.adapters.specialists.terms import digits, stem, terms, words
from flux_cli.domain.brief import Brief
from flux_cli.domain.work import Assignment, Check, Source, Submission
from flux_cli.errors import WorkFailed

UNITS_FULL = 3000
TABLE_LIMIT = 3
ROW_LIMIT = 12


@dataclass(frozen=True, slots=True)
class Researcher:
    """Answers the brief's questions from the sources, word for word, or says "not found"."""

    name: str = "researcher"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """(words in the sources, the number of words that earns the full price)."""
        return sum(len(source.text.split()) for source in assignment.sources), UNITS_FULL

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Write research.md, claims.json and sources.json. Raises WorkFailed."""
        names = [source.name for source in assignment.sources]
        if len(set(names)) < len(names):
            raise WorkFailed("Two sources have the same name, so a citation would be ambiguous")
        brief = research_brief(assignment.brief, assignment.goal)
        documents = tuple(map(read_document, assignment.sources))
        own = next((s.name for s in assignment.sources if _same(s.text, assignment.brief)), "")
        sheet = answered(research(brief, documents, own), assignment.rewritten)
        report = research_markdown(sheet, assignment.sources, assignment.goal)
        files = (
            ("research.md", report.encode("utf-8", "replace"), "text/markdown"),
            ("claims.json", claims_json(sheet), "application/json"),
            ("sources.json", to_json(_source_list(assignment.sources)), "application/json"),
            *(
                (text_file(at), source_bytes(source), "text/plain")
                for at, source in enumerate(assignment.sources, 1)
                if is_converted(source)
            ),
        )
        found = sum(finding.found for finding in sheet.questions)
        return Submission(
            tuple(write_artefact(folder, path, data, kind) for path, data, kind in files),
            f"{found} of {len(sheet.questions)} questions answered with {len(sheet.claims)} "
            f"quotations from {len(documents)} document{'' if len(documents) == 1 else 's'}.",
            slots=slots(sheet),
        )

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """Read the files again and hold every quotation against its source."""
        return check_research(assignment, folder)


@dataclass(slots=True)
class _Sheet:
    """Claims as they are collected; the same passage is one claim however often it is cited."""

    documents: dict[str, Source]
    hashes: dict[str, str]
    claims: list[Claim] = field(default_factory=list)
    by_place: dict[tuple[str, int, int], str] = field(default_factory=dict)

    def cite(self, unit: Unit, question: str, score: float) -> str:
        """The id of the claim for `unit`, made now if this is its first use."""
        place = (unit.source, unit.start, unit.end)
        if place not in self.by_place:
            start, end = byte_span(self.documents[unit.source], unit)
            claim = Claim(
                f"c{len(self.claims) + 1}",
                question,
                unit.text,
                unit.source,
                self.hashes[unit.source],
                start,
                end,
                round(score, 3),
                unit.heading,
                unit.kind,
            )
            self.claims.append(claim)
            self.by_place[place] = claim.id
        return self.by_place[place]


def research(brief: Brief, documents: Sequence[Document], brief_source: str = "") -> ClaimSheet:
    """Answer every question of `brief` from `documents`; the same input gives the same sheet."""
    sheet = _Sheet(
        {document.source.name: document.source for document in documents},
        {document.source.name: source_hash(document.source) for document in documents},
    )
    index = build_index(documents, brief_source)
    questions = questions_for(brief)
    findings = tuple(_finding(sheet, index, question, brief) for question in questions)
    tables = _tables(sheet, documents, questions)
    comparisons = tuple(
        Comparison(
            sheet.cite(pair.first.unit, "comparison", pair.strength),
            sheet.cite(pair.second.unit, "comparison", pair.strength),
            (pair.first.shown, pair.second.shown),
            pair.agrees,
            pair.qualified,
        )
        for pair in pairs(documents, brief.product, index.weight)
    )
    index.connection.close()
    return ClaimSheet(
        brief.product, findings, tuple(sheet.claims), comparisons, tables, CLAIMS_SCHEMA
    )


def _finding(sheet: _Sheet, index: Index, question: Question, brief: Brief) -> Finding:
    hits = answers(index, question, brief)
    missing: tuple[str, ...] = ()
    if not hits and not question.seeds and question.wants in {"any", "number"}:
        wanted = set(question_terms(question, brief.product))
        missing = tuple(
            dict.fromkeys(
                word
                for word in words(question.text)
                if stem(word) in wanted and stem(word) not in index.weight
            )
        )
    cited = tuple(sheet.cite(hit.unit, question.id, hit.score) for hit in hits)
    return Finding(question.id, question.text, question.asked_by, bool(cited), cited, missing)


def _tables(
    sheet: _Sheet, documents: Sequence[Document], questions: Sequence[Question]
) -> tuple[ClaimTable, ...]:
    """The tables with numbers that have most to do with what was asked."""
    asked = {term for question in questions for term in terms(question.text)}
    ranked: list[tuple[float, int, Table]] = []
    for document in documents:
        for table in document.tables:
            numeric = sum(bool(digits(" ".join(cells[1:]))) for _, cells in table.rows)
            about = set(terms(" ".join((table.source, table.heading, *table.columns))))
            if numeric >= 2:
                worth = len(about & asked) + len(table.columns) / 10
                ranked.append((-worth, len(ranked), table))
    ranked.sort(key=lambda entry: entry[:2])
    return tuple(
        ClaimTable(
            table.source,
            table.heading,
            table.columns,
            tuple(sheet.cite(unit, "comparison", 1.0) for unit, _ in table.rows[:ROW_LIMIT]),
        )
        for _, _, table in ranked[:TABLE_LIMIT]
    )


def _same(one: str, other: str) -> bool:
    return bool(other.strip()) and one.split() == other.split()


def _source_list(sources: Sequence[Source]) -> dict[str, object]:
    return {
        "schema": SOURCES_SCHEMA,
        "sources": [
            {
                "name": source.name,
                "sha256": source_hash(source),
                "bytes": len(source.text.encode("utf-8", "surrogatepass")),
                "words": len(source.text.split()),
                **(
                    {"file_sha256": source.sha256, "text": text_file(at)}
                    if is_converted(source)
                    else {}
                ),
            }
            for at, source in enumerate(sources, 1)
        ],
    }
