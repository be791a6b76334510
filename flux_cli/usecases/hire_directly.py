"""Hiring through a listing outside a run: a contract whose money waits in an escrow."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta

from flux_cli.domain.canonical import digest
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.marketplace import Listing, quote
from flux_cli.domain.money import Money
from flux_cli.domain.negotiation import MOST_ROUNDS, Round, agreed, buyer_offer, seller_ask
from flux_cli.errors import InvalidAmount, InvalidInput, WrongState
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.outside_ports import admit
from flux_cli.usecases.ports import Deps, Progress, Transaction

CENT = 10**4
"""Units of CREDIT."""


@dataclass(frozen=True, slots=True)
class DirectHire:
    """What is wanted of a listing: `size` is how much of a full job it is, in percent.

    With `bargain` the client makes counter-offers instead of paying what is quoted; it never pays
    more than `most`. `milestones` are (name, percent of the price).
    """

    client: str
    listing_id: str
    brief: str
    size: int = 100
    most: Money | None = None
    bargain: bool = False
    evaluator: str = ""
    expires_in: timedelta = timedelta(days=7)
    milestones: tuple[tuple[str, int], ...] = ()
    justification: str = ""
    claimed_return: Money | None = None


@dataclass(frozen=True, slots=True)
class Bid:
    """What the client offered in a round, and what the seller then asked."""

    offered: Money
    asked: Money


@dataclass(frozen=True, slots=True)
class Terms:
    """The price agreed on, what was quoted, and the SIMULATED rounds between the two."""

    price: Money
    quoted: Money
    rounds: tuple[Round, ...]

    def in_money(self) -> list[Bid]:
        """Each round in money."""
        return [Bid(Money(one.offered * CENT), Money(one.asked * CENT)) for one in self.rounds]

    @property
    def told(self) -> str:
        """The bargaining in a line, "" where there was none."""
        if not self.rounds:
            return ""
        steps = ", ".join(f"{one.offered} offered, {one.asked} asked" for one in self.in_money())
        return f"SIMULATED bargaining from {self.quoted} to {self.price}: {steps}"


def hire_directly(
    deps: Deps, request: DirectHire, *, key: str, progress: Progress
) -> Contract | PaymentIntent:
    """The funded contract, once for a key; or its payment, denied or still to be decided.

    A call with the same key goes on where an earlier one ended. Raises what `create_escrow` does,
    `WrongState` for a listing that is not on offer, `InvalidAmount` where the price is above
    `most`.
    """
    with deps.store.reading() as reader:
        listing = reader.get(Listing, request.listing_id)
    terms = agree(deps, request, listing)
    escrow = create_escrow(deps, _locked(request, listing, terms), key=f"hire:{key}",
                           progress=progress)  # fmt: skip
    if isinstance(escrow, PaymentIntent):
        return escrow
    with deps.store.begin() as tx:
        found = tx.lookup(Contract, escrow_id=escrow.id)
        return found or _record(deps, tx, request, listing, terms, escrow)


def agree(deps: Deps, request: DirectHire, listing: Listing) -> Terms:
    """The terms that a hire would have now; the same question finds the same answer.

    Raises `WrongState` where the listing is not on offer, or not on the owner's allow-list.
    """
    if not listing.active:
        raise WrongState("the listing is not on offer", subject=listing.id)
    admit(deps, listing)
    if listing.provider == request.client:
        raise InvalidInput("nobody hires itself", param="LISTING")
    if not 1 <= request.size <= 100:
        raise InvalidInput("a size is 1 to 100 percent of a full job", param="--size")
    quoted = quote(listing, request.size, 100)
    terms = _bargained(deps, request, listing, quoted) if request.bargain else None
    terms = terms or Terms(quoted, quoted, ())
    if request.most is not None and terms.price > request.most:
        raise InvalidAmount(
            f"{listing.provider} asks {terms.price}, more than {request.most}", param="--at-most"
        )
    return terms


def _bargained(deps: Deps, request: DirectHire, listing: Listing, quoted: Money) -> Terms:
    """Alternating offers until they cross; the seller's floor is drawn, and never shown."""
    text = f"{deps.settings.seed}|{request.client}|{listing.id}|{quoted.units}|{request.brief}"
    draw = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 101
    listed, least = quoted.units // CENT, -(-listing.price_min.units // CENT)
    # Between a tenth below the quote and the quote, and never below what the listing says.
    floor = max(least, listed - listed * draw // 1000)
    rounds: list[Round] = []
    for number in range(1, MOST_ROUNDS + 1):
        step = Round(buyer_offer(listed, number), seller_ask(listed, floor, number))
        rounds.append(step)
        price = agreed(step.offered, step.asked)
        if price is not None:
            return Terms(Money(price * CENT, quoted.asset), quoted, tuple(rounds))
    raise AssertionError("in the last round the offer is the listed price")


def _locked(request: DirectHire, listing: Listing, terms: Terms) -> EscrowRequest:
    return EscrowRequest(
        payer=request.client,
        payee=listing.provider,
        amount=terms.price,
        memo=request.brief,
        evaluator=request.evaluator or request.client,
        expires_in=request.expires_in,
        milestones=_parts(request, terms.price),
        justification=request.justification,
        claimed_return=request.claimed_return,
        reference=listing.id,
    )


def _parts(request: DirectHire, price: Money) -> tuple[tuple[str, Money], ...]:
    """Each milestone's share in whole cents; the last takes what rounding leaves."""
    if not request.milestones:
        return ()
    if sum(percent for _, percent in request.milestones) != 100:
        raise InvalidInput("the milestones add up to 100 percent", param="--milestone")
    parts = [
        (name, Money(price.units * percent // 100 // CENT * CENT, price.asset))
        for name, percent in request.milestones
    ]
    name, last = parts[-1]
    rest = price.units - sum(amount.units for _, amount in parts[:-1])
    return (*parts[:-1], (name, replace(last, units=rest)))


def _record(
    deps: Deps,
    tx: Transaction,
    request: DirectHire,
    listing: Listing,
    terms: Terms,
    escrow: Escrow,
) -> Contract:
    contract = Contract(
        id=deps.ids.new("contract"),
        run_id="",
        task_id="hire",
        client=request.client,
        provider=listing.provider,
        listing_id=listing.id,
        trade=listing.trade,
        units=request.size,
        price=terms.price,
        state=ContractState.DRAFT,
        terms_hash=digest([listing.id, terms.price, request.brief, escrow.evaluator]),
        ranking=(),
        card_id=None,
        revisions=0,
        artefacts=(),
        checks=(),
        summary=terms.told,
        backend="rule",
        deadline=escrow.expires_at,
        created_at=tx.now,
        updated_at=tx.now,
        escrow_id=escrow.id,
    )
    contract = contract.move(ContractState.QUOTING, tx.now)
    for state in ("quoted", "pending_approval", "approved", "funded"):
        contract = contract.move(ContractState(state), tx.now)
        tx.put(contract, f"contract.{state}")
    return contract
