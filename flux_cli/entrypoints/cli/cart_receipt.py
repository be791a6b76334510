"""A bought cart's receipt, as Markdown or as a page that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from flux_cli.domain.carts import Cart
from flux_cli.domain.text import visible

Row = Sequence[str]
_MARKS = re.compile(r"([\\`*_{}\[\]<>|~])")

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
)


def receipt_markdown(cart: Cart) -> str:
    """The receipt as Markdown; sellers' words are shown and never obeyed."""
    parts = [f"# Receipt {cart.id}", "**SIMULATED**: no real money moved, no real goods were sent."]
    parts += [f"- {name}: {_marked(value)}" for name, value in _facts(cart)]
    for title, heads, rows, numbers in _tables(cart):
        rule = " | ".join("---:" if n in numbers else "---" for n in range(len(heads)))
        lines = [f"| {' | '.join(heads)} |", f"| {rule} |"]
        lines += [f"| {' | '.join(map(_marked, row))} |" for row in rows]
        parts.append(f"## {title}\n\n" + "\n".join(lines))
    head, facts, rest = parts[:2], parts[2 : 2 + len(_facts(cart))], parts[2 + len(_facts(cart)) :]
    return "\n\n".join([*head, "\n".join(facts), *rest]) + "\n"


def receipt_page(cart: Cart) -> str:
    """The receipt as one HTML page without scripts or anything loaded."""
    facts = "".join(f"<li>{escape(k)}: {escape(visible(v))}</li>" for k, v in _facts(cart))
    tables = "".join(_table(*table) for table in _tables(cart))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Receipt {escape(cart.id)}</title><style>{STYLE}</style></head><body>"
        f"<h1>Receipt</h1><p><strong>SIMULATED</strong>: no real money moved, no real goods were"
        f" sent.</p><ul>{facts}</ul>{tables}</body></html>\n"
    )


def _facts(cart: Cart) -> list[tuple[str, str]]:
    paid = sum(order.paid.units - order.refunded.units for order in cart.orders)
    total = type(cart.total)(paid, cart.total.asset)
    return [
        ("cart", f"{cart.id}, version {cart.number}"),
        ("hash", cart.hash),
        ("wish", cart.wish),
        ("state", cart.state.value),
        ("paid", str(total)),
        ("payment", cart.intent_id or "none"),
        ("priced on", cart.day.isoformat()),
    ]


def _tables(cart: Cart) -> list[tuple[str, Row, list[Row], frozenset[int]]]:
    """(title, headings, rows, columns of numbers) of each table."""
    lines = [
        (line.need, line.title, line.shop, str(line.count), str(line.price), str(line.total))
        for line in cart.lines
    ]
    legs = {leg.shop: leg for leg in cart.legs}
    orders = [
        (
            order.shop,
            order.state.value,
            order.order_id or "-",
            str(legs[order.shop].shipping),
            str(order.discount or "-"),
            str(order.paid),
            str(order.refunded),
            order.arrives.isoformat(),
            order.tracking or "-",
        )
        for order in cart.orders
    ]
    return [
        (
            "What was bought",
            ("need", "product", "shop", "packs", "each", "total"),
            list(lines),
            frozenset({3, 4, 5}),
        ),
        (
            "Orders",
            ("shop", "state", "order", "shipping", "discount", "paid", "back", "there by",
             "tracking"),
            list(orders),
            frozenset({3, 4, 5, 6}),
        ),
    ]  # fmt: skip


def _table(title: str, heads: Row, rows: list[Row], numbers: frozenset[int]) -> str:
    def cells(row: Row, tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if n in numbers else ''}>{escape(visible(text))}</{tag}>"
            for n, text in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    head = f"<tr>{cells(heads, 'th')}</tr>"
    return f"<h2>{escape(title)}</h2><table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _marked(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", visible(text))
