"""What came of claimed returns: recorded by the owner, and the requester's record from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.money import Asset, Money


@dataclass(frozen=True, slots=True)
class SettledClaim:
    """What a payment was claimed to bring, and what it has brought so far by the owner's word."""

    id: str
    intent_id: str
    requester: str
    claimed: Money
    returned: Money
    note: str
    settled_at: datetime


def record_of(claims: Sequence[SettledClaim], asset: Asset) -> tuple[int, int]:
    """(settled claims in `asset`, the percent of all they promised that came), rounded down.

    A claim counts by its size, and what came beyond it makes up for no other.
    """
    same = [claim for claim in claims if claim.claimed.asset == asset]
    promised = sum(claim.claimed.units for claim in same)
    came = sum(min(claim.returned.units, claim.claimed.units) for claim in same)
    return len(same), came * 100 // promised if promised else 0
