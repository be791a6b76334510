"""One object of the dashboard with its full trail: payment, run, agent, card, cart, settlement."""

from __future__ import annotations

from collections.abc import Callable

from flux_cli.domain.agents import Agent
from flux_cli.domain.card_network import Authorization, NetworkMessage
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import card_account, held, wallet
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import CREDIT
from flux_cli.domain.refusals import Ruling
from flux_cli.domain.runs import Run
from flux_cli.domain.settlements import Settlement
from flux_cli.errors import NotFound
from flux_cli.kernel.authorize import ruled
from flux_cli.usecases.dashboard_ballots import ballots_table, decision_lines
from flux_cli.usecases.dashboard_lists import (
    CONTRACT_COLUMNS,
    PAYMENT_COLUMNS,
    contract_row,
    payment_row,
)
from flux_cli.usecases.dashboard_overview import card_ref, clock, payment_ref, votes_cell, whole
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_purchases import view_cart, view_one_settlement
from flux_cli.usecases.dashboard_runs import view_run
from flux_cli.usecases.dashboard_view import (
    Cell,
    Column,
    Period,
    Prose,
    Ref,
    Row,
    Table,
    Tile,
    Tiles,
    Tone,
    View,
    facts,
    short,
    state_cell,
)
from flux_cli.usecases.describe_run import decision_on
from flux_cli.usecases.gather_facts import gather_facts, policy_of
from flux_cli.usecases.ports import EntryRecord

WAITING = (IntentState.DRAFT, IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)
ENTRY_COLUMNS = (
    Column("time"),
    Column("kind"),
    Column("from", flex=True),
    Column("to", flex=True),
    Column("amount", right=True),
)
LATEST = 50
DAY = Period.DAY.length


def view_detail(reader: WatchReader, ref: Ref) -> View:
    """One object whole; raises `NotFound`."""
    views: dict[str, Callable[[WatchReader, str], View]] = {
        "payment": view_payment_detail,
        "run": view_run,
        "agent": view_agent_detail,
        "card": view_card_detail,
        "contract": view_contract,
        "listing": view_listing,
        "cart": view_cart,
        "settlement": view_one_settlement,
    }
    return views[ref.kind](reader, ref.id)


def view_payment_detail(reader: WatchReader, payment_id: str) -> View:
    """The kernel's checks first, then five ballots, the decision, the card, the entries."""
    intent = reader.get(PaymentIntent, payment_id)
    what = facts(
        "Payment",
        ("payee", ", ".join(f"{share.payee} {share.amount}" for share in intent.shares)),
        ("amount", f"{intent.amount}  {_means(reader, intent)}"),
        ("payer", intent.requester),
        ("state", state_cell(intent.state)),
        ("captured", f"{intent.captured}  released {intent.released}  refunded {intent.refunded}"),
        ("purpose", intent.purpose),
        ("says", intent.justification),
        ("claims back", "" if intent.claimed_return is None else str(intent.claimed_return)),
        ("asked", f"{intent.created_at:%Y-%m-%d %H:%M:%S} UTC  {intent.urgency} urgency"),
        ("run", intent.run_id or ""),
        ("id", intent.id),
    )  # fmt: skip
    entries = entries_table(reader.entries_about(intent.id, LATEST))
    panels = (_checks(reader, intent), ballots_table(reader, intent), entries)
    side = (what, decision_lines(reader, intent), *_card_lines(reader, intent))
    title = f"Payment {short(intent.id)}"
    return View(title, panels, _summary(reader, intent), side, ref=payment_ref(intent.id))


def _means(reader: WatchReader, intent: PaymentIntent) -> str:
    """How it moves, and whether it is real."""
    if not intent.settles_outside:
        return "SIMULATED"
    begun = reader.find(Settlement, intent_id=intent.id, limit=1)
    return f"over {intent.rail}{', SIMULATED' if begun and begun[0].local else ''}"


def _summary(reader: WatchReader, intent: PaymentIntent) -> Tiles:
    """What matters of a payment, all from the ledger and none of it the requester's own words."""
    asset = intent.amount.asset
    today, count = reader.approved(asset, reader.now - DAY, reader.now, intent.requester)
    payees = ", ".join(share.payee for share in intent.shares)
    state = state_cell(intent.state)
    voting = "being voted on" if intent.state is IntentState.AWAITING_QUORUM else "no vote"
    votes = votes_cell(intent).text
    return Tiles((
        Tile("Amount", str(intent.amount), f"by {intent.requester}"),
        Tile("Payee", payees, _means(reader, intent)),
        Tile("State", state.text.removeprefix("… "), f"votes {votes}" if votes else voting,
             state.tone),
        Tile(f"{intent.requester} in 24h", str(today), f"{count} approved", brief="Agent 24h"),
    ))  # fmt: skip


