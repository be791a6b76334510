"""`flux ledger balance|accounts|entries`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.journal import WORLD, EntryKind, wallet
from flux_cli.domain.runs import Run
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.pages import PAGED
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, InvalidInput, NotFound
from flux_cli.usecases.ports import AccountBalance, Reader
from flux_cli.usecases.view_agents import agent_named, describe_balances, every_agent, sums
from flux_cli.usecases.view_entries import summarise_entry

app = noun("Balances, accounts and entries.")

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


@verb(app, "balance", examples=("flux ledger balance", "flux ledger balance researcher"))
def balance(
    flux: Invocation,
    subject: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT|AGENT]", help="Only this one.")
    ] = None,
) -> None:
    """Show what every agent has, earned and spent."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        last = _sum_in_words(reader)
        if subject is not None and (subject == WORLD or ":" in subject):
            accounts = [_account(one) for one in _accounts_named(reader, subject)]
            if len(accounts) == 1:
                flux.show(Document("account", accounts[0], last=last))
            else:
                flux.show(Listing("account", accounts, ACCOUNT_COLUMNS, last=last))
            return
        if subject is not None:
            rows = describe_balances(reader, [agent_named(reader, subject)])
            flux.show(Document("balance", rows[0], last=last))
            return
        rows = describe_balances(reader, every_agent(reader))
    empty = "no agents: `flux init` founds an economy"
    flux.show(Listing("balance", rows, BALANCE_COLUMNS, empty=empty, last=last))


@verb(app, "accounts", examples=("flux ledger accounts",))
def accounts(flux: Invocation) -> None:
    """List every account and what is in it."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = [_account(one) for one in reader.accounts()]
        last = _sum_in_words(reader)
    flux.show(Listing("account", rows, ACCOUNT_COLUMNS, last=last))


@verb(
    app,
    "entries",
    options=PAGED | {"agent", "run"},
    examples=("flux ledger entries --agent researcher", "flux ledger entries --kind hold"),
)
def entries(
    flux: Invocation,
    kind: Annotated[EntryKind | None, typer.Option(help="Only movements of this kind.")] = None,
) -> None:
    """List movements of money, newest first."""
    before = _cursor(flux.after)
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        account = None if flux.agent is None else wallet(agent_named(reader, flux.agent).name)
        run_id = None if flux.run is None else reader.resolve(Run, flux.run).id
        found = reader.entries(
            limit=flux.limit + 1, before=before, account=account, run_id=run_id, kind=kind
        )
    rows = [summarise_entry(record) for record in found[: flux.limit]]
    following = str(rows[-1]["seq"]) if len(found) > len(rows) else None
    brief = flux.for_people and flux.wish.fields is None
    if brief:
        rows = [row | {"route": _route(row), "minute": _minute(row)} for row in rows]
    columns = PEOPLE_COLUMNS if brief else ENTRY_COLUMNS
    flux.show(Listing("entry", rows, columns, following, empty="no entries"))


def _cursor(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput(f"{text[:64]!r} is no cursor: it is an entry's seq", param="--after")
    return int(text)


def _accounts_named(reader: Reader, name: str) -> list[AccountBalance]:
    """The account in each asset it holds; raises `NotFound`."""
    found = [one for one in reader.accounts() if one.name == name]
    if not found:
        raise NotFound(
            f"no account {name[:80]!r}",
            subject=name[:80],
            fixes=(Fix("see which there are", ("flux", "ledger", "accounts")),),
        )
    return found


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
    if kind in {"card", "escrow"}:
        return f"{kind}:…{name[-4:]}"
    return name if kind == "wallet" else account


def _minute(row: Mapping[str, object]) -> str:
    recorded = row["recorded_at"]
    assert isinstance(recorded, datetime), "an entry has its time"
    return f"{recorded:%m-%d %H:%M}"
