"""The research as a client reads it: every sentence of substance is a quotation with a number."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.adapters.specialists.claims import (
    Claim,
    ClaimSheet,
    Comparison,
    Finding,
    escaped,
    in_report,
    table_cells,
)
from flux_cli.adapters.specialists.terms import terms
from flux_cli.domain.work import Source

NOT_FOUND = "Not found in the sources."
BY_A_MODEL = "*A model wrote this sentence from the quotations below.*"


def research_markdown(sheet: ClaimSheet, sources: Sequence[Source], goal: str) -> str:
    """The text of `research.md`."""
    if not sources:
        return question_plan(sheet, goal)
    parts = [
        f"# {_title(sheet)}",
        *([f"*Commissioned for: {escaped(goal)}*"] if goal.strip() else []),
        *_summary(sheet, sources),
        "## Findings",
        *(
            block
            for place, f in enumerate(sheet.questions, 1)
            for block in _finding(sheet, f, place)
        ),
        *_comparison(sheet),
        *_disagreements(sheet),
        *_not_found(sheet),
        *_sources(sheet, sources),
        *_citations(sheet),
    ]
    return "\n\n".join(parts) + "\n"


def _title(sheet: ClaimSheet) -> str:
    asked = all(finding.asked_by == "client" for finding in sheet.questions)
    if not sheet.product and asked:
        return "What the documents say"
    return f"Research for {escaped(sheet.product or 'the campaign')}"


def question_plan(sheet: ClaimSheet, goal: str) -> str:
    """What to find out and where, when there is nothing to read: no facts are made up."""
    lines = [
        f"# Question plan for {escaped(sheet.product or 'the campaign')}",
        *([f"*Commissioned for: {escaped(goal)}*"] if goal.strip() else []),
        "No documents came with this assignment, so nothing could be looked up and nothing is "
        "claimed here. These are the questions that have to be answered before the campaign "
        "states a fact. Survey results, interviews, price lists, test reports and support logs "
        "are the documents that usually answer them.",
        "## Not found",
        "\n".join(f"- {escaped(finding.question)} {NOT_FOUND}" for finding in sheet.questions),
    ]
    return "\n\n".join(lines) + "\n"


def quoted(claim: Claim) -> str:
    """A claim's words in quotation marks, once, and its citation."""
    words = in_report(claim)
    shown = words if words[:1] in '"“„«' else f"“{words}”"
    return f"{shown} [{claim.number}]"


def _summary(sheet: ClaimSheet, sources: Sequence[Source]) -> list[str]:
    found = [finding for finding in sheet.questions if finding.found]
    asked = [f for f in sheet.questions if f.asked_by == "client"] or list(sheet.questions[:-4])
    lead = (
        f"{_count(len(sources), 'document')} were read. They answer {len(found)} of "
        f"{_count(len(sheet.questions), 'question')}, with "
        f"{_count(len(sheet.claims), 'quotation')} that can be looked up. "
        "The clearest answer to each question comes first."
        if len(sources) > 1
        else f"One document was read. It answers {len(found)} of "
        f"{_count(len(sheet.questions), 'question')}, with "
        f"{_count(len(sheet.claims), 'quotation')} that can be looked up."
    )
    lines = [f"- **{escaped(finding.question)}** {_first(sheet, finding)}" for finding in asked]
    disputes = [pair for pair in sheet.comparisons if not pair.agrees]
    if disputes:
        points = "point" if len(disputes) == 1 else "points"
        lines.append(
            f"- **Before anything is printed:** the sources disagree on {len(disputes)} {points}. "
            "They are listed under “Where the sources disagree”."
        )
    return ["## In short", lead, "\n".join(lines)]


def _first(sheet: ClaimSheet, finding: Finding) -> str:
    claim = sheet.claim(finding.claims[0]) if finding.claims else None
    return quoted(claim) if claim else NOT_FOUND


def _finding(sheet: ClaimSheet, finding: Finding, place: int) -> list[str]:
    title = f"### {place}. {escaped(finding.question)}"
    claims = [claim for name in finding.claims if (claim := sheet.claim(name))]
    if not claims:
        return [title, _gap(finding)]
    documents = len({claim.source for claim in claims})
    passages = _count(len(claims), "passage")
    answer = "answers" if len(claims) == 1 else "answer"
    lead = f"{passages} from {_count(documents, 'document')} {answer} this."
    lines = [f"- {quoted(claim)} — {_place(claim)}" for claim in claims]
    asked = set(terms(finding.question))
    for table in sheet.tables:
        if len(asked & set(terms(" ".join((table.source, table.heading, *table.columns))))) > 1:
            named = escaped(table.heading or "Table")
            lines.append(f"- The table “{named}” under “Numbers side by side” has the figures.")
    said = [f"**{escaped(finding.answer)}** {BY_A_MODEL}"] if finding.answer else []
    return [title, *said, lead, "\n".join(lines)]


