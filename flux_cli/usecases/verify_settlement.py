"""Proving a settlement against the chain field by field, and the whole ledger against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.domain.evidence import FieldCheck, Receipt, checks
from flux_cli.domain.journal import WORLD
from flux_cli.domain.money import USDC, Money, total
from flux_cli.domain.settlements import OPEN, Attempt, Outcome, Settlement, SettlementState
from flux_cli.errors import WrongState
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.settlement_ports import SettleDeps


@dataclass(frozen=True, slots=True)
class Verified:
    """What was compared; it is proved only if every field agrees."""

    settlement: Settlement
    tx_hash: str
    checks: tuple[FieldCheck, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The fields that do not agree, by name."""
        return tuple(check.field for check in self.checks if not check.agrees)


def verify_settlement(deps: SettleDeps, settlement_id: str, tx_hash: str | None = None) -> Verified:
    """Compare a settlement with what the chain says of its transaction, or of `tx_hash`.

    Nothing but the node's own answer counts. Raises `WrongState` where nothing was paid yet and
    no transaction is named, `ChainUnavailable`.
    """
    with deps.store.reading() as reader:
        settlement = reader.get(Settlement, settlement_id)
        booked = reader.entry(f"settle:{settlement.id}")
    proof = settlement.proof
    if proof is None and tx_hash is None:
        raise WrongState(
            f"the settlement is {settlement.state}: there is no proof yet", subject=settlement.id
        )
    wanted = tx_hash or (proof.tx_hash if proof else "")
    receipt = deps.chain.receipt(wanted)
    found = [
        FieldCheck("terms", settlement.nonce, deps.chain.nonce(settlement.terms)),
        FieldCheck("receipt", "found", "missing" if receipt is None else "found"),
    ]
    if receipt is not None:
        found += checks(settlement.terms, settlement.nonce, receipt)
        found.append(_block(deps, receipt))
        if proof is not None and tx_hash is None:
            found.append(FieldCheck("recorded_block", proof.block_hash, receipt.block_hash))
    if settlement.state is SettlementState.SETTLED:
        moved = "" if booked is None else str(booked.entry.moves[0].amount)
        found.append(FieldCheck("ledger_entry", str(settlement.amount), moved))
    return Verified(settlement, wanted, tuple(found))


def _block(deps: SettleDeps, receipt: Receipt) -> FieldCheck:
    there = deps.chain.same_block(receipt.block_number, receipt.block_hash)
    return FieldCheck("block", "in the chain", "in the chain" if there else "not in the chain")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the books say is in the wallet, what the chain says, and each settlement's fault.

    `reserved` is what open settlements hold, which may have left already. Each of the `fees` was
    booked rounded up, by less than one unit.
    """

    booked: Money
    on_chain: Money
    reserved: Money
    fees: int
    checked: int
    faults: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs but what rounding each fee up explains."""
        return not self.faults and 0 <= self.drift.units <= self.fees

    @property
    def drift(self) -> Money:
        """What the chain has more than the books; below zero, less."""
        return self.on_chain - self.booked


def reconcile(deps: SettleDeps, address: str) -> Reconciled:
    """Compare every settlement with the chain, and all USDC in the books with the wallet.

    Cards and escrows hold part of the books' money; it is all in the one wallet on the chain.
    """
    with deps.store.reading() as reader:
        settled = list(_every(reader, SettlementState.SETTLED))
        fees = sum(
            1 for one in _attempts(reader) if one.outcome in (Outcome.MINED, Outcome.REVERTED)
        )
        waiting = [one for state in OPEN for one in _every(reader, state)]
        inside = [
            account.balance
            for account in reader.accounts()
            if account.balance.asset == USDC and _is_in_wallet(account.name)
        ]
    faults = []
    for settlement in settled:
        verified = verify_settlement(deps, settlement.id)
        if verified.wrong:
            faults.append(f"{settlement.id}: {', '.join(verified.wrong)} not as agreed")
    reserved = total([settlement.amount for settlement in waiting], USDC)
    on_chain = Money(deps.chain.balance(address), USDC)
    return Reconciled(total(inside, USDC), on_chain, reserved, fees, len(settled), tuple(faults))


def _every(reader: Reader, state: SettlementState) -> Sequence[Settlement]:
    found: list[Settlement] = []
    after = None
    while page := reader.find(Settlement, state=state, oldest_first=True, after=after):
        found += page
        after = page[-1].id
    return found


def _attempts(reader: Reader) -> Sequence[Attempt]:
    found: list[Attempt] = []
    after = None
    while page := reader.find(Attempt, oldest_first=True, after=after):
        found += page
        after = page[-1].id
    return found


def _is_in_wallet(account: str) -> bool:
    """Whether money in this account of the books is still in the wallet on the chain."""
    return account != WORLD and not account.startswith(("gas:", "fees:", "brain:"))
