"""`flux recover`: accept a ledger file that was put back on purpose."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.errors import Fix, InvalidInput, LedgerCorrupt

app = daily()


@verb(app, "recover", examples=("flux recover --accept",))
def recover(
    flux: Invocation,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take this file for the newest.")
    ] = False,
    owner_token_file: TokenFile = None,
) -> None:
    """Accept a ledger file whose head was lost or is older than the one that was recorded.

    Only the owner may. What was recorded after it is given up: the file must agree with itself in
    all else.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    if not accept:
        raise InvalidInput(
            "this gives up whatever was recorded after this file was copied",
            param="--accept",
            fixes=(Fix("if that is what you want", ("flux", "recover", "--accept")),),
        )
    faults = [
        fault
        for finding in deps.store.verify()
        if finding.name != "head"
        for fault in finding.faults
    ]
    if faults:
        raise LedgerCorrupt(f"this file is damaged: {faults[0]}", subject=str(deps.store.path))
    what = (
        "This takes an older ledger for the newest: what was spent since is there to spend again."
    )
    prove_owner(flux, deps, what, "recover", token_file=owner_token_file)
    deps.store.accept_head()
    flux.show(Document("recovery", {"ledger": deps.store.path, "accepted": True}))
