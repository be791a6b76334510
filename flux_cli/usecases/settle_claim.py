"""The owner's word on what came of a claimed return, by which later claims are believed."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import Asset, Money
from flux_cli.domain.settled_claims import SettledClaim, record_of
from flux_cli.errors import InvalidAmount, WrongState
from flux_cli.usecases.ports import Deps, Reader

LATEST_CLAIMS = 1000
"""How far back a requester's record goes."""


def settle_claim(deps: Deps, intent_id: str, returned: Money, note: str = "") -> SettledClaim:
    """Record that a paid payment has brought `returned` in all; a later word replaces an earlier.

    Whoever calls this has made sure that it is the owner. Every word stays in the events. Raises
    `NotFound`, `WrongState` where nothing was claimed or paid, `InvalidAmount` in another asset.
    """
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        claimed = claim_of(intent)
        if returned.asset != claimed.asset or returned.units < 0:
            raise InvalidAmount(f"the claim is in {claimed.asset.code}", param="--returned")
        said = bounded(note, 300)
        before = tx.lookup(SettledClaim, intent_id=intent.id)
        if before is None:
            claim = SettledClaim(
                id=deps.ids.new("settled_claim"),
                intent_id=intent.id,
                requester=intent.requester,
                claimed=claimed,
                returned=returned,
                note=said,
                settled_at=tx.now,
            )
            tx.put(claim, "claim.settled", run_id=intent.run_id)
            return claim
        if (before.returned, before.note) == (returned, said):
            return before
        claim = replace(before, returned=returned, note=said, settled_at=tx.now)
        tx.put(claim, "claim.corrected", run_id=intent.run_id)
        return claim


def claim_of(intent: PaymentIntent) -> Money:
    """The return that was claimed for a payment that was paid; raises `WrongState`."""
    if intent.claimed_return is None or intent.claimed_return.units <= 0:
        raise WrongState("no return was claimed for this payment", subject=intent.id)
    if intent.captured.units <= 0:
        raise WrongState("nothing was paid, so nothing can have come of it", subject=intent.id)
    return intent.claimed_return


def claims_record(reader: Reader, requester: str, asset: Asset) -> tuple[int, int]:
    """(settled claims, percent of them that came true) of a requester's latest."""
    return record_of(reader.find(SettledClaim, requester=requester, limit=LATEST_CLAIMS), asset)
