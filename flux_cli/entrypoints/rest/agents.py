"""Agents, their limits and their money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Path, Query
from starlette.responses import Response

from flux_cli.domain.agents import Agent, AgentStatus
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.entrypoints.rest import forms
from flux_cli.entrypoints.rest.call import (
    Answer,
    Call,
    IdempotencyKey,
    MayAdminister,
    MayRead,
    listed,
    room,
    shown,
    told,
)
from flux_cli.entrypoints.rest.outs import (
    AgentOut,
    EscrowOut,
    PageOf,
    RecordOut,
    SideOut,
    WalletOut,
    problems,
)
from flux_cli.entrypoints.rest.pages import After, Limit
from flux_cli.entrypoints.rest.problems import Refused
from flux_cli.errors import WrongState
from flux_cli.usecases.agent_history import (
    Side,
    credit_of,
    earnings_of,
    expenses_of,
    history_of,
    noted,
    sides_of,
    spent_of,
    stats_of,
    summary_of,
)
from flux_cli.usecases.api_keys import claim_agent
from flux_cli.usecases.caps import Caps, caps_of
from flux_cli.usecases.change_caps import change_caps, set_paused
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.gather_facts import newest_policy
from flux_cli.usecases.notes import keep_note
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.view_agents import every_agent
from flux_cli.usecases.view_escrows import describe_escrow
from flux_cli.usecases.wallets import Purse, purses, purses_of

if TYPE_CHECKING:
    from flux_cli.usecases.ports import Reader

router = room("/v1", "agents")

AgentPath = Annotated[str, Path(min_length=1, max_length=64, description="The exact name.")]
Latest = Annotated[int, Query(ge=1, le=1000, description="At most so many entries.")]
Cursor = Annotated[int | None, Query(ge=1, le=2**62, description="The last page's `next`.")]


@router.get("/agents", response_model=PageOf[AgentOut])
def list_agents(call: MayRead, limit: Limit = 20, after: str | None = None) -> Response:
    """List agents by name."""
    with call.deps.store.reading() as reader:
        seen = [one for one in every_agent(reader) if call.sight.sees(reader, one.name)]
        rest = [one for one in seen if after is None or one.name > after]
        known = purses(reader)
        rows = [told("agent", tell_agent(reader, one, known)) for one in rest[:limit]]
    return listed(rows, rest[limit - 1].name if len(rest) > limit else None)


@router.post("/agents", status_code=201, response_model=AgentOut, responses=problems(403, 409, 422))
def register(form: forms.AgentForm, call: MayAdminister, key: IdempotencyKey) -> Response:
    """Enter an agent under its exact name; without limits of its own it may spend what it has."""

    def carry_out(engine_key: str) -> Answer:
        note = forms.json_text(form.metadata)
        caps, shown_as = caps_from(form.policy), form.display_name or form.name
        try:
            claim_agent(call.deps, form.name, call.key.owner, engine_key)
            with call.deps.store.reading() as reader:
                there = reader.lookup(Agent, name=form.name) is not None
            if not there:  # a server that died may have entered it for this very request
                open_agent(call.deps, form.name, caps, display_name=shown_as, note=note)
        except WrongState as error:
            raise Refused(409, "already_exists", error.message) from None
        return Answer(201, _agent(call, form.name))

    if call.key.agent is not None:
        raise Refused(403, "scope_missing", "this key acts for one agent and enters no other")
    return call.once(key, form, carry_out)


@router.get("/agents/{name}", response_model=AgentOut, responses=problems(404))
def show_agent(name: AgentPath, call: MayRead) -> Response:
    """Show an agent with its limits and its money."""
    with call.deps.store.reading() as reader:
        name = call.agent(reader, name)
    return shown(_agent(call, name))


@router.put(
    "/agents/{name}/policy", response_model=AgentOut, responses=problems(403, 404, 409, 422)
)
def set_policy(
    name: AgentPath, form: forms.PolicyForm, call: MayAdminister, key: IdempotencyKey
) -> Response:
    """Put tighter limits in place of an agent's; whoever would loosen one needs a terminal."""
    with call.deps.store.reading() as reader:
        name = call.agent(reader, name)

    def carry_out(_: str) -> Answer:
        loosens = change_caps(call.deps, name, caps_from(form), as_owner=False)
        if loosens:
            detail = f"this would loosen {', '.join(loosens)}: the owner does that at a terminal"
            raise Refused(403, "owner_required", detail, {"loosens": list(loosens)})
        return Answer(200, _agent(call, name))

    return call.once(key, form, carry_out)


