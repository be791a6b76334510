"""What may be an idempotency key."""

from __future__ import annotations

from flux_cli.errors import InvalidInput

LONGEST_KEY = 200
LONGEST_MADE = 255
"""A key made from another's, with what it is for before it."""


def check_key(key: str, longest: int = LONGEST_KEY) -> None:
    """Raise `InvalidInput` for a key that no request could be found by again."""
    if not 0 < len(key) <= longest or "\0" in key:
        raise InvalidInput(f"a key has 1 to {LONGEST_KEY} characters", param="--idempotency-key")
