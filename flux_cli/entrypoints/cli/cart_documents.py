"""Carts as the command line shows them, and how a wish that cannot be met ends a command."""

from __future__ import annotations

from typing import NoReturn

from flux_cli.domain.carts import Cart
from flux_cli.domain.money import Money
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.entrypoints.cli.cart_tables import HEADINGS, TABLES
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.run_document import orders_of
from flux_cli.errors import Fix
from flux_cli.usecases.make_cart import Unfilled
from flux_cli.usecases.search_offers import Found
from flux_cli.usecases.view_carts import describe_cart, describe_found, describe_unfillable


def cart_document(
    cart: Cart,
    found: Found | None,
    *,
    for_people: bool,
    last: str = "",
    bought: bool = False,
    **more: object,
) -> Document:
    """A cart whole for programs, with the offers it was chosen from; what matters for people.

    Of one `bought` just now people see the orders: they have seen the cart.
    """
    whole = describe_cart(cart) | more
    if found is not None:
        whole |= describe_found(found, cart.strategy)
    if not for_people:
        return Document("cart", whole)
    shown = _brief(cart, whole)
    if bought:
        shown = {name: value for name, value in shown.items() if name in OF_ORDERS}
    return Document("cart", shown, tables=TABLES, headings=HEADINGS, last=last)


OF_ORDERS = ("id", "state", "total", "there by", "payment", "orders", "trace")


def _brief(cart: Cart, whole: dict[str, object]) -> dict[str, object]:
    proof = cart.proof
    proven = "proven" if proof.gap.units == 0 else f"at most {proof.gap} from the best"
    shown: dict[str, object] = {
        "id": cart.id,
        "state": cart.state,
        "version": f"{cart.number}, hash {cart.hash[:12]}",
        "total": _against_budget(cart.total, cart.spec),
        "there by": _against_deadline(cart),
        "strategy": cart.strategy,
        "proof": f"{proof.status}, {proven}: {proof.offers} offers of {proof.shops} shops",
    }
    if cart.intent_id is not None:
        shown["payment"] = cart.intent_id
    if proof.binding:
        shown["limits met"] = "\n".join(proof.binding)
    shown |= {name: whole[name] for name in ("lines", "legs")}
    if cart.orders:
        shown["orders"] = orders_of(whole)
    if cart.trace:
        shown["trace"] = whole["trace"]
    if cart.dropped:
        shown["dropped"] = whole["dropped"]
    described = whole["proof"]
    assert isinstance(described, dict), "a cart's proof is an object"
    shown["compared"] = [*described["baselines"], *described["what_ifs"]]
    said = remarks(cart.spec)
    return shown | ({"understood": said} if said else {})


def remarks(spec: ShoppingSpec) -> list[dict[str, str]]:
    """What was understood and assumed of a wish, and what is to be warned of."""
    kinds = (
        ("understood", spec.understood),
        ("assumed", spec.assumptions),
        ("warning", spec.warnings),
    )
    return [{"kind": kind, "text": one.text} for kind, ones in kinds for one in ones]


def refuse_unfilled(flux: Invocation, unfilled: Unfilled, spec: ShoppingSpec) -> NoReturn:
    """End as denied: no cart fits; each fix is a change that is enough on its own."""
    why = unfilled.why
    fixes = tuple(Fix(one.say) for one in why.relaxations)
    whole = {
        "spec": spec.needs and _spec_json(spec),
        **describe_unfillable(why),
        **describe_found(unfilled.found, spec.strategy),
    }
    budget = spec.budget or Money(0)
    refusal = Refusal("no_cart", why.reason, budget.units, None, budget.asset.code)
    flux.deny(
        f"no cart: {why.reason}",
        (refusal,),
        fixes=fixes,
        document=Document("unfilled_wish", whole),
        exit_code=ExitCode.DENIED,
    )


def _spec_json(spec: ShoppingSpec) -> dict[str, object]:
    from flux_cli.domain.shopping import document_of_spec

    return document_of_spec(spec)


def _against_budget(total: Money, spec: ShoppingSpec) -> str:
    if spec.budget is None:
        return f"{total}, simulated"
    return f"{total} of {spec.budget}, {spec.budget - total} left, simulated"


def _against_deadline(cart: Cart) -> str:
    arrives, deadline = cart.arrives, cart.spec.deadline
    if deadline is None:
        return arrives.isoformat()
    spare = (deadline - arrives).days
    early = f"{spare} {'day' if spare == 1 else 'days'} early" if spare else "the last day"
    return f"{arrives.isoformat()}, {early}"
