"""Research judged from its files and the sources alone, so that anyone can repeat it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from flux_cli.adapters.specialists.answered import unsupported
from flux_cli.adapters.specialists.claims import (
    SOURCES_SCHEMA,
    Claim,
    ClaimSheet,
    escaped,
    in_report,
    read_claims,
    table_cells,
)
from flux_cli.adapters.specialists.passages import (
    is_converted,
    source_bytes,
    source_hash,
    text_file,
)
from flux_cli.adapters.specialists.questions import questions_for, research_brief
from flux_cli.adapters.specialists.terms import digits, numbers
from flux_cli.domain.work import Assignment, Check, Source
from flux_cli.errors import WorkFailed

_CITATION = re.compile(r"(?<!\\)\[(\d+)\]")


def check_research(assignment: Assignment, folder: Path) -> tuple[Check, ...]:
    """Every check of a researcher's delivery; a file that cannot be read fails the first."""
    try:
        report = (folder / "research.md").read_text("utf-8")
        sheet = read_claims((folder / "claims.json").read_bytes())
        listed = json.loads((folder / "sources.json").read_bytes())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError, WorkFailed) as error:
        return (Check("files can be read", False, "3 files", _reason(error)),)
    sources = {source.name: source for source in assignment.sources}
    return (
        Check("files can be read", True, "3 files", "3 files"),
        _quotations(sheet, sources),
        _sources(listed, assignment.sources, folder),
        _questions(sheet, report, assignment),
        _citations(sheet, report),
        _wording(sheet, report),
        _figures(sheet, report, assignment),
        *([_answers(sheet, report)] if any(one.answer for one in sheet.questions) else []),
    )


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, WorkFailed) else f"{type(error).__name__}: {error}"


def _quotations(sheet: ClaimSheet, sources: Mapping[str, Source]) -> Check:
    """Each quote is the bytes its span names, in the source that has its hash."""
    kept = {name: (source_bytes(source), source_hash(source)) for name, source in sources.items()}
    wrong = []
    for claim in sheet.claims:
        data, digest = kept.get(claim.source, (b"", ""))
        span = data[claim.start : claim.end] if 0 <= claim.start < claim.end else b""
        if claim.sha256 != digest or span != claim.quote.encode("utf-8", "surrogatepass"):
            wrong.append(claim.id)
    total = len(sheet.claims)
    unique = len({claim.id for claim in sheet.claims}) == total
    found = f"{total - len(wrong)} of {total}" + (f"; wrong: {', '.join(wrong[:5])}" * bool(wrong))
    return Check("every quotation is exact", not wrong and unique, f"{total} of {total}", found)


def _sources(listed: object, sources: tuple[Source, ...], folder: Path) -> Check:
    """sources.json names each source with its true hash, and converted ones lie beside it."""
    wanted = {source.name: source_hash(source) for source in sources}
    entries = listed.get("sources") if isinstance(listed, dict) else None
    rows = [row for row in entries if isinstance(row, dict)] if isinstance(entries, list) else []
    found = {str(row.get("name")): str(row.get("sha256")) for row in rows}
    named = isinstance(listed, dict) and listed.get("schema") == SOURCES_SCHEMA
    true_names = sum(found.get(name) == digest for name, digest in wanted.items())
    texts = all(
        (path := folder / text_file(at)).is_file() and path.read_bytes() == source_bytes(source)
        for at, source in enumerate(sources, 1)
        if is_converted(source)
    )
    return Check(
        "sources.json names every source with its hash",
        named and found == wanted and texts,
        f"{len(wanted)} of {len(wanted)}",
        f"{true_names} of {len(wanted)}, {len(found)} listed"
        + ", a text is not theirs" * (not texts),
    )


def _questions(sheet: ClaimSheet, report: str, assignment: Assignment) -> Check:
    """Each question of the brief has claims, or stands under "Not found"."""
    wanted = questions_for(research_brief(assignment.brief, assignment.goal))
    gaps = report.partition("\n## Not found")[2].partition("\n## ")[0]
    ids = {claim.id for claim in sheet.claims}
    known = {finding.question: finding for finding in sheet.questions}
    covered = 0
    for question in wanted:
        finding = known.get(question.text)
        if finding is None:
            continue
        if finding.found:
            covered += bool(finding.claims) and set(finding.claims) <= ids
        else:
            covered += not finding.claims and escaped(question.text) in gaps
    return Check(
        "every question is answered or declared not found",
        covered == len(wanted),
        f"{len(wanted)} of {len(wanted)}",
        f"{covered} of {len(wanted)}",
    )


