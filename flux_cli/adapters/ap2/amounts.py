"""Amounts in mandates: whole minor units, and a budget's decimal made whole without a float."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any

from flux_cli.adapters.ap2.faults import Fault
from flux_cli.domain.money import BOUND, Money, find_asset
from flux_cli.errors import InvalidInput

CURRENCY = {"CREDIT": "USD", "USDC": "USD"}
"""What stands for dollars; any other asset is its own ISO 4217 code."""

MOST_MINOR = BOUND


def currency_of(money: Money) -> str:
    """The ISO 4217 code an amount is told in."""
    return CURRENCY.get(money.asset.code, money.asset.code)


def minor_of(money: Money) -> int:
    """The amount in whole minor units of its currency, never more than it is."""
    finer = money.asset.exponent - digits(currency_of(money), "currency")
    return money.units // int(10**finer)


def digits(currency: Any, field: str) -> int:
    """How many decimals a currency has. Raises `Fault`."""
    try:
        if not isinstance(currency, str) or currency in CURRENCY:
            raise InvalidInput("no ISO 4217 code")
        return find_asset(currency).exponent
    except InvalidInput:
        raise Fault("currency", field, f"{str(currency)[:20]!r} is no currency in use") from None


def minor_in(value: Any, field: str) -> int:
    """Whole minor units as they were sent. Raises `Fault` for a float, a bool, text, a minus."""
    if type(value) is not int or not 0 <= value <= MOST_MINOR:
        raise Fault("amount", field, "an amount is whole minor units, 0 or more")
    return value


def major_in(value: Any, currency: Any, field: str) -> int:
    """A decimal of major units as whole minor units, rounded down: a budget is never widened.

    The reference takes a binary float times 100 here; 0.29 is 29 cents, and not 28.
    """
    places = digits(currency, field)
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        raise Fault("amount", field, "a budget is a number, 0 or more")
    whole = int((value.scaleb(places)).to_integral_value(ROUND_FLOOR))
    return minor_in(whole, field)


def major_of(minor: int, currency: str) -> Decimal | int:
    """Whole minor units as the decimal of major units that a budget is written in."""
    number = Decimal(minor).scaleb(-digits(currency, "currency"))
    return int(number) if number == number.to_integral_value() else number
