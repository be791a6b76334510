"""What the owner may do with a cart from the dashboard: the same as `flux carts` does."""

from __future__ import annotations

from asyncio import to_thread

from textual.app import App

from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.marketplace import Strategy
from flux_cli.entrypoints.tui.dialogs import Dialog
from flux_cli.entrypoints.tui.writer import READ_ONLY, Writer, plainly
from flux_cli.errors import FluxError, WrongState
from flux_cli.usecases.checkout import Moved, Terms, Undecided, checkout
from flux_cli.usecases.dashboard_view import Ref
from flux_cli.usecases.make_cart import Change, Unfilled, change_cart
from flux_cli.usecases.ports import Deps

OPEN_FIRST = "open a cart first: 7 shows them"
ON_A_LINE = "choose one of the cart's lines first"


async def work_on_cart(
    app: App[None], writer: Writer | None, opened: Ref | None, chosen: Ref | None, word: str
) -> str:
    """Replace, pin, exclude, optimize, or buy; what came of it, in words."""
    if writer is None:
        return READ_ONLY
    if opened is None or opened.kind != "cart":
        return OPEN_FIRST
    deps = writer.deps
    try:
        cart = await to_thread(_found, deps, opened.id)
        if word == "buy":
            return await _buy(app, deps, cart)
        change = _change(cart, chosen, word)
        return ON_A_LINE if change is None else await to_thread(_changed, deps, cart, change)
    except FluxError as error:
        return str(error)


def _change(cart: Cart, chosen: Ref | None, word: str) -> Change | None:
    """The change that a key means for what is under the cursor."""
    if word == "optimize":
        strategies = list(Strategy)
        place = strategies.index(cart.strategy) + 1
        return Change(strategy=strategies[place % len(strategies)])
    if chosen is None:
        return None
    if word == "exclude" and chosen.kind in ("offer", "shop"):
        return Change(exclude=(chosen.id,))
    lines = [line for line in cart.lines if chosen.kind == "offer" and line.ref == chosen.id]
    if not lines:
        return None
    line = lines[0]
    if word == "pin":
        return Change(pin=(line.need, line.shop, line.sku))
    return Change(exclude=tuple(one.ref for one in cart.lines if one.need == line.need))


def _changed(deps: Deps, cart: Cart, change: Change) -> str:
    changed = change_cart(deps, cart.id, change, progress=unheard)
    if isinstance(changed, Unfilled):
        return f"the cart stays as it is: {changed.why.reason}"
    now, more = changed.cart, changed.cart.total - cart.total
    said = f"{more} more" if more.units > 0 else f"{-more} less" if more.units else "as much"
    return f"version {now.number}, {now.strategy}: {now.total}, {said} than before"


async def _buy(app: App[None], deps: Deps, cart: Cart) -> str:
    """Ask the owner to type the total, then buy exactly what was shown."""
    if cart.state is not CartState.OPEN:
        raise WrongState(f"the cart is {cart.state}: nothing is left to be bought")
    shops = ", ".join(f"{leg.shop}  {leg.total}" for leg in cart.legs)
    lines = [
        ("payee", shops),
        ("amount", f"{cart.total}, shipping included, SIMULATED"),
        ("arrives", f"{cart.arrives.isoformat()}, in {len(cart.lines)} lines"),
        ("buyer", cart.buyer),
        ("version", f"{cart.number}, bought as it is or not at all"),
        ("it says", f"“{cart.wish}”"),
    ]
    typed = plainly(cart.total)
    if await app.push_screen_wait(Dialog("Buy this cart?", lines, typed)) != typed:
        return "nothing was done"
    return await to_thread(_bought, deps, cart)


def _bought(deps: Deps, cart: Cart) -> str:
    ended = checkout(deps, cart.id, Terms(expected_hash=cart.hash), progress=unheard)
    if isinstance(ended, Moved):
        return "nothing was bought: " + "; ".join(f"{who}: {what}" for who, what in ended.changes)
    if isinstance(ended, Undecided):
        why = ended.intent.refusals[0].message if ended.intent.refusals else "it waits"
        return f"nothing was bought, {ended.intent.state.replace('_', ' ')}: {why}"
    return f"the cart is {ended.state.replace('_', ' ')} for {ended.total}"


def _found(deps: Deps, cart_id: str) -> Cart:
    with deps.store.reading() as reader:
        return reader.get(Cart, cart_id)


def unheard(step: str, /, **facts: object) -> None:
    """The screen follows the ledger: it needs no telling."""
