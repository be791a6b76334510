"""A payment that leaves by a chain, as the command line carries it out."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.bootstrap_chain import open_settlement
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.settlements import ARC
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_documents import show_judgement, tell_payment
from flux_cli.entrypoints.cli.payment_requests import key_of, refuse_above_maximum
from flux_cli.entrypoints.cli.settlement_documents import tell_settlements, violations
from flux_cli.errors import Fix
from flux_cli.usecases.check_payment import check_payment
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.propose_settlement import gate
from flux_cli.usecases.request_money import draft_intent, request_money
from flux_cli.usecases.settle import settle_payment
from flux_cli.usecases.settlement_ports import SettleDeps

PATIENCE_SECONDS = 60.0
HOLD_HOURS = 24
SETTLED_ALREADY = (IntentState.CAPTURED, IntentState.CANCELLED, IntentState.EXPIRED)


def pay_over_chain(flux: Invocation, deps: Deps, request: MoneyRequest) -> ExitCode:
    """Ask for the money as ever, then settle it; what the signer forbids is denied before that."""
    request = replace(request, rail=ARC, capture_method=CaptureMethod.MANUAL, hold_hours=HOLD_HOURS)
    refuse_above_maximum(flux, request.amount)
    settling = open_settlement(flux.config, deps)
    key = "dry-run" if flux.dry_run else key_of(flux, deps)
    with deps.store.reading() as reader:
        known = None if flux.dry_run else reader.lookup(PaymentIntent, key=key)
        draft = draft_intent(deps, reader, request, key)
    if known is None:
        _refuse_forbidden(flux, settling, draft)
    if flux.dry_run:
        return show_judgement(flux, check_payment(deps, request))
    expire_due(deps)
    intent = request_money(deps, request, key=key, progress=flux.progress)
    if intent.state not in (IntentState.APPROVED, *SETTLED_ALREADY):
        return tell_payment(flux, deps, intent, key=key)
    flux.resume_with("flux", "settle", "drain")
    seconds = flux.timeout or PATIENCE_SECONDS
    found = settle_payment(settling, intent.id, seconds=seconds, progress=flux.progress)
    return tell_settlements(flux, found, settling.chain, subject=intent.id)


def _refuse_forbidden(flux: Invocation, settling: SettleDeps, draft: PaymentIntent) -> None:
    """End as denied where the signer would not sign it, before anything is set aside."""
    rules = gate(settling, draft)
    if rules:
        fix = Fix("see whom the signer may pay", ("flux", "merchants", "list"))
        flux.deny(
            f"the wallet may not pay {draft.amount} like this; nothing was signed or moved",
            violations(rules),
            fixes=(fix,),
        )
