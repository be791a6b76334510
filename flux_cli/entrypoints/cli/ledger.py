"""`flux ledger …`: balances, accounts, entries; statements and files are in `ledger_files`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.journal import WORLD, EntryKind, wallet
from flux_cli.domain.runs import Run
from flux_cli.entrypoints.cli import ledger_files
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import moment
from flux_cli.entrypoints.cli.output import Format
from flux_cli.entrypoints.cli.pages import PAGED
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.entrypoints.cli.verify import verify
from flux_cli.errors import InvalidInput
from flux_cli.usecases.ports import AccountBalance, Reader
from flux_cli.usecases.trial_balance import (
    TrialBalance,
    accounts_at,
    accounts_of,
    movement_named,
    purse_at,
    trial_balance,
)
from flux_cli.usecases.view_agents import agent_named, describe_balances, every_agent, sums
from flux_cli.usecases.view_entries import entry_named, summarise_entry, view_entry

app = noun("Balances, accounts, entries, statements and exports.")

BALANCE_COLUMNS = (
    Column("agent", "agent"),
    Column("available", "available", "money"),
    Column("held", "held", "money"),
    Column("total", "total", "money"),
    Column("earned", "earned", "money"),
    Column("spent", "spent", "money"),
    Column("net", "net", "money"),
)
ACCOUNT_COLUMNS = (
    Column("id", "account"),
    Column("kind", "kind"),
    Column("balance", "balance", "money"),
    Column("entries", "entries", "number"),
)
ENTRY_COLUMNS = (
    Column("seq", "seq", "number"),
    Column("kind", "kind"),
    Column("from", "from"),
    Column("to", "to"),
    Column("amount", "amount", "money"),
    Column("memo", "memo"),
    Column("recorded_at", "time", "time"),
)
PEOPLE_COLUMNS = (
    Column("seq", "seq", "number"),
    Column("kind", "kind"),
    Column("route", "from → to"),
    Column("amount", "amount", "money"),
    Column("memo", "memo"),
    Column("minute", "time", "time"),
)
ENTRY_TABLES = {
    "moves": (
        Column("seq", "seq", "number"),
        Column("source", "from"),
        Column("target", "to"),
        Column("amount", "amount", "money"),
    ),
    "postings": (
        Column("account", "account"),
        Column("amount", "change", "money"),
        Column("balance_after", "left there", "money"),
    ),
}
TRIAL_TABLES = {
    "accounts": (
        Column("id", "account"),
        Column("kind", "kind"),
        Column("balance", "balance", "money"),
    ),
    "kinds": (
        Column("kind", "kind"),
        Column("accounts", "accounts", "number"),
        Column("total", "total", "money"),
    ),
    "sums": (Column("currency", "currency"), Column("sum", "sum", "money")),
}

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="SEQ|ent_ID|TIME",
        show_default=False,
        help="As it was after this entry, or at this time.",
    ),
]


@verb(
    app,
    "balance",
    examples=(
        "flux ledger balance",
        "flux ledger balance researcher",
        "flux ledger balance wallet:researcher --at 2026-05-01",
    ),
)
def balance(
    flux: Invocation,
    subject: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT|AGENT]", help="Only this one.")
    ] = None,
    at: At = None,
) -> None:
    """Show what every agent has, earned and spent; with --at, what accounts held then."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    is_account = subject is not None and (subject == WORLD or ":" in subject)
    with deps.store.reading() as reader:
        if at is not None:
            seq = _movement(flux, reader, at)
            _show_accounts(flux, _accounts_then(reader, subject, seq), seq, _then(reader, seq))
            return
        last = _sum_in_words(reader)
        if subject is not None and is_account:
            _show_accounts(flux, accounts_of(reader.accounts(), subject), None, last)
            return
        one = None if subject is None else agent_named(reader, subject)
        rows = describe_balances(reader, every_agent(reader) if one is None else [one])
    if one is not None and len(rows) == 1:
        flux.show(Document("balance", rows[0], last=last))
        return
    empty = "no agents: `flux init` founds an economy"
    columns = _with_currency(flux, BALANCE_COLUMNS, "available")
    flux.show(Listing("balance", rows, columns, empty=empty, last=last))


