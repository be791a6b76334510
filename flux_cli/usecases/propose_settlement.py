"""From an approved payment to settlements: the gate, the terms, and the moment they are fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from flux_cli.domain.authorizations import Terms
from flux_cli.domain.canonical import canonical
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import wallet
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.settlements import (
    LEAST_FEE,
    UNSIGNED,
    Settlement,
    SettlementState,
    cart_hash,
    gas_units,
    mandate_hash,
)
from flux_cli.errors import Fix, NotFound, WrongState
from flux_cli.usecases.end_settlement import redeem, refuse_settlement, release_settlement
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.settlement_ports import GAS, Leave, SettleDeps, WalletPolicy


def gate(deps: SettleDeps, intent: PaymentIntent) -> tuple[Refusal, ...]:
    """Why the signer would not pay this, before anything is set aside; empty where it would.

    Each refusal has the code `policy_violation` and names the rule in its message.
    """
    policy, address = deps.signer.policy(), deps.signer.address()
    found = [_pinned(deps, policy)]
    if intent.amount.asset != USDC:
        found.append(_violation("asset", f"the rail moves USDC, not {intent.amount.asset.code}"))
    for line, share in enumerate(intent.shares):
        if share.payee not in policy.merchants:
            said = f"{share.payee} is not a whitelisted merchant"
            found.append(_violation("merchant_not_allowed", said))
        elif intent.amount.asset == USDC:
            with deps.store.reading() as reader:
                terms = _terms(deps, reader, intent, line, address, policy)
                now = int(reader.now.timestamp())
            valid_before = now + deps.settings.validity_seconds
            refusal = deps.signer.judge(_leave(deps, intent, line, terms, valid_before)).refusal
            found.append(violation(refusal) if refusal else None)
    return tuple(refusal for refusal in found if refusal is not None)


def _pinned(deps: SettleDeps, policy: WalletPolicy) -> Refusal | None:
    """What was configured is within what the signer's policy pins."""
    if (deps.chain.chain_id, deps.chain.token) != (policy.chain_id, policy.token):
        said = f"chain {deps.chain.chain_id} is configured, only {policy.chain_id} is allowed"
        return _violation("wrong_chain", said)
    if deps.settings.fee_ceiling_wei > policy.most_fee_per_gas:
        said = "the configured fee ceiling is above the signer's"
        return _violation("gas_cap_fee", said)
    return None


def _violation(rule: str, said: str) -> Refusal:
    return Refusal("policy_violation", f"{rule}: {said}")


def violation(refusal: Refusal) -> Refusal:
    """A signer's refusal as the gate words it."""
    return replace(refusal, code="policy_violation", message=f"{refusal.code}: {refusal.message}")


def propose(
    deps: SettleDeps, intent_id: str, earned: Mapping[str, Money] | None = None
) -> Sequence[Settlement]:
    """One settlement for each share of an approved payment, made once.

    Where `earned` is given, in CREDIT by payee, one who did not earn exactly its share is not
    paid, and what the others earned leaves the books in the same write: it is paid as USDC.
    Raises `NotFound` for a payee that is no merchant, `WrongState` for a payment that does not
    leave by a chain or is not approved.
    """
    policy, address = deps.signer.policy(), deps.signer.address()
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        found = settlements_of(tx, intent.id)
        if found:
            return found
        if intent.state is not IntentState.APPROVED or not intent.settles_outside:
            said = f"the payment is {intent.state}, by the rail {intent.rail}: nothing to settle"
            raise WrongState(said, subject=intent.id)
        made = []
        for line in range(len(intent.shares)):
            terms = _terms(deps, tx, intent, line, address, policy)
            settlement = _proposed(deps, intent, line, terms, tx.now)
            tx.put(settlement, "settlement.proposed", run_id=intent.run_id)
            if earned is not None:
                settlement = redeem(tx, settlement, earned.get(settlement.payee))
            made.append(settlement)
    return made


def _proposed(
    deps: SettleDeps, intent: PaymentIntent, line: int, terms: Terms, now: datetime
) -> Settlement:
    share = intent.shares[line]
    return Settlement(
        id=deps.ids.new("settlement"),
        intent_id=intent.id,
        line=line,
        state=SettlementState.PROPOSED,
        requester=intent.requester,
        payee=share.payee,
        amount=share.amount,
        terms=terms,
        nonce=deps.chain.nonce(terms),
        spend=spend_text(intent),
        valid_after=0,
        valid_before=0,
        authorization=None,
        cancelled=None,
        from_block=0,
        local=deps.chain.is_local,
        attempts=0,
        reason="",
        proof=None,
        gas=None,
        run_id=intent.run_id,
        created_at=now,
        changed_at=now,
    )


