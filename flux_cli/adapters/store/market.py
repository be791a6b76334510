"""What the market asks of the ledger: how contracts ended, and listings by their words."""

from __future__ import annotations

import re
import sqlite3

from flux_cli.domain.money import ASSETS, Money
from flux_cli.domain.reputation import Deal, Outcome

_WORDS = re.compile(r"[^\W_]+")


def deals(connection: sqlite3.Connection) -> list[Deal]:
    """Every funded contract that is over, the first ended first."""
    rows = connection.execute(
        "select id, client, provider, price, price_asset, state,"
        " state <> 'expired' and updated_at <= deadline from contracts c"
        " where state in ('settled', 'rejected', 'expired') and (state <> 'expired'"
        " or exists (select 1 from events where subject = c.id and kind = 'contract.funded'))"
        " order by updated_at, id"
    )
    return [
        Deal(name, client, provider, Money(units, ASSETS[asset]), Outcome(state), bool(on_time))
        for name, client, provider, units, asset, state, on_time in rows
    ]


def listings_with(connection: sqlite3.Connection, text: str) -> list[str]:
    """The ids of the listings that have any of the words; a word is data, never query syntax."""
    words = _WORDS.findall(text)
    if not words:
        return []
    # Made for the question: an index kept in the ledger would be one more thing to vouch for.
    connection.execute(
        "create virtual table temp.words using fts5 ("
        "id unindexed, provider, trade, title, description, tokenize = 'porter unicode61')"
    )
    try:
        connection.execute(
            "insert into temp.words select id, provider, trade, title, description from listings"
        )
        wanted = " OR ".join(f'"{word}"' for word in words)
        query = "select id from temp.words where words match ? order by id"
        return [str(row[0]) for row in connection.execute(query, [wanted])]
    finally:
        connection.execute("drop table temp.words")
