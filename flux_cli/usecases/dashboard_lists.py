"""The dashboard's lists: agents, payments, runs, cards, the market, carts, settlements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flux_cli.domain.agents import Agent, AgentStatus
from flux_cli.domain.cards import Card
from flux_cli.domain.carts import Cart
from flux_cli.domain.contracts import Contract
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import held, wallet
from flux_cli.domain.marketplace import Listing, lower_bound
from flux_cli.domain.money import CREDIT
from flux_cli.domain.runs import Run
from flux_cli.domain.settlements import Settlement
from flux_cli.usecases.dashboard_overview import (
    card_ref,
    clock,
    payment_ref,
    payments_tiles,
    settlement_ref,
    votes_cell,
    whole,
)
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Ask,
    Cell,
    Column,
    Filter,
    Period,
    Ref,
    Row,
    Table,
    Tiles,
    Tone,
    View,
    short,
    state_cell,
)
from flux_cli.usecases.freeze import is_frozen

T = TypeVar("T")

PAGE = 500
FURTHEST = 5_000
"""How many objects a filter looks through, newest first, before it gives up."""


def view_agents(reader: WatchReader, ask: Ask) -> View:
    """Who is there, what they have and what became of their work."""
    columns = (
        Column("agent", flex=True),
        Column("kind", drop=2),
        Column("available", right=True),
        Column("held", right=True, drop=1),
        Column("earned", right=True, drop=3),
        Column("spent", right=True, drop=3),
        Column("jobs", right=True, drop=4),
        Column("quality", right=True, drop=5),
        Column("status"),
    )
    table = list_table(reader, ask, Agent, "Agents", columns, lambda one: _agent(reader, one))
    return View("Agents", (table,))


def _agent(reader: WatchReader, agent: Agent) -> Row:
    earned, spent, _ = reader.flows(agent.name, CREDIT)
    record = reader.track_record(agent.name)
    frozen = is_frozen(reader, agent.name)
    state = "frozen" if frozen else agent.status.value
    done = record.accepted + record.rejected
    quality = f"{lower_bound(record.accepted, record.rejected) // 100}%" if done else "–"
    available = reader.balance(wallet(agent.name), CREDIT)
    return Row(
        (
            Cell(agent.name, Tone.STRONG),
            Cell(agent.kind),
            Cell(whole(available)),
            Cell(whole(reader.balance(held(agent.name), CREDIT)), Tone.DIM),
            Cell(whole(earned)),
            Cell(whole(spent)),
            Cell(f"{record.accepted}/{done}" if done else "–"),
            Cell(quality),
            state_cell(state if frozen or agent.status is not AgentStatus.ACTIVE else "active"),
        ),
        Ref("agent", agent.id, ("flux", "agents", "show", agent.name)),
        agent.name,
        state,
        available,
    )


PAYMENT_COLUMNS = (
    Column("time"),
    Column("id", drop=2),
    Column("agent", drop=3),
    Column("purpose", flex=True),
    Column("payee", drop=4),
    Column("amount", right=True),
    Column("votes", drop=1),
    Column("state"),
)


def view_payments(reader: WatchReader, ask: Ask) -> View:
    """Every request for money."""
    empty = "no payments yet: `flux payments request`, `flux pay` or `flux run` makes one"
    equal: dict[str, Any] = {}
    if ask.filter.state in tuple(IntentState):
        equal["state"] = ask.filter.state
    if ask.filter.agent and reader.lookup(Agent, name=ask.filter.agent) is not None:
        equal["requester"] = ask.filter.agent
    table = list_table(
        reader, ask, PaymentIntent, "Payments", PAYMENT_COLUMNS, payment_row, empty, equal
    )
    return View("Payments", (table,), Tiles(payments_tiles(reader, ask)))


def payment_row(intent: PaymentIntent) -> Row:
    """One request for money."""
    cells = (
        Cell(f"{intent.created_at:%m-%d} {clock(intent.created_at)}", Tone.DIM),
        Cell(short(intent.id), Tone.DIM),
        Cell(intent.requester),
        Cell(intent.purpose),
        Cell(", ".join(share.payee for share in intent.shares)),
        Cell(str(intent.amount), Tone.STRONG),
        votes_cell(intent),
        state_cell(intent.state),
    )
    return Row(cells, payment_ref(intent.id), intent.requester, intent.state, intent.amount)


def view_approvals(reader: WatchReader, ask: Ask) -> View:
    """What waits for the owner: payee, amount and the day's total first, all from the ledger."""
    columns = (
        Column("payee", flex=True),
        Column("amount", right=True),
        Column("agent 24h", right=True, drop=1),
        Column("agent", drop=2),
        Column("id", drop=3),
        Column("until", drop=4),
    )

    def row(intent: PaymentIntent) -> Row:
        today, _ = reader.approved(
            intent.amount.asset, reader.now - Period.DAY.length, reader.now, intent.requester
        )
        cells = (
            Cell(", ".join(share.payee for share in intent.shares), Tone.STRONG),
            Cell(str(intent.amount), Tone.STRONG),
            Cell(str(today)),
            Cell(intent.requester),
            Cell(short(intent.id), Tone.DIM),
            Cell(f"{intent.expires_at:%m-%d %H:%M}", Tone.DIM),
        )
        return Row(cells, payment_ref(intent.id), intent.requester, intent.state, intent.amount)

    table = list_table(
        reader, ask, PaymentIntent, "Waiting for the owner", columns, row,
        "nothing waits for you", {"state": IntentState.AWAITING_OWNER.value},
    )  # fmt: skip
    return View("Approvals", (table,))


