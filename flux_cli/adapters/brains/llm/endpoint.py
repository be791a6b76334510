"""Where one model is, what it costs, and how long it may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flux_cli.domain.money import Money
from flux_cli.domain.quorum import BallotError

MILLION = 1_000_000
MOST_BYTES = 256 * 1024
"""No ballot or plan is longer; what is, is not read."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model at one provider. Prices are CREDIT units per million tokens, times in seconds.

    `price_each` is CREDIT units for an answer, whatever its tokens. No answer is longer than
    `most_bytes`.
    `seconds` is for the whole answer, `request_seconds` for one request. `key` gives the secret
    when it is needed, or None where there is none; it is None itself where none is wanted.
    """

    provider: str
    base_url: str
    model: str
    seconds: float
    request_seconds: float
    price_given: int
    price_made: int
    key: Callable[[], str | None] | None = field(default=None, repr=False)
    variable: str = ""
    path: str = "chat/completions"
    price_each: int = 0
    most_bytes: int = MOST_BYTES

    @property
    def host(self) -> str:
        """The server's name and port, as ballots record it."""
        return urlsplit(self.base_url).netloc[:255]

    @property
    def url(self) -> str:
        """What is posted to."""
        return f"{self.base_url}/{self.path}"

    def cost(self, given: int, made: int) -> Money:
        """What an answer of `made` tokens, to `given` tokens, costs, rounded up."""
        tokens = given * self.price_given + made * self.price_made
        return Money(self.price_each - (-tokens // MILLION))


class NoAnswer(Exception):
    """A model gave no usable answer; `error` is its kind, `detail` says it without a secret.

    `again_after` is in seconds: None where asking again is of no use.
    """

    def __init__(
        self,
        error: BallotError,
        detail: str,
        *,
        again_after: float | None = None,
        status: int = 0,
    ) -> None:
        super().__init__(detail)
        self.error = error
        self.detail = detail
        self.again_after = again_after
        self.status = status
