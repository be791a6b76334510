"""`flux settle status|step|drain|verify|reconcile|cancel`: what leaves over a chain."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_chain import open_settlement
from flux_cli.domain.settlements import ENDED, Settlement, SettlementState
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST
from flux_cli.entrypoints.cli.settlement_documents import (
    reconciled_document,
    settlement_document,
    settlement_listing,
    tell_settlements,
    verified_document,
)
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.settle import cancel as cancel_settlement
from flux_cli.usecases.settle import drain as drain_settlements
from flux_cli.usecases.settle import settle_all
from flux_cli.usecases.settlement_ports import SettleDeps
from flux_cli.usecases.step_settlement import step as step_settlement
from flux_cli.usecases.verify_settlement import reconcile as reconcile_books
from flux_cli.usecases.verify_settlement import verify_settlement

app = noun("What leaves over a chain: its state, its proof, its recovery.")
SettlementId = Annotated[str, typer.Argument(metavar="ID", help="The settlement.")]
PATIENCE_SECONDS = 60.0


@verb(
    app,
    "status",
    options=LIST - {"agent", "run", "since", "until"},
    examples=("flux settle status", "flux settle status stl_01"),
)
def status(
    flux: Invocation,
    settlement_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this one, in full.")
    ] = None,
) -> None:
    """Show settlements, newest first, as the ledger knows them; no chain is asked."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        if settlement_id is not None:
            one = reader.resolve(Settlement, settlement_id)
            flux.show(settlement_document(one, None, for_people=flux.for_people))
            return
        if flux.status is None:
            rows = reader.find(Settlement, limit=flux.limit + 1, before=flux.after)
        else:
            state = _state(flux.status)
            rows = reader.find(Settlement, limit=flux.limit + 1, before=flux.after, state=state)
    more = rows[flux.limit - 1].id if len(rows) > flux.limit else None
    flux.show(settlement_listing(rows[: flux.limit], more))


def _state(text: str) -> str:
    try:
        return SettlementState(text).value
    except ValueError:
        known = ", ".join(state.value for state in SettlementState)
        raise InvalidInput(f"a state is one of {known}", param="--status") from None


@verb(app, "step", examples=("flux settle step stl_01",))
def step(flux: Invocation, settlement_id: SettlementId) -> ExitCode:
    """Take one settlement one step on; safe to repeat, and to be killed at any moment."""
    deps, one = _found(flux, settlement_id)
    after = step_settlement(deps, one.id)
    return tell_settlements(flux, [after], deps.chain, subject=after.id)


@verb(app, "drain", examples=("flux settle drain", "flux settle drain --timeout 300"))
def drain(flux: Invocation) -> ExitCode:
    """Take every open settlement to its end, and begin those that were approved and never begun."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    settling = open_settlement(flux.config, deps)
    seconds = flux.timeout or PATIENCE_SECONDS
    found = drain_settlements(settling, seconds=seconds, progress=flux.progress)
    flux.show(settlement_listing(found, None, "nothing is on its way"))
    left = [one for one in found if one.state not in ENDED]
    if found:
        flux.note(f"{len(found) - len(left)} ended, {len(left)} still open")
    return ExitCode.PENDING if left else ExitCode.OK


@verb(
    app,
    "verify",
    examples=("flux settle verify stl_01", "flux settle verify stl_01 --tx 0x12…"),
)
def verify(
    flux: Invocation,
    settlement_id: SettlementId,
    tx: Annotated[
        str | None,
        typer.Option("--tx", metavar="HASH", help="Compare with this transaction instead."),
    ] = None,
) -> ExitCode:
    """Prove a settlement against the chain, field by field; the hash alone proves nothing."""
    deps, one = _found(flux, settlement_id)
    if tx is not None and not _is_hash(tx):
        raise InvalidInput("a transaction's hash is 0x and 64 hexadecimal digits", param="--tx")
    verified = verify_settlement(deps, one.id, tx.lower() if tx else None)
    flux.show(verified_document(verified, for_people=flux.for_people))
    return ExitCode.INTEGRITY if verified.wrong else ExitCode.OK


def _is_hash(text: str) -> bool:
    digits = text.removeprefix("0x")
    return (
        text.startswith("0x")
        and len(digits) == 64
        and set(digits.lower()) <= set("0123456789abcdef")
    )


@verb(app, "reconcile", examples=("flux settle reconcile",))
def reconcile(flux: Invocation) -> ExitCode:
    """Compare the books with the chain: every settlement, and what is in the wallet."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    settling = open_settlement(flux.config, deps)
    found = reconcile_books(settling, settling.signer.address())
    flux.show(reconciled_document(found, local=settling.chain.is_local))
    return ExitCode.OK if found.agrees else ExitCode.INTEGRITY


@verb(app, "cancel", examples=("flux settle cancel stl_01",))
def cancel(flux: Invocation, settlement_id: SettlementId) -> ExitCode:
    """Give a settlement up; the money comes back when the chain has confirmed it."""
    deps, one = _found(flux, settlement_id)
    cancel_settlement(deps, one.id)
    seconds = flux.timeout or PATIENCE_SECONDS
    (after,) = settle_all(deps, [one.id], seconds=seconds, progress=flux.progress)
    flux.show(settlement_document(after, deps.chain, for_people=flux.for_people))
    if after.state is SettlementState.CANCELLED:
        return ExitCode.OK
    return ExitCode.CONFLICT if after.state in ENDED else ExitCode.PENDING


def _found(flux: Invocation, settlement_id: str) -> tuple[SettleDeps, Settlement]:
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        one = reader.resolve(Settlement, settlement_id)
    flux.resume_with("flux", "settle", "step", one.id)
    return open_settlement(flux.config, deps), one
