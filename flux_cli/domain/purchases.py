"""What a goal buys: purchases it names itself, or a wish that is shopped for."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency


@dataclass(frozen=True, slots=True)
class Purchase:
    """One thing to ask money for and, once that is approved, to buy by card at its merchant.

    `merchant` is an agent's exact name; `known_prices` are what others ask for the same thing;
    `evidence` names the scenario's own documents that back the request.
    """

    id: str
    merchant: str
    category: str
    item: str
    amount: Money
    justification: str
    claimed_return: Money | None
    urgency: Urgency
    known_prices: tuple[Money, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """A wish in words, to be shopped for within the run's budget, all there in `days`.

    `strategy` is what the cart is chosen by where the owner names no other.
    """

    wish: str
    days: int | None
    strategy: Strategy
