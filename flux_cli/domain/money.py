"""Money: a whole number of an asset's smallest unit, and the only way in from text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flux_cli.domain.currencies import EXPONENTS, UNITLESS, WITHDRAWN
from flux_cli.errors import Fix, InvalidAmount, InvalidInput

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

ASSETS = {
    CREDIT.code: CREDIT,
    USDC.code: USDC,
    **{code: Asset(code, exponent) for code, exponent in EXPONENTS.items()},
}
"""Every asset a ledger may hold; what new money may be of is for `find_asset` to say."""

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
        """For people: `$120.00` for CREDIT, `1,234 JPY` for the rest; no digit is dropped."""
        sign = "-" if self.units < 0 else ""
        whole, _, part = self.decimal.lstrip("-").partition(".")
        # A currency's decimals are all its people expect (1.500 KWD); of millionths, two are.
        least = self.asset.exponent if self.asset.exponent < 6 else 2
        part = part.rstrip("0").ljust(least, "0")
        number = f"{int(whole):,}" + (f".{part}" if part else "")
        if self.asset == CREDIT:
            return f"{sign}${number}"
        return f"{sign}{number} {self.asset.code}"


def find_asset(code: str) -> Asset:
    """The asset with exactly this code, in which new amounts may be given.

    Raises `InvalidInput` for a withdrawn currency, a code without a minor unit (XAU, XXX), lower
    case, and everything else; the fix says what to write.
    """
    asset = ASSETS.get(code)
    if asset is not None and code not in WITHDRAWN:
        return asset
    upper = code.upper()
    say = "use CREDIT, USDC or the code of a currency in use, such as EUR"
    if upper in WITHDRAWN:
        why = "is a withdrawn currency: nothing can be paid in it"
    elif upper in UNITLESS:
        why = "has no smallest unit, so no amount of it can be counted"
    elif upper in ASSETS:
        why, say = "is not a code: codes are upper case", f"write {upper}"
    else:
        why = "is no asset flux knows"
    shown = code if len(code) <= 40 else code[:40] + "…"
    raise InvalidInput(f"{shown!r} {why}", fixes=(Fix(say),))


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
        raise InvalidAmount(
            f"{text[:40]!r} has more decimals than the {asset.exponent} of {asset.code}"
        )
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


def split(amount: Money, weights: Sequence[int]) -> tuple[tuple[Money, ...], Money]:
    """The share of `amount` for each weight, rounded toward zero, and the residue nobody got.

    Parts and residue add up to `amount`; the residue is of fewer units than there are weights,
    has the sign of `amount`, and is for a residue account. Weights are not negative and not all
    zero.
    """
    whole = sum(weights)
    assert whole > 0, "a split has a weight above zero"
    assert min(weights) >= 0, "a weight is not negative"
    parts = tuple(
        Money(_toward_zero(amount.units * weight, whole)[0], amount.asset) for weight in weights
    )
    return parts, amount - total(parts, amount.asset)


def convert(amount: Money, numerator: int, denominator: int, to: Asset) -> tuple[Money, int]:
    """`amount` exchanged at `numerator/denominator` whole `to` per whole unit of its own asset.

    Rounded toward zero. The second number is what rounding lost, with the sign of `amount`: that
    many parts of one unit of `to` cut into `denominator * 10**amount.asset.exponent`. Raises
    `InvalidAmount` where the result is past 10^15 units.
    """
    assert numerator > 0, "a rate is more than nothing"
    assert denominator > 0, "a rate is a fraction over more than nothing"
    exact = amount.units * numerator * 10**to.exponent
    units, lost = _toward_zero(exact, denominator * 10**amount.asset.exponent)
    return Money(units, to), lost


def _toward_zero(dividend: int, divisor: int) -> tuple[int, int]:
    """Quotient and remainder, both with the sign of `dividend`."""
    quotient, remainder = divmod(abs(dividend), divisor)
    return (-quotient, -remainder) if dividend < 0 else (quotient, remainder)
