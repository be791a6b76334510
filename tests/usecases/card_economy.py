"""Cards in the small economy: issued, with their details at hand, and what the books say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from small_economy import Clock, asked, economy, faults, in_wallet, quiet

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.card_network import Authorization, Declined, Presented
from flux_cli.domain.cards import CARD_NETWORK, Card, CardUsage
from flux_cli.domain.intents import CaptureMethod, PaymentIntent, Share
from flux_cli.domain.money import Money
from flux_cli.usecases import card_network as network
from flux_cli.usecases.cards import issue_card_for
from flux_cli.usecases.issue_card import open_card_network
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

WHOLE = 1_000_000
LIMIT = 10 * WHOLE


@dataclass
class Cards:
    """Ann's cards, and the merchants that take them."""

    deps: Deps
    clock: Clock

    def approved(self, units: int = LIMIT, payee: str = CARD_NETWORK, **of: Any) -> PaymentIntent:
        """A payment of Ann's that is on hold."""
        key = self.deps.ids.new("event")
        request = asked(
            units, shares=(Share(payee, Money(units)),), capture_method=CaptureMethod.MANUAL,
            reference=key, hold_hours=8760, **of,
        )  # fmt: skip
        return request_money(self.deps, request, key=key, progress=quiet)

    def issue(self, units: int = LIMIT, payee: str = CARD_NETWORK, **terms: Any) -> Card:
        of = {name: terms.pop(name) for name in ("mandate_id",) if name in terms}
        intent = self.approved(units, payee, **of)
        terms = {"usage": CardUsage.UNTIL_SPENT} | terms
        return issue_card_for(self.deps, intent.id, key=f"card {intent.id}", **terms)

    def details(self, card: Card, **wrong: str) -> Presented:
        shown = self.deps.card_numbers.revealed(card)
        right = {"number": shown.number, "expiry": shown.expiry, "cvv": shown.cvv}
        return Presented(**(right | wrong))

    def send(
        self, card: Card | Presented, units: int, *, kind: str = "authorise", **to: Any
    ) -> Authorization | Declined:
        shown = card if isinstance(card, Presented) else self.details(card)
        to = {"merchant": "shop", "network_id": f"n{next(NUMBERS)}"} | to
        amount = to.pop("amount", Money(units))
        answer: Authorization | Declined = getattr(network, kind)(
            self.deps, shown, amount=amount, **to
        )
        return answer

    def claim(self, card: Card, units: int, **to: Any) -> Authorization:
        """An approved authorisation."""
        made = self.send(card, units, **to)
        assert isinstance(made, Authorization), made
        return made

    def follow(
        self, kind: str, claim: Authorization, units: int | None = None, **how: Any
    ) -> Authorization | Declined:
        amount = None if units is None else Money(units)
        how = {"network_id": f"n{next(NUMBERS)}"} | how
        if kind == "capture":
            return network.capture_authorization(self.deps, claim.id, amount, **how)
        do = network.reverse_authorization if kind == "reverse" else network.refund_capture
        return do(self.deps, claim.id, amount, **how)

    def now(self, card: Card) -> Card:
        with self.deps.store.reading() as reader:
            return reader.get(Card, card.id)

    def payment(self, card: Card) -> PaymentIntent:
        with self.deps.store.reading() as reader:
            return reader.get(PaymentIntent, card.intent_id)

    def wallet(self, name: str) -> int:
        return in_wallet(self.deps, name)

    def faults(self) -> list[str]:
        return faults(self.deps)


NUMBERS = count()


def cards_in(folder: Path, **policy: Any) -> Cards:
    clock = Clock()
    deps = economy(folder, clock, **policy)
    open_card_network(deps)
    return Cards(deps, clock)


def reopened(folder: Path) -> Cards:
    """The same ledger as another process sees it."""
    clock = Clock()
    deps = open_flux(load_config({"ledger.path": str(folder / "flux.db")}, {}, folder))
    return Cards(replace(deps, store=SqliteStore(folder / "flux.db", clock=clock)), clock)