def view_runs(reader: WatchReader, ask: Ask) -> View:
    """Every goal carried out."""
    columns = (
        Column("time"),
        Column("id", drop=2),
        Column("scenario", drop=1),
        Column("goal", flex=True),
        Column("budget", right=True),
        Column("files", right=True, drop=3),
        Column("state"),
    )
    empty = "no runs yet: `flux run marketing-campaign` in another terminal shows up here, live"
    return View("Runs", (list_table(reader, ask, Run, "Runs", columns, _run, empty),))


def _run(run: Run) -> Row:
    cells = (
        Cell(f"{run.created_at:%m-%d} {clock(run.created_at)}", Tone.DIM),
        Cell(short(run.id), Tone.DIM),
        Cell(run.scenario or "free goal"),
        Cell(run.goal),
        Cell("–" if run.budget is None else str(run.budget), Tone.STRONG),
        Cell(str(len(run.deliverables))),
        state_cell(run.state),
    )
    ref = Ref("run", run.id, ("flux", "runs", "show", run.id))
    return Row(cells, ref, run.requester, run.state, run.budget)


def view_cards(reader: WatchReader, ask: Ask) -> View:
    """Every one-time card, masked."""
    columns = (
        Column("number"),
        Column("holder", drop=1),
        Column("purpose", flex=True),
        Column("limit", right=True),
        Column("spent", right=True),
        Column("left", right=True, drop=2),
        Column("state"),
    )
    empty = "no cards yet: `flux cards issue`, or a run that is approved, makes one"
    table = list_table(reader, ask, Card, "Cards (SIMULATED)", columns, _card, empty)
    return View("Cards", (table,))


def _card(card: Card) -> Row:
    cells = (
        Cell(f"•••• {card.last_four}"),
        Cell(card.holder),
        Cell(card.purpose),
        Cell(str(card.limit), Tone.STRONG),
        Cell(str(card.spent)),
        Cell(str(card.remaining)),
        state_cell(card.state),
    )
    return Row(cells, card_ref(card.id), card.holder, card.state, card.limit)


CONTRACT_COLUMNS = (
    Column("time"),
    Column("agent"),
    Column("task", flex=True),
    Column("price", right=True),
    Column("checks", right=True, drop=1),
    Column("state"),
)


def view_market(reader: WatchReader, ask: Ask) -> View:
    """What agents sell, and the hires so far."""
    listings = list_table(
        reader, ask, Listing, "Listings",
        (Column("agent"), Column("title", flex=True), Column("from", right=True),
         Column("to", right=True), Column("hours", right=True, drop=1)),
        _listing, "no listings: `flux init` founds a market",
    )  # fmt: skip
    contracts = list_table(
        reader, ask, Contract, "Contracts",
        CONTRACT_COLUMNS, contract_row, "no hires yet: `flux run marketing-campaign`",
    )  # fmt: skip
    return View("Market", (contracts, listings))


