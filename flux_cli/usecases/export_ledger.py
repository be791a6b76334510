"""Putting the ledger out as text for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.exports import ExportForm
from flux_cli.usecases.ports import Deps, EntryRecord
from flux_cli.usecases.statement import account_and_asset, page_of, statement_of
from flux_cli.usecases.trial_balance import accounts_at
from flux_cli.usecases.view_entries import history

WHOLE = frozenset({ExportForm.BEANCOUNT, ExportForm.HLEDGER})
"""Forms that state what the entries add up to, and so begin at the beginning."""


@dataclass(frozen=True, slots=True)
class Export:
    """What to put out: a form, and from when to when; `account` and `asset` for HTML only."""

    form: ExportForm
    since: datetime | None = None
    until: datetime | None = None
    account: str | None = None
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was put out: how many entries, and the ledger's last movement at their end."""

    entries: int
    seq: int
    head: str


def check_export(export: Export) -> None:
    """Raise `InvalidInput` for what no file could say."""
    if export.form in WHOLE and export.since is not None:
        raise InvalidInput(
            f"{export.form} states what accounts hold, so it begins at the beginning",
            param="--since",
            fixes=(
                Fix("leave out --since"),
                Fix("or take entries alone", ("flux", "ledger", "export", "--format", "csv")),
            ),
        )
    page = export.form is ExportForm.HTML
    if page and export.account is None:
        whose = ("flux", "ledger", "export", "--format", "html", "--account", "AGENT")
        raise InvalidInput(
            "a page is of one account", param="--account", fixes=(Fix("say whose", whose),)
        )
    if not page and (export.account is not None or export.asset is not None):
        raise InvalidInput(
            f"{export.form} is of every account: only html is of one",
            param="--account" if export.account is not None else "--asset",
        )


def export_ledger(deps: Deps, export: Export, put: Callable[[str], object]) -> Exported:
    """Hand the text to `put` piece by piece, all from one view of the ledger.

    `put` is to be quick (a file): the ledger is being read until it has everything. Raises
    `InvalidInput`, `NotFound`.
    """
    check_export(export)
    with deps.store.reading() as reader:
        start = 0 if export.since is None else reader.position(export.since, strictly=True)
        end = reader.position(export.until)
        count = 0

        def counted() -> Iterator[EntryRecord]:
            nonlocal count
            for record in history(reader, start, end):
                count += 1
                yield record

        if export.account is not None:
            account, asset = account_and_asset(reader, export.account, export.asset)
            statement = statement_of(reader, account, asset, since=export.since, until=export.until)
            count = len(statement.lines)
            pieces = page_of(deps.exports, statement)
        else:
            pieces = deps.exports.journal(export.form, counted(), accounts_at(reader, end))
        for piece in pieces:
            put(piece)
        return Exported(count, *reader.head(end))
