"""A run as people and programs read it."""

from __future__ import annotations

from collections.abc import Mapping

from flux_cli.entrypoints.cli.document import Column, Document

TABLES = {
    "ballots": (
        Column("seat", "seat"),
        Column("vote", "vote", "status"),
        Column("score", "score", "number"),
        Column("risk", "risk", "number"),
        Column("why", "why"),
    ),
    "hires": (
        Column("agent", "agent"),
        Column("price", "price", "money"),
        Column("state", "state", "status"),
        Column("files", "files", "number"),
        Column("passed", "checks"),
        Column("title", "work"),
    ),
    "balances": (Column("agent", "agent"), Column("change", "change", "money")),
}


def run_document(document: Mapping[str, object], *, for_people: bool) -> Document:
    """The whole run for programs; for people the parts that answer who, how much and why."""
    if not for_people:
        return Document("run", document)
    return Document("run", _brief(document), tables=TABLES, last=_last(document))


def _brief(document: Mapping[str, object]) -> dict[str, object]:
    card, payment, decision = (document[name] for name in ("card", "payment", "decision"))
    shown: dict[str, object] = {
        "id": document["id"],
        "goal": document["goal"],
        "state": document["state"],
    }
    if isinstance(payment, Mapping):
        shown["asked"] = f"{payment['amount']}, {payment['state']}"
    if isinstance(decision, Mapping) and isinstance(decision["tally"], Mapping):
        tally = decision["tally"]
        shown["votes"] = f"{tally['yes']} of 5 YES, {tally['needed']} needed"
    if isinstance(card, Mapping):
        shown["card"] = (
            f"{card['number']}, {card['state']}, {card['spent']} of {card['limit']}, SIMULATED"
        )
    shown["ballots"] = [_ballot(ballot) for ballot in rows_of(document, "ballots")]
    shown["hires"] = [_hire(hire) for hire in rows_of(document, "hires")]
    shown["balances"] = document["balances"]
    return shown


def _ballot(ballot: Mapping[str, object]) -> dict[str, object]:
    reasons = rows_of(ballot, "reasons")
    why = str(reasons[0]["text"]) if reasons else ""
    return {**ballot, "why": why}


def _hire(hire: Mapping[str, object]) -> dict[str, object]:
    checks = rows_of(hire, "checks")
    passed = sum(bool(check["passed"]) for check in checks)
    return {**hire, "passed": f"{passed}/{len(checks)}"}


def rows_of(document: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A field of a document that is a list of objects."""
    rows = document[name]
    assert isinstance(rows, list | tuple), f"{name} is a list"
    return list(rows)


def _last(document: Mapping[str, object]) -> str:
    files = rows_of(document, "deliverables")
    if not files:
        return ""
    return f"{len(files)} files in {document['out']}; open report.html first"
