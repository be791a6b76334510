"""The columns in which people see a cart and its orders, on its own and in a run."""

from __future__ import annotations

from flux_cli.entrypoints.cli.document import Column

TABLES = {
    "lines": (
        Column("need", "need"),
        Column("packs", "packs", "number"),
        Column("price", "each", "money"),
        Column("total", "total", "money"),
        Column("shop", "shop"),
        Column("days", "days", "number"),
        Column("title", "product"),
    ),
    "legs": (
        Column("shop", "shop"),
        Column("goods", "goods", "money"),
        Column("shipping", "shipping", "money"),
        Column("total", "total", "money"),
        Column("arrives", "there by"),
    ),
    "dropped": (Column("need", "need"), Column("reason", "why")),
    "orders": (
        Column("shop", "shop"),
        Column("state", "state", "status"),
        Column("paid", "paid", "money"),
        Column("refunded", "back", "money"),
        Column("arrives", "there by"),
        Column("tracking", "tracking"),
        Column("problem", "problem"),
    ),
    "trace": (
        Column("stage", "stage"),
        Column("brain", "brain"),
        Column("latency_ms", "ms", "number"),
        Column("said", "what"),
    ),
    "compared": (
        Column("name", "instead"),
        Column("total", "total", "money"),
        Column("more", "more", "money"),
        Column("note", "note"),
    ),
    "understood": (Column("kind", "kind"), Column("text", "what")),
}
HEADINGS = {
    "lines": "what is bought",
    "legs": "where",
    "dropped": "left out",
    "trace": "plan, act, verify",
    "understood": "the wish",
}