def _accounts_then(reader: Reader, subject: str | None, seq: int) -> list[AccountBalance]:
    if subject is None:
        return accounts_at(reader, seq)
    if subject == WORLD or ":" in subject:
        return accounts_of(accounts_at(reader, seq), subject)
    return purse_at(reader, subject, seq)


def _show_accounts(
    flux: Invocation, found: list[AccountBalance], seq: int | None, last: str
) -> None:
    rows = [_account(one) if seq is None else _account_then(one, seq) for one in found]
    if len(rows) == 1:
        flux.show(Document("account", rows[0], last=last))
        return
    columns = ACCOUNT_COLUMNS if seq is None else ACCOUNT_COLUMNS[:-1]
    flux.show(Listing("account", rows, _with_currency(flux, columns, "balance"), last=last))


def _account_then(one: AccountBalance, seq: int) -> dict[str, object]:
    return {"id": one.name, "kind": one.kind, "balance": one.balance, "at_seq": seq}


@verb(app, "accounts", examples=("flux ledger accounts",))
def accounts(flux: Invocation) -> None:
    """List every account and what is in it."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = [_account(one) for one in reader.accounts()]
        last = _sum_in_words(reader)
    columns = _with_currency(flux, ACCOUNT_COLUMNS, "balance")
    flux.show(Listing("account", rows, columns, last=last))


@verb(
    app,
    "entries",
    options=PAGED | {"agent", "run", "since", "until"},
    examples=(
        "flux ledger entries --agent researcher --since 7d",
        "flux ledger entries --kind hold --text campaign",
    ),
)
def entries(
    flux: Invocation,
    kind: Annotated[EntryKind | None, typer.Option(help="Only movements of this kind.")] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="Only those that touch this account.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Only those with this in the memo.")
    ] = None,
) -> None:
    """List movements of money, newest first."""
    before = _cursor(flux.after)
    if account is not None and flux.agent is not None:
        raise InvalidInput("an agent's entries are its wallet's: leave one out", param="--account")
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        if flux.agent is not None:
            account = wallet(agent_named(reader, flux.agent).name)
        elif account is not None:
            account = accounts_of(reader.accounts(), account)[0].name
        found = reader.entries(
            limit=flux.limit + 1,
            before=before,
            account=account,
            run_id=None if flux.run is None else reader.resolve(Run, flux.run).id,
            kind=kind,
            text=text,
            since=flux.since,
            until=flux.until,
        )
    rows = [summarise_entry(record) for record in found[: flux.limit]]
    following = str(rows[-1]["seq"]) if len(found) > len(rows) else None
    brief = flux.for_people and flux.wish.fields is None
    if brief:
        rows = [row | {"route": _route(row), "minute": _minute(row)} for row in rows]
    columns = PEOPLE_COLUMNS if brief else _with_currency(flux, ENTRY_COLUMNS, "amount")
    last = "money is simulated"
    flux.show(Listing("entry", rows, columns, following, empty="no entries", last=last))


@verb(app, "show", examples=("flux ledger show 12", "flux ledger show ent_01"))
def show(
    flux: Invocation,
    entry: Annotated[
        str, typer.Argument(metavar="ENTRY", help="Its id, the end of it, or its seq.")
    ],
) -> None:
    """Show an entry: its moves, what they left, who allowed it, and its hash."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_entry(reader, entry_named(reader, entry))
    if flux.for_people:
        moves = whole["moves"]
        assert isinstance(moves, list), "an entry has moves"
        left_out = {"from", "to"} | ({"moves"} if len(moves) == 1 else set())
        whole = {key: value for key, value in whole.items() if key not in left_out}
    flux.show(Document("entry", whole, tables=ENTRY_TABLES, last="money is simulated"))


