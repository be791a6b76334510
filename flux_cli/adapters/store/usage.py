"""What limits have already counted: permitted payments of a stretch of time, added up in SQL."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from flux_cli.domain.canonical import canonical, instant
from flux_cli.domain.intents import Spend
from flux_cli.domain.money import Asset
from flux_cli.domain.policies import Limit, Scope

PERMITTED = "decision_id is not null and amount_asset = ? and amount > released"
"""A payment counts from its permit on, held or captured; wholly released it counts no more."""

COUNTED_BY = (
    "requester", "category", "amount", "amount_asset", "shares", "released", "decided_at",
    "decision_id",
)  # fmt: skip
"""All columns of a payment that decide what limits have counted; a test holds it to `question`."""

SINCE = "decided_at > ?"
UNTIL = "decided_at <= ?"
"""A payment at the very start of a window is outside it."""

ANYBODY = (
    "requester in (with recursive payer (name) as (select min(requester) from intents union all"
    " select (select min(requester) from intents where requester > name) from payer"
    " where name is not null) select name from payer where name is not null)"
)
"""Everybody who ever asked for money: each is found by one step in an index, however many payments
there are, and then the one index of what a requester spent serves for all of them.
"""

WHOSE = {
    Scope.AGENT: "requester = ?",
    Scope.CATEGORY: "requester = ? and category = ?",
    Scope.EVERYBODY: ANYBODY,
    Scope.PAYEE: "requester = ? and value ->> '$.payee' = ?",
    Scope.DESTINATION: f"{ANYBODY} and value ->> '$.payee' = ?",
}


def used(
    connection: sqlite3.Connection,
    limit: Limit,
    requester: str,
    subject: str,
    asset: Asset,
    now: datetime,
) -> tuple[int, int]:
    """(units, payments) that `limit` has counted for `subject` in its window up to `now`.

    Gross: refunds give no room back. What was released is taken off, but not from a payee's share,
    since nothing says whose share it was. The window has no end: what a clock set forward recorded
    still counts after it is set back. A payment counts by the size that is left of it, so that
    asking for more than `below` and releasing the rest hides nothing.
    """
    sql, bound = question(limit, requester, subject, asset)
    start = instant(limit.window.start(now))
    units, count, _ = connection.execute(f"{sql} and {SINCE}", (*bound, start)).fetchone()
    return int(units), int(count)


def question(
    limit: Limit, requester: str, subject: str, asset: Asset
) -> tuple[str, list[str | int]]:
    """The statement that adds up what `limit` has ever counted, and says when the first of it was
    permitted; and its values. Whoever asks it adds from when.
    """
    by_payee = limit.scope in (Scope.PAYEE, Scope.DESTINATION)
    size = "value ->> '$.amount.units'" if by_payee else "amount"
    counted = size if by_payee else "amount - released"
    values: dict[Scope, tuple[str, ...]] = {
        Scope.AGENT: (requester,),
        Scope.CATEGORY: (requester, subject),
        Scope.EVERYBODY: (),
        Scope.PAYEE: (requester, subject),
        Scope.DESTINATION: (subject,),
    }
    sql = (
        f"select coalesce(sum({counted}), 0), count(*), min(decided_at) from intents"  # noqa: S608 - our own words
        + (", json_each(shares)" if by_payee else "")
        + f" where {WHOSE[limit.scope]} and {PERMITTED}"
    )
    bound: list[str | int] = [*values[limit.scope], asset.code]
    if limit.below is not None:
        sql += f" and {size} - released <= ?"
        bound.append(limit.below.units)
    return sql, bound


def duplicates(connection: sqlite3.Connection, spend: Spend, since: datetime) -> int:
    """How many permitted payments after `since` have the requester, payees, amount and purpose.

    Another reference makes it another occasion; a request without one is always a repetition.
    """
    payees = [share.payee for share in spend.shares]
    row = connection.execute(
        "select count(*) from intents where requester = ? and amount = ? and purpose = ?"  # noqa: S608
        f" and {PERMITTED} and {SINCE} and (reference = ? or ? = '')"
        " and json_array_length(shares) = ?"
        " and not exists (select 1 from json_each(shares) where value ->> '$.payee' not in"
        " (select value from json_each(?)))",
        (
            *(spend.requester, spend.amount.units, spend.purpose),
            *(spend.amount.asset.code, instant(since)),
            *(spend.reference, spend.reference, len(payees), canonical(payees)),
        ),
    ).fetchone()
    return int(row[0])
