"""What the chain says of an authorization that was signed: used, cancelled, over, or open."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.evidence import proof_of, was_cancelled
from flux_cli.domain.settlements import ENDED, Settlement, SettlementState
from flux_cli.usecases.end_settlement import end_settled, end_unpaid
from flux_cli.usecases.settlement_ports import Head, SettleDeps

SURELY_SEEN_SECONDS = 3600
"""After an authorization's end: what was used and cannot be found by then needs a human."""


def by_its_use(deps: SettleDeps, settlement: Settlement) -> Settlement:
    """The chain says that the authorization was used or cancelled: find where, and check that."""
    terms, nonce = settlement.terms, settlement.nonce
    receipt = deps.chain.find_use(terms.payer, nonce, settlement.from_block)
    if receipt is not None:
        proof = proof_of(terms, nonce, receipt)
        if proof is not None:
            why = "" if proof.sender == terms.payer else f"sent by {proof.sender}"
            return end_settled(deps, settlement, proof, why=why)
        if was_cancelled(terms, nonce, receipt):
            why = f"cancelled by {receipt.tx_hash}"
            return end_unpaid(deps, settlement, SettlementState.CANCELLED, why)
        why = f"{receipt.tx_hash} used it, but its logs are not of this payment"
        return keep(deps, settlement, SettlementState.NEEDS_HUMAN, why)
    if deps.chain.head().time > settlement.valid_before + SURELY_SEEN_SECONDS:
        why = "the authorization was used, and no node has the log of it"
        return keep(deps, settlement, SettlementState.NEEDS_HUMAN, why)
    return settlement


def is_over(deps: SettleDeps, settlement: Settlement, head: Head) -> bool:
    """Whether a final block is past the authorization's end and, at that block, it is unused."""
    if head.time <= settlement.valid_before:
        return False
    return not deps.chain.is_used(settlement.terms.payer, settlement.nonce, head.number)


def keep(deps: SettleDeps, settlement: Settlement, state: SettlementState, why: str) -> Settlement:
    """The settlement in a state that leaves its money where it is; nothing where it is there."""
    with deps.store.begin() as tx:
        current = tx.get(Settlement, settlement.id)
        if current.state in ENDED or (current.state is state and current.reason == why):
            return current
        kept = replace(current, state=state, reason=why[:600], changed_at=tx.now)
        tx.put(kept, f"settlement.{state}", run_id=current.run_id)
    return kept
