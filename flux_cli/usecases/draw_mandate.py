"""Taking from a mandate, and giving back what was not used, within the payment's transaction."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import Money
from flux_cli.usecases.ports import Transaction


def reserve(tx: Transaction, mandate_id: str, amount: Money) -> None:
    """Set `amount` of a mandate aside for one payment; the kernel has seen that it is there."""
    mandate = tx.get(Mandate, mandate_id)
    assert amount <= mandate.left, "the kernel permits no more than a mandate has left"
    tx.put(replace(mandate, reserved=mandate.reserved + amount), "mandate.reserved")


def settle(tx: Transaction, mandate_id: str, *, captured: Money, released: Money) -> None:
    """Turn what was reserved into spending, or give it back; a revoked one takes back too."""
    mandate = tx.get(Mandate, mandate_id)
    settled = replace(
        mandate,
        spent=mandate.spent + captured,
        reserved=mandate.reserved - captured - released,
    )
    tx.put(settled, "mandate.settled")
