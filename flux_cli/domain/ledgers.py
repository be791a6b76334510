"""The ledger itself as an object: its identity and when it was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """One economy's file. `ledger_id` tells it from every other, and from their copies' heads."""

    id: str
    ledger_id: str
    created_at: datetime