@router.post("/agents/{name}/pause", response_model=AgentOut, responses=problems(404, 422))
def pause(
    name: AgentPath, form: forms.Nothing, call: MayAdminister, key: IdempotencyKey
) -> Response:
    """Let an agent spend nothing until it is unpaused; it can still be paid."""
    return _switch(call, name, form, key, paused=True)


@router.post("/agents/{name}/unpause", response_model=AgentOut, responses=problems(404, 422))
def unpause(
    name: AgentPath, form: forms.Nothing, call: MayAdminister, key: IdempotencyKey
) -> Response:
    """Let an agent spend again, within its limits."""
    return _switch(call, name, form, key, paused=False)


def _switch(call: Call, name: str, form: forms.Nothing, key: str, *, paused: bool) -> Response:
    with call.deps.store.reading() as reader:
        name = call.agent(reader, name)

    def carry_out(_: str) -> Answer:
        set_paused(call.deps, name, paused=paused)
        return Answer(200, _agent(call, name))

    return call.once(key, form, carry_out)


@router.post(
    "/agents/{name}/fund",
    status_code=201,
    response_model=SideOut,
    responses=problems(404, 409, 422),
)
def fund(
    name: AgentPath, form: forms.FundForm, call: MayAdminister, key: IdempotencyKey
) -> Response:
    """Put simulated money into an agent's wallet, from outside."""
    with call.deps.store.reading() as reader:
        name = call.agent(reader, name)

    def carry_out(engine_key: str) -> Answer:
        funding = fund_agent(call.deps, name, forms.money(form.amount), key=engine_key)
        if form.memo:
            note = forms.json_text({"memo": form.memo})
            keep_note(call.deps, funding.entry.id, note or "")
        with call.deps.store.reading() as reader:
            side = next(sides_of(reader, funding.entry, {wallet(name)}))
        return Answer(201, tell_side(side))

    return call.once(key, form, carry_out)


@router.get("/wallets", response_model=PageOf[WalletOut])
def list_wallets(call: MayRead, limit: Limit = 20, after: str | None = None) -> Response:
    """List wallets by the agents' names."""
    with call.deps.store.reading() as reader:
        seen = [one for one in every_agent(reader) if call.sight.sees(reader, one.name)]
        rest = [one for one in seen if after is None or one.name > after]
        known = purses(reader)
        rows = [_wallet(one.name, known) for one in rest[:limit]]
    return listed(rows, rest[limit - 1].name if len(rest) > limit else None)


@router.get("/agents/{name}/wallet", response_model=WalletOut, responses=problems(404))
def show_wallet(name: AgentPath, call: MayRead) -> Response:
    """Show what an agent can spend, and what is set aside for it."""
    with call.deps.store.reading() as reader:
        name = call.agent(reader, name)
        return shown(_wallet(name, purses(reader)))


@router.get("/agents/{name}/history", response_model=PageOf[SideOut], responses=problems(404))
def show_history(
    name: AgentPath, call: MayRead, limit: Latest = 100, after: Cursor = None
) -> Response:
    """List what came into an agent's wallet and what left it, newest first."""
    with call.deps.store.reading() as reader:
        name = call.agent(reader, name)
        sides = history_of(reader, name, limit, after)
    following = str(sides[-1].seq) if len(sides) >= limit else None
    return listed([tell_side(side) for side in sides], following)


