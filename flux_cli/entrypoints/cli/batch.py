"""`flux batch`: every payment of a file, each decided alone, or all or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import Money
from flux_cli.entrypoints.cli.batch_file import read_batch, refuse_faults
from flux_cli.entrypoints.cli.document import Column, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.outcomes import exit_code_of
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.rulings import shown_refusals
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.batch_payments import (
    PAID,
    Outcome,
    Row,
    check_rows,
    foresee,
    pay_all,
    pay_each,
)
from flux_cli.usecases.describe_run import shallow

app = daily()

COLUMNS: tuple[Column, ...] = (
    Column("line", "line", "number"),
    Column("state", "state", "status"),
    Column("from", "from"),
    Column("to", "to"),
    Column("amount", "amount", "money"),
    Column("id", "id", "id"),
    Column("purpose", "what"),
    Column("why", "why not", wraps=True),
)
PENDING = frozenset(
    {
        IntentState.AWAITING_QUORUM,
        IntentState.AWAITING_OWNER,
        IntentState.APPROVED,
        IntentState.UNKNOWN,
    }
)


@verb(
    app,
    "batch",
    options=MONEY - {"idempotency_key"},
    examples=(
        "flux batch payroll.csv",
        "flux batch payroll.jsonl --atomic --max-amount 500",
    ),
)
def batch(
    flux: Invocation,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV or JSON Lines: from, to, amount, …")
    ],
    atomic: Annotated[bool, typer.Option("--atomic", help="Pay every row, or none.")] = False,
) -> ExitCode:
    """Pay every row of a file, each decided alone; the same file never pays a row twice.

    Columns: from, to, amount; and if wanted asset, purpose or memo, category, key, reference,
    mandate. A row without a key has one from the file and its line: a changed file is another
    batch, and pays all its rows.
    """
    rows = read_batch(file)
    if flux.max_amount is not None:
        _refuse_more(flux, rows, flux.max_amount)
    deps = open_existing(flux.config, timeout=flux.timeout)
    refuse_faults(file, check_rows(deps, rows))
    flux.resume_with("flux", "batch", str(file), *(("--atomic",) if atomic else ()))
    if atomic:
        together = pay_all(deps, rows, keep=not flux.dry_run)
        if isinstance(together, Outcome):
            _refuse_all(flux, together)
        else:
            return _tell(flux, together)
    if flux.dry_run:
        return _tell(flux, foresee(deps, rows))
    return _tell(flux, list(pay_each(deps, rows, _silent)))


def _silent(_step: str, /, **_facts: object) -> None:
    """Ballots of a thousand rows are for `flux quorum`, not for the terminal."""


def _refuse_more(flux: Invocation, rows: Sequence[Row], most: Money) -> None:
    """End as denied where the rows together are more than --max-amount, or in another asset."""
    amounts = [row.request.amount for row in rows]
    same = [amount.units for amount in amounts if amount.asset == most.asset]
    if len(same) < len(amounts):
        raise InvalidInput(
            f"it counts {most.asset.code}, and a row is in another asset", param="--max-amount"
        )
    if sum(same) > most.units:
        over = Refusal("max_amount_exceeded", "all rows together", most.units, sum(same))
        flux.deny("nothing was paid", (over,))


def _refuse_all(flux: Invocation, outcome: Outcome) -> None:
    """End as denied: nothing of the file was paid, because of this row."""
    intent = outcome.intent
    refusals = shown_refusals(intent.refusals, intent.amount.asset.code)
    if not refusals:
        refusals = (Refusal("not_paid", f"its key names a payment that is {intent.state}"),)
    most = intent.most_that_would_pass
    flux.deny(
        f"line {outcome.row.line}: {intent.requester} may not pay {intent.amount};"
        " nothing of the file was paid",
        refusals,
        subject=outcome.row.key,
        max_amount_minor=None if most is None else most.units,
        fixes=(Fix("mend or leave out that row, or pay each row alone without --atomic"),),
        exit_code=exit_code_of(intent.refusals) if intent.refusals else ExitCode.DENIED,
    )


def _tell(flux: Invocation, outcomes: Sequence[Outcome]) -> ExitCode:
    """Answer with a line for each row; the exit code is that of all that were not paid, if they
    have one in common.
    """
    paid = [outcome for outcome in outcomes if outcome.intent.state is PAID]
    pending = [outcome for outcome in outcomes if outcome.intent.state in PENDING]
    repeated = sum(outcome.repeated for outcome in paid)
    others = len(outcomes) - len(paid) - len(pending)
    said = f"{len(paid)} paid, {others} not paid, {len(pending)} pending"
    said += f"; {repeated} of them were paid before" if repeated else ""
    said = f"dry run, nothing kept: {said}" if flux.dry_run else said
    rows = [_described(outcome, dry_run=flux.dry_run) for outcome in outcomes]
    columns = COLUMNS
    if flux.for_people:  # as wide as a terminal: what it is for, or where one failed, why
        left_out = "purpose" if any(row["why"] for row in rows) else "why"
        columns = tuple(column for column in COLUMNS if column.field != left_out)
    flux.show(Listing("batch_row", rows, columns, last=f"{said}; money is simulated"))
    if not flux.for_people:
        flux.note(said)
    if others and not flux.dry_run:
        flux.note("ask again for those in a file of their own: a changed file is another batch")
    if others:
        ends = {_end(one.intent) for one in outcomes} - {ExitCode.OK}
        return ends.pop() if len(ends) == 1 else ExitCode.DENIED
    return ExitCode.PENDING if pending else ExitCode.OK


def _end(intent: PaymentIntent) -> ExitCode:
    if intent.state is PAID or intent.state in PENDING:
        return ExitCode.OK
    return exit_code_of(intent.refusals) if intent.refusals else ExitCode.DENIED


def _described(outcome: Outcome, *, dry_run: bool) -> dict[str, object]:
    """The row as it was decided; a dry run leaves no payment to name."""
    intent, row = outcome.intent, outcome.row
    return {
        "id": None if dry_run and not outcome.repeated else intent.id,
        "dry_run": dry_run,
        "line": row.line,
        "state": "paid" if intent.state is PAID else intent.state,
        "from": intent.requester,
        "to": row.request.shares[0].payee,
        "amount": intent.amount,
        "purpose": intent.purpose,
        "category": intent.category,
        "mandate_id": intent.mandate_id,
        "reference": intent.reference,
        "key": row.key,
        "repeated": outcome.repeated,
        "why": _why(intent),
        "refusals": [shallow(refusal) for refusal in intent.refusals],
        "most_that_would_pass": intent.most_that_would_pass,
        "decision_id": intent.decision_id,
    }


def _why(intent: PaymentIntent) -> str | None:
    """The most serious refusal with its numbers."""
    for refusal in shown_refusals(intent.refusals, intent.amount.asset.code):
        numbers = refusal.numbers()
        compared = f" (limit {numbers[0]}, observed {numbers[1]})" if numbers else ""
        return refusal.message + compared
    return None
