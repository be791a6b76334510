"""The doors to shops, to what searches their offers, and to what solves a cart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from flux_cli.domain.cart_problem import Aim, Answer, CartProblem
from flux_cli.domain.negotiation import Round
from flux_cli.domain.offers import Offer, Retailer
from flux_cli.domain.orders import Leave, Quote, ShopOrder


class Shop(Protocol):
    """One shop, spoken to in ACP. Every method may raise `ShopFailed`."""

    @property
    def retailer(self) -> Retailer: ...

    def offers(self, day: date) -> Sequence[Offer]:
        """Everything it sells that day."""

    def quote(self, packs: Mapping[str, int], *, key: str) -> Quote:
        """Open a checkout session for packs of products; the same key gives the same session."""

    def negotiate(self, quote: Quote, *, key: str) -> tuple[Quote, tuple[Round, ...]]:
        """Bargain over a session's goods: the session as it is then, and every round."""

    def pay(self, quote: Quote, leave: Leave, *, key: str) -> ShopOrder | Quote:
        """Pay a session within a leave; the session again where it cannot be paid."""

    def order(self, session_id: str) -> ShopOrder | None:
        """The order of a session, None where it was not paid."""

    def cancel(self, order: ShopOrder, *, key: str) -> ShopOrder:
        """Take an order back before it leaves."""

    def send_back(self, order: ShopOrder, *, key: str) -> ShopOrder:
        """Return what was delivered."""


class Shops(Protocol):
    """All shops there are."""

    def open(self, added: Sequence[Retailer]) -> list[Shop]:
        """The shops that come with Flux, then those added from feeds. Raises `StorageFailed`."""

    def keep_feed(self, path: Path, name: str, days: int) -> tuple[str, int, int]:
        """Keep a product feed for a shop: (SHA-256, products, those of no known category).

        Raises `InvalidInput` naming the lines that are wrong.
        """


class OfferIndex(Protocol):
    """Full-text search over offers."""

    def fits(self, terms: Sequence[str]) -> list[set[int]]:
        """For each term the numbers of the offers whose words have it, in any inflection."""


class Search(Protocol):
    """What makes an index of offers."""

    def __call__(self, offers: Sequence[Offer]) -> OfferIndex: ...


class CartSolver(Protocol):
    """What finds the best cart and proves it."""

    def solve(self, problem: CartProblem, aim: Aim) -> Answer:
        """Raises `WorkFailed` where the answer does not add up."""


@dataclass(frozen=True, slots=True)
class Shopping:
    """What buying needs; shops trusted less than `trust_floor` (of 100) are left out."""

    shops: Shops
    index: Search
    solver: CartSolver
    trust_floor: int
