"""What is an amount, what is not, and how one is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.domain.money import (
    ASSETS,
    BOUND,
    CREDIT,
    USDC,
    Asset,
    Money,
    convert,
    find_asset,
    parse_money,
    split,
    total,
)
from flux_cli.errors import InvalidAmount

READ = [
    ("0", 0),
    ("5", 5_000_000),
    ("0.5", 500_000),
    ("5.00", 5_000_000),
    ("0.000001", 1),
    ("19.99", 19_990_000),
    ("1.15", 1_150_000),
    ("120.123456", 120_123_456),
    ("1000000000", BOUND),
    ("000000000005", 5_000_000),
]


@pytest.mark.parametrize(("text", "units"), READ)
def test_an_amount_is_read_exactly(text: str, units: int) -> None:
    assert parse_money(text) == Money(units, CREDIT)


REFUSED = [
    "", " ", ".", "5.", ".5", "1.2.3", "1_000", "1e3", "1E3", "0x10", "0b1", "1:30",
    " 5", "5 ", "5\n", "\t5", "5 000", "5\u00a0000", "+5", "-1", "-0", "\u22125", "--1",
    "NaN", "nan", "Infinity", "inf", "None", "true", "1,000", "1,000.00", "1.000,00", "5,50",
    "$5", "5$", "5 USD", "USD 5", "5USD", "€5", "5%", "1/2", "½", "5²", "٥", "١٢٣", "５", "१२", "໕",
    "5٫5", "5．5", "0.0000001", "1.1234567", "1.0000000", "1000000000.000001", "1000000001",
    "999999999999", "0000000000001", "1" * 13, "9" * 5000, "1." + "0" * 5000, "5\x00", "\ufeff5",
    "5\u200b",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text)[:24])
def test_anything_else_is_refused_and_not_rounded(text: str) -> None:
    with pytest.raises(InvalidAmount) as caught:
        parse_money(text)
    assert caught.value.code == "invalid_amount"
    assert len(str(caught.value)) < 200


DECIMALS = [(0, "5", 5), (2, "5.25", 525), (3, "5.255", 5255), (6, "5.000001", 5_000_001)]


@pytest.mark.parametrize(("exponent", "text", "units"), DECIMALS)
def test_an_asset_takes_its_own_decimals_and_not_one_more(
    exponent: int, text: str, units: int
) -> None:
    asset = Asset("TEST", exponent)
    assert parse_money(text, asset) == Money(units, asset)
    with pytest.raises(InvalidAmount):
        parse_money((text if "." in text else text + ".") + "0", asset)


@pytest.mark.parametrize("units", [BOUND, -BOUND, 0])
def test_units_up_to_the_bound_are_money(units: int) -> None:
    assert Money(units).units == units


@pytest.mark.parametrize("units", [BOUND + 1, -BOUND - 1, 10**30])
def test_units_past_the_bound_are_refused(units: int) -> None:
    with pytest.raises(InvalidAmount):
        Money(units)


def test_a_sum_past_the_bound_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        Money(BOUND) + Money(1)
    with pytest.raises(InvalidAmount):
        Money(-BOUND) - Money(1)


@pytest.mark.parametrize("units", [1.0, 0.1, float("nan"), "5", True, None, b"5"])
def test_only_a_whole_number_is_units(units: object) -> None:
    with pytest.raises(TypeError):
        Money(units)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ],
)
def test_two_assets_are_never_mixed(operation: object) -> None:
    with pytest.raises(TypeError, match="cannot mix CREDIT with USDC"):
        operation(Money(1, CREDIT), Money(1, USDC))  # type: ignore[operator]


def test_equal_units_of_two_assets_are_not_equal() -> None:
    assert Money(1, CREDIT) != Money(1, USDC)


WRITTEN = [
    (Money(0), "$0.00", "0.000000"),
    (Money(1), "$0.000001", "0.000001"),
    (Money(-1), "-$0.000001", "-0.000001"),
    (Money(5_000_000), "$5.00", "5.000000"),
    (Money(5_500_000), "$5.50", "5.500000"),
    (Money(-120_000_000), "-$120.00", "-120.000000"),
    (Money(1_234_567_890_123), "$1,234,567.890123", "1234567.890123"),
    (Money(BOUND), "$1,000,000,000.00", "1000000000.000000"),
    (Money(5_000_000, USDC), "5.00 USDC", "5.000000"),
    (Money(-5, Asset("JPY", 0)), "-5 JPY", "-5"),
    (Money(1234, Asset("KWD", 3)), "1.234 KWD", "1.234"),
    (Money(1500, find_asset("KWD")), "1.500 KWD", "1.500"),
    (Money(-1_234_000, find_asset("KWD")), "-1,234.000 KWD", "-1234.000"),
    (Money(1234, find_asset("JPY")), "1,234 JPY", "1234"),
    (Money(123_400, find_asset("EUR")), "1,234.00 EUR", "1234.00"),
    (Money(5, find_asset("CLF")), "0.0005 CLF", "0.0005"),
    (Money(1_500_000, USDC), "1.50 USDC", "1.500000"),
    (Money(15, Asset("TEN", 1)), "1.5 TEN", "1.5"),
]


@pytest.mark.parametrize(("money", "shown", "decimal"), WRITTEN)
def test_money_is_written_without_dropping_a_digit(money: Money, shown: str, decimal: str) -> None:
    assert (str(money), money.decimal) == (shown, decimal)


@given(st.integers(0, BOUND), st.integers(0, 6))
def test_what_is_written_is_read_back(units: int, exponent: int) -> None:
    asset = Asset("TEST", max(exponent, 4))
    try:
        assert parse_money(Money(units, asset).decimal, asset) == Money(units, asset)
    except InvalidAmount:
        assert units >= 10 ** (12 + asset.exponent)


@given(st.text(max_size=12))
def test_text_is_an_amount_or_an_invalid_amount_and_nothing_else(text: str) -> None:
    try:
        money = parse_money(text)
    except InvalidAmount:
        return
    assert text.isascii()
    assert set(text) <= set("0123456789.")
    assert money.units >= 0


def test_a_total_adds_what_is_there_and_nothing_is_zero() -> None:
    assert total([]) == Money(0)
    assert total([Money(1), Money(2), Money(-4)]) == Money(-1)
    assert total([Money(7, USDC)], USDC) == Money(7, USDC)
    with pytest.raises(TypeError):
        total([Money(7, USDC)])


EUR, JPY, KWD, USD = map(find_asset, ("EUR", "JPY", "KWD", "USD"))

SPLITS = [
    (100, [1, 1, 1], [33, 33, 33], 1),
    (-100, [1, 1, 1], [-33, -33, -33], -1),
    (2, [1, 1, 1], [0, 0, 0], 2),
    (100, [97, 3], [97, 3], 0),
    (999, [975, 25], [974, 24], 1),
    (10, [0, 1], [0, 10], 0),
    (0, [1, 2], [0, 0], 0),
    (BOUND, [1, 2], [BOUND // 3, 2 * BOUND // 3], 1),
]


@pytest.mark.parametrize(("units", "weights", "parts", "residue"), SPLITS)
def test_35_a_share_is_rounded_down_and_the_residue_is_named(
    units: int, weights: list[int], parts: list[int], residue: int
) -> None:
    assert split(Money(units, EUR), weights) == (
        tuple(Money(part, EUR) for part in parts),
        Money(residue, EUR),
    )


WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=9).filter(any)


@settings(max_examples=4_000, deadline=None)
@given(st.integers(-BOUND, BOUND), WEIGHTS, st.sampled_from([CREDIT, EUR, JPY, KWD]))
def test_35_parts_and_residue_are_the_whole(units: int, weights: list[int], asset: Asset) -> None:
    parts, residue = split(Money(units, asset), weights)
    assert total([*parts, residue], asset) == Money(units, asset)
    assert abs(residue.units) < sum(1 for weight in weights if weight)
    assert residue.units * units >= 0
    for part, weight in zip(parts, weights, strict=True):
        short = abs(units) * weight - abs(part.units) * sum(weights)
        assert 0 <= short < sum(weights), "a part is its exact share less a fraction of a unit"


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [-1, 2], [3, -1]])
def test_35_weights_that_are_no_shares_are_a_bug(weights: list[int]) -> None:
    with pytest.raises(AssertionError):
        split(Money(1), weights)


EXCHANGES = [
    (Money(100, EUR), 108, 100, USD, Money(108, USD), 0),
    (Money(1, EUR), 108, 100, USD, Money(1, USD), 800),
    (Money(-1, EUR), 108, 100, USD, Money(-1, USD), -800),
    (Money(10_000, USD), 15_023, 100, JPY, Money(15_023, JPY), 0),
    (Money(1, JPY), 100, 15_023, USD, Money(0, USD), 10_000),
    (Money(1500, KWD), 325, 100, USD, Money(487, USD), 50_000),
    (Money(1_000_000, CREDIT), 1, 1, USD, Money(100, USD), 0),
    (Money(1, CREDIT), 1, 1, USD, Money(0, USD), 100),
    (Money(1, USD), 1, 1, CREDIT, Money(10_000, CREDIT), 0),
    (Money(0, EUR), 108, 100, USD, Money(0, USD), 0),
]


@pytest.mark.parametrize(("amount", "over", "under", "to", "result", "lost"), EXCHANGES)
def test_an_exchange_is_rounded_toward_zero_and_says_what_was_lost(
    amount: Money, over: int, under: int, to: Asset, result: Money, lost: int
) -> None:
    assert convert(amount, over, under, to) == (result, lost)


RATES = st.integers(1, 10**9)
ANY_ASSET = st.sampled_from(sorted(ASSETS)).map(find_asset)


@settings(max_examples=2_000, deadline=None)
@given(st.integers(-BOUND, BOUND), RATES, RATES, ANY_ASSET, ANY_ASSET)
def test_35_an_exchange_loses_no_fraction(
    units: int, over: int, under: int, source: Asset, to: Asset
) -> None:
    try:
        result, lost = convert(Money(units, source), over, under, to)
    except InvalidAmount:
        assert abs(units) * over * 10**to.exponent > BOUND * under * 10**source.exponent
        return
    cut = under * 10**source.exponent
    assert result.units * cut + lost == units * over * 10**to.exponent
    assert abs(lost) < cut
    assert lost * units >= 0


def test_an_exchange_past_the_bound_is_refused() -> None:
    assert convert(Money(BOUND, EUR), 1, 1, USD) == (Money(BOUND, USD), 0)
    for amount, over, to in [(Money(BOUND, EUR), 2, USD), (Money(-BOUND, JPY), 1, USD)]:
        with pytest.raises(InvalidAmount):
            convert(amount, over, 1, to)


@pytest.mark.parametrize(("over", "under"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_a_rate_that_is_no_rate_is_a_bug(over: int, under: int) -> None:
    with pytest.raises(AssertionError):
        convert(Money(1), over, under, USDC)


def test_a_float_weight_or_rate_makes_no_money() -> None:
    with pytest.raises(TypeError):
        split(Money(10), [0.5, 0.5])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        convert(Money(10), 1.08, 1, USDC)  # type: ignore[arg-type]
