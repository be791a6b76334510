"""What paints the scenery of banners: our own drawing, or a provider's images endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.config.unusable import Unusable
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.errors import InvalidAmount


@dataclass(frozen=True, slots=True)
class ImagesConfig:
    """Whether and where a picture is asked for, and what each costs in CREDIT, None if not said."""

    backend: str
    provider: str
    model: str
    timeout_seconds: int
    price: Money | None

    @property
    def asked(self) -> bool:
        """Whether one is asked for: where the owner wants it and said what it costs."""
        return self.backend == "api" and self.price is not None

    @property
    def told(self) -> str:
        """Who paints and for how much, or why nobody does; "" where nobody is to."""
        if self.backend != "api":
            return ""
        if self.price is None:
            return "drawn offline: images.price does not say what one costs"
        return f"{self.model} of {self.provider}, {self.price} for each that is painted"


def a_price(raw: object) -> str:
    """An amount such as "0.04", or nothing where none is known."""
    if not isinstance(raw, str):
        raise Unusable('wants an amount in quotes, such as "0.04", or ""')
    price_in(raw)
    return raw


def price_in(text: str) -> Money | None:
    """The price of one picture, None where there is none; raises `Unusable`."""
    if not text:
        return None
    try:
        price = parse_money(text, CREDIT)
    except InvalidAmount as error:
        raise Unusable(f'wants an amount such as "0.04": {error.message}') from None
    if price.units < 0:
        raise Unusable("is below zero")
    return price
