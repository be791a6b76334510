"""Ballots as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from flux_cli.domain.lineage import RULES_LINEAGE
from flux_cli.entrypoints.cli.document import Column

BALLOT_COLUMNS = (
    Column("seat", "seat"),
    Column("vote", "vote", "status"),
    Column("score", "score", "number"),
    Column("risk", "risk", "number"),
    Column("why", "reasons"),
)


AS_IT_IS = {"rule_fallback": "rule_fallback"}
"""The label is the ballots' own word, so that who looks it up finds it."""


def ballot_rows(document: Mapping[str, object]) -> list[dict[str, object]]:
    """The ballots of a document, each with its reasons in one line."""
    ballots = document["ballots"]
    assert isinstance(ballots, list), "ballots are a list"
    return [
        {
            **ballot,
            "why": "; ".join(str(reason["text"]) for reason in ballot["reasons"]),
        }
        for ballot in ballots
    ]


def stood_in(document: Mapping[str, object]) -> dict[str, object]:
    """What stands first wherever rules voted in a model's place: which seats, and why."""
    told = _fallback(document)
    return {"rule_fallback": f"{told}: rules voted, not the model"} if told else {}


def stood_in_too(document: Mapping[str, object]) -> str:
    """The same as a word after a count."""
    told = _fallback(document)
    return f"; rule_fallback: {told}" if told else ""


def _fallback(document: Mapping[str, object]) -> str:
    seats = document["rule_fallback"]
    assert isinstance(seats, list), "the seats whose rules stood in are a list"
    return ", ".join(f"{one['seat']} ({one['error']})" for one in seats)


def votes_in_words(tally: object, votes: object) -> str:
    """How many of the five said yes, and how many had to."""
    if isinstance(tally, Mapping):
        return f"{votes} YES, {tally['needed']} needed, {tally['outcome']}{one_lineage(tally)}"
    return "the seats were not asked" if votes is None else f"{votes} YES"


def one_lineage(tally: Mapping[str, object]) -> str:
    """A word where fewer than two model lineages answered: five alike are about one vote."""
    lineages = tally["lineages"]
    assert isinstance(lineages, list | tuple), "lineages are a list"
    if tally["diverse"] or not lineages:
        return ""
    models = [name for name in lineages if name != RULES_LINEAGE]
    return f"; one model lineage, {models[0]}" if models else "; by rules, no model"