def _checks(reader: WatchReader, intent: PaymentIntent) -> Table:
    """What each rule said: live while it waits, as it was recorded once it is decided."""
    columns = (
        Column("check"),
        Column("says"),
        Column("limit", right=True),
        Column("observed", right=True),
        Column("why", flex=True),
    )
    if intent.state in WAITING:
        try:
            decision = decision_on(reader, intent)
            tally = None if decision is None else decision.tally
            counted = None if tally is None else tally.for_kernel
            rulings = ruled(intent.spend, gather_facts(reader, intent, counted))
        except NotFound as error:
            return Table("Policy checks", columns, (), str(error))
        # What stands in the way first, then what has numbers.
        rulings = tuple(sorted(rulings, key=lambda one: (one.refusal is None, one.limit is None)))
        rows = tuple(_ruling_row(ruling, intent) for ruling in rulings)
        return Table("Policy checks, as things are now", columns, rows)
    recorded = [
        Ruling(one.code, one, one.limit, one.observed, one.unit) for one in intent.refusals
    ] or _passed(reader, intent)
    rows = tuple(_ruling_row(ruling, intent) for ruling in recorded)
    return Table("Policy checks, as decided", columns, rows, "no limit stood against it")


def _passed(reader: WatchReader, intent: PaymentIntent) -> list[Ruling]:
    """The caps on one payment that a permitted one was within, by the policy of now."""
    try:
        policy = policy_of(reader, intent.requester, intent.amount.asset)
    except NotFound:
        return []
    caps = (
        ("per_payment", policy.per_payment),
        ("approval_threshold", policy.approval_threshold),
        ("owner_threshold", policy.owner_threshold),
    )
    units = intent.amount.units
    return [Ruling(name, None, cap.units, units) for name, cap in caps if cap is not None]


def _ruling_row(ruling: Ruling, intent: PaymentIntent) -> Row:
    def told(number: int | None) -> str:
        if number is None:
            return ""
        if ruling.unit != "money":
            return f"{number} {ruling.unit}"
        return whole(type(intent.amount)(number, intent.amount.asset))

    said = "passed"
    if ruling.refusal is not None:
        awaited = ruling.code in ("quorum_required", "owner_required")
        said = "asks" if awaited else "refused"
    elif ruling.rule.endswith("_threshold") and (ruling.observed or 0) > (ruling.limit or 0):
        said = "asked"
    why = "" if ruling.refusal is None else ruling.refusal.message
    cells = (
        Cell(ruling.rule.replace("_", " "), Tone.STRONG),
        state_cell(said),
        Cell(told(ruling.limit)),
        Cell(told(ruling.observed)),
        Cell(why),
    )
    return Row(cells, state=said)


def _card_lines(reader: WatchReader, intent: PaymentIntent) -> tuple[Prose, ...]:
    if intent.card_id is None:
        return ()
    card = reader.get(Card, intent.card_id)
    said = facts(
        "Card, SIMULATED",
        ("number", card.masked),
        ("state", state_cell(card.state)),
        ("spent", f"{card.spent} of {card.limit}"),
    )
    return (said,)


def view_agent_detail(reader: WatchReader, agent_id: str) -> View:
    """An agent: its money, its limits, what it asked for and what it was hired for."""
    agent = reader.get(Agent, agent_id)
    earned, spent, movements = reader.flows(agent.name, CREDIT)
    record = reader.track_record(agent.name)
    who = facts(
        "Agent",
        ("name", agent.name),
        ("shown as", agent.display_name),
        ("kind", agent.kind),
        ("trades", ", ".join(agent.trades)),
        ("status", state_cell(agent.status)),
        ("available", str(reader.balance(wallet(agent.name), CREDIT))),
        ("held", str(reader.balance(held(agent.name), CREDIT))),
        ("earned", str(earned)),
        ("spent", str(spent)),
        ("movements", str(movements)),
        ("accepted", f"{record.accepted} of {record.accepted + record.rejected} jobs"),
        ("on time", f"{record.on_time} of {record.on_time + record.late}"),
        ("id", agent.id),
    )
    rows = tuple(map(payment_row, reader.find(PaymentIntent, requester=agent.name, limit=LATEST)))
    asked = Table("Asked for", PAYMENT_COLUMNS, rows, "it has asked for nothing yet")
    hires = reader.find(Contract, provider=agent.name, limit=LATEST)
    worked = Table(
        "Hired for", CONTRACT_COLUMNS, tuple(map(contract_row, hires)), "nobody hired it yet"
    )
    entries = entries_table(reader.entries(account=wallet(agent.name), limit=LATEST))
    ref = Ref("agent", agent.id, ("flux", "agents", "show", agent.name))
    return View(f"Agent {agent.name}", (asked, worked, entries), side=(who,), ref=ref)


