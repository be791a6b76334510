"""`flux agents list|show|fund`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing, open_flux
from flux_cli.domain.money import CREDIT, Asset, find_asset, parse_money
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.describe_run import describe_entry
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.view_agents import agent_named, describe_agent, describe_agents

app = noun("Who earns and spends.")

COLUMNS = (
    Column("name", "agent"),
    Column("kind", "kind"),
    Column("available", "available", "money"),
    Column("held", "held", "money"),
    Column("net", "net", "money"),
    Column("status", "status", "status"),
    Column("frozen", "frozen"),
)


@verb(app, "list", examples=("flux agents list", "flux agents list --json"))
def list_(flux: Invocation) -> None:
    """List every agent and its money."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = describe_agents(reader)
    flux.show(Listing("agent", rows, COLUMNS, empty="no agents: `flux init` founds an economy"))


@verb(app, "show", examples=("flux agents show researcher",))
def show(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name, or its id.")],
) -> None:
    """Show an agent: its money, its limits and its reputation."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = describe_agent(reader, agent_named(reader, name))
    shown = _brief(whole) if flux.for_people else whole
    flux.show(Document("agent", shown, last="money is simulated"))


@verb(
    app,
    "fund",
    options=MONEY - {"dry_run", "max_amount"},
    examples=(
        "flux agents fund orchestrator 50 --idempotency-key may",
        "flux agents fund orchestrator 50.00 --asset EUR",
    ),
)
def fund(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name.")],
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, e.g. 50.00.")],
    asset: Annotated[
        str, typer.Option(metavar="CODE", help="CREDIT, USDC or a currency, e.g. EUR.")
    ] = CREDIT.code,
) -> None:
    """Put simulated money into an agent's wallet."""
    money = parse_money(amount, _asset(asset))
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    key = deps.ids.new("event") if flux.idempotency_key is None else flux.idempotency_key
    funding = fund_agent(deps, name, money, key=key)
    last = f"{funding.agent} was given {funding.amount}, simulated"
    if funding.repeated:
        last = f"this key was used before: {funding.agent} was given {funding.amount} only once"
        if not flux.for_people:
            flux.note(last)
    fields = {
        "id": funding.entry.id,
        "agent": funding.agent,
        "amount": funding.amount,
        "available": funding.available,
        "repeated": funding.repeated,
        "simulated": True,
    }
    entry = {} if flux.for_people else {"entry": describe_entry(funding.entry)}
    flux.show(Document("funding", fields | entry, last=last))


def _asset(code: str) -> Asset:
    try:
        return find_asset(code)
    except InvalidInput as error:
        raise InvalidInput(error.message, param="--asset", fixes=error.fixes) from None


def _brief(whole: Mapping[str, object]) -> dict[str, object]:
    """Reputation and policy in words; the rest as it is."""
    reputation, policy = whole["reputation"], whole["policy"]
    assert isinstance(reputation, Mapping), "an agent has a reputation"
    shown = {key: value for key, value in whole.items() if key not in {"agent", "policy"}}
    shown["reputation"] = (
        f"{reputation['accepted']} accepted, {reputation['rejected']} rejected,"
        f" {reputation['on_time']} on time, {reputation['late']} late"
    )
    if not isinstance(policy, Mapping):
        return shown | {"policy": "none: it may spend nothing"}
    shown["policy"] = f"number {policy['number']}"
    limits = ("per_payment", "rolling_24h", "approval_threshold", "owner_threshold", "payees")
    return shown | {name: policy[name] for name in limits}
