"""`flux scenarios list|show|validate|new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_flux
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.view_scenarios import (
    describe_scenario,
    summarise_scenarios,
    validate_scenarios,
)

app = noun("Goals ready to run.")

COLUMNS = (
    Column("id", "name"),
    Column("tasks", "tasks", "number"),
    Column("purchases", "buys", "number"),
    Column("most", "at most", "money"),
    Column("title", "title"),
    Column("error", "error"),
)
VALID_COLUMNS = (
    Column("id", "name"),
    Column("tasks", "tasks", "number"),
    Column("folder", "folder"),
)
TABLES = {
    "tasks": (
        Column("id", "task"),
        Column("trade", "trade"),
        Column("max_price", "at most", "money"),
        Column("needs", "needs"),
        Column("title", "what"),
    ),
    "purchases": (
        Column("id", "purchase"),
        Column("merchant", "merchant"),
        Column("amount", "amount", "money"),
        Column("urgency", "urgency"),
        Column("item", "what"),
    ),
}


@verb(app, "list", examples=("flux scenarios list",))
def list_(flux: Invocation) -> None:
    """List the scenarios there are."""
    rows = summarise_scenarios(open_flux(flux.config))
    flux.show(Listing("scenario", rows, COLUMNS, empty="no scenarios are installed"))


@verb(app, "show", examples=("flux scenarios show marketing-campaign",))
def show(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A scenario's name or folder.")],
) -> None:
    """Show a scenario: its goal, its plan and what it reads."""
    scenario = open_flux(flux.config).scenarios.load(name)
    whole = describe_scenario(scenario)
    if flux.for_people:
        hidden = {"brief", "plan_digest"}
        whole = {
            key: value
            for key, value in whole.items()
            if key not in hidden and value not in (None, "", [])
        }
    last = f"flux run {scenario.name}"
    flux.show(Document("scenario", whole, tables=TABLES, last=last))


@verb(app, "validate", examples=("flux scenarios validate scenarios/marketing-campaign",))
def validate(
    flux: Invocation,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Folders, files or names of scenarios.")
    ],
) -> None:
    """Check that scenarios can be run."""
    places = [str(Path(path).resolve()) if Path(path).exists() else path for path in paths]
    good = validate_scenarios(open_flux(flux.config), places)
    rows = [
        {
            "id": one.name,
            "valid": True,
            "tasks": len(one.plan.tasks),
            "purchases": len(one.plan.purchases) + (one.plan.errand is not None),
            "sources": len(one.sources),
            "folder": one.folder,
        }
        for one in good
    ]
    flux.show(Listing("scenario_check", rows, VALID_COLUMNS, last=f"{len(rows)} valid"))


@verb(app, "new", examples=("flux scenarios new market-check && flux run ./market-check",))
def new(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="a-z, 0-9 and dashes.")],
    folder: Annotated[
        Path | None, typer.Option("--in", metavar="DIR", help="Where to put its folder.")
    ] = None,
) -> None:
    """Write a scenario to fill in: it is valid as it stands."""
    place = (folder or flux.cwd) / name
    made = open_flux(flux.config).scenarios.make(name, place)
    fields = {"id": name, "folder": place, "files": [str(file.relative_to(place)) for file in made]}
    flux.show(Document("scenario_made", fields, last=f"fill it in, then: flux run {place}"))
