"""Exchanges: one asset given for another at the owner's rate, recorded exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from flux_cli.domain.money import Asset, Money, convert
from flux_cli.errors import InvalidInput

# Nine digits on each side: numerator and denominator stay within a database's integer.
_RATE = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Exchange:
    """`given` left an agent's wallet and `taken` arrived, rounded down to a unit of its asset.

    The rate is whole `taken` per whole `given`, in lowest terms. `residue` is what rounding lost:
    a whole number, as text since it may be long, of the parts that one unit of `taken` is cut into
    (`parts_of_a_unit`). `key` names it for a retry.
    """

    id: str
    key: str
    agent: str
    given: Money
    taken: Money
    rate_numerator: int
    rate_denominator: int
    residue: str
    at: datetime

    @property
    def parts_of_a_unit(self) -> int:
        """How many parts of `residue` would be one more unit of `taken`."""
        return int(self.rate_denominator * 10**self.given.asset.exponent)

    @property
    def lost(self) -> Fraction:
        """What rounding down lost, as a fraction of one unit of `taken`: less than one."""
        return Fraction(int(self.residue), self.parts_of_a_unit)


def exchanged(
    id_: str, key: str, agent: str, given: Money, to: Asset, rate: Fraction, at: datetime
) -> Exchange:
    """The exchange of `given` into `to`; raises `InvalidAmount` past the bounds of an amount."""
    taken, lost = convert(given, rate.numerator, rate.denominator, to)
    return Exchange(id_, key, agent, given, taken, rate.numerator, rate.denominator, str(lost), at)


def parse_rate(text: str) -> Fraction:
    """Read a rate exactly: up to nine ASCII digits, and after one point up to nine more.

    Raises `InvalidInput` for everything else, and for a rate of nothing.
    """
    match = _RATE.fullmatch(text)
    rate = Fraction(0) if match is None else Fraction(text)
    if rate <= 0:
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise InvalidInput(
            f"{shown!r} is not a rate: write a number such as 0.92, at most nine digits on each"
            " side of the point, more than nothing"
        )
    return rate
