"""A run as people and programs read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flux_cli.domain.money import Money
from flux_cli.entrypoints.cli.ballots import one_lineage, stood_in_too
from flux_cli.entrypoints.cli.cart_tables import HEADINGS
from flux_cli.entrypoints.cli.cart_tables import TABLES as CART_TABLES
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.rulings import first_reason

TABLES = {
    "ballots": (
        Column("seat", "seat"),
        Column("vote", "vote", "status"),
        Column("score", "score", "number"),
        Column("risk", "risk", "number"),
        Column("why", "why"),
    ),
    "hires": (
        Column("agent", "agent"),
        Column("price", "price", "money"),
        Column("state", "state", "status"),
        Column("files", "files", "number"),
        Column("passed", "checks"),
        Column("title", "work"),
    ),
    "purchases": (
        Column("merchant", "merchant"),
        Column("amount", "asked", "money"),
        Column("votes", "votes"),
        Column("outcome", "outcome", "status"),
        Column("card", "SIMULATED card"),
        Column("item", "what"),
    ),
    "denials": (
        Column("merchant", "merchant"),
        Column("code", "rule"),
        Column("limit", "limit"),
        Column("observed", "observed"),
    ),
    "balances": (Column("agent", "agent"), Column("change", "change", "money")),
    **{name: CART_TABLES[name] for name in ("lines", "orders", "dropped")},
}


NO_VOTE = "none needed: it is within the owner's threshold"


def run_document(document: Mapping[str, object], *, for_people: bool) -> Document:
    """The whole run for programs; for people the parts that answer who, how much and why."""
    if not for_people:
        return Document("run", document)
    return Document("run", _brief(document), tables=TABLES, headings=HEADINGS, last=_last(document))


def _brief(document: Mapping[str, object]) -> dict[str, object]:
    card, payment, decision = (document[name] for name in ("card", "payment", "decision"))
    shown: dict[str, object] = {
        "id": document["id"],
        "goal": document["goal"],
        "state": document["state"],
    }
    if isinstance(payment, Mapping):
        shown["asked"] = f"{payment['amount']}, {payment['state']}"
    tally = decision["tally"] if isinstance(decision, Mapping) else None
    if isinstance(tally, Mapping):
        needed = f"{tally['yes']} of 5 YES, {tally['needed']} needed"
        shown["votes"] = needed + one_lineage(tally) + stood_in_too(document)
    elif isinstance(decision, Mapping) and decision["verdict"] == "permit":
        shown["votes"] = NO_VOTE
    if isinstance(card, Mapping):
        shown["card"] = (
            f"{card['number']}, {card['state']}, {card['spent']} of {card['limit']}, SIMULATED"
        )
    purchases = rows_of(document, "purchases")
    cart = document["cart"]
    ballots = [_ballot(ballot) for ballot in rows_of(document, "ballots")]
    if isinstance(cart, Mapping):
        shown |= _cart(cart)
    if ballots:
        shown["ballots"] = ballots
    if purchases:
        shown["purchases"] = [_purchase(purchase) for purchase in purchases]
        shown["denials"] = [denial for purchase in purchases for denial in _denials(purchase)]
    elif not isinstance(cart, Mapping):
        shown["hires"] = [_hire(hire) for hire in rows_of(document, "hires")]
    shown["balances"] = document["balances"]
    return shown


def _ballot(ballot: Mapping[str, object]) -> dict[str, object]:
    return {**ballot, "why": first_reason(ballot)}


def _cart(cart: Mapping[str, object]) -> dict[str, object]:
    """What was shopped for, where each part of it is, and how good the cart is known to be."""
    proof = cart["proof"]
    assert isinstance(proof, Mapping), "a cart has its proof"
    shown: dict[str, object] = {
        "cart": f"{cart['id']}, {cart['state']}",
        "total": f"{cart['total']}, there by {cart['arrives']}",
        "proof": f"{proof['status']}: {proof['offers']} offers of {proof['shops']} shops",
        "lines": cart["lines"],
    }
    if cart["orders"]:
        shown["orders"] = orders_of(cart)
    return shown | ({"dropped": cart["dropped"]} if cart["dropped"] else {})


def orders_of(cart: Mapping[str, object]) -> list[dict[str, object]]:
    """A cart's orders in which nothing is left blank; what was given back whole says so."""
    blank = {"tracking": "-", "problem": "-"}
    return [
        {**order, **{name: order[name] or sign for name, sign in blank.items()}}
        | ({"state": "refunded"} if _given_back(order) else {})
        for order in rows_of(cart, "orders")
    ]


def _given_back(order: Mapping[str, object]) -> bool:
    back = order["refunded"]
    return isinstance(back, Money) and back.units > 0 and back == order["paid"]


def _hire(hire: Mapping[str, object]) -> dict[str, object]:
    checks = rows_of(hire, "checks")
    passed = sum(bool(check["passed"]) for check in checks)
    return {**hire, "passed": f"{passed}/{len(checks)}"}


def _purchase(purchase: Mapping[str, object]) -> dict[str, object]:
    """A purchase in a line: what was asked, how it was voted on, how it went."""
    card, decision = purchase["card"], purchase["decision"]
    tally = decision["tally"] if isinstance(decision, Mapping) else None
    voted = f"{tally['yes']} of 5 YES" if isinstance(tally, Mapping) else "none"
    carded = f"…{str(card['number'])[-4:]}, {card['state']}" if isinstance(card, Mapping) else ""
    return {
        "merchant": purchase["merchant"],
        "amount": purchase["amount"],
        "votes": voted + stood_in_too(purchase),
        "outcome": purchase["outcome"],
        "card": carded,
        "item": purchase["item"],
    }


def _denials(purchase: Mapping[str, object]) -> list[dict[str, object]]:
    """Every rule that refused a purchase, and why its merchant was declined."""
    payment, amount = purchase["payment"], purchase["amount"]
    assert isinstance(amount, Money), "a purchase has an amount"
    named = {"merchant": purchase["merchant"]}
    rows: list[dict[str, object]] = []
    for rule in rows_of(payment, "refusals") if isinstance(payment, Mapping) else []:
        numbers = {name: _number(rule[name], str(rule["unit"]), amount) for name in NUMBERS}
        rows.append(named | {"code": rule["code"]} | numbers)
    if purchase["declined"] is not None:
        rows.append(named | {"code": purchase["declined"], "limit": "", "observed": ""})
    return rows


NUMBERS = ("limit", "observed")


def _number(value: object, unit: str, amount: Money) -> str:
    if not isinstance(value, int):
        return ""
    return str(Money(value, amount.asset)) if unit == "money" else f"{value} {unit}"


def rows_of(document: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A field of a document that is a list of objects."""
    rows = document[name]
    assert isinstance(rows, list | tuple), f"{name} is a list"
    return list(rows)


def _last(document: Mapping[str, object]) -> str:
    files = rows_of(document, "deliverables")
    if not files:
        return ""
    out, here = Path(str(document["out"])), Path.cwd()
    place = f"./{out.relative_to(here)}" if out.is_relative_to(here) else out
    return f"{len(files)} files in {place}; open report.html first"
