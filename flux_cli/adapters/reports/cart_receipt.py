"""A bought cart's receipt, as Markdown or as a page that needs nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from flux_cli.domain.carts import Cart
from flux_cli.domain.money import Money, total
from flux_cli.domain.text import visible

Row = tuple[str, ...]
_MARKS = re.compile(r"([\\`*_{}\[\]<>|~])")

STYLE = (
    ":root{color-scheme:light dark;--line:#8884;--soft:#888}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2.5rem auto;padding:0 1.25rem;"
    "overflow-wrap:break-word}"
    "h1{margin:0}h2{font-size:1.1rem;margin:2rem 0 .4rem}"
    ".paid{font-size:1.9rem;font-weight:650;margin:.2rem 0}"
    ".note{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .8rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:1.2rem 0}"
    "dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}"
    "th{font-weight:500;color:var(--soft)}tr.sum td{font-weight:650}"
    "th,td{text-align:left;vertical-align:top;padding:.45rem .7rem;"
    "border-bottom:1px solid var(--line)}"
    "th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}"
    "td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their headings; `numbers` are columns, and `summed` makes the last row a sum."""

    title: str
    heads: Row
    rows: tuple[Row, ...]
    numbers: frozenset[int]
    summed: bool = False


def receipt_markdown(cart: Cart) -> str:
    """The receipt as Markdown; sellers' words are shown and never obeyed."""
    parts = [f"# Receipt {cart.id}", "**SIMULATED**: no real money moved, no real goods were sent."]
    parts += [f"- {name}: {_marked(value)}" for name, value in _facts(cart)]
    for table in _tables(cart):
        signs = ("---:" if n in table.numbers else "---" for n in range(len(table.heads)))
        lines = [f"| {' | '.join(table.heads)} |", f"| {' | '.join(signs)} |"]
        lines += [f"| {' | '.join(map(_marked, row))} |" for row in table.rows]
        parts.append(f"## {table.title}\n\n" + "\n".join(lines))
    head, facts, rest = parts[:2], parts[2 : 2 + len(_facts(cart))], parts[2 + len(_facts(cart)) :]
    return "\n\n".join([*head, "\n".join(facts), *rest]) + "\n"


def receipt_page(cart: Cart) -> str:
    """The receipt as one HTML page without scripts or anything loaded."""
    facts = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(visible(value))}</dd>" for name, value in _facts(cart)
    )
    tables = "".join(_page_table(table) for table in _tables(cart))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Receipt {escape(cart.id)}</title><style>{STYLE}</style></head><body>"
        f"<h1>Receipt</h1><p class=paid>{escape(str(_paid(cart)))}</p>"
        "<p class=note><strong>SIMULATED</strong>: no real money moved, no real goods were sent."
        f"</p><dl>{facts}</dl>{tables}</body></html>\n"
    )


def _paid(cart: Cart) -> Money:
    """What was paid and did not come back."""
    kept = [order.paid - order.refunded for order in cart.orders]
    return total(kept, cart.total.asset)


def _facts(cart: Cart) -> list[tuple[str, str]]:
    return [
        ("wish", cart.wish),
        ("state", cart.state.value.replace("_", " ")),
        ("paid", str(_paid(cart))),
        ("priced on", cart.day.isoformat()),
        ("payment", cart.intent_id or "none"),
        ("cart", f"{cart.id}, version {cart.number}"),
        ("hash", cart.hash),
    ]


def _tables(cart: Cart) -> list[Table]:
    nothing = Money(0, cart.total.asset)
    lines = [
        (line.need, line.title, line.shop, str(line.count), str(line.price), str(line.total))
        for line in cart.lines
    ]
    shipping = {leg.shop: leg.shipping for leg in cart.legs}
    paid = [
        (
            order.shop,
            order.state.value.replace("_", " "),
            str(shipping[order.shop]),
            str(order.discount or nothing),
            str(order.paid),
            str(order.refunded),
        )
        for order in cart.orders
    ]
    whole = ("all of it", "", "", "", *(
        str(total([getattr(order, name) for order in cart.orders], cart.total.asset))
        for name in ("paid", "refunded")
    ))  # fmt: skip
    sent = [
        (order.shop, order.order_id or "-", order.tracking or "-", order.arrives.isoformat())
        for order in cart.orders
    ]
    heads = ("need", "product", "shop", "packs", "each", "total")
    shops = ("shop", "state", "shipping", "discount", "paid", "back")
    orders = ("shop", "order", "tracking", "there by")
    return [
        Table("What was bought", heads, tuple(lines), frozenset({3, 4, 5})),
        Table("What was paid", shops, (*paid, whole), frozenset({2, 3, 4, 5}), True),
        Table("When it is there", orders, tuple(sent), frozenset()),
    ]


def _page_table(table: Table) -> str:
    def row(cells: Row, tag: str, kind: str = "") -> str:
        shown = "".join(
            f"<{tag}{' class=n' if n in table.numbers else ''}>{escape(visible(text))}</{tag}>"
            for n, text in enumerate(cells)
        )
        return f"<tr{kind}>{shown}</tr>"

    last = len(table.rows) - 1
    body = "".join(
        row(cells, "td", " class=sum" if table.summed and n == last else "")
        for n, cells in enumerate(table.rows)
    )
    return (
        f"<h2>{escape(table.title)}</h2><div class=scroll><table>"
        f"<thead>{row(table.heads, 'th')}</thead><tbody>{body}</tbody></table></div>"
    )


def _marked(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKS.sub(r"\\\1", visible(text))
