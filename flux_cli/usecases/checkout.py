"""Buying a cart: frozen, priced again, approved once, bought shop by shop, settled to the cent.

Every step is keyed by the cart and its version, so doing it again finishes what a crash left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.domain.carts import (
    Cart,
    CartState,
    LegOrder,
    LegState,
    Stage,
    by_shop,
    cart_hash,
)
from flux_cli.domain.categories import CATEGORIES
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import escrow as escrow_account
from flux_cli.domain.money import Money, total
from flux_cli.domain.negotiation import Round
from flux_cli.domain.orders import Quote
from flux_cli.domain.quorum import LinePrice, Urgency
from flux_cli.domain.shopping import Need
from flux_cli.errors import Fix, InvalidInput, WrongState
from flux_cli.usecases.buy_legs import buy_legs, settle_legs
from flux_cli.usecases.capture_payment import capture_into
from flux_cli.usecases.found_economy import register_agent
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Transaction
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.search_offers import search_offers, shops_known
from flux_cli.usecases.shops import Shop


class OnFailure(StrEnum):
    """What becomes of the other shops' parts where one shop fails."""

    REFUND_ALL = "refund-all"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class Terms:
    """How to buy: the hash that was looked at, how much dearer it may be, what a failure means.

    `expected_hash` "" takes the cart as it is now; `negotiate` bargains with every shop first;
    `mandate_id` is what the money is asked under, where nothing was asked for this cart yet.
    """

    expected_hash: str = ""
    max_increase: Money | None = None
    on_failure: OnFailure = OnFailure.REFUND_ALL
    negotiate: bool = False
    mandate_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The cart cannot be bought as it was: (who, what changed), and nothing was bought."""

    cart: Cart
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """The payment was denied, or waits; nothing was bought."""

    cart: Cart
    intent: PaymentIntent


def checkout(
    deps: Deps, cart_id: str, terms: Terms, *, progress: Progress
) -> Cart | Moved | Undecided:
    """Buy the cart, or say why not; called again it goes on where it ended.

    A cart with a shop whose outcome is unknown stays `buying` with that shop's money locked.
    Raises `NotFound`, `Frozen`, `InvalidInput`, `ShopFailed` before anything was bought, and
    `WrongState` for a stale hash or a shop that is gone or no longer trusted.
    """
    with deps.store.reading() as reader:
        cart = reader.get(Cart, cart_id)
        shops = {shop.retailer.name: shop for shop in shops_known(deps, reader)}
    if terms.expected_hash and terms.expected_hash != cart.hash:
        raise WrongState(
            "the cart was changed since it was looked at: its hash is another",
            subject=cart.id,
            fixes=(Fix("look again", ("flux", "carts", "show", cart.id)),),
        )
    if cart.state is CartState.OPEN:
        frozen = _freeze(deps, cart, shops, terms, progress)
        if isinstance(frozen, Moved):
            return frozen
        cart = frozen
    if cart.state is CartState.FROZEN:
        approved = _approve(deps, cart, terms.mandate_id, progress)
        if not isinstance(approved, Cart):
            return approved
        cart = approved
    if cart.state is CartState.BUYING:
        cart = buy_legs(deps, cart, shops, progress)
        refund = terms.on_failure is OnFailure.REFUND_ALL
        cart = settle_legs(deps, cart, shops, progress, refund_all=refund)
    return cart


def _freeze(
    deps: Deps, cart: Cart, shops: dict[str, Shop], terms: Terms, progress: Progress
) -> Cart | Moved:
    """Price the cart again at every shop; frozen with these quotes if they are what it says."""
    for leg in cart.legs:
        shop = shops.get(leg.shop)
        if shop is None or shop.retailer.trust < deps.shopping.trust_floor:
            raise WrongState(f"{leg.shop} is no shop that is trusted enough", subject=cart.id)
    begun = _now_ms(deps)
    quotes = _quotes(cart, shops, begun)
    changes = _changes(cart, quotes, terms.max_increase)
    progress("quoted", shops=len(quotes), changed=len(changes))
    if changes:
        return Moved(cart, changes)
    rounds: dict[str, tuple[Round, ...]] = {}
    if terms.negotiate:
        quotes, rounds = _negotiated(cart, quotes, shops, progress)
    asked = total([quote.total for quote in quotes.values()], cart.total.asset)
    if cart.spec.budget is not None and asked > cart.spec.budget:
        return Moved(cart, (("all", f"{asked} is above the budget of {cart.spec.budget}"),))
    orders = _orders(cart, quotes, rounds)
    with deps.store.begin() as tx:
        now = tx.get(Cart, cart.id)
        if now != cart:
            raise WrongState("the cart was changed meanwhile; look at it again", subject=cart.id)
        obey_freeze(tx, cart.buyer)
        for leg in cart.legs:
            if tx.lookup(Agent, name=leg.shop) is None:
                title = shops[leg.shop].retailer.title
                register_agent(deps, tx, leg.shop, title, AgentKind.MERCHANT)
        shops_asked = "1 shop" if len(quotes) == 1 else f"{len(quotes)} shops"
        said = f"{shops_asked} priced again, {asked}"
        stage = Stage("act: freeze and price", "code", said, _now_ms(deps) - begun)
        frozen = replace(
            cart,
            state=CartState.FROZEN,
            orders=orders,
            trace=(*cart.trace, stage),
            updated_at=tx.now,
        )
        tx.put(frozen, "cart.frozen", run_id=cart.run_id)
    return frozen


def _orders(
    cart: Cart, quotes: dict[str, Quote], rounds: dict[str, tuple[Round, ...]]
) -> tuple[LegOrder, ...]:
    """The legs as they are quoted, none of them bought."""
    nothing = Money(0, cart.total.asset)
    return tuple(
        LegOrder(
            shop=leg.shop,
            state=LegState.QUOTED,
            session_id=quotes[leg.shop].session_id,
            quoted=quotes[leg.shop].total,
            paid=nothing,
            refunded=nothing,
            arrives=quotes[leg.shop].arrives,
            discount=quotes[leg.shop].discount,
            rounds=rounds.get(leg.shop, ()),
        )
        for leg in cart.legs
    )


def _quotes(cart: Cart, shops: dict[str, Shop], begun: int) -> dict[str, Quote]:
    """A new session at every shop: one that was left before has the prices of then."""
    return {
        name: shops[name].quote(packs, key=f"{cart.id}:{cart.number}:quote:{begun}")
        for name, packs in by_shop(cart.lines).items()
    }


def _negotiated(
    cart: Cart, quotes: dict[str, Quote], shops: dict[str, Shop], progress: Progress
) -> tuple[dict[str, Quote], dict[str, tuple[Round, ...]]]:
    """The quotes after bargaining, never dearer than before, and every round."""
    after, rounds = {}, {}
    for name, quote in quotes.items():
        now, told = shops[name].negotiate(quote, key=f"{cart.id}:{cart.number}:haggle")
        after[name] = now if now.total <= quote.total and not now.problems else quote
        rounds[name] = told
        progress("negotiated", shop=name, off=after[name].discount, rounds=len(told))
    return after, rounds


def _changes(
    cart: Cart, quotes: dict[str, Quote], max_increase: Money | None
) -> tuple[tuple[str, str], ...]:
    """(shop, what changed): what cannot be had, what is dearer than allowed, what comes later."""
    nothing = Money(0, cart.total.asset)
    allowed = max_increase or nothing
    if allowed.asset != nothing.asset:
        raise InvalidInput("the increase is in another asset than the cart", param="--max-increase")
    changes = []
    dearer = nothing
    for leg in cart.legs:
        quote = quotes[leg.shop]
        changes += [(leg.shop, problem) for problem in quote.problems]
        if quote.problems:
            continue
        dearer = dearer + max(nothing, quote.total - leg.total)
        if quote.total > leg.total and dearer > allowed:
            changes.append((leg.shop, f"costs {quote.total}, was {leg.total}"))
        deadline = cart.spec.deadline
        if deadline is not None and quote.arrives > deadline:
            changes.append((leg.shop, f"arrives {quote.arrives}, after {deadline}"))
    return tuple(changes)


def _approve(
    deps: Deps, cart: Cart, mandate_id: str | None, progress: Progress
) -> Cart | Moved | Undecided:
    """Ask for all of the money at once, bound to the cart's hash, and lock it."""
    begun = _now_ms(deps)
    asked = total([order.quoted for order in cart.orders], cart.total.asset)
    key = f"cart:{cart.id}:{cart.number}:{asked.units}"
    request = replace(_request(deps, cart), mandate_id=mandate_id or _asked_under(deps, key))
    intent = request_money(deps, request, key=key, progress=progress)
    if intent.state is IntentState.DENIED:
        return Undecided(_keep(deps, cart.id, _reopened(intent), "cart.denied"), intent)
    if intent.state in (IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER):
        waiting = _keep(deps, cart.id, lambda now: replace(now, intent_id=intent.id), "cart.waits")
        return Undecided(waiting, intent)
    with deps.store.begin() as tx:
        now = tx.get(Cart, cart.id)
        if now.state is not CartState.FROZEN:
            return now
        held = tx.get(PaymentIntent, intent.id)
        obey_freeze(tx, now.buyer)
        if not _still_held(tx, now, held):
            reopened = _next_version(now, tx.now)
            tx.put(reopened, "cart.reopened", run_id=cart.run_id)
            return Moved(reopened, (("the payment", f"{held.state}: it waited too long"),))
        said = f"{held.amount} approved, {held.yes} of 5 YES" if held.needed else "approved"
        stage = Stage("act: decide", "quorum" if held.needed else "kernel", said,
                      _now_ms(deps) - begun)  # fmt: skip
        buying = replace(
            now,
            state=CartState.BUYING,
            intent_id=held.id,
            locked=held.amount,
            trace=(*now.trace, stage),
            updated_at=tx.now,
        )
        capture_into(tx, held, escrow_account(cart.id))
        tx.put(buying, "cart.buying", run_id=cart.run_id)
    progress("approved", amount=held.amount, yes=held.yes, needed=held.needed)
    return buying


