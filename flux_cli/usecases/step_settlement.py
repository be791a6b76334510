"""The one idempotent step: progress and recovery are the same, and the chain's state decides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_cli.domain.evidence import Receipt, proof_of, was_cancelled
from flux_cli.domain.settlements import (
    ENDED,
    Attempt,
    Outcome,
    Purpose,
    Settlement,
    SettlementState,
    bumped,
)
from flux_cli.usecases.end_settlement import end_settled, end_unpaid, note_outcome
from flux_cli.usecases.follow_web import follow_web, web_payment_of
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.propose_settlement import authorize
from flux_cli.usecases.settlement_ports import Head, SettleDeps
from flux_cli.usecases.sign_settlement import fees_of, sign, sign_again
from flux_cli.usecases.watch_settlement import by_its_use, is_over, keep


def step(deps: SettleDeps, settlement_id: str) -> Settlement:
    """Take a settlement one step on, from wherever it was left, and give it as it then is.

    Every act was stored before it, so a step may be cut off anywhere and taken again, by this
    process or another. Raises `ChainUnavailable`, `WrongChain`, `KeyUnavailable`, `SignerFailed`,
    `Frozen` where something new would be signed.
    """
    with deps.store.reading() as reader:
        settlement = reader.get(Settlement, settlement_id)
        attempts = reader.find(Attempt, settlement_id=settlement_id)
        web = None if attempts else web_payment_of(reader, settlement)
    if settlement.state in ENDED:
        return settlement
    if web is not None:
        return follow_web(deps, settlement, web)
    if settlement.state is SettlementState.PROPOSED:
        return authorize(deps, settlement)
    if settlement.state is SettlementState.AUTHORIZED or not attempts:
        return sign(deps, settlement)
    return _follow(deps, settlement, attempts)


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction of ours that is in a block."""

    attempt: Attempt
    receipt: Receipt


def _follow(deps: SettleDeps, settlement: Settlement, attempts: list[Attempt]) -> Settlement:
    """What was signed is on its way: look for it in the blocks, and send it if it is not there."""
    newest = attempts[0]
    ended = _by_receipts(deps, settlement, attempts)
    if ended is not None:
        return ended
    mined = deps.chain.account_nonce(newest.address)
    reverted = _reverted(deps, settlement)
    if reverted or mined > newest.account_nonce:
        # The place in the account's order is taken; a receipt may have come in between.
        ended = _by_receipts(deps, settlement, attempts)
        return ended if ended is not None else _place_taken(deps, settlement, newest)
    head = deps.chain.head()
    if is_over(deps, settlement, head):
        why = "it expired unused, by a final block"
        return end_unpaid(deps, settlement, SettlementState.EXPIRED, why)
    return _send(deps, settlement, newest, head)


def _by_receipts(
    deps: SettleDeps, settlement: Settlement, attempts: list[Attempt]
) -> Settlement | None:
    """Record what our transactions became; the settlement's end, if one of them is it."""
    for attempt in attempts:
        if attempt.outcome is Outcome.LOST:
            continue
        receipt = deps.chain.receipt(attempt.tx_hash)
        if receipt is None:
            continue
        note_outcome(deps, attempt, receipt)
        if not receipt.succeeded:
            continue
        if attempt.purpose is Purpose.CANCEL:
            if was_cancelled(settlement.terms, settlement.nonce, receipt):
                why = f"cancelled by {receipt.tx_hash}"
                return end_unpaid(deps, settlement, SettlementState.CANCELLED, why)
            return keep(deps, settlement, SettlementState.NEEDS_HUMAN, "the cancelling left no log")
        proof = proof_of(settlement.terms, settlement.nonce, receipt)
        if proof is None:
            why = f"{receipt.tx_hash} succeeded, but its logs are not of this payment"
            return keep(deps, settlement, SettlementState.NEEDS_HUMAN, why)
        return end_settled(deps, settlement, proof)
    return None


def _reverted(deps: SettleDeps, settlement: Settlement) -> bool:
    """Whether our newest transaction is in a block and failed."""
    with deps.store.reading() as reader:
        newest = reader.find(Attempt, settlement_id=settlement.id, limit=1)
    return newest[0].outcome is Outcome.REVERTED


def _place_taken(deps: SettleDeps, settlement: Settlement, newest: Attempt) -> Settlement:
    """Our transaction failed or another took its place: is the authorization used, all the same?"""
    terms = settlement.terms
    if deps.chain.is_used(terms.payer, settlement.nonce):
        return by_its_use(deps, settlement)
    head = deps.chain.head()
    if is_over(deps, settlement, head):
        why = "it expired unused, by a final block"
        return end_unpaid(deps, settlement, SettlementState.EXPIRED, why)
    if _reverted(deps, settlement):
        why = "its transaction failed; it may still be sent by anybody until it expires"
        return keep(deps, settlement, SettlementState.REVERTED_OPEN, why)
    with deps.store.reading() as reader:
        if is_frozen(reader, "economy") or is_frozen(reader, settlement.requester):
            return settlement
    return sign_again(deps, settlement, newest, fees_of(deps, head), lost=True)


def _send(deps: SettleDeps, settlement: Settlement, newest: Attempt, head: Head) -> Settlement:
    """Send the same bytes again, or the same authorization with higher fees in the same place."""
    with deps.store.reading() as reader:
        if is_frozen(reader, "economy") or is_frozen(reader, settlement.requester):
            return settlement
        waited = (reader.now - newest.signed_at).total_seconds()
    fees = fees_of(deps, head)
    stuck = waited >= deps.settings.bump_after_seconds
    if stuck or head.base_fee > newest.max_fee_wei:
        offered = replace(fees, tip_wei=newest.tip_wei, max_fee_wei=newest.max_fee_wei)
        more = bumped(offered, head.base_fee, deps.settings.fee_ceiling_wei)
        if more is not None:
            return sign_again(deps, settlement, newest, more, lost=False)
    said = deps.chain.send(newest.raw)
    with deps.store.begin() as tx:
        current, attempt = tx.get(Settlement, settlement.id), tx.get(Attempt, newest.id)
        if current.state in ENDED:
            return current
        tx.put(replace(attempt, sent_at=tx.now), "attempt.sent", run_id=current.run_id)
        sent = replace(
            current, state=SettlementState.BROADCAST, reason=said[:200], changed_at=tx.now
        )
        tx.put(sent, "settlement.broadcast", run_id=current.run_id)
    return sent