@router.get("/agents/{name}/earnings", response_model=RecordOut, responses=problems(404))
def show_earnings(name: AgentPath, call: MayRead) -> Response:
    """Tell what an agent was paid."""
    with call.deps.store.reading() as reader:
        return shown(told("earnings", earnings_of(reader, call.agent(reader, name))))


@router.get("/agents/{name}/expenses", response_model=RecordOut, responses=problems(404))
def show_expenses(name: AgentPath, call: MayRead) -> Response:
    """Tell what an agent paid."""
    with call.deps.store.reading() as reader:
        return shown(told("expenses", expenses_of(reader, call.agent(reader, name))))


@router.get("/agents/{name}/summary", response_model=RecordOut, responses=problems(404))
def show_summary(name: AgentPath, call: MayRead) -> Response:
    """Tell an agent's money in sum."""
    with call.deps.store.reading() as reader:
        return shown(told("balance_summary", summary_of(reader, call.agent(reader, name))))


@router.get("/agents/{name}/stats", response_model=RecordOut, responses=problems(404))
def show_stats(name: AgentPath, call: MayRead) -> Response:
    """Tell an agent's record: totals, averages, approval rate."""
    with call.deps.store.reading() as reader:
        return shown(told("agent_stats", stats_of(reader, call.agent(reader, name))))


@router.get("/agents/{name}/escrows", response_model=PageOf[EscrowOut], responses=problems(404))
def list_escrows(
    name: AgentPath,
    call: MayRead,
    role: Literal["payer", "payee"] = "payer",
    limit: Limit = 20,
    after: After = None,
) -> Response:
    """List the escrows an agent pays into, or is paid from, newest first."""
    with call.deps.store.reading() as reader:
        equal = {role: call.agent(reader, name)}
        found = reader.find(Escrow, limit=limit + 1, before=after, **equal)  # type: ignore[arg-type]
    rows = [told("escrow", describe_escrow(one)) for one in found[:limit]]
    return listed(rows, found[limit - 1].id if len(found) > limit else None)


def caps_from(form: forms.PolicyForm) -> Caps:
    """The limits that were sent. Raises `InvalidAmount`."""
    return Caps(
        per_payment=forms.some_money(form.per_payment),
        per_day=forms.some_money(form.per_day),
        owner_threshold=forms.some_money(form.owner_threshold),
        payees=None if form.payees is None else frozenset(form.payees),
        paused=form.paused,
    )


def _agent(call: Call, name: str) -> Document:
    with call.deps.store.reading() as reader:
        agent = reader.lookup(Agent, name=name)
        assert agent is not None, "it was entered"
        return told("agent", tell_agent(reader, agent, purses(reader)))


def tell_agent(reader: Reader, agent: Agent, known: dict[str, list[Purse]]) -> Document:
    """An agent with its limits, its money and what its program noted; `known` are all purses."""
    purse, policy = credit_of(agent.name, known), newest_policy(reader, agent.name, CREDIT)
    paused = agent.status is AgentStatus.PAUSED
    nothing = Caps(per_payment=Money(0), paused=paused)
    caps = nothing if policy is None else caps_of(policy, paused=paused)
    spent = spent_of(purse)
    return shallow(agent) | {
        "frozen": is_frozen(reader, agent.name),
        "policy": shallow(caps),
        "wallet": _money(purse),
        "metadata": noted(reader, agent.id),
        "total_earned": purse.earned,
        "total_spent": spent,
        "net_profit": purse.earned - spent,
    }


def _money(purse: Purse) -> Document:
    return {
        "available": purse.available,
        "held": purse.set_aside,
        "total": purse.available + purse.set_aside,
    }


def _wallet(name: str, known: dict[str, list[Purse]]) -> Document:
    balances = [purse.placed() for purse in purses_of(name, known)]
    fields = {"id": wallet(name), "agent": name, **_money(credit_of(name, known))}
    return told("wallet", fields | {"balances": balances})


def tell_side(side: Side) -> Document:
    """One side of an entry."""
    return told("ledger_side", shallow(side))
