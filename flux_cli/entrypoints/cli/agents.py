"""`flux agents list|show|leaderboard|stats|add|fund|pause|resume`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing, open_flux
from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.domain.money import CREDIT, Asset, find_asset, parse_money
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.market_selling import NOT_COUNTED, PAYERS
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.output import Format
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.change_caps import set_paused
from flux_cli.usecases.describe_run import describe_entry
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.view_agents import agent_named, describe_agent, describe_agents
from flux_cli.usecases.view_market import describe_stats, leaderboard

app = noun("Who earns and spends.")

COLUMNS = (
    Column("name", "agent"),
    Column("kind", "kind"),
    Column("currency", "currency"),
    Column("available", "available", "money"),
    Column("held", "held", "money"),
    Column("net", "net", "money"),
    Column("status", "status", "status"),
    Column("frozen", "frozen"),
)
PEOPLE_COLUMNS = tuple(column for column in COLUMNS if column.field != "currency")
BALANCES = (
    Column("available", "available", "money"),
    Column("held", "held", "money"),
    Column("earned", "earned", "money"),
    Column("spent", "spent", "money"),
    Column("net", "net", "money"),
)
BEST = (
    Column("rank", "rank", "number"),
    Column("agent", "agent"),
    Column("quality", "quality", "number"),
    Column("reliability", "reliability", "number"),
    Column("jobs", "jobs", "number"),
    Column("earned", "earned", "money"),
)
PURSE = {"currency", "available", "held", "total", "earned", "spent", "net", "transactions"}
"""What stands in the table too, where there is more than one asset."""

LINES = frozenset(Format) - {Format.JSON, Format.JSONL}
"""The forms in which an agent has a line for each asset; in JSON it is one object."""


@verb(app, "list", examples=("flux agents list", "flux agents list --json"))
def list_(flux: Invocation) -> None:
    """List every agent and its money, a line for each asset it has."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = describe_agents(reader)
    if flux.form in LINES and not flux.wish.quiet:
        rows = [{**agent, **purse} for agent in rows for purse in _balances(agent)]
    columns = PEOPLE_COLUMNS if flux.for_people else COLUMNS
    flux.show(Listing("agent", rows, columns, empty="no agents: `flux init` founds an economy"))


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
    tables = {"balances": BALANCES}
    flux.show(Document("agent", shown, tables=tables, last="money is simulated"))


@verb(app, "leaderboard", examples=("flux agents leaderboard",))
def best(flux: Invocation) -> None:
    """List the specialists, the best proven first; `flux market show` says why."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        rows = leaderboard(deps, reader)
    last = str(rows[0]["formula"]) if rows else ""
    flux.show(Listing("reputation", rows, BEST, empty="no specialists: `flux init`", last=last))


@verb(app, "stats", examples=("flux agents stats researcher",))
def stats(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name, or its id.")],
) -> None:
    """Show an agent's reputation and every number that it comes from."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = describe_stats(deps, reader, agent_named(reader, name).name)
    tables = {"payers": PAYERS, "not_counted": NOT_COUNTED}
    last = "weights are thousandths of a verdict; quality and reliability are of 10000"
    flux.show(Document("reputation", whole, tables=tables, last=last))


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


@verb(app, "add", examples=("flux agents add courier --kind buyer",))
def add(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its exact name, for good.")],
    kind: Annotated[AgentKind, typer.Option(help="What it is in the economy for.")] = (
        AgentKind.BUYER
    ),
    display_name: Annotated[str, typer.Option(help="What people see; the name without.")] = "",
) -> None:
    """Enter an agent; it may be paid, and spends nothing until it has a policy."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    agent = open_agent(deps, name, None, display_name=display_name or name, kind=kind)
    last = f"`flux policy set {shlex.quote(name)} FILE` lets it spend"
    flux.show(Document("agent", _entered(agent), last=last))


@verb(app, "pause", examples=("flux agents pause researcher",))
def pause(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name.")],
) -> None:
    """Stop an agent from spending; anybody may."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    agent = set_paused(deps, name, paused=True)
    last = f"paused; `flux agents resume {shlex.quote(name)}` lets it spend again"
    flux.show(Document("agent", _entered(agent), last=last))


