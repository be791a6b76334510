"""A SIMULATED merchant's till: in this process, and behind the merchant's HTTP interface."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.card_network import Authorization, Declined, Presented
from flux_cli.domain.money import Money
from flux_cli.errors import NotFound
from flux_cli.usecases import card_network as network
from flux_cli.usecases.ports import Deps


def named_at(merchant: str, key: str) -> str:
    """The network's id of what a merchant did under its own key."""
    return f"{merchant}:{key}"


@dataclass(frozen=True, slots=True)
class Till:
    """One merchant on the card network. A `key` is the merchant's own: once is once.

    It sees its own authorisations and nobody else's; of a card it sees what it is shown.
    """

    deps: Deps
    merchant: str
    category: str

    def charge(
        self, card: Presented, amount: Money, key: str, *, capture: bool = True
    ) -> Authorization | Declined:
        """Authorise a purchase, and capture it in the same step unless told not to."""
        send = network.charge if capture else network.authorise
        return send(
            self.deps,
            card,
            merchant=self.merchant,
            category=self.category,
            amount=amount,
            network_id=named_at(self.merchant, key),
        )

    def force_post(self, card: Presented, amount: Money, key: str) -> Authorization | Declined:
        """Take money without an authorisation, or above one: an acquirer's act, and never more
        than the card has left.
        """
        return network.force_post(
            self.deps,
            card,
            merchant=self.merchant,
            category=self.category,
            amount=amount,
            network_id=named_at(self.merchant, key),
        )

    def capture(
        self, authorization_id: str, amount: Money | None, key: str, *, final: bool
    ) -> Authorization | Declined:
        """Capture what is open of an authorisation, or `amount` of it."""
        claim = self.find(authorization_id)
        network_id = named_at(self.merchant, key)
        return network.capture_authorization(
            self.deps, claim.id, amount, final=final, network_id=network_id
        )

    def reverse(
        self, authorization_id: str, amount: Money | None, key: str
    ) -> Authorization | Declined:
        """Let go of what is open of an authorisation, or of `amount` of it."""
        claim = self.find(authorization_id)
        network_id = named_at(self.merchant, key)
        return network.reverse_authorization(self.deps, claim.id, amount, network_id=network_id)

    def refund(
        self, authorization_id: str, amount: Money | None, key: str
    ) -> Authorization | Declined:
        """Give back what was captured, or `amount` of it."""
        claim = self.find(authorization_id)
        network_id = named_at(self.merchant, key)
        return network.refund_capture(self.deps, claim.id, amount, network_id=network_id)

    def find(self, authorization_id: str) -> Authorization:
        """An authorisation of this merchant; raises `NotFound`."""
        with self.deps.store.reading() as reader:
            claim = reader.lookup(Authorization, id=authorization_id)
        if claim is None or claim.merchant != self.merchant:
            # What was asked for is not said again: somebody may take a card's number for an id.
            raise NotFound(f"{self.merchant} has no such authorisation")
        return claim

    def latest(self, limit: int) -> list[Authorization]:
        """The merchant's latest authorisations, newest first."""
        with self.deps.store.reading() as reader:
            return reader.find(Authorization, merchant=self.merchant, limit=limit)
