"""Escrows as any front end shows them."""

from __future__ import annotations

from flux_cli.domain.escrows import Escrow
from flux_cli.domain.journal import escrow as escrow_account
from flux_cli.usecases.describe_run import Document, describe_entry, shallow
from flux_cli.usecases.ports import Reader


def describe_escrow(escrow: Escrow) -> Document:
    """An escrow with what is still locked in it."""
    return shallow(escrow) | {
        "locked": escrow.locked,
        "milestones": [shallow(one) for one in escrow.milestones],
        "dispute": None if escrow.dispute is None else shallow(escrow.dispute),
        "simulated": True,
    }


def view_escrow(reader: Reader, escrow: Escrow) -> Document:
    """An escrow with every entry of its account, oldest first."""
    entries = reader.entries(account=escrow_account(escrow.id), limit=1000)
    return describe_escrow(escrow) | {
        "entries": [describe_entry(entry) for entry in reversed(entries)]
    }
