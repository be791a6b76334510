"""The brain that needs no model: each seat answers by its own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flux_cli.adapters.brains.seats import cfo, data, growth, operations, risk
from flux_cli.domain.quorum import Dossier, Opinion

VOTES: Final[dict[str, Callable[[Dossier], Opinion]]] = {
    "cfo": cfo.vote,
    "growth": growth.vote,
    "risk": risk.vote,
    "operations": operations.vote,
    "data": data.vote,
}
"""The rules of each seat in `quorum.SEATS`."""


class OfflineBrain:
    """Answers for every seat without a network; the same dossier always gets the same opinion."""

    def opinion(self, seat: str, dossier: Dossier) -> Opinion:
        """What `seat`, one of `quorum.SEATS`, makes of the dossier."""
        assert seat in VOTES, f"{seat!r} is not a seat"
        return VOTES[seat](dossier)
