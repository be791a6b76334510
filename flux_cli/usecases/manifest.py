"""The manifest of a run: what it delivered or bought, and the hash of every file."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.carts import Cart
from flux_cli.domain.contracts import Contract
from flux_cli.domain.runs import Run
from flux_cli.domain.work import Artefact
from flux_cli.usecases.make_purchases import Outcome


def manifest_of(
    run: Run,
    contracts: Sequence[Contract],
    bought: Sequence[Outcome],
    cart: Cart | None,
    files: Sequence[Artefact],
) -> object:
    """What was delivered or bought, of whom, for how much, and the hash of every other file."""
    assert run.plan is not None, "a delivered run had a plan"
    return {
        "schema": "flux.manifest/1",
        "run": run.id,
        "goal": run.goal,
        "plan": run.plan.digest,
        "money": "simulated",
        "state": run.state,
        "finished_at": run.finished_at,
        "hires": [
            {
                "contract": contract.id,
                "task": contract.task_id,
                "agent": contract.provider,
                "state": contract.state,
                "price": contract.price.decimal,
                "currency": contract.price.asset.code,
                "backend": contract.backend,
                "brain": _brain(contract),
                "summary": contract.summary,
                "checks": [
                    {"name": c.name, "passed": c.passed, "found": c.found} for c in contract.checks
                ],
            }
            for contract in contracts
        ],
        "purchases": [
            {
                "id": one.purchase.id,
                "merchant": one.purchase.merchant,
                "price": one.purchase.amount.decimal,
                "currency": one.purchase.amount.asset.code,
                "outcome": one.word,
                "payment": one.intent.id if one.intent else None,
                "card": one.card.id if one.card else None,
                "authorization": one.authorization.id if one.authorization else None,
            }
            for one in bought
        ],
        "orders": [] if cart is None else _orders(cart),
        "files": list(files),
    }


HELPED = frozenset({"researcher", "content-writer", "image-generator"})
"""Trades whose texts a model may better, or paint for."""


def _brain(contract: Contract) -> str:
    """`model` where one wrote or painted, `offline` where one could have, else `none`."""
    if contract.backend == "llm":
        return "model"
    return "offline" if contract.trade in HELPED and contract.backend != "outside" else "none"


def _orders(cart: Cart) -> list[object]:
    return [
        {
            "cart": cart.id,
            "shop": order.shop,
            "order": order.order_id,
            "state": order.state,
            "price": order.paid.decimal,
            "currency": order.paid.asset.code,
            "payment": cart.intent_id,
        }
        for order in cart.orders
    ]
