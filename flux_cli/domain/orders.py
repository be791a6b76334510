"""What a shop quotes for a basket and what becomes of the order: a quote, an order, its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flux_cli.domain.money import Money


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """`count` packs of one product at `price` a pack."""

    sku: str
    count: int
    price: Money
    total: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """What a shop asks for a basket now, goods and shipping; `problems` is why it cannot be had."""

    shop: str
    session_id: str
    lines: tuple[QuoteLine, ...]
    goods: Money
    discount: Money
    shipping: Money
    total: Money
    arrives: date
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leave:
    """What a shop may take, once: at most `most` of the payment `hold`, before `until`."""

    most: Money
    hold: str
    until: datetime


class OrderState(StrEnum):
    """Where an order stands at its shop."""

    CREATED = "created"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order as its shop tells it."""

    shop: str
    id: str
    session_id: str
    state: OrderState
    total: Money
    refunded: Money
    arrives: date
    tracking: str
    link: str
