"""`flux runs`: goals carried out, and those to resume."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.runs import Run, RunState
from flux_cli.entrypoints.cli.document import Column, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.fail_on import FailOn, read_fail_on
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST
from flux_cli.entrypoints.cli.run import go_on
from flux_cli.entrypoints.cli.run_document import run_document
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.describe_run import describe_run
from flux_cli.usecases.ports import Deps

app = noun("Goals carried out, and those to resume.")

COLUMNS = (
    Column("id", "run", "id"),
    Column("state", "state", "status"),
    Column("created_at", "started", "time"),
    Column("goal", "goal"),
)

UNFINISHED = (RunState.WORKING, RunState.REQUESTING, RunState.PLANNING)


@verb(app, "list", options=LIST - {"agent", "run", "since", "until"})
def list_runs(flux: Invocation) -> None:
    """List runs, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        if flux.status is None:
            found = reader.find(Run, limit=flux.limit + 1, before=flux.after)
        else:
            found = reader.find(Run, limit=flux.limit + 1, before=flux.after, state=flux.status)
    page = found[: flux.limit]
    rows = [
        {
            "id": run.id,
            "state": run.state,
            "scenario": run.scenario,
            "goal": run.goal,
            "out": run.out,
            "created_at": run.created_at,
            "finished_at": run.finished_at,
        }
        for run in page
    ]
    more = page[-1].id if len(found) > len(page) else None
    empty = "No runs yet: flux run marketing-campaign"
    flux.show(Listing("run", rows, COLUMNS, next=more, empty=empty))


@verb(app, "show")
def show(
    flux: Invocation,
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a part of it.")],
) -> None:
    """Show one run whole: plan, decision, ballots, card, hires, entries, deliverables."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        document = describe_run(reader, reader.resolve(Run, run))
    flux.show(run_document(document, for_people=flux.for_people))


@verb(app, "resume")
def resume(
    flux: Invocation,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's id; the latest unfinished without.")
    ] = "",
    fail_on: FailOn = None,
) -> ExitCode:
    """Go on with a run from where it stopped; nothing is asked or paid twice."""
    fails = read_fail_on(fail_on)
    deps = open_existing(flux.config, timeout=flux.timeout)
    return go_on(flux, deps, _find(deps, run), fails)


def _find(deps: Deps, text: str) -> Run:
    with deps.store.reading() as reader:
        if text:
            return reader.resolve(Run, text)
        for state in UNFINISHED:
            if found := reader.find(Run, state=state, limit=1):
                return found[0]
        if newest := reader.find(Run, limit=1):
            return newest[0]
    raise NotFound(
        "there is no run to resume",
        fixes=(Fix("start one", ("flux", "run", "marketing-campaign")),),
    )
