"""How a specialist says what it is doing."""

from __future__ import annotations

import sys

EVENT = "flux.progress"


def say(doing: str) -> None:
    """Tell whoever listens to this process what is being done; nobody has to."""
    sys.audit(EVENT, doing)