def settlements_of(reader: Reader, intent_id: str) -> list[Settlement]:
    """A payment's settlements, by their line."""
    found = reader.find(Settlement, intent_id=intent_id)
    return sorted(found, key=lambda settlement: settlement.line)


def spend_text(intent: PaymentIntent) -> str:
    """What was approved, word for word, without the mandate's id: that is made anew each time."""
    return canonical(replace(intent.spend, mandate_id=None))


def _terms(
    deps: SettleDeps,
    reader: Reader,
    intent: PaymentIntent,
    line: int,
    payer: str,
    policy: WalletPolicy,
) -> Terms:
    share = intent.shares[line]
    payee = policy.merchants.get(share.payee)
    if payee is None:
        raise NotFound(
            f"{share.payee} is not a whitelisted merchant",
            subject=share.payee,
            fixes=(Fix("name its address", ("flux", "merchants", "add", share.payee, "ADDRESS")),),
        )
    mandate = None if intent.mandate_id is None else reader.get(Mandate, intent.mandate_id)
    return Terms(
        chain_id=deps.chain.chain_id,
        token=deps.chain.token,
        payer=payer,
        payee=payee,
        units=share.amount.units,
        mandate_hash=mandate_hash(mandate),
        cart_hash=cart_hash(spend_text(intent)),
        line=line,
    )


def _leave(
    deps: SettleDeps, intent: PaymentIntent, line: int, terms: Terms, valid_before: int
) -> Leave:
    digest = deps.chain.digest(terms, 0, valid_before)
    return Leave(terms, intent.shares[line].payee, spend_text(intent), 0, valid_before, digest)


def leave_of(deps: SettleDeps, settlement: Settlement) -> Leave:
    """What the signer is asked for on behalf of a settlement whose times are fixed."""
    valid = (settlement.valid_after, settlement.valid_before)
    digest = deps.chain.digest(settlement.terms, *valid)
    return Leave(settlement.terms, settlement.payee, settlement.spend, *valid, digest)


def authorize(deps: SettleDeps, settlement: Settlement) -> Settlement:
    """PROPOSED → AUTHORIZED: the times are fixed and the gate has let it pass; or REFUSED.

    One whose time ran out before it was signed is given another.
    An approval that expired before anything was signed gives its money back. Raises `Frozen`.
    """
    deps.chain.check_chain()
    head = deps.chain.head()
    with deps.store.reading() as reader:
        obey_freeze(reader, settlement.requester)
        now = int(reader.now.timestamp())
        short = _short_of_gas(deps, reader, settlement)
    fixed = replace(
        settlement,
        state=SettlementState.AUTHORIZED,
        valid_before=max(now, head.time) + deps.settings.validity_seconds,
        from_block=head.number,
    )
    judged = deps.signer.judge(leave_of(deps, fixed))
    if judged.signed_until:
        # It was signed before and this ledger lost it: look at the chain from its first block.
        fixed = replace(fixed, from_block=0)
    elif judged.refusal is not None:
        return refuse_settlement(deps, settlement, violation(judged.refusal))
    elif short is not None:
        return refuse_settlement(deps, settlement, short)
    with deps.store.begin() as tx:
        current = tx.get(Settlement, settlement.id)
        if current.state not in UNSIGNED or current.valid_before != settlement.valid_before:
            return current
        intent = tx.get(PaymentIntent, current.intent_id)
        if not judged.signed_until and max(tx.now, tx.ledger_time) >= intent.expires_at:
            said = "the approval expired before anything was signed"
            return release_settlement(tx, current, SettlementState.EXPIRED, said)
        fixed = replace(fixed, changed_at=tx.now)
        tx.put(fixed, "settlement.authorized", run_id=current.run_id)
    return fixed


def _short_of_gas(deps: SettleDeps, reader: Reader, settlement: Settlement) -> Refusal | None:
    """The ledger's wallet can pay a usual fee, so that the books can say who paid it."""
    need = Money(gas_units(GAS * (LEAST_FEE + deps.settings.tip_wei)), USDC)
    have = reader.balance(wallet(settlement.requester), USDC)
    if have >= need:
        return None
    said = "the payer's wallet has too little USDC for gas"
    return Refusal("insufficient_funds", said, have.units, need.units)