def _listing(one: Listing) -> Row:
    cells = (
        Cell(one.provider, Tone.STRONG),
        Cell(one.title),
        Cell(str(one.price_min)),
        Cell(str(one.price_max)),
        Cell(str(one.turnaround_hours)),
    )
    return Row(cells, Ref("listing", one.id), one.provider, "", one.price_max)


def contract_row(one: Contract) -> Row:
    """One hire."""
    passed = sum(check.passed for check in one.checks)
    cells = (
        Cell(clock(one.created_at), Tone.DIM),
        Cell(one.provider, Tone.STRONG),
        Cell(one.summary or one.task_id),
        Cell(str(one.price)),
        Cell(f"{passed}/{len(one.checks)}" if one.checks else "–"),
        state_cell(one.state),
    )
    command = ("flux", "runs", "show", one.run_id)
    return Row(cells, Ref("contract", one.id, command), one.provider, one.state, one.price)


def view_shopping(reader: WatchReader, ask: Ask) -> View:
    """Every cart over several shops."""
    columns = (
        Column("id", drop=2),
        Column("wish", flex=True),
        Column("lines", right=True, drop=3),
        Column("shops", right=True, drop=3),
        Column("total", right=True),
        Column("arrives", drop=1),
        Column("state"),
    )
    empty = 'no carts yet: `flux buy "hackathon kit" --budget 200 --by +5d` makes one'
    return View("Shopping", (list_table(reader, ask, Cart, "Carts", columns, _cart, empty),))


def _cart(cart: Cart) -> Row:
    cells = (
        Cell(short(cart.id), Tone.DIM),
        Cell(cart.wish),
        Cell(str(len(cart.lines))),
        Cell(str(len(cart.legs))),
        Cell(str(cart.total), Tone.STRONG),
        Cell(cart.arrives.isoformat()),
        state_cell(cart.state),
    )
    ref = Ref("cart", cart.id, ("flux", "carts", "show", cart.id))
    return Row(cells, ref, cart.buyer, cart.state, cart.total)


def view_settlement(reader: WatchReader, ask: Ask) -> View:
    """What leaves over a chain."""
    columns = (
        Column("id", drop=1),
        Column("payee", flex=True),
        Column("amount", right=True),
        Column("chain", drop=2),
        Column("tries", right=True, drop=3),
        Column("proof", drop=4),
        Column("state"),
    )
    empty = "nothing leaves over a chain: a payment with `--rail arc` does"
    table = list_table(reader, ask, Settlement, "Settlements", columns, _settlement, empty)
    return View("Settlement", (table,))


def _settlement(one: Settlement) -> Row:
    proof = "–" if one.proof is None else f"block {one.proof.block_number}"
    cells = (
        Cell(short(one.id), Tone.DIM),
        Cell(one.payee),
        Cell(str(one.amount), Tone.STRONG),
        Cell("this machine, SIMULATED" if one.local else f"chain {one.terms.chain_id}"),
        Cell(str(one.attempts)),
        Cell(proof),
        state_cell(one.state),
    )
    return Row(cells, settlement_ref(one.id), one.requester, one.state, one.amount)


def list_table(
    reader: WatchReader,
    ask: Ask,
    kind: type[T],
    title: str,
    columns: tuple[Column, ...],
    row: Callable[[T], Row],
    empty: str = "nothing here yet",
    equal: dict[str, Any] | None = None,
) -> Table:
    """The newest rows of a kind that pass the filter, as many as asked for."""
    found: list[Row] = []
    before: str | None = None
    looked, exhausted = 0, False
    size = min(PAGE, ask.limit) if ask.filter == Filter() else PAGE
    while len(found) < ask.limit and looked < FURTHEST and not exhausted:
        page = reader.find(kind, limit=size, before=before, **(equal or {}))
        found += [one for one in map(row, page) if ask.filter.passes(one)]
        looked, exhausted = looked + len(page), len(page) < size
        before = getattr(page[-1], "id", None) if page else None
    note = "" if exhausted else f"of the latest {looked:,}"
    if ask.filter != Filter():
        empty = "nothing passes the filter: esc clears it"
    return Table(title, columns, tuple(found[: ask.limit]), empty, note, more=not exhausted)
