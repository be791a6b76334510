"""Bargaining: offers rise, asks fall, nothing leaves its bounds, and the price is midway."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from flux_cli.domain.negotiation import MOST_ROUNDS, agreed, buyer_offer, seller_ask

LISTED = some.integers(min_value=0, max_value=10**9)
ROUNDS = range(1, MOST_ROUNDS + 1)


@given(LISTED, some.integers(min_value=0, max_value=100))
def test_the_seller_never_asks_less_than_its_floor_and_the_buyer_never_more_than_the_list(
    listed: int, percent: int
) -> None:
    floor = listed * percent // 100
    asks = [seller_ask(listed, floor, number) for number in ROUNDS]
    offers = [buyer_offer(listed, number) for number in ROUNDS]
    assert asks == sorted(asks, reverse=True)
    assert offers == sorted(offers)
    assert floor == asks[-1] <= asks[0] <= listed
    assert 0 <= offers[0] <= offers[-1] == listed


@given(LISTED, LISTED)
def test_a_price_is_agreed_only_where_the_offer_reaches_the_ask_and_between_them(
    offered: int, asked: int
) -> None:
    price = agreed(offered, asked)
    assert (price is None) == (offered < asked)
    assert price is None or asked <= price <= offered


def test_rounds_of_a_hundred_dollars_with_a_floor_of_95() -> None:
    assert [(buyer_offer(10_000, n), seller_ask(10_000, 9_500, n)) for n in ROUNDS] == [
        (9333, 9987),
        (9466, 9945),
        (9600, 9875),
        (9733, 9778),
        (9866, 9653),
        (10_000, 9500),
    ]
    assert agreed(9866, 9653) == 9760
