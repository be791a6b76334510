"""Exchanges are exact: what is given, taken and lost add up, in integers."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_cli.domain.exchanges import exchanged, parse_rate
from flux_cli.domain.money import ASSETS, BOUND, Money
from flux_cli.errors import InvalidAmount, InvalidInput

NOW = datetime(2026, 5, 1, tzinfo=UTC)
CODES = st.sampled_from(["CREDIT", "USDC", "EUR", "JPY", "KWD", "CLF"])
RATES = st.builds(
    lambda whole, part: f"{whole}.{part}" if part else str(whole),
    st.integers(0, 999_999_999),
    st.text("0123456789", max_size=9),
).filter(lambda text: Fraction(text) > 0)


@given(st.integers(1, BOUND), CODES, CODES, RATES)
def test_what_arrives_and_what_rounding_lost_are_exactly_the_rate(
    units: int, code: str, to: str, text: str
) -> None:
    rate, asset, target = parse_rate(text), ASSETS[code], ASSETS[to]
    try:
        made = exchanged("fx_1", "k", "a", Money(units, asset), target, rate, NOW)
    except InvalidAmount:
        exact = rate * units * 10**target.exponent / 10**asset.exponent
        assert exact > BOUND
        return
    worth = Fraction(made.given.units, 10**asset.exponent) * rate
    came = Fraction(made.taken.units, 10**target.exponent)
    lost = made.lost / 10**target.exponent
    assert came + lost == worth
    assert 0 <= made.lost < 1
    assert 0 <= int(made.residue) < made.parts_of_a_unit
    assert Fraction(made.rate_numerator, made.rate_denominator) == rate
    assert max(made.rate_numerator, made.rate_denominator) < 2**63


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("1", Fraction(1)),
        ("0.1", Fraction(1, 10)),
        ("0.333333333", Fraction(333_333_333, 10**9)),
        ("014.50", Fraction(29, 2)),
        ("999999999.999999999", Fraction(10**18 - 1, 10**9)),
    ],
)
def test_a_rate_is_read_exactly(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        *("", "0", "0.0", "0.000000000", "-1", "+1", "1e3", "1_0", "1/3", "NaN", "inf", " 1", "1 "),
        *("1,5", ".5", "5.", "٥", "１", "1.0000000001", "1000000000", "0x1", "1.5.2", "1\n"),
    ],
)
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_rate(text)
