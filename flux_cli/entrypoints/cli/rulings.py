"""The kernel's refusals as the command line shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.refusals import Refusal as Ruling
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.errors import Fix

BELOW_FLOOR = "below_reserve_floor"
"""The reason of a hard NO to what would leave too little."""


def shown_refusals(
    rulings: Sequence[Ruling], asset_code: str, document: Document | None = None
) -> tuple[Refusal, ...]:
    """Each refusal with its two numbers: amounts as amounts of the asset, others in words.

    Where `document` has the ballots, a hard NO is said in its seat's own words.
    """
    return tuple(
        Refusal(rule.code, _message(rule, document), rule.limit, rule.observed, asset_code)
        if rule.unit == "money"
        else Refusal(rule.code, f"{rule.observed} of {rule.limit} {rule.unit}")
        for rule in rulings
    )


def _message(rule: Ruling, document: Document | None) -> str:
    if rule.code != "quorum_hard_no":
        return rule.message
    said = [f"{one['seat']}: {first_reason(one)}" for one in _hard_nos(document)]
    return "; ".join((rule.message, *said))


def _hard_nos(document: Document | None) -> list[Any]:
    ballots = document.fields.get("ballots") if document is not None else None
    return [one for one in ballots if one["hard"]] if isinstance(ballots, list | tuple) else []


def ways_on(
    intent: PaymentIntent, rulings: Sequence[Ruling], document: Document | None = None
) -> tuple[Fix, ...]:
    """What to do after a denial: read it, and give the wallet more where too little was in it."""
    read = Fix("see what each rule and seat said", ("flux", "payments", "show", intent.id))
    short = any(rule.code == "insufficient_funds" for rule in rulings) or any(
        reason["code"] == BELOW_FLOOR for one in _hard_nos(document) for reason in one["reasons"]
    )
    if not short or intent.rail != "simulated" or intent.amount.asset != CREDIT:
        return (read,)
    # Twice what was asked leaves half of it free, above any usual floor.
    more = Money(2 * intent.amount.units, CREDIT).decimal.rstrip("0").rstrip(".")
    fund = ("flux", "agents", "fund", intent.requester, more)
    return (read, Fix("too little is free; the wallet is simulated and takes more", fund))


def first_reason(ballot: Mapping[str, object]) -> str:
    """What decided a seat's vote: the first of its reasons."""
    reasons = ballot["reasons"]
    assert isinstance(reasons, list | tuple), "a ballot lists its reasons"
    return str(reasons[0]["text"]) if reasons else ""
