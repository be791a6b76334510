"""Ending everything whose time is over, so that no money waits for what cannot come."""

from __future__ import annotations

from flux_cli.usecases.capture_payment import expire_payments
from flux_cli.usecases.cards import sweep_cards
from flux_cli.usecases.end_contract import follow_expired
from flux_cli.usecases.end_escrow import expire_escrows
from flux_cli.usecases.mandates import expire_mandates
from flux_cli.usecases.ports import Deps


def expire_due(deps: Deps) -> None:
    """Give back holds, escrows and cards, and close contracts and mandates, whose time is over."""
    expire_payments(deps)
    expire_escrows(deps)
    follow_expired(deps)
    expire_mandates(deps)
    sweep_cards(deps)
