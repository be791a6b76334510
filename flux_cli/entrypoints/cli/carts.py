"""`flux carts list|show|explain|pin|replace|exclude|optimize`: carts over several shops."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.ranking import OFFER_WEIGHTS
from flux_cli.entrypoints.cli.cart_checkout import (
    Failing,
    MaxIncrease,
    Negotiate,
    OnFailing,
    buy_cart,
    tell_cart,
    terms_of,
)
from flux_cli.entrypoints.cli.cart_documents import cart_document, refuse_unfilled
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.payment_requests import Rail, RailName
from flux_cli.entrypoints.cli.rulings import shown_refusals
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, noun, verb
from flux_cli.errors import InvalidInput, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.explain_cart import NeedExplained, explain_needs, explain_offer
from flux_cli.usecases.make_cart import Change, Unfilled, change_cart, need_named
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.return_order import return_order
from flux_cli.usecases.view_carts import describe_cart, describe_offer

app = noun("Carts over several shops, questioned, changed and bought once.")

COLUMNS = (
    Column("id", "id", "id"),
    Column("buyer", "buyer"),
    Column("wish", "wish"),
    Column("total", "total", "money"),
    Column("arrives", "there by"),
    Column("number", "version", "number"),
    Column("state", "state", "status"),
)
OFFER_COLUMNS = (
    Column("place", "#", "number"),
    Column("offer", "offer"),
    Column("score", "score", "number"),
    Column("fit", "fit", "number"),
    Column("price_part", "price", "number"),
    Column("speed", "speed", "number"),
    Column("trust", "trust", "number"),
    Column("rating", "rating", "number"),
    Column("price", "each", "money"),
    Column("days", "days", "number"),
)

CartId = Annotated[str, typer.Argument(metavar="ID", help="The cart's id, or its start.")]
NeedName = Annotated[str, typer.Argument(metavar="NEED", help="The need, by its name or start.")]
OfferRef = Annotated[
    str, typer.Argument(metavar="OFFER", help="SHOP/PRODUCT, as explain shows it.")
]


@verb(app, "list", options=LIST - {"run"}, examples=("flux carts list --status open",))
def list_(flux: Invocation) -> None:
    """List carts, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, CartState, "buyer")
        carts, following = page(flux, reader, Cart, equal)
    rows = [describe_cart(cart) for cart in carts]
    empty = 'no carts: `flux buy "WISH" --budget 100 --dry-run` shows one, `flux buy` keeps it'
    flux.show(Listing("cart", rows, COLUMNS, following, empty=empty))


@verb(app, "show", examples=("flux carts show cart_01",))
def show(flux: Invocation, cart_id: CartId) -> None:
    """Show a cart: what is bought where, its proof and what else there was."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    flux.show(cart_document(cart, None, for_people=flux.for_people, last="money is simulated"))


@verb(
    app,
    "explain",
    examples=(
        "flux carts explain cart_01",
        "flux carts explain cart_01 --why-not walmart/W1000-12",
    ),
)
def explain(
    flux: Invocation,
    cart_id: CartId,
    need: Annotated[str | None, typer.Option(metavar="NEED", help="Only this need.")] = None,
    why_not: Annotated[
        str | None, typer.Option(metavar="OFFER", help="Why this offer is not in it.")
    ] = None,
) -> None:
    """Say why each offer is first, and what anything else would cost.

    Ranked by a score of 10,000; the cart is the cheapest whole, so shipping and packs may make it
    buy what is not first.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    if why_not is not None:
        one = explain_offer(deps, cart, why_not)
        fields = {
            "id": cart.id,
            "offer": one.ref,
            "need": one.need,
            "place": one.place if not flux.for_people else f"{one.place} of {one.of}",
            "score": one.score,
            "total_with_it": one.total,
            "total": cart.total,
            "answer": one.answer,
        }
        flux.show(Document("offer_explained", fields))
        return
    only = None if need is None else need_named(cart, need)
    explained = [one for one in explain_needs(deps, cart) if only in (None, one.need)]
    flux.show(_explained(cart, explained, for_people=flux.for_people))


@verb(app, "pin", examples=("flux carts pin cart_01 snacks amazon/A1002-48",))
def pin(flux: Invocation, cart_id: CartId, need: NeedName, offer: OfferRef) -> None:
    """Fix the one offer for a need, and solve the rest again."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    _change(flux, deps, cart, Change(pin=(need_named(cart, need), *_ref(offer))))


@verb(
    app,
    "replace",
    examples=("flux carts replace cart_01 snacks", "flux carts replace cart_01 snacks --offer x/Y"),
)
def replace(
    flux: Invocation,
    cart_id: CartId,
    need: NeedName,
    offer: Annotated[
        str | None, typer.Option(metavar="OFFER", help="By this one; else by the next best.")
    ] = None,
) -> None:
    """Take something else for a need: the next best, or the offer named."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    name = need_named(cart, need)
    bought = tuple(line.ref for line in cart.lines if line.need == name)
    pinned = None if offer is None else (name, *_ref(offer))
    _change(flux, deps, cart, Change(pin=pinned, exclude=bought))


