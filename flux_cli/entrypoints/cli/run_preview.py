"""`flux run --dry-run`: the plan with its costs, and nothing done."""

from __future__ import annotations

from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.preview_run import describe_preview, preview_run
from flux_cli.usecases.run_goal import Goal

TABLES = {
    "tasks": (
        Column("id", "task"),
        Column("agent", "agent"),
        Column("quote", "quote", "money"),
        Column("max_price", "at most", "money"),
        Column("deadline_hours", "hours", "number"),
        Column("needs", "needs"),
        Column("title", "what"),
    ),
    "purchases": (
        Column("id", "purchase"),
        Column("merchant", "merchant"),
        Column("amount", "amount", "money"),
        Column("item", "item"),
    ),
    "refusals": (Column("code", "would be refused"), Column("message", "because")),
}


def show_plan(flux: Invocation, deps: Deps, goal: Goal) -> ExitCode:
    """Answer with what the run would do; a plan that would be denied is an answer too."""
    whole = describe_preview(preview_run(deps, goal, run_progress(flux)))
    shown = whole
    if flux.for_people:
        shown = {name: value for name, value in whole.items() if value not in (None, [], ())}
    last = "nothing was done: a dry run"
    flux.show(Document("run_plan", shown, tables=TABLES, last=last))
    return ExitCode.OK
