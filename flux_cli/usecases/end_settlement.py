"""How a settlement ends, and the only places that touch what was set aside for it."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.evidence import Receipt
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import WORLD, Entry, EntryKind, held, transfer, wallet
from flux_cli.domain.money import CREDIT, USDC, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import (
    ENDED,
    UNSIGNED,
    Attempt,
    Outcome,
    Proof,
    Settlement,
    SettlementState,
    gas_units,
)
from flux_cli.usecases.draw_mandate import settle
from flux_cli.usecases.ports import Transaction
from flux_cli.usecases.settlement_ports import SettleDeps

GAS_ACCOUNT = "gas:arc"


def end_settled(
    deps: SettleDeps, settlement: Settlement, proof: Proof, *, why: str = ""
) -> Settlement:
    """SETTLED, by a proof of which every field agreed: the held money leaves the economy, once."""
    with deps.store.begin() as tx:
        current = tx.get(Settlement, settlement.id)
        if current.state in ENDED:
            return current
        tx.post(
            transfer(
                f"settle:{current.id}",
                EntryKind.SETTLEMENT,
                held(current.requester),
                WORLD,
                current.amount,
                memo=f"{current.payee} {proof.tx_hash}",
                reference=current.intent_id,
                run_id=current.run_id,
            )
        )
        intent = tx.get(PaymentIntent, current.intent_id)
        nothing = Money(0, USDC)
        if intent.mandate_id is not None:
            settle(tx, intent.mandate_id, captured=current.amount, released=nothing)
        _keep_intent(tx, replace(intent, captured=intent.captured + current.amount), "captured")
        ended = replace(
            current, state=SettlementState.SETTLED, proof=proof, reason=why, changed_at=tx.now
        )
        tx.put(ended, "settlement.settled", run_id=current.run_id)
    return ended


def end_unpaid(
    deps: SettleDeps, settlement: Settlement, state: SettlementState, why: str
) -> Settlement:
    """EXPIRED or CANCELLED, on the chain's own evidence: what was held goes back."""
    with deps.store.begin() as tx:
        current = tx.get(Settlement, settlement.id)
        return current if current.state in ENDED else release_settlement(tx, current, state, why)


def refuse_settlement(deps: SettleDeps, settlement: Settlement, refusal: Refusal) -> Settlement:
    """REFUSED before anything was signed: what was held goes back."""
    with deps.store.begin() as tx:
        current = tx.get(Settlement, settlement.id)
        if current.state not in UNSIGNED:
            return current
        said = refusal.message
        if refusal.limit is not None and refusal.observed is not None:
            said += f" (limit {refusal.limit}, observed {refusal.observed})"
        return release_settlement(tx, current, SettlementState.REFUSED, said)


def release_settlement(
    tx: Transaction, settlement: Settlement, state: SettlementState, why: str
) -> Settlement:
    """Give back what was held for a settlement that will never pay, in an open transaction."""
    intent = tx.get(PaymentIntent, settlement.intent_id)
    tx.post(
        transfer(
            f"unsettle:{settlement.id}",
            EntryKind.RELEASE,
            held(settlement.requester),
            wallet(settlement.requester),
            settlement.amount,
            memo=f"{state}: not settled",
            reference=intent.id,
            run_id=settlement.run_id,
        )
    )
    nothing = Money(0, USDC)
    if intent.mandate_id is not None:
        settle(tx, intent.mandate_id, captured=nothing, released=settlement.amount)
    _unredeem(tx, settlement)
    word = "expired" if state is SettlementState.EXPIRED else "cancelled"
    _keep_intent(tx, replace(intent, released=intent.released + settlement.amount), word)
    ended = replace(settlement, state=state, reason=why[:600], changed_at=tx.now)
    tx.put(ended, f"settlement.{state}", run_id=settlement.run_id)
    return ended


