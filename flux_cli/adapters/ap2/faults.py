"""Why a mandate is not believed: one field, and what is wrong with it."""

from __future__ import annotations


class Fault(Exception):
    """What is wrong with a token; `code` is stable, `field` where in it."""

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.code = f"ap2_{code}"
        self.field = field
        self.message = message
