"""`flux doctor`: what this machine, the ledger's place and its safety are like."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import version

from flux_cli.bootstrap import ledger_mode, open_flux
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb

app = daily()

COLUMNS = (Column("name", "check"), Column("state", "state", "status"), Column("found", "found"))


@verb(app, "doctor")
def doctor(flux: Invocation) -> ExitCode:
    """Check this machine and the ledger; ends with 9 if the ledger is damaged."""
    mode, place = ledger_mode(flux.config)
    ledger = flux.config.ledger.path
    rows = [
        _row("flux", True, version("flux-agents")),
        _row("python", True, platform.python_version()),
        _row("sqlite", True, sqlite3.sqlite_version),
        _row("durable mode", True, f"{mode.journal}+{mode.synchronous}: {mode.reason}"),
        _row("ledger", True, str(ledger) if ledger.exists() else f"{ledger}, not made yet"),
        _row("file system", place != "unknown", place),
        _row("card secret", True, "0600 file beside the ledger"),
        _owner(flux),
        _row("brain", True, "offline rules; no key, no network"),
        _row("rail", True, "simulated"),
    ]
    faults = 0
    if ledger.exists():
        findings = open_flux(flux.config, timeout=flux.timeout).store.verify()
        faults = sum(len(finding.faults) for finding in findings)
        rows.append(_row("verified", not faults, f"{faults} faults"))
    last = "all is well" if not faults else "flux verify names each fault"
    fields = {"ok": not faults, "checks": rows}
    flux.show(Document("diagnosis", fields, tables={"checks": COLUMNS}, last=last))
    return ExitCode.INTEGRITY if faults else ExitCode.OK


def _owner(flux: Invocation) -> dict[str, object]:
    """How the owner's credential is kept."""
    owner = open_flux(flux.config, timeout=flux.timeout).owner
    fault = owner.fault()
    made = flux.config.ledger.path.exists()
    return _row("owner's credential", fault is None or not made, fault or f"0600 {owner.path}")


def _row(name: str, good: bool, found: str) -> dict[str, object]:
    return {"name": name, "state": "ok" if good else "warning", "found": found}