def view_card_detail(reader: WatchReader, card_id: str) -> View:
    """A card, masked, with its authorisations and declines."""
    card = reader.get(Card, card_id)
    what = facts(
        "Card, SIMULATED",
        ("number", card.masked),
        ("state", state_cell(card.state)),
        ("limit", str(card.limit)),
        ("spent", str(card.spent)),
        ("authorised", str(card.authorised)),
        ("left", str(card.remaining)),
        ("returned", str(card.released)),
        ("holder", card.holder),
        ("merchant", card.merchant or "any"),
        ("usage", card.usage.replace("_", " ")),
        ("expires", f"{card.expiry}, at {card.expires_at:%Y-%m-%d %H:%M} UTC"),
        ("purpose", card.purpose),
        ("payment", card.intent_id),
        ("id", card.id),
    )
    said = Table(
        "At merchants",
        (Column("time"), Column("merchant", flex=True), Column("amount", right=True),
         Column("state")),
        tuple(map(_claim, reader.find(Authorization, card_id=card.id, limit=LATEST)))
        + tuple(
            _decline(one)
            for one in reader.find(NetworkMessage, card_id=card.id, limit=LATEST)
            if one.declined is not None
        ),
        "no merchant has charged it",
    )  # fmt: skip
    entries = entries_table(reader.entries(account=card_account(card.id), limit=LATEST))
    return View(f"Card •••• {card.last_four}", (said, entries), side=(what,), ref=card_ref(card.id))


def _claim(one: Authorization) -> Row:
    cells = (
        Cell(clock(one.at), Tone.DIM),
        Cell(one.merchant),
        Cell(str(one.amount), Tone.STRONG),
        state_cell(one.state),
    )
    return Row(cells, state=one.state, amount=one.amount)


def _decline(one: NetworkMessage) -> Row:
    cells = (
        Cell(clock(one.at), Tone.DIM),
        Cell(one.merchant),
        Cell("–" if one.amount is None else str(one.amount)),
        Cell(f"✗ {one.declined}".replace("_", " "), Tone.BAD),
    )
    return Row(cells, state="declined")


def view_contract(reader: WatchReader, contract_id: str) -> View:
    """One hire: who else was ranked, and every check of its work."""
    one = reader.get(Contract, contract_id)
    what = facts(
        "Contract",
        ("agent", one.provider),
        ("trade", one.trade),
        ("price", str(one.price)),
        ("state", state_cell(one.state)),
        ("work", one.summary),
        ("files", str(len(one.artefacts))),
        ("run", one.run_id),
        ("id", one.id),
    )
    ranked = Table(
        "Ranking",
        (Column("agent", flex=True), Column("quote", right=True), Column("score", right=True)),
        tuple(
            Row((Cell(rank.provider), Cell(str(rank.quote)),
                 Cell(rank.ineligible or f"{rank.score / 100:.2f}")))
            for rank in one.ranking
        ),
    )  # fmt: skip
    checks = Table(
        "Acceptance checks",
        (Column("check", flex=True), Column("result")),
        tuple(
            Row((Cell(check.name), state_cell("passed" if check.passed else "failed")))
            for check in one.checks
        ),
        "its work was not checked yet",
    )
    run = reader.get(Run, one.run_id)
    ref = Ref("contract", one.id, ("flux", "runs", "show", run.id))
    return View(f"Contract {short(one.id)}", (checks, ranked), side=(what,), ref=ref)


def view_listing(reader: WatchReader, listing_id: str) -> View:
    """What an agent sells."""
    one = reader.get(Listing, listing_id)
    what = facts(
        "Listing",
        ("agent", one.provider),
        ("trade", one.trade),
        ("title", one.title),
        ("says", one.description),
        ("price", f"{one.price_min} to {one.price_max}"),
        ("turnaround", f"{one.turnaround_hours} h"),
        ("takes work", "yes" if one.active else "no"),
        ("id", one.id),
    )
    ref = Ref("listing", one.id, ("flux", "market", "list"))
    return View(f"Listing {one.title}", (what,), ref=ref)


def entries_table(records: list[EntryRecord]) -> Table:
    """Entries, a row each movement."""
    rows = []
    for record in records:
        entry = record.entry
        rows += [
            Row((
                Cell(clock(record.recorded_at), Tone.DIM),
                Cell(entry.kind.replace("_", " ")),
                Cell(_account(move.source)),
                Cell(_account(move.target)),
                Cell(str(move.amount), Tone.STRONG),
            ))
            for move in entry.moves
        ]  # fmt: skip
    return Table("Entries", ENTRY_COLUMNS, tuple(rows), "no money has moved for it")


def _account(name: str) -> str:
    kind, colon, rest = name.partition(":")
    return f"{kind}{colon}{short(rest)}" if "_" in rest else name