def _citations(sheet: ClaimSheet, report: str) -> Check:
    """Each [n] in the report is a claim, and each claim is cited."""
    cited = {int(number) for number in _CITATION.findall(report)}
    known = {claim.number for claim in sheet.claims}
    loose = sorted(cited - known)
    unused = sorted(known - cited)
    found = f"{len(cited & known)} of {len(cited)}" + (f"; unknown: {loose[:5]}" * bool(loose))
    return Check(
        "every citation resolves and every claim is cited",
        not loose and not unused,
        f"{len(cited)} of {len(cited)}",
        found + (f"; not cited: {unused[:5]}" * bool(unused)),
    )


def _wording(sheet: ClaimSheet, report: str) -> Check:
    """The words next to each [n] are the claim's own."""
    wrong = []
    body = report.partition("\n## Sources")[0]
    for claim in sheet.claims:
        places = len(re.findall(rf"(?<!\\)\[{claim.number}\]", body))
        if places < 1 or places != _uses(body, claim):
            wrong.append(claim.id)
    total = len(sheet.claims)
    return Check(
        "the report quotes each claim in its own words",
        not wrong,
        f"{total} of {total}",
        f"{total - len(wrong)} of {total}" + (f"; wrong: {', '.join(wrong[:5])}" * bool(wrong)),
    )


def _uses(body: str, claim: Claim) -> int:
    """How often the claim's citation stands right after the claim's words."""
    words, citation = in_report(claim), f"[{claim.number}]"
    cells = " | ".join((*map(escaped, table_cells(claim.quote)), citation))
    in_tables = body.count(f"| {cells} |") if claim.kind == "row" else 0
    return in_tables + body.count(f"{words} {citation}") + body.count(f"{words}” {citation}")


def _figures(sheet: ClaimSheet, report: str, assignment: Assignment) -> Check:
    """Each number in the report's prose is in a quotation, a name, or is a count of its parts."""
    allowed = {figure for claim in sheet.claims for figure in numbers(claim.quote)}
    for text in (
        sheet.product,
        assignment.goal,
        *(finding.question for finding in sheet.questions),
        *(claim.heading for claim in sheet.claims),
        *(source.name for source in assignment.sources),
        *(word for table in sheet.tables for word in (table.heading, *table.columns)),
    ):
        allowed.update(numbers(text))
    disputes = sum(not pair.agrees for pair in sheet.comparisons)
    found = sum(finding.found for finding in sheet.questions)
    counts = (len(sheet.claims), len(assignment.sources), disputes, found, len(sheet.questions))
    allowed.update(map(str, counts))
    invented: list[str] = []
    for line in _CITATION.sub("", report.partition("\n## Sources")[0]).split("\n"):
        own = _structure(line, sheet)
        invented += [figure for figure in digits(line) if figure not in allowed | own]
    total = len(invented)
    shown = f"; {', '.join(invented[:5])}" if invented else ""
    return Check("no number is invented", not invented, "0 invented", f"{total} invented{shown}")


def _answers(sheet: ClaimSheet, report: str) -> Check:
    """Each sentence that a model wrote says what the question's quotations say, and no more."""
    wrong = []
    written = [finding for finding in sheet.questions if finding.answer]
    for finding in written:
        quotes = [claim.quote for name in finding.claims if (claim := sheet.claim(name))]
        if unsupported(finding.answer, finding.question, quotes) or (
            escaped(finding.answer) not in report
        ):
            wrong.append(finding.id)
    total = len(written)
    return Check(
        "every answer in a model's words rests on its quotations",
        not wrong,
        f"{total} of {total}",
        f"{total - len(wrong)} of {total}" + (f"; not: {', '.join(wrong[:5])}" * bool(wrong)),
    )


def _structure(line: str, sheet: ClaimSheet) -> set[str]:
    """The numbers a line has because of what it is: a heading's place, a count of passages."""
    if re.match(r"### \d+\. ", line):
        return {str(place) for place in range(1, len(sheet.questions) + 1)}
    if re.fullmatch(r"\d+ passages? from \d+ documents? answers? this\.", line):
        return {str(count) for count in range(1, 25)}
    return set()
