"""`flux wallets`: what agents have in each asset, and how the owner moves it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.exchanges import Exchange, parse_rate
from flux_cli.domain.money import CREDIT, Money
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.pay import pay
from flux_cli.entrypoints.cli.payment_requests import (
    AmountText,
    AssetCode,
    amount_of,
    asset_of,
    key_of,
    refuse_above_maximum,
)
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.describe_run import describe_entry, shallow
from flux_cli.usecases.exchange import Wanted, exchange
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.view_agents import agent_named, every_agent
from flux_cli.usecases.wallets import describe_wallets, withdraw

app = noun("What each agent has, asset by asset.")

AgentName = Annotated[str, typer.Argument(metavar="AGENT", help="The agent's name.")]
PLACES = (
    Column("available", "available", "money"),
    Column("held", "held", "money"),
    Column("carded", "carded", "money"),
    Column("escrowed", "escrowed", "money"),
    Column("streamed", "streamed", "money"),
    Column("total", "total", "money"),
)
COLUMNS = (Column("agent", "agent"), Column("currency", "currency"), *PLACES)
SIMULATED = "money is simulated"


@verb(app, "list", examples=("flux wallets list", "flux wallets list --json"))
def list_(flux: Invocation) -> None:
    """List every agent's money in each asset: what is free, and where the rest is."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = describe_wallets(reader, every_agent(reader))
    columns = _for_people(rows) if flux.for_people else COLUMNS
    empty = "no agents: `flux init` founds an economy"
    flux.show(Listing("wallet", rows, columns, empty=empty, last=SIMULATED if rows else ""))


@verb(app, "show", examples=("flux wallets show orchestrator",))
def show(flux: Invocation, name: AgentName) -> None:
    """Show one agent's money, a line for each asset."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = describe_wallets(reader, [agent_named(reader, name)])
    columns = _for_people(rows) if flux.for_people else COLUMNS
    flux.show(Listing("wallet", rows, columns, last=SIMULATED))


def _for_people(rows: list[dict[str, object]]) -> tuple[Column, ...]:
    """Without the places where nobody has anything: amounts say their currency themselves."""
    used = {place.field for place in PLACES for row in rows if _some(row[place.field])}
    shown = used | {"available", "total"}
    return (Column("agent", "agent"), *(place for place in PLACES if place.field in shown))


def _some(amount: object) -> bool:
    return isinstance(amount, Money) and amount.units != 0


verb(
    app,
    "transfer",
    options=MONEY,
    examples=("flux wallets transfer orchestrator researcher 12.50",),
)(pay)


@verb(
    app,
    "withdraw",
    options=MONEY - {"dry_run"},
    examples=(
        "flux wallets withdraw researcher 20",
        "flux wallets withdraw researcher 5 --asset EUR",
    ),
)
def withdraw_(
    flux: Invocation,
    name: AgentName,
    amount: AmountText,
    asset: AssetCode = CREDIT.code,
    owner_token_file: TokenFile = None,
) -> None:
    """Take money out of a wallet and out of the economy, as the owner (simulated)."""
    money = amount_of(amount, asset_of(asset))
    refuse_above_maximum(flux, money)
    deps = open_existing(flux.config, timeout=flux.timeout)
    what = f"{money} would leave {name} and the economy."
    prove_owner(flux, deps, what, "withdraw", token_file=owner_token_file)
    key = key_of(flux, deps)
    expire_due(deps)
    done = withdraw(deps, name, money, key=key)
    last = f"{done.amount} left {done.agent} and the economy, simulated"
    if done.repeated:
        last = f"this key was used before: {done.amount} left {done.agent} only once"
        if not flux.for_people:
            flux.note(last)
    fields = {
        "id": done.entry.id,
        "agent": done.agent,
        "amount": done.amount,
        "available": done.available,
        "idempotency_key": key,
        "repeated": done.repeated,
        "simulated": True,
    }
    entry = {} if flux.for_people else {"entry": describe_entry(done.entry)}
    flux.show(Document("withdrawal", fields | entry, last=last))


@verb(
    app,
    "exchange",
    options=MONEY - {"dry_run"},
    examples=("flux wallets exchange orchestrator 100 CREDIT --to EUR --rate 0.92",),
)
def exchange_(
    flux: Invocation,
    name: AgentName,
    amount: AmountText,
    asset: Annotated[str, typer.Argument(metavar="ASSET", help="What is given, e.g. CREDIT.")],
    to: Annotated[str, typer.Option("--to", metavar="CODE", help="What is taken for it.")],
    rate: Annotated[
        str, typer.Option("--rate", metavar="RATE", help="How much of it one whole ASSET gives.")
    ],
    owner_token_file: TokenFile = None,
) -> ExitCode:
    """Exchange one asset of an agent for another at your rate, rounded down (simulated)."""
    money, target = amount_of(amount, asset_of(asset, "ASSET")), asset_of(to, "--to")
    try:
        exact = parse_rate(rate)
    except InvalidInput as error:
        raise InvalidInput(error.message, param="--rate") from None
    refuse_above_maximum(flux, money)
    deps = open_existing(flux.config, timeout=flux.timeout)
    what = f"{name} would give {money} at {rate} {target.code} for each {money.asset.code}."
    prove_owner(flux, deps, what, "exchange", token_file=owner_token_file)
    key = key_of(flux, deps)
    expire_due(deps)
    made = exchange(deps, Wanted(name, money, target, exact), key=key)
    flux.show(_exchange_document(made, for_people=flux.for_people))
    return ExitCode.OK


def _exchange_document(made: Exchange, *, for_people: bool) -> Document:
    # As it was given: nine digits at most stand after the point.
    rate = Decimal(made.rate_numerator) / made.rate_denominator
    last = f"{made.given} became {made.taken}, simulated"
    if for_people:
        lost = f"{made.lost} of {Money(1, made.taken.asset)}" if made.lost else "nothing"
        told = {
            "id": made.id,
            "agent": made.agent,
            "given": made.given,
            "taken": made.taken,
            "rate": f"{rate:f} {made.taken.asset.code} for each {made.given.asset.code}",
            "lost by rounding down": lost,
            "idempotency_key": made.key,
        }
        return Document("exchange", told, last=last)
    whole = shallow(made) | {
        "residue_of": str(made.parts_of_a_unit),
        "rounding": "down",
        "simulated": True,
    }
    return Document("exchange", whole, last=last)
