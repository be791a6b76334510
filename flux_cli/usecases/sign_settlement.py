"""Signing: looked at the chain, asked the signer, and kept whole before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import (
    ENDED,
    Attempt,
    Authorization,
    Fees,
    Outcome,
    Purpose,
    Settlement,
    SettlementState,
    bumped,
    first_fees,
)
from flux_cli.errors import LedgerBusy, SignerFailed
from flux_cli.usecases.end_settlement import end_unpaid, refuse_settlement
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Reader, Transaction
from flux_cli.usecases.propose_settlement import authorize, leave_of, violation
from flux_cli.usecases.settlement_ports import GAS, Head, SettleDeps, Wrapped
from flux_cli.usecases.watch_settlement import by_its_use, is_over, keep

MOST_TRIES = 200
"""For a place in the account's order, when other processes sign at the same time."""

MOST_LOOKED_AT = 500
IN_FLIGHT = (SettlementState.SIGNED, SettlementState.BROADCAST)


def fees_of(deps: SettleDeps, head: Head) -> Fees:
    """What a fresh transaction offers now."""
    return first_fees(head.base_fee, deps.settings.tip_wei, deps.settings.fee_ceiling_wei)


def sign(deps: SettleDeps, settlement: Settlement) -> Settlement:
    """AUTHORIZED → SIGNED: looked at the chain, then the authorization and its first transaction.

    What the chain or the signer refuses before anything was ever signed for these terms ends as
    REFUSED. Raises `Frozen`.
    """
    head = deps.chain.head()
    fees = fees_of(deps, head)
    standing = deps.chain.standing(settlement.terms, settlement.nonce, GAS * fees.max_fee_wei)
    if standing.used:
        return by_its_use(deps, replace(settlement, from_block=0))
    judged = deps.signer.judge(leave_of(deps, settlement))
    if judged.signed_until and _is_past(deps, settlement, head, judged.signed_until):
        why = "what was signed for it before expired unused, by a final block"
        return end_unpaid(deps, settlement, SettlementState.EXPIRED, why)
    if judged.refusal is not None and judged.refusal.code == "not_valid_now":
        return authorize(deps, settlement)
    refusal = standing.fault or (judged.refusal and violation(judged.refusal))
    if refusal is not None:
        # What was signed before may still be sent by anybody: then nothing is given back yet.
        if judged.signed_until:
            return keep(deps, settlement, settlement.state, refusal.message)
        return refuse_settlement(deps, settlement, refusal)
    with deps.store.reading() as reader:
        obey_freeze(reader, settlement.requester)
        if _in_flight(reader) >= deps.settings.most_in_flight:
            return settlement
    signed = deps.signer.authorize(leave_of(deps, settlement))
    if isinstance(signed, Refusal):
        return keep(deps, settlement, settlement.state, violation(signed).message)
    _check(deps, settlement, signed)
    ready = replace(
        settlement,
        authorization=signed,
        valid_after=signed.valid_after,
        valid_before=signed.valid_before,
    )
    return _commit(deps, ready, settlement, Purpose.PAY, fees)


def _is_past(deps: SettleDeps, settlement: Settlement, head: Head, until: int) -> bool:
    return is_over(deps, replace(settlement, valid_before=until), head)


def _check(deps: SettleDeps, settlement: Settlement, signed: Authorization) -> None:
    """The signature is the wallet's, over exactly these terms."""
    digest = deps.chain.digest(settlement.terms, signed.valid_after, signed.valid_before)
    if not deps.chain.is_by(digest, signed, settlement.terms.payer):
        raise SignerFailed("the signer's signature is not the wallet's", subject=settlement.id)


def sign_again(
    deps: SettleDeps, settlement: Settlement, newest: Attempt, fees: Fees, *, lost: bool
) -> Settlement:
    """The same authorization in another transaction.

    It has higher fees in the same place or, where the place was `lost`, a new place. Nothing is
    kept where somebody else was faster, or where the signer refuses: the settlement waits.
    """
    place = None if lost else newest.account_nonce
    return _commit(deps, settlement, settlement, newest.purpose, fees, place, newest)


def sign_purpose(
    deps: SettleDeps,
    ready: Settlement,
    before: Settlement,
    purpose: Purpose,
    fees: Fees,
    instead: Attempt | None,
) -> Settlement:
    """A transaction of another purpose, in the place of `instead` or in a new one."""
    place = None if instead is None else instead.account_nonce
    return _commit(deps, ready, before, purpose, fees, place, instead)


