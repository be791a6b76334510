"""Mandates with what is left of them, and with those above and below."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import Money
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.gather_facts import mandates_of
from flux_cli.usecases.ports import Reader
from flux_cli.usecases.view_payments import summarise_payment

MOST_SHOWN = 100


def describe_mandate(mandate: Mandate) -> Document:
    """A mandate as any front end shows it: `total = spent + reserved + left + returned`.

    `left` can still be used; `returned` is what one that has ended did not use.
    """
    document = shallow(mandate)
    del document["key"]
    document["limits"] = [shallow(limit) for limit in mandate.limits]
    nothing, active = Money(0, mandate.total.asset), mandate.state is MandateState.ACTIVE
    document["left"] = mandate.left if active else nothing
    document["returned"] = nothing if active else mandate.left
    return document


def view_mandate(reader: Reader, mandate: Mandate) -> Document:
    """A mandate, the line above it from the root, and the newest children and payments under it."""
    line = mandates_of(reader, mandate.parent_id)
    children = reader.find(Mandate, parent_id=mandate.id, limit=MOST_SHOWN)
    payments = reader.find(PaymentIntent, mandate_id=mandate.id, limit=MOST_SHOWN)
    return describe_mandate(mandate) | {
        "line": [above.id for above in reversed(line)],
        "children": [describe_mandate(child) for child in children],
        "payments": [summarise_payment(payment) for payment in payments],
    }


def as_tree(mandates: Sequence[Mandate]) -> list[tuple[int, Mandate]]:
    """Each mandate after its parent, with how many of those above it are there too."""
    below: dict[str | None, list[Mandate]] = {}
    ids = {mandate.id for mandate in mandates}
    for mandate in mandates:
        parent = mandate.parent_id if mandate.parent_id in ids else None
        below.setdefault(parent, []).append(mandate)
    tree: list[tuple[int, Mandate]] = []
    todo = [(0, mandate) for mandate in reversed(below.get(None, []))]
    while todo:
        depth, mandate = todo.pop()
        tree.append((depth, mandate))
        todo += [(depth + 1, child) for child in reversed(below.get(mandate.id, []))]
    return tree
