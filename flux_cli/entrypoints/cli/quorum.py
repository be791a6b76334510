"""`flux quorum show`."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.entrypoints.cli.ballots import BALLOT_COLUMNS, ballot_rows, votes_in_words
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.view_payments import find_payment, view_quorum

app = noun("The five seats and their ballots.")


@verb(app, "show", examples=("flux quorum show pi_01", "flux quorum show run_01"))
def show(
    flux: Invocation,
    subject: Annotated[str, typer.Argument(metavar="ID", help="A payment's id, or a run's.")],
) -> None:
    """Show how each seat voted on a payment, and why."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_quorum(reader, find_payment(reader, subject))
    if not flux.for_people:
        flux.show(Document("quorum", whole))
        return
    said = votes_in_words(whole["tally"], whole["votes"])
    brief = {key: value for key, value in whole.items() if key not in {"tally", "votes", "ballots"}}
    ballots = ballot_rows(whole)
    # Reasons stand as fields of their own, which are wrapped where a column would be shortened.
    reasons = {f"{ballot['seat']} says": ballot["why"] for ballot in ballots}
    shown = brief | reasons | ({"ballots": ballots} if ballots else {})
    counted = tuple(column for column in BALLOT_COLUMNS if column.field != "why")
    flux.show(Document("quorum", shown, tables={"ballots": counted}, last=said))