def _commit(
    deps: SettleDeps,
    ready: Settlement,
    before: Settlement,
    purpose: Purpose,
    fees: Fees,
    place: int | None = None,
    replaced: Attempt | None = None,
) -> Settlement:
    """Sign a transaction and keep it with the settlement in one write; retried while places go."""
    terms = ready.terms
    mined = deps.chain.account_nonce(terms.payer) if place is None else 0
    for _ in range(MOST_TRIES):
        with deps.store.reading() as reader:
            slot = _place(reader, ready, mined, place)
        offered = _above(fees, slot.beaten, deps.settings.fee_ceiling_wei)
        if offered is None:
            return keep(deps, before, before.state, "the fee ceiling leaves no room for a bump")
        unsigned = _unsigned(deps, ready, purpose, slot.number, offered)
        wrapped = deps.signer.wrap(unsigned)
        if isinstance(wrapped, Refusal):
            return keep(deps, before, before.state, violation(wrapped).message)
        deps.chain.check_wrapped(unsigned, wrapped, terms.payer)
        with deps.store.begin() as tx:
            current = tx.get(Settlement, ready.id)
            if _moved_on(current, before):
                return current
            if _is_taken(tx, ready, slot):
                continue
            return _kept(deps, tx, ready, purpose, slot, offered, wrapped, replaced)
    raise LedgerBusy("other processes took every place in the account's order; try again")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the account's order: its number, which transaction for it, the one it beats."""

    number: int
    bump: int
    beaten: Attempt | None


def _place(reader: Reader, settlement: Settlement, mined: int, wanted: int | None) -> Slot:
    """The wanted place with the next bump; else the lowest that no open settlement has."""
    terms = settlement.terms
    tops: dict[int, Attempt] = {}
    spent = [mined]
    found = reader.find(Attempt, limit=MOST_LOOKED_AT, chain_id=terms.chain_id, address=terms.payer)
    for attempt in found:
        top = tops.get(attempt.account_nonce)
        if top is None or attempt.bump > top.bump:
            tops[attempt.account_nonce] = attempt
        if attempt.outcome is not Outcome.OPEN:
            spent.append(attempt.account_nonce + 1)
    if wanted is None:
        wanted = max(spent)
        while (top := tops.get(wanted)) is not None and _is_held(reader, top):
            wanted += 1
    top = tops.get(wanted)
    return Slot(wanted, 0 if top is None else top.bump + 1, top)


def _is_held(reader: Reader, top: Attempt) -> bool:
    return reader.get(Settlement, top.settlement_id).state not in ENDED


def _is_taken(reader: Reader, settlement: Settlement, slot: Slot) -> bool:
    found = reader.lookup(
        Attempt,
        chain_id=settlement.terms.chain_id,
        address=settlement.terms.payer,
        account_nonce=slot.number,
        bump=slot.bump,
    )
    return found is not None


def _above(fees: Fees, beaten: Attempt | None, ceiling: int) -> Fees | None:
    """Fees that also replace what is in that place already."""
    if beaten is None or fees.max_fee_wei * 4 >= beaten.max_fee_wei * 5:
        return fees
    before = Fees(beaten.tip_wei, beaten.max_fee_wei)
    return bumped(before, fees.max_fee_wei // 2, ceiling)


def _in_flight(reader: Reader) -> int:
    return sum(len(reader.find(Settlement, state=state)) for state in IN_FLIGHT)


def _moved_on(current: Settlement, before: Settlement) -> bool:
    """Whether somebody else has ended it, or signed for it, since it was read."""
    return current.state in ENDED or current.attempts != before.attempts


def _unsigned(
    deps: SettleDeps, settlement: Settlement, purpose: Purpose, place: int, fees: Fees
) -> str:
    terms, nonce = settlement.terms, settlement.nonce
    if purpose is Purpose.PAY:
        assert settlement.authorization is not None, "it is signed before it is wrapped"
        return deps.chain.payment(terms, nonce, settlement.authorization, place, fees)
    assert settlement.cancelled is not None, "the cancelling is signed before it is wrapped"
    return deps.chain.cancellation(terms, nonce, settlement.cancelled, place, fees)


def _kept(
    deps: SettleDeps,
    tx: Transaction,
    ready: Settlement,
    purpose: Purpose,
    slot: Slot,
    fees: Fees,
    wrapped: Wrapped,
    replaced: Attempt | None,
) -> Settlement:
    if replaced is not None and replaced.account_nonce != slot.number:
        lost = tx.get(Attempt, replaced.id)
        if lost.outcome is Outcome.OPEN:
            tx.put(replace(lost, outcome=Outcome.LOST), "attempt.lost", run_id=ready.run_id)
    attempt = Attempt(
        id=deps.ids.new("attempt"),
        settlement_id=ready.id,
        purpose=purpose,
        chain_id=ready.terms.chain_id,
        address=ready.terms.payer,
        account_nonce=slot.number,
        bump=slot.bump,
        tip_wei=fees.tip_wei,
        max_fee_wei=fees.max_fee_wei,
        raw=wrapped.raw,
        tx_hash=wrapped.tx_hash,
        outcome=Outcome.OPEN,
        signed_at=tx.now,
        sent_at=None,
    )
    tx.put(attempt, "attempt.signed", run_id=ready.run_id)
    current = tx.get(Settlement, ready.id)
    signed = replace(
        ready,
        state=SettlementState.SIGNED,
        gas=current.gas,
        attempts=current.attempts + 1,
        reason="",
        changed_at=tx.now,
    )
    tx.put(signed, "settlement.signed", run_id=ready.run_id)
    return signed
