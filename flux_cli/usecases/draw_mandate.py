"""Taking from a mandate, and giving back what was not used, within the payment's transaction."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import Money
from flux_cli.usecases.ports import Transaction


def reserve(tx: Transaction, mandate_id: str, amount: Money) -> None:
    """Set `amount` of a mandate aside for one payment or child; the caller saw that it is there."""
    mandate = tx.get(Mandate, mandate_id)
    assert amount <= mandate.left, "nobody reserves more than a mandate has left"
    tx.put(replace(mandate, reserved=mandate.reserved + amount), "mandate.reserved")


def settle(tx: Transaction, mandate_id: str, *, captured: Money, released: Money) -> None:
    """Turn what was reserved into spending, or give it back; a revoked one takes back too.

    What is captured is spent by every mandate above as well. What is released stays with the
    nearest mandate that is active: one that has ended has given it back to its parent.
    """
    above: str | None = mandate_id
    while above is not None and (captured.units or released.units):
        mandate = tx.get(Mandate, above)
        settled = replace(
            mandate,
            spent=mandate.spent + captured,
            reserved=mandate.reserved - captured - released,
        )
        tx.put(settled, "mandate.settled")
        if mandate.state is MandateState.ACTIVE:
            released = Money(0, released.asset)
        above = mandate.parent_id