@verb(
    app,
    "trial-balance",
    examples=("flux ledger trial-balance", "flux ledger trial-balance --at 2026-05-01"),
)
def trial(flux: Invocation, at: At = None) -> ExitCode:
    """Show every account, each kind's total, and that all of it sums to zero.

    Ends with 9 if it does not.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        seq = reader.position() if at is None else _movement(flux, reader, at)
        found = trial_balance(reader, seq)
        last = _then(reader, seq)
    if flux.for_people or flux.form is Format.JSON:
        last = f"{_sums(found)}; {last}"
        flux.show(Document("trial_balance", _trial(found), tables=TRIAL_TABLES, last=last))
    else:
        rows = [_account_then(one, seq) for one in found.accounts]
        columns = _with_currency(flux, ACCOUNT_COLUMNS[:-1], "balance")
        flux.show(Listing("account", rows, columns))
    return ExitCode.OK if found.balanced else ExitCode.INTEGRITY


verb(app, "verify", examples=("flux ledger verify",))(verify)
ledger_files.register(app)


def _trial(found: TrialBalance) -> dict[str, object]:
    return {
        "seq": found.seq,
        "head": found.head,
        "balanced": found.balanced,
        "accounts": [_account_then(one, found.seq) for one in found.accounts],
        "kinds": [
            {"kind": one.kind, "accounts": one.accounts, "total": one.total} for one in found.kinds
        ],
        "sums": [{"currency": one.asset.code, "sum": one} for one in found.sums],
        "simulated": True,
    }


def _sums(found: TrialBalance) -> str:
    if found.balanced:
        return f"all {len(found.accounts)} accounts sum to zero"
    return f"the {len(found.accounts)} accounts do not sum to zero: run `flux verify`"


def _movement(flux: Invocation, reader: Reader, text: str) -> int:
    """The movement after which --at looks; raises `NotFound`, `InvalidInput`."""
    if text.startswith("ent_") or (text.isascii() and text.isdigit()):
        return movement_named(reader, text)
    return reader.position(moment(text, "--at", flux.now))


def _then(reader: Reader, seq: int) -> str:
    return f"after movement {seq} of {reader.position()}; money is simulated"


def _with_currency(flux: Invocation, columns: tuple[Column, ...], field: str) -> tuple[Column, ...]:
    """For programs: a column that says what amounts are counted in, where people see a sign."""
    return columns if flux.for_people else (*columns, Column(f"{field}.currency", "currency"))


def _cursor(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput(f"{text[:64]!r} is no cursor: it is an entry's seq", param="--after")
    return int(text)


def _account(one: AccountBalance) -> dict[str, object]:
    return {"id": one.name, "kind": one.kind, "balance": one.balance, "entries": one.entries}


def _sum_in_words(reader: Reader) -> str:
    count, totals = sums(reader)
    wrong = [str(amount) for amount in totals.values() if amount.units]
    if wrong:
        return f"the {count} accounts sum to {', '.join(wrong)} and not to zero: run `flux verify`"
    return f"all {count} accounts sum to zero; money is simulated"


def _route(row: Mapping[str, object]) -> str:
    """From → to: a wallet is its agent, a long id only its end, which finds it too."""
    sources, targets = row["from"], row["to"]
    assert isinstance(sources, list), "from is a list"
    assert isinstance(targets, list), "to is a list"
    return f"{', '.join(map(_short, sources))} → {', '.join(map(_short, targets))}"


def _short(account: str) -> str:
    kind, _, name = account.partition(":")
    if kind in {"card", "escrow", "stream"}:
        return f"{kind}:…{name[-4:]}"
    return name if kind == "wallet" else account


def _minute(row: Mapping[str, object]) -> str:
    recorded = row["recorded_at"]
    assert isinstance(recorded, datetime), "an entry has its time"
    return f"{recorded:%m-%d %H:%M}"