def _asked_under(deps: Deps, key: str) -> str | None:
    """The mandate of what was asked before: whoever goes on with a cart goes on with its money."""
    with deps.store.reading() as reader:
        before = reader.lookup(PaymentIntent, key=key)
    return None if before is None else before.mandate_id


def _still_held(tx: Transaction, cart: Cart, intent: PaymentIntent) -> bool:
    """Whether the approved money is there in full, and its time is not over."""
    quoted = total([order.quoted for order in cart.orders], cart.total.asset)
    return intent.on_hold == quoted and max(tx.now, tx.ledger_time) < intent.expires_at


def _next_version(cart: Cart, now: datetime) -> Cart:
    """The cart open again under another number, so that money is asked for anew."""
    number = cart.number + 1
    return replace(
        cart,
        state=CartState.OPEN,
        number=number,
        hash=cart_hash(number, cart.lines, cart.legs),
        orders=(),
        updated_at=now,
    )


def _reopened(intent: PaymentIntent) -> Callable[[Cart], Cart]:
    """A denied cart is open again: it may be changed, and then asked for anew."""
    return lambda now: replace(now, state=CartState.OPEN, intent_id=intent.id, orders=())


def _keep(deps: Deps, cart_id: str, change: Callable[[Cart], Cart], event: str) -> Cart:
    with deps.store.begin() as tx:
        now = tx.get(Cart, cart_id)
        if now.state is not CartState.FROZEN:
            return now
        kept = replace(change(now), updated_at=tx.now)
        tx.put(kept, event, run_id=kept.run_id)
    return kept


