"""`flux doctor`: what this machine, the ledger's place and its safety are like."""

from __future__ import annotations

import platform
import sqlite3
from importlib.metadata import version
from typing import Annotated

import typer

from flux_cli.bootstrap import ledger_mode, open_flux
from flux_cli.bootstrap_votes import probe
from flux_cli.domain.lineage import lineage_of
from flux_cli.entrypoints.cli.auth import is_about_the_key
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb

app = daily()

COLUMNS = (
    Column("name", "check"),
    Column("state", "state", "status"),
    Column("found", "found", wraps=True),
)


@verb(app, "doctor", examples=("flux doctor", "flux doctor --online"))
def doctor(
    flux: Invocation,
    online: Annotated[
        bool, typer.Option("--online", help="Ask each provider a seat uses for one word.")
    ] = False,
) -> ExitCode:
    """Check this machine and the ledger; ends with 9 if the ledger is damaged.

    With --online it ends with 4 or 7 where a model that a seat needs does not answer.
    """
    mode, place = ledger_mode(flux.config)
    ledger = flux.config.ledger.path
    rows = [
        _row("flux", True, version("flux-agents")),
        _row("python", True, platform.python_version()),
        _row("sqlite", True, sqlite3.sqlite_version),
        _row("durable mode", True, f"{mode.journal}+{mode.synchronous}: {mode.reason}"),
        _row("ledger", True, str(ledger) if ledger.exists() else f"{ledger}, not made yet"),
        _row("file system", place != "unknown", place),
        _card_secret(flux),
        _owner(flux),
        _brain(flux),
        *_pictures(flux),
        _row("rail", True, "simulated"),
    ]
    faults = 0
    if ledger.exists():
        findings = open_flux(flux.config, timeout=flux.timeout).store.verify()
        faults = sum(len(finding.faults) for finding in findings)
        rows.append(_row("verified", not faults, f"{faults} faults"))
    reached = _providers(flux) if online else []
    rows += [row for row, _ in reached]
    unanswered = [code for _, code in reached if code is not ExitCode.OK]
    last = "all is well" if not faults else "flux verify names each fault"
    if unanswered and not faults:
        last = "a provider does not answer: flux auth test PROVIDER asks it again"
    fields = {"ok": not faults and not unanswered, "checks": rows}
    flux.show(Document("diagnosis", fields, tables={"checks": COLUMNS}, last=last))
    if faults:
        return ExitCode.INTEGRITY
    return min(unanswered, default=ExitCode.OK)


def _brain(flux: Invocation) -> dict[str, object]:
    """Who answers for the seats; no key is looked for and nobody is asked."""
    models = [seat for seat in flux.config.quorum.seats if seat.backend == "llm"]
    if not models:
        return _row("brain", True, "offline rules; no key, no network")
    lineages = {lineage_of(seat.lineage or seat.model) for seat in models}
    found = f"{len(models)} of five seats by models, of {', '.join(sorted(lineages))}"
    alike = len(lineages) < 2
    return _row("brain", not alike, f"{found}: fewer than two model lineages" if alike else found)


def _pictures(flux: Invocation) -> list[dict[str, object]]:
    """Who paints for banners, where that is to be a model; nobody is asked, which would cost."""
    images = flux.config.images
    return [_row("pictures", images.asked, images.told)] if images.told else []


def _providers(flux: Invocation) -> list[tuple[dict[str, object], ExitCode]]:
    """Each provider that a model is asked at, whether it answers, and what that means."""
    config = flux.config
    asked = [seat.provider for seat in config.quorum.seats if seat.backend == "llm"]
    asked += [config.brain.provider] if config.brain.backend == "llm" else []
    if not asked:
        return [(_row("online", True, "nobody to ask: every seat answers by rules"), ExitCode.OK)]
    rows = []
    for name in dict.fromkeys(asked):
        found = probe(config, name)
        said = f"{found.model} at {found.host}: {found.detail}, {found.latency_ms} ms"
        code = ExitCode.AUTH if is_about_the_key(found.detail) else ExitCode.TEMPORARY
        rows.append((_row(name, found.ok, said), ExitCode.OK if found.ok else code))
    return rows


def _owner(flux: Invocation) -> dict[str, object]:
    """How the owner's credential is kept."""
    owner = open_flux(flux.config, timeout=flux.timeout).owner
    fault = owner.fault()
    made = flux.config.ledger.path.exists()
    return _row("owner's credential", fault is None or not made, fault or f"0600 {owner.path}")


def _card_secret(flux: Invocation) -> dict[str, object]:
    """Where the card secret is; no keyring is asked."""
    numbers = open_flux(flux.config, timeout=flux.timeout).card_numbers
    fault = numbers.fault()
    return _row("card secret", fault is None, fault or numbers.place())


def _row(name: str, good: bool, found: str) -> dict[str, object]:
    return {"name": name, "state": "ok" if good else "warning", "found": found}
