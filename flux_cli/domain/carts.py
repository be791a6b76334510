"""Carts: what is to be bought where, why nothing is better, and how far the purchase has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from flux_cli.domain.canonical import digest
from flux_cli.domain.cart_problem import Proof
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.negotiation import Round
from flux_cli.domain.shopping import ShoppingSpec


@dataclass(frozen=True, slots=True)
class CartLine:
    """`count` packs of one offer for one need, as the shop sold it on the day of the cart."""

    need: str
    shop: str
    sku: str
    title: str
    units: int
    count: int
    price: Money
    total: Money
    days: int

    @property
    def ref(self) -> str:
        """What people name the offer by."""
        return f"{self.shop}/{self.sku}"


@dataclass(frozen=True, slots=True)
class CartLeg:
    """The part of a cart that one shop sells, shipping included."""

    shop: str
    goods: Money
    shipping: Money
    total: Money
    arrives: date


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the frontier: all of it within `days` costs at least `total`."""

    days: int
    total: Money


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another cart to hold this one against; `total` is None where there is none, `note` why."""

    name: str
    total: Money | None
    note: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """A need that is not in the cart, and why."""

    need: str
    reason: str


@dataclass(frozen=True, slots=True)
class CartProof:
    """How good the cart is known to be.

    `gap` is what a better cart could save at most; `frontier` the least cost by day; `baselines`
    what simpler ways of buying the same cost; `what_ifs` what other limits would give; `binding`
    the limits that cost something.
    """

    status: Proof
    gap: Money
    mode: str
    offers: int
    shops: int
    frontier: tuple[Point, ...]
    baselines: tuple[Alternative, ...]
    what_ifs: tuple[Alternative, ...]
    binding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is fixed by hand: `pins` are the one offer for a need (need, shop, sku); `excluded`
    are offers (`amazon/A1042`) and shops that are not bought."""

    pins: tuple[tuple[str, str, str], ...] = ()
    excluded: tuple[str, ...] = ()


class LegState(StrEnum):
    """How far the purchase at one shop has come."""

    QUOTED = "quoted"
    BOUGHT = "bought"
    FAILED = "failed"
    UNKNOWN = "unknown"
    TAKEN_BACK = "taken_back"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class LegOrder:
    """The purchase at one shop: its session, its order, and what was paid and given back.

    `quoted` is what may be paid at most; `problem` is what went wrong, in words. `discount` is what
    the shop granted in the `rounds` of a negotiation.
    """

    shop: str
    state: LegState
    session_id: str
    quoted: Money
    paid: Money
    refunded: Money
    arrives: date
    order_id: str = ""
    tracking: str = ""
    link: str = ""
    problem: str = ""
    discount: Money | None = None
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of plan, act and verify: who answered, and how long it took."""

    name: str
    brain: str
    said: str
    latency_ms: int


class CartState(StrEnum):
    """Where a cart stands."""

    OPEN = "open"
    FROZEN = "frozen"
    BUYING = "buying"
    BOUGHT = "bought"
    PARTLY = "partly_bought"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cart:
    """One version of a basket over several shops.

    `number` counts its versions; `hash` is of exactly what would be bought and for how much, and
    is what an approval is bound to. `day` is the day its prices are of. `locked` is what is set
    aside for legs that are not settled yet. `run_id` is the run it is bought in, if one.
    """

    id: str
    key: str
    state: CartState
    number: int
    buyer: str
    wish: str
    spec: ShoppingSpec
    choice: Choice
    strategy: Strategy
    day: date
    lines: tuple[CartLine, ...]
    legs: tuple[CartLeg, ...]
    dropped: tuple[Dropped, ...]
    total: Money
    proof: CartProof
    hash: str
    intent_id: str | None
    orders: tuple[LegOrder, ...]
    locked: Money
    trace: tuple[Stage, ...]
    created_at: datetime
    updated_at: datetime
    run_id: str | None = None

    @property
    def arrives(self) -> date:
        """The day by which all of it is there."""
        return max(leg.arrives for leg in self.legs)


def cart_hash(number: int, lines: tuple[CartLine, ...], legs: tuple[CartLeg, ...]) -> str:
    """SHA-256 of what is bought: products, packs, prices, shipping and totals of every shop."""
    bought = [(line.ref, line.count, line.price) for line in lines]
    paid = [(leg.shop, leg.goods, leg.shipping, leg.total) for leg in legs]
    return digest({"version": number, "lines": bought, "legs": paid})


def by_shop(lines: tuple[CartLine, ...]) -> Mapping[str, dict[str, int]]:
    """Packs of each product by shop: what each shop is asked for."""
    shops: dict[str, dict[str, int]] = {}
    for line in lines:
        basket = shops.setdefault(line.shop, {})
        basket[line.sku] = basket.get(line.sku, 0) + line.count
    return shops
