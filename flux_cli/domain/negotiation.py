"""Bargaining in rounds: each side concedes by a formula, and no words move a number.

Faratin, Sierra and Jennings (1998): P(t) = P₀ + (P_limit − P₀)·(t/T)^(1/β); where the offers cross
the price is midway. SIMULATED; amounts are whole cents.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST_ROUNDS = 6
OPENING_PERCENT = 92
"""What of the list price a buyer offers first."""


@dataclass(frozen=True, slots=True)
class Round:
    """One exchange: what the buyer offered, and what the seller then asked."""

    offered: int
    asked: int


def buyer_offer(listed: int, number: int) -> int:
    """The buyer's offer in a round from 1 to `MOST_ROUNDS`: even steps up to the list price."""
    opening = listed * OPENING_PERCENT // 100
    return opening + (listed - opening) * number // MOST_ROUNDS


def seller_ask(listed: int, floor: int, number: int) -> int:
    """The seller's price in a round: it gives way late (β = ½), and never below its floor."""
    assert 0 <= floor <= listed, "a floor is at most the list price"
    return listed - (listed - floor) * number**2 // MOST_ROUNDS**2


def agreed(offered: int, asked: int) -> int | None:
    """The price where an offer reaches what is asked: midway, rounded up; None before."""
    return -(-(offered + asked) // 2) if offered >= asked else None
