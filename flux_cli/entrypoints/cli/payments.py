"""`flux payments`: asking for money, and what becomes of it."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.cli.brain_options import (
    Brain,
    Cassette,
    MaxBrainCost,
    Record,
    open_for_votes,
)
from flux_cli.entrypoints.cli.document import Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST, MONEY
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.payment_documents import (
    COLUMNS,
    PEOPLE_COLUMNS,
    WAITING,
    payment_document,
    refuse,
    tell_payment,
)
from flux_cli.entrypoints.cli.payment_requests import (
    AmountText,
    AssetCode,
    Category,
    ClaimedReturn,
    Justification,
    MandateId,
    Payer,
    Purpose,
    Reference,
    Wording,
    amount_of,
    amount_or_nothing,
    ask_for,
    asset_of,
    key_of,
    read_request,
    shares_of,
)
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import approve_payment, deny_payment
from flux_cli.usecases.settle_claim import claim_of, settle_claim
from flux_cli.usecases.view_payments import find_payment, summarise_payment, view_payment

app = noun("Requests for money and what was decided.")

PaymentId = Annotated[str, typer.Argument(metavar="ID", help="The payment's id, or its start.")]
Subject = Annotated[str, typer.Argument(metavar="ID", help="A payment's id, or a run's.")]
Part = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="Only this much of it.")
]
KEYED = frozenset({"idempotency_key"})
LONGEST_PAUSE_SECONDS = 2.0


class Capture(StrEnum):
    """What may follow on approval; an escrow and a stream have commands of their own."""

    MANUAL = CaptureMethod.MANUAL.value
    AUTOMATIC = CaptureMethod.AUTOMATIC.value
    CARD = CaptureMethod.CARD.value


class Rail(StrEnum):
    """How an approved payment leaves."""

    SIMULATED = "simulated"


@verb(app, "list", options=LIST, examples=("flux payments list --status denied",))
def list_(flux: Invocation) -> None:
    """List payments, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, IntentState, "requester")
        intents, following = page(flux, reader, PaymentIntent, equal)
    rows = [summarise_payment(intent) for intent in intents]
    columns = PEOPLE_COLUMNS if flux.for_people else COLUMNS
    empty = "no payments: `flux pay` makes one, `flux payments request` asks for one"
    flux.show(Listing("payment", rows, columns, following, empty=empty))


@verb(app, "show", examples=("flux payments show pi_01",))
def show(flux: Invocation, payment_id: PaymentId) -> None:
    """Show a payment: its refusals, its ballots and the decision."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_payment(reader, reader.resolve(PaymentIntent, payment_id))
    flux.show(payment_document(whole, for_people=flux.for_people))


@verb(
    app,
    "request",
    options=MONEY,
    examples=(
        "flux payments request orchestrator 40 --to researcher --purpose interviews",
        "flux payments request orchestrator 30 --to researcher=20 --to content-writer=10",
    ),
)
def request(
    flux: Invocation,
    payer: Payer,
    amount: AmountText,
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="PAYEE[=AMOUNT]", help="Who gets it; repeat to share it."),
    ],
    purpose: Purpose = "payment",
    justification: Justification = "",
    claimed_return: ClaimedReturn = None,
    urgency: Annotated[Urgency, typer.Option(help="How soon it is needed.")] = Urgency.MEDIUM,
    category: Category = "general",
    mandate: MandateId = None,
    reference: Reference = "",
    asset: AssetCode = CREDIT.code,
    capture: Annotated[
        Capture, typer.Option(help="On approval: hold it, pay it at once, or make a card.")
    ] = Capture.MANUAL,
    hold_hours: Annotated[int, typer.Option(min=1, max=8760, help="How long a hold lasts.")] = 24,
    rail: Annotated[Rail, typer.Option(help="How the money leaves.")] = Rail.SIMULATED,
    brain: Brain = None,
    record: Record = False,
    cassette: Cassette = None,
    max_brain_cost: MaxBrainCost = None,
) -> ExitCode:
    """Ask for money: judged, voted on if large, then held or paid."""
    money = amount_of(amount, asset_of(asset))
    shares = shares_of(to, money)
    said = Wording(purpose, justification, claimed_return, urgency, category, mandate, reference)
    deps = open_for_votes(flux, brain, record, cassette, max_brain_cost)
    wanted = replace(read_request(deps, payer, money, shares, said), rail=rail.value)
    return ask_for(flux, deps, wanted, CaptureMethod(capture.value), hold_hours)


@verb(app, "check", examples=("flux payments check orchestrator 300 --to researcher",))
@wraps(request, assigned=(), updated=())
def check(flux: Invocation, **asked: Any) -> ExitCode:
    """Say whether a payment would pass, rule by rule.

    Nothing is written and no seat is asked. Takes what `request` takes, and ends with the number
    that asking would end with.
    """
    return request(replace(flux, dry_run=True), **asked)


@verb(app, "wait", examples=("flux payments wait pi_01 --timeout 60",))
def wait(flux: Invocation, payment_id: PaymentId) -> ExitCode:
    """Wait until a payment is decided, or until --timeout.

    Without one, as long as the request itself waits.
    """
    deps = open_existing(flux.config)
    found = _found(deps, payment_id)
    begun, pause = time.monotonic(), 0.1
    while True:
        expire_due(deps)
        with deps.store.reading() as reader:
            intent = reader.get(PaymentIntent, found.id)
            over = reader.now >= intent.expires_at
        waited = time.monotonic() - begun
        late = over if flux.timeout is None else waited >= flux.timeout
        if intent.state not in WAITING or late:
            return tell_payment(flux, deps, intent)
        left = pause if flux.timeout is None else flux.timeout - waited
        time.sleep(min(pause, left))
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


@verb(app, "approve", examples=("flux payments approve pi_01",))
def approve(
    flux: Invocation, payment_id: PaymentId, owner_token_file: TokenFile = None
) -> ExitCode:
    """Say yes, as the owner, to a payment that waits.

    Everything is judged again first, by the policy and the balances of now.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    expire_due(deps)
    intent = _found(deps, payment_id)
    payees = ", ".join(f"{share.amount} to {share.payee}" for share in intent.shares)
    what = f"{intent.requester} would pay {payees} for “{intent.purpose}”."
    prove_owner(flux, deps, what, _plainly(intent.amount), token_file=owner_token_file)
    return tell_payment(flux, deps, approve_payment(deps, intent.id))


