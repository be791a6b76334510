"""What the seats were shown: kept, so that anyone can ask later what they would say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.quorum import Dossier


@dataclass(frozen=True, slots=True)
class Hearing:
    """The dossier of one request as every seat saw it, whenever it was asked; never changed."""

    id: str
    intent_id: str
    request_digest: str
    dossier_digest: str
    dossier: Dossier
    opened_at: datetime
