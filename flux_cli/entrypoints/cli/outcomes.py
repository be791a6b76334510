"""How a run or a payment ends, as an exit code and in words."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.refusals import Refusal as Ruling
from flux_cli.domain.runs import Run, RunState
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.fail_on import ENDINGS, failure_of
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.rulings import shown_refusals, ways_on
from flux_cli.errors import Fix, WorkFailed

PAUSED = frozenset({"economy_frozen", "agent_frozen", "agent_paused"})
WAITING = (IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)
FUNDS = frozenset({"insufficient_funds"})


def exit_code_of(refusals: tuple[Ruling, ...]) -> ExitCode:
    """The code of a denial, by its most serious reason."""
    first = refusals[0].code
    if first in PAUSED:
        return ExitCode.CONFLICT
    return ExitCode.FUNDS if first in FUNDS else ExitCode.DENIED


def refuse(
    flux: Invocation,
    intent: PaymentIntent,
    document: Document,
    exit_code: ExitCode | None = None,
) -> None:
    """End the command as denied, with every rule that refused and the most that would pass."""
    rulings = shown_refusals(intent.refusals, intent.amount.asset.code, document)
    most = intent.most_that_would_pass
    flux.deny(
        f"{intent.requester} asked for {intent.amount}; nothing moved",
        rulings,
        subject=intent.id,
        max_amount_minor=None if most is None else most.units,
        fixes=ways_on(intent, intent.refusals, document),
        document=document,
        exit_code=exit_code or exit_code_of(intent.refusals),
    )


def end_of_run(
    flux: Invocation,
    run: Run,
    intents: Sequence[PaymentIntent],
    whole: Document,
    fails: frozenset[ExitCode] | None = None,
) -> ExitCode:
    """Show the run and give its exit code; a denial or a failure ends the command instead.

    `fails` are the only endings that are failures, where it is given: then a denied purchase of
    a run that went on is one too.
    """
    usual = fails is None
    allowed = frozenset(ENDINGS.values()) if fails is None else fails
    for intent in intents:
        if intent.state is IntentState.DENIED and (run.state is RunState.DENIED or not usual):
            code = failure_of(exit_code_of(intent.refusals), allowed)
            if code is not None:
                refuse(flux, intent, whole, code)
    if run.state is RunState.FAILED and ExitCode.TEMPORARY in allowed:
        raise WorkFailed(
            run.error or "the run failed",
            subject=run.id,
            fixes=(Fix("see what was checked", ("flux", "runs", "show", run.id)),),
        )
    flux.show(whole)
    if run.state in (RunState.COMPLETED, RunState.DENIED, RunState.FAILED):
        return ExitCode.OK
    waiting = [intent.state for intent in intents if intent.state in WAITING]
    flux.note(f"the run waits: {waiting[0] if waiting else run.state}")
    return ExitCode.PENDING if ExitCode.PENDING in allowed else ExitCode.OK