def redeem(tx: Transaction, settlement: Settlement, earned: Money | None) -> Settlement:
    """Take out of the books what a payee earned in CREDIT, which this pays as USDC, one for one.

    One who earned another amount, or has spent it already, is not paid by this settlement.
    """
    due = Money(settlement.amount.units, CREDIT)
    if earned != due:
        why = f"it earned {earned or 'nothing'}, not {due}"
        return release_settlement(tx, settlement, SettlementState.CANCELLED, why)
    if tx.balance(wallet(settlement.payee), CREDIT) < due:
        why = "it has spent what it earned"
        return release_settlement(tx, settlement, SettlementState.CANCELLED, why)
    entry = _redemption(settlement, "redeem", wallet(settlement.payee), WORLD)
    tx.post(replace(entry, kind=EntryKind.WITHDRAWAL))
    return settlement


def _unredeem(tx: Transaction, settlement: Settlement) -> None:
    """Give a payee its CREDIT back, where its settlement ended without paying it."""
    if tx.entry(f"redeem:{settlement.id}") is not None:
        tx.post(_redemption(settlement, "unredeem", WORLD, wallet(settlement.payee)))


def _redemption(settlement: Settlement, word: str, source: str, target: str) -> Entry:
    return transfer(
        f"{word}:{settlement.id}",
        EntryKind.ADJUSTMENT,
        source,
        target,
        Money(settlement.amount.units, CREDIT),
        memo=f"{word} for {settlement.amount}, one for one",
        reference=settlement.intent_id,
        run_id=settlement.run_id,
    )


def give_back(deps: SettleDeps, intent_id: str, state: IntentState) -> None:
    """End an approved payment that was set aside and never proposed: all of it goes back, once."""
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        begun = tx.find(Settlement, intent_id=intent.id, limit=1)
        if begun or intent.state is not IntentState.APPROVED:
            return
        payer = intent.requester
        tx.post(
            transfer(
                f"unsettle:{intent.id}",
                EntryKind.RELEASE,
                held(payer),
                wallet(payer),
                intent.amount,
                memo=f"{state}: not settled",
                reference=intent.id,
                run_id=intent.run_id,
            )
        )
        if intent.mandate_id is not None:
            settle(tx, intent.mandate_id, captured=Money(0, USDC), released=intent.amount)
        ended = replace(intent, released=intent.amount, state=state)
        tx.put(ended, f"payment.{state}", run_id=intent.run_id)


def _keep_intent(tx: Transaction, intent: PaymentIntent, word: str) -> None:
    """The payment after one of its lines ended; the last one ends it too."""
    if (intent.captured + intent.released) == intent.amount:
        ends = IntentState.CAPTURED if intent.captured.units else IntentState(word)
        intent = replace(intent, state=ends)
    tx.put(intent, f"payment.line_{word}", run_id=intent.run_id)


def note_outcome(deps: SettleDeps, attempt: Attempt, receipt: Receipt) -> None:
    """Record that a transaction of ours is in a block, and what its gas cost, once."""
    outcome = Outcome.MINED if receipt.succeeded else Outcome.REVERTED
    with deps.store.begin() as tx:
        current = tx.get(Attempt, attempt.id)
        if current.outcome is not Outcome.OPEN:
            return
        settlement = tx.get(Settlement, attempt.settlement_id)
        fee = Money(gas_units(receipt.gas_used * receipt.gas_price), USDC)
        if fee.units:
            _post_gas(tx, settlement, attempt, fee)
        tx.put(replace(current, outcome=outcome), f"attempt.{outcome}", run_id=settlement.run_id)
        if settlement.state not in ENDED:
            paid = fee if settlement.gas is None else settlement.gas + fee
            kept = replace(settlement, gas=paid, changed_at=tx.now)
            tx.put(kept, "settlement.gas_paid", run_id=settlement.run_id)


def _post_gas(tx: Transaction, settlement: Settlement, attempt: Attempt, fee: Money) -> None:
    payer = wallet(settlement.requester)
    covered = tx.balance(payer, USDC) >= fee
    tx.post(
        transfer(
            f"gas:{attempt.id}",
            EntryKind.GAS,
            # The chain has taken it already: what the wallet cannot cover is the owner's.
            payer if covered else WORLD,
            GAS_ACCOUNT,
            fee,
            memo=attempt.tx_hash if covered else f"not covered by {payer}: {attempt.tx_hash}",
            reference=settlement.intent_id,
            run_id=settlement.run_id,
        )
    )