@verb(app, "deny", examples=("flux payments deny pi_01 --reason 'too dear'",))
def deny(
    flux: Invocation,
    payment_id: PaymentId,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")] = "",
    owner_token_file: TokenFile = None,
) -> None:
    """Say no, as the owner, to a payment that waits."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    expire_due(deps)
    intent = _found(deps, payment_id)
    what = f"Deny {intent.requester} {intent.amount} for “{intent.purpose}”."
    prove_owner(flux, deps, what, "deny", token_file=owner_token_file)
    denied = deny_payment(deps, intent.id, reason)
    with deps.store.reading() as reader:
        whole = view_payment(reader, denied)
    last = "denied; nothing moved"
    flux.show(payment_document(whole, for_people=flux.for_people, last=last))


@verb(app, "cancel", examples=("flux payments cancel pi_01",))
def cancel(flux: Invocation, payment_id: PaymentId) -> None:
    """Give up a payment; what is on hold goes back."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    expire_due(deps)
    cancelled = cancel_payment(deps, _found(deps, payment_id).id)
    with deps.store.reading() as reader:
        whole = view_payment(reader, cancelled)
    last = f"{cancelled.released} went back to {cancelled.requester}, simulated"
    flux.show(payment_document(whole, for_people=flux.for_people, last=last))


@verb(
    app,
    "capture",
    options=KEYED,
    examples=("flux payments capture pi_01", "flux payments capture pi_01 --amount 12.50 --final"),
)
def capture(
    flux: Invocation,
    payment_id: PaymentId,
    amount: Part = None,
    final: Annotated[bool, typer.Option("--final", help="Give back what is not captured.")] = False,
) -> ExitCode:
    """Pay what is on hold, or a part of it.

    After its time it is captured late, if the wallet still has it, and flagged.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    intent = _found(deps, payment_id)
    wanted = None if amount is None else amount_of(amount, intent.amount.asset, "--amount")
    key = key_of(flux, deps)
    expire_due(deps)
    captured = capture_payment(deps, intent.id, wanted, final=final, key=key)
    if isinstance(captured, Denied):
        _refuse(flux, "the late capture was denied; nothing moved", captured, intent)
    assert isinstance(captured, PaymentIntent), "a denial has ended the command"
    last = ""
    if captured.on_hold.units:
        last = f"{captured.captured} captured, {captured.on_hold} still on hold, simulated"
    return tell_payment(flux, deps, captured, key=key, last=last)


@verb(
    app,
    "refund",
    options=KEYED,
    examples=("flux payments refund pi_01", "flux payments refund pi_01 --amount 5"),
)
def refund(
    flux: Invocation,
    payment_id: PaymentId,
    amount: Part = None,
    payee: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who gives back, of several.")
    ] = None,
) -> ExitCode:
    """Give back what was paid, or a part of it."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    intent = _found(deps, payment_id)
    wanted = None if amount is None else amount_of(amount, intent.amount.asset, "--amount")
    key = key_of(flux, deps)
    expire_due(deps)
    refunded = refund_payment(deps, intent.id, wanted, payee=payee, key=key)
    if isinstance(refunded, Denied):
        _refuse(flux, "the refund was denied; nothing moved", refunded, intent)
    assert isinstance(refunded, PaymentIntent), "a denial has ended the command"
    last = f"{refunded.refunded} of {refunded.captured} given back, simulated"
    return tell_payment(flux, deps, refunded, key=key, last=last)


@verb(app, "outcome", examples=("flux payments outcome pi_01 --returned 320",))
def outcome(
    flux: Invocation,
    subject: Subject,
    returned: Annotated[
        str, typer.Option(metavar="AMOUNT", help="What has come back of it in all; 0 if nothing.")
    ],
    note: Annotated[str, typer.Option(metavar="TEXT", help="How you know, for the record.")] = "",
    owner_token_file: TokenFile = None,
) -> ExitCode:
    """Say, as the owner, what came of a claimed return.

    From five such words on the seats believe a requester as far as its claims came true. Saying
    it again replaces what was said before.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        intent = find_payment(reader, subject)
    claimed = claim_of(intent)
    came = amount_or_nothing(returned, claimed.asset, "--returned")
    what = f"{intent.requester} claimed {claimed} of “{intent.purpose}”; {came} came back."
    prove_owner(flux, deps, what, _plainly(came), token_file=owner_token_file)
    settle_claim(deps, intent.id, came, note)
    return tell_payment(flux, deps, intent, last=f"{came} of {claimed} came back")


def _refuse(flux: Invocation, message: str, denied: Denied, intent: PaymentIntent) -> None:
    refuse(flux, message, denied.refusals, denied.most, intent)


def _found(deps: Deps, text: str) -> PaymentIntent:
    with deps.store.reading() as reader:
        return reader.resolve(PaymentIntent, text)


def _plainly(amount: Money) -> str:
    """An amount as it is typed: `250.00`."""
    whole, point, part = amount.decimal.partition(".")
    least = min(2, amount.asset.exponent)
    return whole + point + part.rstrip("0").ljust(least, "0")
