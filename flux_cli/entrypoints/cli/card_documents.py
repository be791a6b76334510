"""Cards and authorisations as the command line shows them; SIMULATED wherever a person looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flux_cli.domain.card_network import Authorization, Declined, DeclineReason
from flux_cli.domain.cards import Card
from flux_cli.domain.money import Money
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.run_document import rows_of
from flux_cli.errors import Fix
from flux_cli.usecases.describe_run import describe_authorization, describe_card

COLUMNS = (
    Column("id", "id", "id"),
    Column("number", "SIMULATED card"),
    Column("holder", "holder"),
    Column("limit", "limit", "money"),
    Column("spent", "spent", "money"),
    Column("state", "state", "status"),
)
PEOPLE_COLUMNS = (COLUMNS[0], Column("card", "SIMULATED card"), *COLUMNS[2:])
SIMULATED = "SIMULATED: no card here pays anywhere outside Flux"
TABLES = {
    "authorizations": (
        Column("id", "id", "id"),
        Column("amount", "amount", "money"),
        Column("captured", "captured", "money"),
        Column("refunded", "refunded", "money"),
        Column("state", "state", "status"),
        Column("merchant", "merchant"),
    ),
    "declines": (
        Column("at", "declined", "time"),
        Column("reason", "reason"),
        Column("amount", "amount", "money"),
        Column("merchant", "merchant"),
    ),
}
HEADINGS = {"number": "SIMULATED number", "intent_id": "payment", "expires_at": "valid until"}
ALWAYS = ("id", "number", "state", "holder", "purpose", "usage", "limit", "spent", "remaining")
IF_SET = ("authorised", "released", "refunded", "merchant", "category", "locked", "revealed_at")
WAYS = ("expires_at", "intent_id", "run_id")

CONFLICTS = frozenset(
    {
        DeclineReason.DUPLICATE_TRANSACTION,
        DeclineReason.FROZEN,
        DeclineReason.AGENT_PAUSED,
        DeclineReason.ALREADY_USED,
        DeclineReason.CARD_PAUSED,
        DeclineReason.AUTHORIZATION_CLOSED,
    }
)
"""Declines that say what state something is in; another amount or card would not help."""

FUNDS = frozenset({DeclineReason.INSUFFICIENT_FUNDS})


def card_listing(
    flux: Invocation, cards: Sequence[Card], *, following: str | None = None, empty: str
) -> Listing:
    """Cards in lines; people read the last four digits, programs the masked number."""
    rows = [describe_card(card) for card in cards]
    last = SIMULATED if rows else ""
    if not flux.for_people:
        return Listing("card", rows, COLUMNS, following, empty=empty, last=last)
    rows = [row | {"card": f"…{card.last_four}"} for row, card in zip(rows, cards, strict=True)]
    return Listing("card", rows, PEOPLE_COLUMNS, following, empty=empty, last=last)


def card_document(
    whole: Mapping[str, object], *, for_people: bool, last: str = SIMULATED
) -> Document:
    """A card whole for programs, and what matters of it for people."""
    if not for_people:
        return Document("card", whole)
    shown = {name: whole[name] for name in ALWAYS}
    shown |= {name: _whole_seconds(whole[name]) for name in IF_SET if _is_set(whole[name])}
    shown |= {name: _whole_seconds(whole[name]) for name in WAYS if whole[name] is not None}
    for name in TABLES:
        if found := rows_of(whole, name):
            shown[name] = [
                {key: _whole_seconds(value) for key, value in row.items()} for row in found
            ]
    return Document("card", shown, tables=TABLES, headings=HEADINGS, last=last)


def _whole_seconds(value: object) -> object:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def _is_set(value: object) -> bool:
    return value.units != 0 if isinstance(value, Money) else value not in (None, False)


def authorization_document(flux: Invocation, claim: Authorization, key: str) -> Document:
    """An authorisation as it stands."""
    whole = describe_authorization(claim)
    assert whole is not None, "there is one"
    whole |= {"idempotency_key": key}
    last = f"{claim.merchant}: {_in_words(claim)}, SIMULATED"
    if not flux.for_people:
        return Document("authorization", whole)
    names: tuple[str, ...] = ("id", "state", "merchant", "category", "amount", "captured")
    names = (*names, "open_amount", "card_id", "expires_at", "idempotency_key")
    shown = {name: _whole_seconds(whole[name]) for name in names}
    for name in ("released", "refunded", "forced", "late"):
        if _is_set(whole[name]):
            shown[name] = whole[name]
    return Document("authorization", shown, headings={"open_amount": "open"}, last=last)


def _in_words(claim: Authorization) -> str:
    if claim.refunded.units:
        return f"{claim.refunded} of {claim.captured} given back"
    if claim.open_amount.units:
        return f"{claim.open_amount} authorised, {claim.captured} captured"
    return f"{claim.captured} captured" if claim.captured.units else str(claim.state)


def tell(flux: Invocation, answer: Authorization | Declined, key: str) -> None:
    """Show what the network approved; a decline ends the command with its stable reason.

    It tells what whoever presented the card may know: the owner's `cards show` tells more.
    """
    if isinstance(answer, Authorization):
        flux.show(authorization_document(flux, answer, key))
        return
    code = ExitCode.CONFLICT if answer.reason in CONFLICTS else ExitCode.DENIED
    look = ("flux", "cards", "show", answer.card_id or "ID")
    known = answer.card_id is not None and answer.told != "invalid_details"
    flux.deny(
        "the card was declined; nothing moved",
        (Refusal(answer.told, answer.message),),
        subject=answer.card_id if known else None,
        fixes=(Fix("see what is on the card", look),) if known else (),
        exit_code=ExitCode.FUNDS if answer.reason in FUNDS else code,
    )
