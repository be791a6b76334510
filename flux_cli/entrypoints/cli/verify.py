"""`flux verify`: recompute the whole ledger."""

from __future__ import annotations

from flux_cli.bootstrap import open_existing
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.usecases.ports import Finding

app = daily()

COLUMNS = (
    Column("name", "what"),
    Column("checked", "checked", "number"),
    Column("state", "state", "status"),
    Column("fault", "first fault"),
)


@verb(app, "verify", examples=("flux verify", "flux verify --db copy.db --json"))
def verify(flux: Invocation) -> ExitCode:
    """Recompute the file, the rules, both chains, every balance, every row and the reserves.

    Ends with 9 if anything does not agree. Offline; changes nothing.
    """
    findings = open_existing(flux.config, timeout=flux.timeout).store.verify()
    faults = sum(len(finding.faults) for finding in findings)
    rows = [_row(finding) for finding in findings]
    fields = {"ledger": flux.config.ledger.path, "ok": faults == 0, "faults": faults}
    last = "everything agrees" if not faults else f"{faults} faults: do not spend from this ledger"
    fields["findings"] = rows
    flux.show(Document("verification", fields, tables={"findings": COLUMNS}, last=last))
    return ExitCode.INTEGRITY if faults else ExitCode.OK


def _row(finding: Finding) -> dict[str, object]:
    state, fault = ("failed", finding.faults[0]) if finding.faults else ("ok", "")
    if finding.name == "head" and not finding.faults and not finding.checked:
        state, fault = "warning", "none beside this file: a cut-off end would not be seen"
    return {
        "name": finding.name,
        "checked": finding.checked,
        "state": state,
        "fault": fault,
        "faults": list(finding.faults),
    }
