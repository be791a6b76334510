"""Reviews: what a client says of a contract that is over. They are shown and decide nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_STARS = 5


@dataclass(frozen=True, slots=True)
class Review:
    """A client's one review of one contract: 1 to 5 stars and its words."""

    id: str
    contract_id: str
    author: str
    provider: str
    stars: int
    text: str
    written_at: datetime
