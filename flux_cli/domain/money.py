"""Money: a whole number of an asset's smallest unit, and the only way in from text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.errors import InvalidAmount

BOUND = 10**15
"""No single amount or balance may exceed this many units, so no sum of ours can leave int64."""


@dataclass(frozen=True, slots=True)
class Asset:
    """What is counted: its code, and how many decimals one whole unit has."""

    code: str
    exponent: int


CREDIT = Asset("CREDIT", 6)
"""The default asset: 1 CREDIT is 1 USD of budget, counted in micro-credits."""

USDC = Asset("USDC", 6)

ASSETS = {asset.code: asset for asset in (CREDIT, USDC)}

# Twelve whole digits hold every amount within BOUND; ASCII only, so no other script's digits pass.
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """`units` of the smallest unit of `asset`, an integer with |units| ≤ 10^15.

    Arithmetic and comparison are between equal assets only; a mix is a bug and asserts.
    """

    units: int
    asset: Asset = CREDIT

    def __post_init__(self) -> None:
        if type(self.units) is not int:
            raise TypeError(f"units are an int, not {type(self.units).__name__}")
        if abs(self.units) > BOUND:
            raise InvalidAmount(f"{self.units} {self.asset.code} units is more than {BOUND}")

    def __add__(self, other: Money) -> Money:
        return Money(self.units + self._same(other), self.asset)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - self._same(other), self.asset)

    def __neg__(self) -> Money:
        return Money(-self.units, self.asset)

    def __lt__(self, other: Money) -> bool:
        return self.units < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.units <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.units > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.units >= self._same(other)

    def _same(self, other: Money) -> int:
        if other.asset != self.asset:
            raise TypeError(f"cannot mix {self.asset.code} with {other.asset.code}")
        return other.units

    @property
    def decimal(self) -> str:
        """The amount with all its asset's decimals, e.g. `120.000000`."""
        whole, part = divmod(abs(self.units), 10**self.asset.exponent)
        sign = "-" if self.units < 0 else ""
        if self.asset.exponent == 0:
            return f"{sign}{whole}"
        return f"{sign}{whole}.{part:0{self.asset.exponent}d}"

    def __str__(self) -> str:
        """For people: `$120.00` for CREDIT, `120.00 USDC` for the rest; no digit is dropped."""
        sign = "-" if self.units < 0 else ""
        whole, _, part = self.decimal.lstrip("-").partition(".")
        part = part.rstrip("0").ljust(min(2, self.asset.exponent), "0")
        number = f"{int(whole):,}" + (f".{part}" if part else "")
        if self.asset == CREDIT:
            return f"{sign}${number}"
        return f"{sign}{number} {self.asset.code}"


def parse_money(text: str, asset: Asset = CREDIT) -> Money:
    """Read an amount: ASCII digits, at most one point, no more decimals than the asset has.

    Raises `InvalidAmount` for everything else: signs, exponents, separators, symbols, spaces,
    other scripts' digits. Nothing is rounded.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise InvalidAmount(f"{shown!r} is not an amount: write digits and at most one point")
    whole, part = match.group(1), match.group(2) or ""
    if len(part) > asset.exponent:
        raise InvalidAmount(f"{text[:40]!r} has more than {asset.exponent} decimals")
    units = int(whole + part.ljust(asset.exponent, "0"))
    if units > BOUND:
        raise InvalidAmount(f"{text[:40]!r} is more than {Money(BOUND, asset)}")
    return Money(units, asset)


def total(amounts: Sequence[Money], asset: Asset = CREDIT) -> Money:
    """The sum of `amounts`, which are all in `asset`; nothing sums to zero."""
    result = Money(0, asset)
    for amount in amounts:
        result = result + amount
    return result
