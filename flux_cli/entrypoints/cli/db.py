"""`flux db path|check|backup|restore|migrate|query`: the ledger as a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import ledger_mode, open_existing, open_flux
from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.document import Column, Document, Kind, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.ports import Deps

app = noun("The ledger's file: checked, backed up, put back.")

QUERY_SECONDS = 30.0


@verb(app, "path", examples=("flux db path -q",))
def path(flux: Invocation) -> None:
    """Show where the ledger is and how it is kept."""
    ledger = flux.config.ledger.path
    mode, place = ledger_mode(flux.config)
    fields = {
        "id": str(ledger),
        "there": ledger.exists(),
        "bytes": ledger.stat().st_size if ledger.exists() else None,
        "file_system": place,
        "mode": f"{mode.journal}+{mode.synchronous}",
        "sqlite": sqlite3.sqlite_version,
    }
    flux.show(Document("ledger_file", fields, headings={"id": "path"}))


@verb(app, "check")
def check(flux: Invocation) -> ExitCode:
    """Check the file: its schema, who may read it, and all that `flux verify` does.

    Ends with 9 if anything does not agree. Changes nothing.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    found, newest = deps.store.schema()
    others = sorted(
        file.name
        for file in deps.store.path.parent.glob(f"{deps.store.path.name}*")
        if file.is_file() and file.stat().st_mode & 0o077
    )
    faults = [fault for finding in deps.store.verify() for fault in finding.faults]
    fields = {
        "id": str(deps.store.path),
        "ok": not faults and not others,
        "schema_version": found,
        "newest_schema_version": newest,
        "others_may_read": others,
        "faults": faults,
    }
    last = f"{len(faults)} faults: flux verify names each" if faults else "the file is sound"
    if others:
        last = f"others may read {visible(', '.join(others))}: chmod 600"
    flux.show(Document("ledger_check", fields, headings={"id": "path"}, last=last))
    return ExitCode.INTEGRITY if faults else ExitCode.OK


@verb(app, "backup", examples=("flux db backup before-upgrade.db",))
def backup(
    flux: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; it must not be there.")],
) -> None:
    """Copy the ledger as it is at one instant, while others work, and verify the copy.

    The card secret, the owner's credential and wallet keys are not in it.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    findings = deps.store.back_up(file)
    fields = {
        "id": str(file),
        "bytes": file.stat().st_size,
        "checked": sum(finding.checked for finding in findings),
        "verified": True,
    }
    last = "verified; it holds the ledger, not the secrets beside it"
    flux.show(Document("backup", fields, headings={"id": "file"}, last=last))


@verb(app, "restore", examples=("flux db restore before-upgrade.db",))
def restore(
    flux: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy made by `flux db backup`.")],
    owner_token_file: TokenFile = None,
) -> None:
    """Put a backup in the ledger's place: all of it, or nothing.

    Only the owner may. What was recorded after the backup is given up: money that was spent
    since would be there to spend again.
    """
    deps = open_flux(flux.config, timeout=flux.timeout)
    movements, events = deps.store.later_than(file)
    what = _what(file, movements, events)
    prove_owner(flux, deps, what, "restore", token_file=owner_token_file)
    deps.store.restore(file, (movements, events))
    fields = {
        "id": str(deps.store.path),
        "from": str(file),
        "given_up": {"movements": max(movements, 0), "events": max(events, 0)},
    }
    flux.show(Document("restored", fields, headings={"id": "ledger"}, last="restored and verified"))


def _what(file: Path, movements: int, events: int) -> str:
    if movements <= 0 and events <= 0:
        return f"{file} replaces the ledger; nothing that is recorded is lost."
    return (
        f"{file} replaces the ledger and gives up {movements} movements and {events} events that"
        " were recorded since."
    )


@verb(app, "migrate")
def migrate(flux: Invocation) -> None:
    """Bring the ledger's schema up to date; every write does so by itself."""
    deps: Deps = open_existing(flux.config, timeout=flux.timeout)
    found, newest = deps.store.migrate()
    fields = {"id": str(deps.store.path), "from": found, "to": newest, "changed": found != newest}
    flux.show(Document("migration", fields, headings={"id": "ledger"}))


@verb(
    app,
    "query",
    options=frozenset({"limit"}),
    examples=("flux db query 'select state, count(*) as n from intents group by state'",),
)
def query(
    flux: Invocation,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement that only reads.")],
) -> None:
    """Ask the ledger's database one question; it cannot write, nor read another file.

    Money is in the smallest units of its asset. Tables may change between versions.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    names, rows = deps.store.ask(sql, flux.limit, flux.timeout or QUERY_SECONDS)
    named = [dict(zip(names, map(_shown, row), strict=True)) for row in rows]
    columns = tuple(Column(name, name, _kind(named, name)) for name in names)
    flux.show(Listing("row", named, columns, empty="no rows"))


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _kind(rows: list[dict[str, object]], name: str) -> Kind:
    numbers = all(isinstance(row[name], int | float) for row in rows)
    return "number" if rows and numbers else "text"
