"""How many objects stand in each state, however many there are."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

from flux_cli.adapters.store.records import TABLES
from flux_cli.domain.identifiers import spell
from flux_cli.domain.intents import IntentState, PaymentIntent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PREFIXES = {"intents": "pi", "cards": "card", "runs": "run", "settlements": "stl"}


def numbers(
    connection: sqlite3.Connection, kind: type, since: datetime | None, until: datetime | None
) -> dict[str, int]:
    """How many objects made in [since, until) stand in each state; the ids say when."""
    table = TABLES[kind]
    prefix = PREFIXES[table]
    first = "" if since is None else lowest(prefix, since)
    bounds = (first, "~" if until is None else lowest(prefix, until))
    if kind is PaymentIntent:
        return _payments(connection, bounds)
    # A walk over the distinct states, so that each count is of one piece of the index.
    sql = (
        "with recursive states(state) as ("  # noqa: S608 - our own names
        f" select min(state) from {table} union all"
        f" select (select min(state) from {table} where state > states.state) from states"
        " where states.state is not null)"
        f" select state, (select count(*) from {table} t where t.state = states.state"
        " and t.id >= ? and t.id < ?) from states where state is not null"
    )
    return {row[0]: row[1] for row in connection.execute(sql, bounds) if row[1]}


def _payments(connection: sqlite3.Connection, bounds: tuple[str, str]) -> dict[str, int]:
    """Payments by state. Captured ones, which most are, have no index of their own: they are
    what the others leave of all.
    """
    within = "select count(*) from intents where id >= ? and id < ?"
    others = [state for state in IntentState if state is not IntentState.CAPTURED]
    counts = {
        str(state): _one(connection, f"{within} and state = '{state}'", bounds) for state in others
    }
    counts[str(IntentState.CAPTURED)] = _one(connection, within, bounds) - sum(counts.values())
    return {state: count for state, count in counts.items() if count}


def _one(connection: sqlite3.Connection, sql: str, bounds: tuple[str, str]) -> int:
    return int(connection.execute(sql, bounds).fetchone()[0])


def lowest(prefix: str, moment: datetime) -> str:
    """The least id that can be made at `moment`."""
    milliseconds = max(0, (moment - _EPOCH) // timedelta(milliseconds=1))
    return spell(prefix, milliseconds << 80)
