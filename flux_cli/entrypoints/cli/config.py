"""`flux config show|path`."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.config import Config, user_file_of
from flux_cli.config.files import project_file
from flux_cli.config.keys import Amount, Value
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import noun, verb

app = noun("What Flux is set to, and by whom.")

ORIGIN_COLUMNS = (
    Column("id", "setting"),
    Column("value", "value"),
    Column("origin", "set by"),
    Column("place", "where"),
)


@verb(app, "show", examples=("flux config show --origin", "flux config show --jq .policy"))
def show(
    flux: Invocation,
    origin: Annotated[bool, typer.Option("--origin", help="Say who set each value.")] = False,
) -> None:
    """Show every setting."""
    if origin:
        flux.show(Listing("setting", origin_rows(flux.config), ORIGIN_COLUMNS))
    else:
        as_written = {name: name for name in flux.config.values}
        flux.show(Document("config", nested(flux.config), headings=as_written))


@verb(app, "path", without=frozenset({"yes"}))
def path(flux: Invocation) -> None:
    """Show which files the settings and the ledger are in."""
    user, _ = user_file_of(flux.environ, flux.config_path)
    project = project_file(flux.cwd)
    fields = {
        "user_file": user,
        "user_file_exists": user.is_file(),
        "project_file": project,
        "ledger": flux.config.ledger.path,
        "ledger_exists": flux.config.ledger.path.is_file(),
    }
    flux.show(Document("config_paths", fields))


def nested(config: Config) -> dict[str, object]:
    """The settings as their file nests them."""
    tree: dict[str, object] = {}
    for name, value in config.values.items():
        place = tree
        *sections, key = name.split(".")
        for section in sections:
            inner = place.setdefault(section, {})
            assert isinstance(inner, dict)
            place = inner
        place[key] = plain(value)
    return tree


def origin_rows(config: Config) -> list[dict[str, object]]:
    """One row a setting: its value, the kind of source, and where exactly."""
    return [
        {"id": name, "value": plain(value), "origin": origin.source, "place": origin.place}
        for (name, value), origin in zip(
            config.values.items(), config.origins.values(), strict=True
        )
    ]


def plain(value: Value) -> object:
    """A setting in a type that documents know."""
    return value.money if isinstance(value, Amount) else value