def _place(claim: Claim) -> str:
    section = f", “{escaped(claim.heading)}”" if claim.heading else ""
    return f"*{escaped(claim.source)}*{section}"


def _gap(finding: Finding) -> str:
    if not finding.missing:
        return f"{NOT_FOUND} No passage comes close enough to be quoted as an answer."
    named = " or ".join(f"“{escaped(word)}”" for word in finding.missing)
    return f"{NOT_FOUND} No document mentions {named}."


def _comparison(sheet: ClaimSheet) -> list[str]:
    agreeing = [pair for pair in sheet.comparisons if pair.agrees]
    if not sheet.tables and not agreeing:
        return []
    blocks = ["## Numbers side by side"]
    for table in sheet.tables:
        rows = [claim for name in table.rows if (claim := sheet.claim(name))]
        title = f"**{escaped(table.heading or 'Table')}** — *{escaped(table.source)}*"
        header = ["| " + " | ".join((*map(escaped, table.columns), "Cited")) + " |"]
        header.append("|" + "---|" * (len(table.columns) + 1))
        body = [
            "| " + " | ".join((*map(escaped, table_cells(row.quote)), f"[{row.number}]")) + " |"
            for row in rows
        ]
        blocks += [title, "\n".join(header + body)]
    if agreeing:
        lines = ["| Figure | First source | Second source |", "|---|---|---|"]
        lines += [_agreement(sheet, pair) for pair in agreeing]
        blocks += ["**Figures that two sources confirm**", "\n".join(lines)]
    return blocks


def _agreement(sheet: ClaimSheet, pair: Comparison) -> str:
    first, second = sheet.claim(pair.first), sheet.claim(pair.second)
    assert first, "a comparison names claims of its own sheet"
    assert second, "a comparison names claims of its own sheet"
    return (
        f"| {escaped(pair.values[0])} | {quoted(first)} *{escaped(first.source)}* "
        f"| {quoted(second)} *{escaped(second.source)}* |"
    )


def _disagreements(sheet: ClaimSheet) -> list[str]:
    blocks: list[str] = []
    for pair in sheet.comparisons:
        first, second = sheet.claim(pair.first), sheet.claim(pair.second)
        if pair.agrees or not first or not second:
            continue
        note = (
            "One side is an average, a limit or an estimate, so both can be true; the copy has "
            "to say which one it means."
            if pair.qualified
            else "They cannot both be printed as they stand. The client has to say which one holds."
        )
        blocks.append(
            f"- **{escaped(pair.values[0])} or {escaped(pair.values[1])}?** {quoted(first)} — "
            f"{_place(first)}. Against it: {quoted(second)} — {_place(second)}. {note}"
        )
    if not blocks:
        return [
            "## Where the sources disagree",
            "No two sources give different numbers for the same thing.",
        ]
    return ["## Where the sources disagree", "\n".join(blocks)]


def _not_found(sheet: ClaimSheet) -> list[str]:
    gaps = [finding for finding in sheet.questions if not finding.found]
    if not gaps:
        return ["## Not found", "Every question has an answer in the sources."]
    lines = [f"- {escaped(finding.question)} {_gap(finding)}" for finding in gaps]
    close = "Leave these points out of the copy, or ask the client for a document on them."
    return ["## Not found", "\n".join(lines), close]


def _sources(sheet: ClaimSheet, sources: Sequence[Source]) -> list[str]:
    used = {claim.source for claim in sheet.claims}
    lines = ["| Document | Words | Quoted | SHA-256 |", "|---|---|---|---|"]
    for source in sources:
        digest = next((c.sha256 for c in sheet.claims if c.source == source.name), source.sha256)
        lines.append(
            f"| {escaped(source.name)} | {len(source.text.split())} "
            f"| {'yes' if source.name in used else 'no'} | `{escaped(digest[:16])}` |"
        )
    return ["## Sources", "\n".join(lines)]


def _citations(sheet: ClaimSheet) -> list[str]:
    lines = ["| # | Document | Section | Bytes |", "|---|---|---|---|"]
    lines += [
        f"| {claim.number} | {escaped(claim.source)} | {escaped(claim.heading)} "
        f"| {claim.start}–{claim.end} |"
        for claim in sheet.claims
    ]
    note = "Each number in brackets is a row here; `claims.json` has its words and its hash."
    return ["## Citations", note, "\n".join(lines)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