def _request(deps: Deps, cart: Cart) -> MoneyRequest:
    """The money for a cart: each shop its quoted share, with the proof as evidence.

    What is bought to be used brings no money back, so the return that is claimed is what it is
    worth to its owner: the budget, which is what the owner would have paid for the whole list. It
    says so in words, and is discounted and judged afterwards like any other claim. For a cart that
    leaves something out the owner named no price, and nothing is claimed.
    """
    amounts = [order.quoted for order in cart.orders]
    proof = cart.proof
    # The owner put a price on the whole list only.
    worth = None if cart.dropped else cart.spec.budget
    said = f" For all of it its owner would have paid {worth}, the budget." if worth else ""
    slack = None
    if cart.spec.deadline is not None:
        slack = max(0, (cart.spec.deadline - cart.day).days) * 24
    return MoneyRequest(
        requester=cart.buyer,
        amount=total(amounts, cart.total.asset),
        shares=tuple(Share(order.shop, order.quoted) for order in cart.orders),
        purpose=f"buy {', '.join(need.name for need in cart.spec.needs)}: {cart.wish}",
        justification=(
            f"The {proof.status} cart for the owner's list, of {proof.offers} offers"
            f" from {proof.shops} shops, there by {cart.arrives.isoformat()}, which is"
            f" {(cart.arrives - cart.day).days} days; each shop is paid when it has"
            f" confirmed its order, and the rest comes back.{said}"
            f" The list: {'; '.join(map(_listed, cart.spec.needs))}."
        ),
        claimed_return=worth,
        urgency=Urgency.MEDIUM,
        plan_digest=cart.hash,
        reference=cart.id,
        escrowed=True,
        budget=cart.spec.budget,
        run_id=cart.run_id,
        category="shopping",
        capture_method=CaptureMethod.ESCROW,
        deliverables=tuple(f"{one.need}: {one.count} × {one.title}" for one in cart.lines)[:20],
        # Of each line its packs and price are held against the quote, of each order total and day.
        acceptance_checks=2 * len(cart.lines) + 2 * len(cart.orders),
        slack_hours=slack,
        turnaround_hours=(cart.arrives - cart.day).days * 24,
        prices=_prices(deps, cart),
        evidence=(
            f"cart {cart.hash[:12]}",
            *(f"quote {order.shop} {order.session_id}" for order in cart.orders),
        ),
    )


def _listed(need: Need) -> str:
    unit = need.unit if need.quantity == 1 else CATEGORIES[need.category].units
    return f"{need.name}, {need.quantity} {unit}"


def _prices(deps: Deps, cart: Cart) -> tuple[LinePrice, ...]:
    """What each need costs in this cart, beside what each offer for it would have cost."""
    found = search_offers(deps, cart.spec, cart.strategy, cart.day, cart.choice)
    asked: dict[str, Money] = {}
    for line in cart.lines:
        asked[line.need] = asked.get(line.need, Money(0, line.total.asset)) + line.total
    return tuple(
        LinePrice(need.name, asked[need.name], tuple(Money(one.cost) for one in ranked[:50]))
        for need, ranked in zip(found.needs, found.ranked, strict=True)
        if need.name in asked
    )


def _now_ms(deps: Deps) -> int:
    with deps.store.reading() as reader:
        return int(reader.now.timestamp() * 1000)