@verb(app, "resume", examples=("flux agents resume researcher",))
def resume(
    flux: Invocation,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name.")],
    owner_token_file: TokenFile = None,
) -> None:
    """Let a paused agent spend again. The owner alone may."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    what = f"{name} would spend again."
    prove_owner(flux, deps, what, name, token_file=owner_token_file)
    agent = set_paused(deps, name, paused=False)
    flux.show(Document("agent", _entered(agent), last="it may spend again"))


def _entered(agent: Agent) -> dict[str, object]:
    return {
        "id": agent.id,
        "name": agent.name,
        "display_name": agent.display_name,
        "kind": agent.kind,
        "status": agent.status,
    }


def _asset(code: str) -> Asset:
    try:
        return find_asset(code)
    except InvalidInput as error:
        raise InvalidInput(error.message, param="--asset", fixes=error.fixes) from None


def _balances(agent: Mapping[str, object]) -> list[Mapping[str, object]]:
    """An agent's purses, one for each asset."""
    balances = agent["balances"]
    assert isinstance(balances, list), "an agent has a list of balances"
    return balances


def _brief(whole: Mapping[str, object]) -> dict[str, object]:
    """Reputation and policy in words; the rest as it is."""
    reputation, policy = whole["reputation"], whole["policy"]
    assert isinstance(reputation, Mapping), "an agent has a reputation"
    elsewhere = {"agent", "policy"} | (PURSE if len(_balances(whole)) > 1 else {"balances"})
    shown = {key: value for key, value in whole.items() if key not in elsewhere}
    shown["reputation"] = (
        f"{reputation['accepted']} accepted, {reputation['rejected']} rejected,"
        f" {reputation['on_time']} on time, {reputation['late']} late"
    )
    if not isinstance(policy, Mapping):
        return shown | {"policy": "none: it may spend nothing"}
    shown["policy"] = f"number {policy['number']}"
    always = ("per_payment", "limits", "approval_threshold", "owner_threshold", "payees")
    limits = [_in_words(limit) for limit in policy["limits"]]
    told = {**policy, "limits": "; ".join(limits) or None}
    told["hours"] = "; ".join(_time(hours) for hours in policy["hours"])
    rest = {key: told[key] for key in TOLD_IF_SET if told[key] not in NOT_SET}
    return shown | {key: told[key] for key in always} | rest


TOLD_IF_SET = (
    *("denied_payees", "assets", "rails", "hours", "minimum_balance", "require_justification"),
    *("least_return_percent", "duplicate_window", "paused", "note"),
)
"""What a policy may also say."""

NOT_SET: tuple[object, ...] = (None, False, "", frozenset())


def _in_words(limit: Mapping[str, object]) -> str:
    """A limit as people say it, e.g. `$1,000.00 in 24h`, `3 payments in 1h by payee`."""
    amount, count, below = limit["amount"], limit["count"], limit["below"]
    caps = [] if amount is None else [str(amount)]
    caps += [] if count is None else [f"{count} payments"]
    words = f"{' and '.join(caps) or 'no cap'} in {limit['window']}"
    scope, only = str(limit["scope"]), limit["only"]
    if scope != "agent":
        words += f" by {scope}" + (f" {only}" if only is not None else "")
    return words if below is None else f"{words}, of at most {below} each"


def _time(hours: Mapping[str, object]) -> str:
    """Hours as people say them, e.g. `weekdays 1, 2 09:00-17:30 UTC`."""
    days, since, until = hours["weekdays"], hours["from_minute"], hours["until_minute"]
    assert isinstance(days, frozenset), "weekdays are a set"
    assert isinstance(since, int), "minutes are counted"
    assert isinstance(until, int), "minutes are counted"
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in (since, until)]
    return f"weekdays {', '.join(map(str, sorted(days)))} {'-'.join(clock)} UTC"
