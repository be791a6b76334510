"""Votes as people read them: asked for, explained, and in figures."""

from __future__ import annotations

from collections.abc import Mapping

from flux_cli.domain.money import Money
from flux_cli.domain.quorum import SEATS
from flux_cli.entrypoints.cli.ballots import AS_IT_IS, BALLOT_COLUMNS, ballot_rows, stood_in
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.run_document import rows_of

Whole = Mapping[str, object]

COUNTED = tuple(column for column in BALLOT_COLUMNS if column.field != "why")
SEAT_FIGURES = (
    Column("seat", "seat"),
    Column("yes", "yes", "number"),
    Column("no", "no", "number"),
    Column("abstain", "abstain", "number"),
    Column("missing", "silent", "number"),
    Column("hard", "hard NO", "number"),
    Column("decisive", "decisive", "number"),
    Column("with_the_outcome_percent", "with outcome %", "number"),
)
CALIBRATION = (
    Column("confidence", "confidence"),
    Column("ballots", "ballots", "number"),
    Column("with_the_outcome", "with outcome %", "number"),
)


def asked_document(whole: Whole, *, for_people: bool) -> Document:
    """What the seats said of a request that was only asked about."""
    if not for_people:
        return Document("asked_quorum", whole)
    tally = whole["tally"]
    assert isinstance(tally, Mapping), "a count is a document"
    ballots = ballot_rows(whole)
    reasons = {f"{ballot['seat']} says": ballot["why"] for ballot in ballots}
    brief = {name: whole[name] for name in ("requester", "amount", "purpose", "outcome")}
    shown = stood_in(whole) | brief | reasons | lineages(tally) | {"ballots": ballots}
    charged = whole["charged"]
    assert isinstance(charged, Money), "what was charged is an amount"
    but = f" but the models' cost, {charged}" if charged.units else ""
    last = f"{tally['why']}; nothing was recorded{but}"
    return Document(
        "asked_quorum", shown, tables={"ballots": COUNTED}, headings=AS_IT_IS, last=last
    )


def lineages(tally: Mapping[str, object]) -> dict[str, object]:
    """The model families that answered, with a word where they are fewer than two."""
    found = tally["lineages"]
    assert isinstance(found, list | tuple), "lineages are a list"
    named = ", ".join(map(str, found)) or "nobody answered"
    if tally["diverse"] or not found:
        return {"lineages": named}
    what = "no model was asked" if named == "rules" else "models of one family are about one vote"
    return {"lineages": f"{named}: fewer than two of models, {what}"}


def explained_document(whole: Whole, *, for_people: bool) -> Document:
    """Why a vote went as it did: each seat's grounds and what would have flipped it."""
    if not for_people:
        return Document("explained_quorum", whole)
    shown = stood_in(whole) | {name: whole[name] for name in ("id", "state", "amount", "purpose")}
    tally = whole["tally"]
    last = "the seats were not asked"
    if isinstance(tally, Mapping):
        shown |= {"count": f"{tally['outcome']}: {tally['why']}"} | lineages(tally)
        last = str(whole["would_change"])
    ballots = ballot_rows(whole)
    for ballot in ballots:
        shown[f"{ballot['seat']} says"] = ballot["why"]
        flips = rows_of(ballot, "would_flip")
        if flips:
            other = flips[0]["vote"]
            changes = " · ".join(str(flip["change"]) for flip in flips)
            shown[f"{ballot['seat']}: {other} with"] = changes
    if ballots:
        shown["ballots"] = ballots
    return Document(
        "explained_quorum", shown, tables={"ballots": COUNTED}, headings=AS_IT_IS, last=last
    )


def stats_document(whole: Whole, *, for_people: bool) -> Document:
    """The figures of the votes so far; the agreement of each two seats as a square."""
    if not for_people:
        return Document("quorum_stats", whole)
    if not whole["votes"]:
        return Document("quorum_stats", {"votes": 0}, last="no vote yet: see flux quorum ask")
    cost, alone = whole["cost"], whole["policy_alone"]
    assert isinstance(cost, Mapping), "a cost is a document"
    assert isinstance(alone, Mapping), "what policy says is a document"
    outcomes = whole["outcomes"]
    assert isinstance(outcomes, Mapping), "outcomes are a document"
    shown: dict[str, object] = {
        "votes": whole["votes"],
        "outcomes": ", ".join(f"{n} {word}" for word, n in outcomes.items() if n),
        "effective votes": f"{whole['effective_votes'] or 'unknown'} of five",
        "correlated seats": ", ".join(map(str, _list(whole, "correlated"))) or "none",
        "lineages": ", ".join(map(str, _list(whole, "lineages"))),
        "cost of voting": f"{cost['votes']} for {cost['approved']} approved",
        "per dollar approved": cost["per_dollar_approved"],
        "policy alone": f"would have let {alone['would_have_passed']} pass;"
        f" the seats stopped {alone['stopped_by_the_quorum']}, {alone['amount_stopped']}",
        "seats": whole["seats"],
        "agreement": _square(whole),
        "calibration": whole["calibration"],
    }
    square = (Column("seat", "agree %"), *(Column(seat, seat, "number") for seat in SEATS))
    tables = {"seats": SEAT_FIGURES, "agreement": square, "calibration": CALIBRATION}
    last = "each figure is of the votes recorded in this ledger; --json has the correlations"
    return Document("quorum_stats", shown, tables=tables, last=last)


def _list(whole: Whole, name: str) -> list[object]:
    found = whole[name]
    assert isinstance(found, list | tuple), f"{name} is a list"
    return list(found)


def _square(whole: Whole) -> list[dict[str, object]]:
    """Each two seats' agreement in percent, as a square that is symmetric."""
    known: dict[tuple[object, object], object] = {}
    for pair in rows_of(whole, "agreement"):
        known[pair["one"], pair["other"]] = pair["agreed_percent"]
        known[pair["other"], pair["one"]] = pair["agreed_percent"]
    rows: list[dict[str, object]] = []
    for one in SEATS:
        row: dict[str, object] = {"seat": one}
        for other in SEATS:
            row[other] = None if other == one else known[one, other]
        rows.append(row)
    return rows
