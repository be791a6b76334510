"""A wish made into a kept cart, and a cart changed by hand into its next version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from flux_cli.domain.agents import Agent
from flux_cli.domain.carts import Cart, CartState, Choice, Stage, cart_hash
from flux_cli.domain.free_text import bounded
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.shopping import ShoppingSpec, checked
from flux_cli.errors import Fix, KeyReused, NotFound, WrongState
from flux_cli.usecases.choose_cart import Chosen, choose_cart
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.ports import Deps, Progress, Transaction
from flux_cli.usecases.relax_wish import Unfillable
from flux_cli.usecases.search_offers import Found, search_offers

LONGEST_WISH = 2000


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants what: the words, the spec that was understood from them, and for which run."""

    buyer: str
    words: str
    spec: ShoppingSpec
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A cart with the offers it was chosen from."""

    cart: Cart
    found: Found


@dataclass(frozen=True, slots=True)
class Unfilled:
    """No cart: why, what would help, and the offers there were."""

    why: Unfillable
    found: Found


def make_cart(
    deps: Deps, wish: Wish, *, key: str, keep: bool, progress: Progress
) -> Filled | Unfilled:
    """The best cart for a wish, kept once for a key; a dry run keeps nothing.

    Raises `InvalidInput`, `NotFound` for an unknown buyer, and `KeyReused` where the key names
    another wish.
    """
    check_key(key)
    spec = checked(wish.spec)
    words = bounded(wish.words, LONGEST_WISH)
    with deps.store.reading() as reader:
        if reader.lookup(Agent, name=wish.buyer) is None:
            raise NotFound(
                f"no agent named {wish.buyer[:64]!r}",
                subject=wish.buyer[:64],
                fixes=(Fix("see who there is", ("flux", "agents", "list")),),
            )
        before, now = reader.lookup(Cart, key=key), reader.now
    if before is not None:
        if (before.buyer, before.wish, before.spec) != (wish.buyer, words, spec):
            raise KeyReused(f"{key!r} already names another cart", subject=before.id)
        found = search_offers(deps, before.spec, before.strategy, before.day, before.choice)
        return Filled(before, found)
    found, chosen = _fill(deps, spec, spec.strategy, now.date(), Choice(), progress)
    if isinstance(chosen, Unfillable):
        return Unfilled(chosen, found)
    cart = _cart(
        deps.ids.new("cart"), key, wish.buyer, words, spec, spec.strategy, Choice(), chosen, now
    )
    if keep:
        with deps.store.begin() as tx:
            kept = tx.lookup(Cart, key=key)
            if kept is not None:
                return Filled(kept, found)
            cart = replace(cart, trace=(_planned(cart, found, now, tx.now),), run_id=wish.run_id)
            tx.put(cart, "cart.optimized", run_id=cart.run_id)
    return Filled(cart, found)


@dataclass(frozen=True, slots=True)
class Change:
    """What to change of a cart: one pin, what no longer is pinned, exclusions, a strategy."""

    pin: tuple[str, str, str] | None = None
    exclude: tuple[str, ...] = ()
    forget: bool = False
    strategy: Strategy | None = None


def change_cart(
    deps: Deps, cart_id: str, change: Change, *, progress: Progress
) -> Filled | Unfilled:
    """The next version of an open cart: solved again, today's prices, with this change.

    Where no cart fits the change, the cart stays as it is. Raises `NotFound`, `WrongState`.
    """
    with deps.store.reading() as reader:
        cart, day = reader.get(Cart, cart_id), reader.now.date()
    _must_be_open(cart)
    choice = Choice() if change.forget else cart.choice
    if change.pin is not None:
        need = change.pin[0]
        kept = tuple(pin for pin in choice.pins if pin[0] != need)
        choice = replace(choice, pins=(*kept, change.pin))
    excluded = tuple(dict.fromkeys((*choice.excluded, *change.exclude)))
    choice = replace(choice, excluded=excluded)
    strategy = change.strategy or cart.strategy
    found, chosen = _fill(deps, cart.spec, strategy, day, choice, progress)
    if isinstance(chosen, Unfillable):
        return Unfilled(_why(change, found, chosen), found)
    with deps.store.begin() as tx:
        now = _unchanged(tx, cart)
        following = _next(cart, strategy, choice, chosen, day, now)
        tx.put(following, "cart.optimized", run_id=cart.run_id)
    return Filled(following, found)


def _why(change: Change, found: Found, chosen: Unfillable) -> Unfillable:
    """Why there is no cart; of an offer that was pinned and is nowhere, just that."""
    if change.pin is not None:
        pinned, shop, sku = change.pin
        for need, ranked in zip(found.needs, found.ranked, strict=True):
            if need.name == pinned and not ranked:
                ref = bounded(f"{shop}/{sku}", 80)
                return Unfillable(f"no trusted shop sells {ref} for {need.name}", ())
    return chosen


def _planned(cart: Cart, found: Found, begun: datetime, now: datetime) -> Stage:
    needs = f"{len(found.needs)} {'need' if len(found.needs) == 1 else 'needs'}"
    said = f"{needs}, {found.searched} products, {cart.proof.status.value}"
    return Stage("plan", "code and HiGHS", said, int((now - begun).total_seconds() * 1000))


def need_named(cart: Cart, text: str) -> str:
    """The need a person means by a name or its start; raises `NotFound` naming those there are."""
    names = [need.name for need in cart.spec.needs]
    close = [name for name in names if name.lower().startswith(text.lower())]
    if text in names:
        return text
    if len(close) == 1 and text:
        return close[0]
    raise NotFound(
        f"the cart has no need {bounded(text, 60)!r}: it has {', '.join(names)}",
        subject=bounded(text, 60),
    )


def _must_be_open(cart: Cart) -> None:
    if cart.state is not CartState.OPEN:
        raise WrongState(
            f"the cart is {cart.state}; it is no longer changed",
            subject=cart.id,
            fixes=(Fix("make another", ("flux", "buy", "…")),),
        )


def _unchanged(tx: Transaction, cart: Cart) -> datetime:
    """The time now, if nobody changed the cart meanwhile. Raises `WrongState`."""
    now_kept = tx.get(Cart, cart.id)
    if now_kept != cart:
        raise WrongState("the cart was changed meanwhile; look at it again", subject=cart.id)
    return tx.now


def _fill(
    deps: Deps,
    spec: ShoppingSpec,
    strategy: Strategy,
    day: date,
    choice: Choice,
    progress: Progress,
) -> tuple[Found, Chosen | Unfillable]:
    found = search_offers(deps, spec, strategy, day, choice)
    matching = sum(len(ranked) for ranked in found.ranked)
    progress("searched", shops=len(found.retailers), products=found.searched, offers=matching)
    for name, why in found.skipped:
        progress("skipped", shop=name, why=why)
    chosen = choose_cart(found, spec, strategy, day, deps.shopping.solver)
    if isinstance(chosen, Chosen):
        proof = chosen.proof
        progress("solved", status=proof.status.value, total=chosen.total, strategy=strategy.value)
    return found, chosen


def _cart(
    cart_id: str,
    key: str,
    buyer: str,
    words: str,
    spec: ShoppingSpec,
    strategy: Strategy,
    choice: Choice,
    chosen: Chosen,
    now: datetime,
) -> Cart:
    return Cart(
        id=cart_id,
        key=key,
        state=CartState.OPEN,
        number=1,
        buyer=buyer,
        wish=words,
        spec=spec,
        choice=choice,
        strategy=strategy,
        day=now.date(),
        lines=chosen.lines,
        legs=chosen.legs,
        dropped=chosen.dropped,
        total=chosen.total,
        proof=chosen.proof,
        hash=cart_hash(1, chosen.lines, chosen.legs),
        intent_id=None,
        orders=(),
        locked=Money(0, chosen.total.asset),
        trace=(),
        created_at=now,
        updated_at=now,
    )


def _next(
    cart: Cart, strategy: Strategy, choice: Choice, chosen: Chosen, day: date, now: datetime
) -> Cart:
    return replace(
        cart,
        number=cart.number + 1,
        strategy=strategy,
        choice=choice,
        day=day,
        lines=chosen.lines,
        legs=chosen.legs,
        dropped=chosen.dropped,
        total=chosen.total,
        proof=chosen.proof,
        hash=cart_hash(cart.number + 1, chosen.lines, chosen.legs),
        intent_id=None,
        updated_at=now,
    )
