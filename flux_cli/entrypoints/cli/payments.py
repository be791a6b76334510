"""`flux payments list|show`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import Money
from flux_cli.entrypoints.cli.ballots import BALLOT_COLUMNS, ballot_rows, votes_in_words
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.pages import FILTERED, filters, page
from flux_cli.entrypoints.cli.run_document import rows_of
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.view_payments import summarise_payment, view_payment

app = noun("Requests for money and what was decided.")

COLUMNS = (
    Column("id", "id", "id"),
    Column("purpose", "what"),
    Column("amount", "amount", "money"),
    Column("votes", "votes"),
    Column("state", "state", "status"),
)
TABLES = {
    "shares": (Column("payee", "payee"), Column("amount", "amount", "money")),
    "refusals": (
        Column("code", "rule"),
        Column("message", "why"),
        Column("limit", "limit", "money"),
        Column("observed", "observed", "money"),
    ),
    "ballots": BALLOT_COLUMNS,
}
SHOWN = (
    "id",
    "state",
    "requester",
    "amount",
    "purpose",
    "justification",
    "claimed_return",
    "captured",
    "released",
    "most_that_would_pass",
    "run_id",
    "card_id",
    "created_at",
    "decided_at",
)
"""What people see of a payment before its tables."""


@verb(app, "list", options=FILTERED, examples=("flux payments list --status denied",))
def list_(flux: Invocation) -> None:
    """List payments, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, IntentState, "requester")
        intents, following = page(flux, reader, PaymentIntent, equal)
    rows = [summarise_payment(intent) for intent in intents]
    empty = "no payments: `flux run marketing-campaign` asks for one"
    flux.show(Listing("payment", rows, COLUMNS, following, empty=empty))


@verb(app, "show", examples=("flux payments show pi_01",))
def show(
    flux: Invocation,
    payment_id: Annotated[
        str, typer.Argument(metavar="ID", help="The payment's id, or its start.")
    ],
) -> None:
    """Show a payment: every rule that refused, every ballot, and the decision."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_payment(reader, reader.resolve(PaymentIntent, payment_id))
    if flux.for_people:
        flux.show(Document("payment", _brief(whole), tables=TABLES, last="money is simulated"))
    else:
        flux.show(Document("payment", whole))


def _brief(whole: Mapping[str, object]) -> dict[str, object]:
    decision = whole["decision"]
    tally = decision["tally"] if isinstance(decision, Mapping) else None
    brief = {name: whole[name] for name in SHOWN}
    brief["votes"] = votes_in_words(tally, whole["votes"])
    if isinstance(decision, Mapping):
        brief["decision"] = f"{decision['verdict']}, policy version {decision['policy_version']}"
    brief["shares"] = whole["shares"]
    if whole["refusals"]:
        brief["refusals"] = [_in_money(rule) for rule in rows_of(whole, "refusals")]
    ballots = ballot_rows(whole)
    return brief | ({"ballots": ballots} if ballots else {})


def _in_money(rule: Mapping[str, object]) -> dict[str, object]:
    """A refusal with its numbers as amounts, where they are amounts."""
    shown = dict(rule)
    for name in ("limit", "observed"):
        units = rule[name]
        if isinstance(units, int) and rule["unit"] == "money":
            shown[name] = Money(units)
    return shown
