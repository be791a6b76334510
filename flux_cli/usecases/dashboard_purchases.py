"""One cart and one settlement of the dashboard, each with its trail."""

from __future__ import annotations

from flux_cli.domain.carts import Cart
from flux_cli.domain.settlements import Attempt, Settlement
from flux_cli.usecases.dashboard_overview import clock, settlement_ref
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Cell,
    Column,
    Prose,
    Ref,
    Row,
    Table,
    Tone,
    View,
    facts,
    short,
    state_cell,
)


def view_cart(reader: WatchReader, cart_id: str) -> View:
    """A cart: each line, each shop, why nothing is better, and what was ordered."""
    cart = reader.get(Cart, cart_id)
    what = facts(
        "Cart, SIMULATED shops",
        ("wish", cart.wish),
        ("total", str(cart.total)),
        ("state", state_cell(cart.state)),
        ("arrives", cart.arrives.isoformat()),
        ("strategy", cart.strategy),
        ("version", str(cart.number)),
        ("pinned", ", ".join(f"{need}: {shop}/{sku}" for need, shop, sku in cart.choice.pins)),
        ("excluded", ", ".join(cart.choice.excluded)),
        ("buyer", cart.buyer),
        ("proof", f"{cart.proof.status}, at most {cart.proof.gap} could be saved"),
        ("looked at", f"{cart.proof.offers} offers of {cart.proof.shops} shops"),
        ("payment", cart.intent_id or ""),
        ("id", cart.id),
    )
    others = tuple(
        (Cell(f"{one.name}  ", Tone.STRONG),
         Cell(f"{'none' if one.total is None else one.total}  "), Cell(one.note, Tone.DIM))
        for one in (*cart.proof.baselines, *cart.proof.what_ifs)
    )  # fmt: skip
    ref = Ref("cart", cart.id, ("flux", "carts", "explain", cart.id))
    side = (what, Prose("Instead", others))
    return View(f"Cart {short(cart.id)}", (_lines(cart), _legs(cart)), side=side, ref=ref)


def _lines(cart: Cart) -> Table:
    return Table(
        "Lines",
        (Column("need"), Column("title", flex=True), Column("packs", right=True),
         Column("price", right=True, drop=1), Column("total", right=True), Column("shop"),
         Column("days", right=True, drop=2)),
        tuple(
            Row((Cell(one.need, Tone.STRONG), Cell(one.title), Cell(str(one.count)),
                 Cell(str(one.price)), Cell(str(one.total)), Cell(one.shop), Cell(str(one.days))),
                Ref("offer", one.ref,
                    ("flux", "carts", "explain", cart.id, "--why-not", one.ref)))
            for one in cart.lines
        ),
    )  # fmt: skip


def _legs(cart: Cart) -> Table:
    orders = {order.shop: order for order in cart.orders}
    return Table(
        "Shops",
        (Column("shop", flex=True), Column("goods", right=True), Column("shipping", right=True),
         Column("total", right=True), Column("arrives", drop=1), Column("order")),
        tuple(
            Row((Cell(leg.shop, Tone.STRONG), Cell(str(leg.goods)), Cell(str(leg.shipping)),
                 Cell(str(leg.total)), Cell(leg.arrives.isoformat()),
                 state_cell(orders[leg.shop].state) if leg.shop in orders
                 else Cell("not ordered", Tone.DIM)),
                Ref("shop", leg.shop, ("flux", "retailers", "list")))
            for leg in cart.legs
        ),
    )  # fmt: skip


def view_one_settlement(reader: WatchReader, settlement_id: str) -> View:
    """A settlement: its terms, every transaction signed for it, and its proof."""
    one = reader.get(Settlement, settlement_id)
    attempts = Table(
        "Transactions",
        (Column("signed"), Column("for"), Column("place", right=True), Column("bump", right=True),
         Column("hash", flex=True), Column("outcome")),
        tuple(
            Row((Cell(clock(item.signed_at), Tone.DIM), Cell(item.purpose),
                 Cell(str(item.account_nonce)), Cell(str(item.bump)), Cell(item.tx_hash),
                 state_cell(item.outcome)))
            for item in reader.find(Attempt, settlement_id=one.id, limit=50)
        ),
        "nothing was signed for it",
    )  # fmt: skip
    proof = one.proof
    what = facts(
        "Settlement",
        ("payee", one.payee),
        ("amount", str(one.amount)),
        ("state", state_cell(one.state)),
        ("reason", one.reason),
        ("chain", "on this machine, SIMULATED" if one.local else str(one.terms.chain_id)),
        ("to", one.terms.payee),
        ("gas", "" if one.gas is None else str(one.gas)),
        ("proof", "none yet" if proof is None else proof.tx_hash),
        ("block", "" if proof is None else f"{proof.block_number} {proof.block_hash}"),
        ("payment", one.intent_id),
        ("id", one.id),
    )
    title = f"Settlement {short(one.id)}"
    return View(title, (attempts,), side=(what,), ref=settlement_ref(one.id))
