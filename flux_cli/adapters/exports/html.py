"""The statement of one account as a page that needs nothing else, to read and to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flux_cli.domain.money import Money, total
from flux_cli.domain.text import visible
from flux_cli.usecases.ports import EntryRecord

_TEMPLATES = Path(__file__).parent / "templates"


def statement(
    account: str,
    opening: Money,
    entries: Iterable[EntryRecord],
    *,
    until: datetime,
    head: str,
    simulated: bool,
) -> Iterator[str]:
    """The page in pieces: what `account` held of `opening.asset`, each movement, what it holds.

    `entries` are those since `opening`, oldest first; those that move nothing here are left out.
    `head` is the hash of the ledger's last entry at `until`, in hexadecimal.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else visible(str(value)),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rows = list(_rows(account, opening, entries))
    zero = Money(0, opening.asset)
    moved = [row["amount"] for row in rows]
    return environment.get_template("statement.html.j2").generate(
        account=account,
        asset=opening.asset.code,
        opening=opening,
        rows=rows,
        came=total([amount for amount in moved if amount > zero], opening.asset),
        went=total([-amount for amount in moved if amount < zero], opening.asset),
        closing=rows[-1]["balance"] if rows else opening,
        until=_shown(until),
        head=head,
        simulated=simulated,
    )


def _rows(account: str, opening: Money, entries: Iterable[EntryRecord]) -> Iterator[dict[str, Any]]:
    balance = opening
    for record in entries:
        legs = [leg for leg in record.entry.postings if leg.amount.asset == opening.asset]
        amount = next((leg.amount for leg in legs if leg.account == account), None)
        if amount is None:
            continue
        balance = balance + amount
        came = amount.units > 0
        yield {
            "at": _shown(record.recorded_at),
            "id": record.id,
            "kind": record.entry.kind.replace("_", " "),
            "memo": record.entry.memo,
            "others": [leg.account for leg in legs if (leg.amount.units > 0) is not came],
            "came": came,
            "amount": amount,
            "balance": balance,
        }


def _shown(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M}"
