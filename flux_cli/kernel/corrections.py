"""Leave for money that no policy limits: what is given back, and what was approved but is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.canonical import digest
from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel import verdict
from flux_cli.kernel.authorize import PERMIT_LIFETIME
from flux_cli.kernel.invariants import CLOCK_TOLERANCE
from flux_cli.kernel.verdict import Denied, Permit, Verdict, at_most, must


@dataclass(frozen=True, slots=True)
class Correction:
    """A movement out of `payer`'s wallet that follows from a payment already permitted.

    `allowance` is what of that payment can still be moved this way: for a refund, what was
    captured and not yet refunded; for a late capture, what was approved and never captured.
    Freeze flags are None when they cannot be read.
    """

    payment_id: str
    purpose: str
    key: str
    payer: str
    amount: Money
    allowance: Money
    available: Money
    economy_frozen: bool | None
    payer_frozen: bool | None
    policy_version: int
    now: datetime
    ledger_time: datetime

    @property
    def digest(self) -> str:
        """What the decision and the permit name it by."""
        return digest((self.payment_id, self.purpose, self.key, self.payer, self.amount))


def correct(ask: Correction) -> Verdict:
    """Leave to move exactly `amount` once, or every reason against."""
    if not 0 < ask.amount.units <= BOUND or not (
        ask.amount.asset == ask.allowance.asset == ask.available.asset
    ):
        return Denied((Refusal("amount_not_positive", "nothing, out of bounds or another asset"),))
    units, clock = ask.amount.units, ask.now + CLOCK_TOLERANCE >= ask.ledger_time
    behind, over = "the clock is behind the ledger's latest record", "more than is left of it"
    funds = (ask.available.units, units, "insufficient_funds")
    rulings = (
        must("economy", ask.economy_frozen is False, "economy_frozen", "the economy is frozen"),
        must("payer", ask.payer_frozen is False, "agent_frozen", f"{ask.payer} is frozen"),
        must("clock", clock, "clock_behind_ledger", behind),
        at_most("allowance", over, ask.allowance.units, units, "over_payment"),
        at_most("funds", "asked of the wallet", *funds),
    )
    if refusals := tuple(one.refusal for one in rulings if one.refusal):
        most = min(ask.allowance, ask.available)
        helps = all(one.excess > 0 for one in rulings if one.refusal)
        return Denied(refusals, most if helps and most.units > 0 else None)
    return Permit(
        request_digest=ask.digest,
        requester=ask.payer,
        amount=ask.amount,
        policy_version=ask.policy_version,
        made_at=ask.now,
        expires_at=ask.now + PERMIT_LIFETIME,
        seal=verdict._SEAL,
    )