@verb(app, "exclude", examples=("flux carts exclude cart_01 techdata",))
def exclude(
    flux: Invocation,
    cart_id: CartId,
    what: Annotated[
        list[str], typer.Argument(metavar="SHOP|OFFER...", help="Shops or offers not to buy.")
    ],
) -> None:
    """Leave shops or offers out, and solve again."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    _change(flux, deps, _found(deps, cart_id), Change(exclude=tuple(what)))


@verb(
    app,
    "optimize",
    examples=(
        "flux carts optimize cart_01 --strategy fastest",
        "flux carts optimize cart_01 --forget",
    ),
)
def optimize(
    flux: Invocation,
    cart_id: CartId,
    strategy: Annotated[Strategy | None, typer.Option(help="What to weigh most.")] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Drop pins and exclusions.")] = False,
) -> None:
    """Solve again at today's prices, by another strategy or without what was fixed by hand."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    _change(flux, deps, cart, Change(strategy=strategy, forget=forget))


@verb(
    app,
    "checkout",
    options=frozenset({"max_amount"}),
    examples=("flux carts checkout cart_01 --yes", "flux carts checkout cart_01 --max-increase 5"),
)
def checkout(
    flux: Invocation,
    cart_id: CartId,
    hash_: Annotated[
        str, typer.Option("--hash", metavar="HASH", help="Only if it is still this version.")
    ] = "",
    max_increase: MaxIncrease = "0",
    on_failure: OnFailing = Failing.REFUND_ALL,
    negotiate: Negotiate = False,
    rail: RailName = Rail.SIMULATED,
) -> ExitCode:
    """Buy a cart: one approval, every shop; called again it goes on where it ended."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    terms = terms_of(max_increase, on_failure, hash_, negotiate=negotiate)
    return buy_cart(flux, deps, cart, None, terms, rail)


class ReceiptForm(StrEnum):
    """How a receipt is written."""

    MARKDOWN = "md"
    HTML = "html"


@verb(
    app,
    "receipt",
    without=TEXT_ONLY - {"db", "timeout"},
    examples=("flux carts receipt cart_01 > receipt.md", "flux carts receipt cart_01 --form html"),
)
def receipt(
    flux: Invocation,
    cart_id: CartId,
    form: Annotated[ReceiptForm, typer.Option(help="Markdown, or a page.")] = ReceiptForm.MARKDOWN,
) -> None:
    """Print the receipt of a bought cart: what, where, for how much, there by when."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    if not cart.orders:
        raise WrongState(f"the cart is {cart.state}: nothing of it was bought", subject=cart.id)
    forms = {name: content for name, _, content in deps.reports.receipt(cart)}
    flux.print(forms[f"receipt.{form.value}"].decode())


@verb(app, "refund", examples=("flux carts refund cart_01 amazon",))
def refund(
    flux: Invocation,
    cart_id: CartId,
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="Whose part to give back.")],
) -> ExitCode:
    """Cancel a shop's order before it leaves, or send it back once it is there.

    Of what is sent back the shipping is kept.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    cart = _found(deps, cart_id)
    refunded = return_order(deps, cart.id, shop)
    if isinstance(refunded, Denied):
        flux.deny(
            "the refund was denied; nothing moved",
            shown_refusals(refunded.refusals, cart.total.asset.code),
            subject=cart.id,
        )
    return tell_cart(flux, deps, refunded, None)


def _change(flux: Invocation, deps: Deps, cart: Cart, change: Change) -> None:
    changed = change_cart(deps, cart.id, change, progress=run_progress(flux))
    if isinstance(changed, Unfilled):
        refuse_unfilled(flux, changed, cart.spec)
    before, now = cart.total, changed.cart.total
    more = now - before
    said = f"{more} more" if more.units > 0 else f"{-more} less" if more.units else "as much"
    last = f"version {changed.cart.number}: {said} than before; nothing is bought yet"
    flux.show(cart_document(changed.cart, changed.found, for_people=flux.for_people, last=last))


def _explained(cart: Cart, explained: list[NeedExplained], *, for_people: bool) -> Document:
    weights = OFFER_WEIGHTS[cart.strategy]
    needs = [
        {
            "need": one.need,
            "quantity": one.quantity,
            "unit": one.unit,
            "offers": [
                {"place": place, **describe_offer(offer)}
                for place, offer in enumerate(one.offers, 1)
            ],
            "of": one.of,
            "bought": list(one.bought),
            "total_without": one.without,
            "why_first": one.why_first,
            "why_bought": one.why_bought,
        }
        for one in explained
    ]
    whole = {
        "id": cart.id,
        "strategy": cart.strategy,
        "total": cart.total,
        "weights": dict(weights),
    }
    if not for_people:
        return Document("cart_explained", whole | {"needs": needs})
    shown: dict[str, object] = {
        "id": cart.id,
        "strategy": cart.strategy,
        "weights": ", ".join(f"{name} {weight} %" for name, weight in weights.items()),
    }
    tables = {}
    for one, need in zip(explained, needs, strict=True):
        shown[f"{one.need}: first"] = one.why_first
        shown[f"{one.need}: bought"] = f"{', '.join(one.bought) or 'nothing'}; {one.why_bought}"
        shown[one.need] = need["offers"]
        tables[one.need] = OFFER_COLUMNS
    return Document("cart_explained", shown, tables=tables)


def _ref(text: str) -> tuple[str, str]:
    shop, sign, sku = text.partition("/")
    if not (shop and sign and sku):
        raise InvalidInput(f"{text[:64]!r} names no offer: write SHOP/PRODUCT", param="OFFER")
    return shop, sku


def _found(deps: Deps, text: str) -> Cart:
    with deps.store.reading() as reader:
        return reader.resolve(Cart, text)
