"""Purchases a goal names itself: what is bought where, and what is said for it."""

from __future__ import annotations

from dataclasses import dataclass

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
