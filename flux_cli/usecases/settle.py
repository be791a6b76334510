"""Settling: one payment to its end, all open ones, cancelling, and looking after the leftovers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.paywalls import WebPayment
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import (
    ENDED,
    OPEN,
    UNSIGNED,
    Attempt,
    Outcome,
    Purpose,
    Settlement,
    SettlementState,
)
from flux_cli.errors import WrongState
from flux_cli.usecases.end_settlement import end_unpaid, give_back, note_outcome
from flux_cli.usecases.follow_web import web_payment_of
from flux_cli.usecases.ports import Progress
from flux_cli.usecases.propose_settlement import leave_of, propose, violation
from flux_cli.usecases.settlement_ports import SettleDeps
from flux_cli.usecases.sign_settlement import fees_of, sign_purpose
from flux_cli.usecases.step_settlement import step

SURELY_SEEN = timedelta(minutes=10)
"""A receipt may be missing for a minute; after this long it will not come."""

PAUSE_LOCAL, PAUSE_REMOTE = 100, 1000
"""Milliseconds between two looks at what has not moved."""


def settle_payment(
    deps: SettleDeps, intent_id: str, *, seconds: float, progress: Progress
) -> Sequence[Settlement]:
    """Take all of a payment's settlements to their end, or as far as they come in `seconds`."""
    found = [settlement.id for settlement in propose(deps, intent_id)]
    return settle_all(deps, found, seconds=seconds, progress=progress)


def settle_all(
    deps: SettleDeps, ids: Sequence[str], *, seconds: float, progress: Progress
) -> Sequence[Settlement]:
    """Step each of these until all have ended, need a human, or the time is over."""
    deadline = time.monotonic() + seconds
    latest: dict[str, Settlement] = {}
    while True:
        moved = False
        for one in ids:
            before = latest.get(one)
            if before is not None and _rests(before):
                continue
            after = latest[one] = step(deps, one)
            if before is None or after.state is not before.state:
                moved = True
                progress("settlement", id=one, state=after.state)
        if all(_rests(settlement) for settlement in latest.values()):
            break
        if time.monotonic() >= deadline:
            break
        if not moved:
            time.sleep((PAUSE_LOCAL if deps.chain.is_local else PAUSE_REMOTE) / 1000)
    return list(latest.values())


def _rests(settlement: Settlement) -> bool:
    return settlement.state in ENDED or settlement.state is SettlementState.NEEDS_HUMAN


def drain(deps: SettleDeps, *, seconds: float, progress: Progress) -> Sequence[Settlement]:
    """Propose what was approved and never proposed, then take every open settlement on.

    What is set aside for work that is not done yet waits for it, until its time is over.
    Transactions that outlived their settlement are looked for too, so that their gas is booked.
    """
    with deps.store.reading() as reader:
        approved = reader.find(PaymentIntent, state=IntentState.APPROVED, oldest_first=True)
        now = max(reader.now, reader.ledger_time)
    for intent in approved:
        if not intent.settles_outside:
            continue
        if not intent.escrowed:
            propose(deps, intent.id)
        elif now >= intent.expires_at:
            give_back(deps, intent.id, IntentState.EXPIRED)
    with deps.store.reading() as reader:
        found = [
            settlement
            for state in OPEN
            for settlement in reader.find(Settlement, state=state, oldest_first=True)
        ]
    ids = sorted(settlement.id for settlement in found)
    ended = settle_all(deps, ids, seconds=seconds, progress=progress)
    sweep(deps)
    return ended


def sweep(deps: SettleDeps) -> int:
    """Book the gas of transactions whose settlement ended without them; how many are still open."""
    left = 0
    with deps.store.reading() as reader:
        open_ones = reader.find(Attempt, outcome=Outcome.OPEN)
        ended = [
            attempt
            for attempt in open_ones
            if reader.get(Settlement, attempt.settlement_id).state in ENDED
        ]
        now = reader.now
    for attempt in ended:
        receipt = deps.chain.receipt(attempt.tx_hash)
        if receipt is not None:
            note_outcome(deps, attempt, receipt)
        elif now - attempt.signed_at < SURELY_SEEN:
            left += 1
        elif deps.chain.account_nonce(attempt.address) > attempt.account_nonce:
            _lose(deps, attempt)
    return left


def _lose(deps: SettleDeps, attempt: Attempt) -> None:
    """Another transaction took its place for good."""
    with deps.store.begin() as tx:
        current = tx.get(Attempt, attempt.id)
        if current.outcome is Outcome.OPEN:
            tx.put(replace(current, outcome=Outcome.LOST), "attempt.lost")


def cancel(deps: SettleDeps, settlement_id: str) -> Settlement:
    """Give a settlement up: at once where nothing was signed, else by a transaction on the chain.

    Also where a seller on the web has the authorization: it can use it no more. Its money stays on
    hold until that transaction is in a block. Raises `WrongState` for one that has ended.
    """
    with deps.store.reading() as reader:
        settlement = reader.get(Settlement, settlement_id)
        attempts = reader.find(Attempt, settlement_id=settlement_id)
        web = None if attempts else web_payment_of(reader, settlement)
    if settlement.state is SettlementState.CANCELLED:
        return settlement
    if settlement.state in ENDED:
        raise WrongState(f"the settlement is {settlement.state}", subject=settlement.id)
    if settlement.state is SettlementState.PROPOSED or (
        settlement.state in UNSIGNED and not _was_signed(deps, settlement)
    ):
        why = "cancelled before anything was signed"
        return end_unpaid(deps, settlement, SettlementState.CANCELLED, why)
    if any(one.purpose is Purpose.CANCEL and one.outcome is Outcome.OPEN for one in attempts):
        return step(deps, settlement_id)
    if settlement.authorization is None:
        # It is with a seller, or it was signed before and this ledger lost it: look first.
        settlement = step(deps, settlement_id)
        if settlement.state in ENDED or (web is None and settlement.authorization is None):
            return settlement
        if web is None:
            return cancel(deps, settlement_id)
    newest = attempts[0] if attempts else None
    place = newest if newest is not None and newest.outcome is Outcome.OPEN else None
    ready = _with_cancellation(deps, settlement, web)
    fees = fees_of(deps, deps.chain.head())
    sign_purpose(deps, ready, settlement, Purpose.CANCEL, fees, place)
    return step(deps, settlement_id)


def _with_cancellation(
    deps: SettleDeps, settlement: Settlement, web: WebPayment | None
) -> Settlement:
    """The settlement with what was authorized, and the signature that makes that worthless."""
    if settlement.authorization is None:
        # For the same terms the signer gives the signature it gave before.
        kept = web.authorization if web is not None else None
        found = kept or deps.signer.authorize(leave_of(deps, settlement))
        if isinstance(found, Refusal):
            raise WrongState(violation(found).message, subject=settlement.id)
        settlement = replace(
            settlement,
            authorization=found,
            valid_after=found.valid_after,
            valid_before=found.valid_before,
        )
    digest = deps.chain.cancel_digest(settlement.terms, settlement.nonce)
    signed = deps.signer.cancel(settlement.terms, settlement.nonce, digest)
    if isinstance(signed, Refusal):
        raise WrongState(violation(signed).message, subject=settlement.id)
    return replace(settlement, cancelled=signed)


def _was_signed(deps: SettleDeps, settlement: Settlement) -> bool:
    return deps.signer.judge(leave_of(deps, settlement)).signed_until != 0
