"""The first screen: volume, approvals, budget, votes, settlements, and what happens now."""

from __future__ import annotations

from datetime import datetime, timedelta

from flux_cli.domain.agents import ECONOMY, ORCHESTRATOR
from flux_cli.domain.cards import Card
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import WORLD, wallet
from flux_cli.domain.ledgers import Ledger
from flux_cli.domain.money import CREDIT, Money, total
from flux_cli.domain.quorum import SEATS
from flux_cli.domain.runs import Run
from flux_cli.domain.settlements import ENDED, Settlement, SettlementState
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Ask,
    Bar,
    Bars,
    Cell,
    Column,
    Period,
    Plot,
    Prose,
    Ref,
    Row,
    Table,
    Tile,
    Tiles,
    Tone,
    View,
    short,
    state_cell,
)
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.view_agents import every_agent
from flux_cli.usecases.view_economy import OPEN_RUNS

LATEST_BALLOTS = 500
POINTS = 24
MINUTES_A_DAY = 1440
PASSED = (IntentState.APPROVED, IntentState.CAPTURED)
FEED, GLANCE = 60, 24
FEED_COLUMNS = (
    Column("time"),
    Column("id", drop=3),
    Column("what", flex=True),
    Column("amount", right=True),
    Column("votes", drop=1),
    Column("state"),
)


def view_overview(reader: WatchReader, ask: Ask) -> View:
    """The economy now, over the period asked for."""
    spent = None if ask.hasty else spending(reader, ask.period)
    tiles = (
        *payments_tiles(reader, ask, spent),
        _vote_cost(reader, ask.period),
        _settled(reader),
    )
    return View(
        "Overview",
        top=Tiles(tiles),
        main=(live_feed(reader, ask, GLANCE if ask.hasty else FEED),),
        side=spending_panels(reader, ask, spent),
        foot=(needs_attention(reader),),
    )


COUNTING = "counting …"


def payments_tiles(
    reader: WatchReader, ask: Ask, spent: Spending | None = None
) -> tuple[Tile, Tile, Tile]:
    """Volume, approvals and the money left; a hasty look counts only what is quickly counted."""
    left, period = budget_left(reader), ask.period
    if not ask.hasty:
        return (volume(reader, period, spent), approvals(reader, period), left)
    return (
        Tile(f"Volume {period}", "…", COUNTING),
        Tile(f"Approval {period}", "…", COUNTING, brief=f"Passed {period}"),
        left,
    )


def spending_panels(reader: WatchReader, ask: Ask, spent: Spending | None) -> tuple[Bars, Plot]:
    """Who spent, and how the money went down; a hasty look says that it is counted."""
    if spent is None:
        return (
            Bars(_spend_title(ask.period), (), COUNTING),
            Plot(f"Budget burn-down ({ask.period})", (), "", "", COUNTING),
        )
    return (spend_by_agent(spent, ask.period), burn_down(reader, ask.period))


Spending = tuple[tuple[str, Money, int], ...]
"""Of each agent: what it had approved, and in how many payments."""


def spending(reader: WatchReader, period: Period) -> Spending:
    """What each agent had approved in the period."""
    since, until = reader.now - period.length, reader.now
    return tuple(
        (agent.name, *reader.approved(CREDIT, since, until, agent.name))
        for agent in every_agent(reader)
    )


def volume(reader: WatchReader, period: Period, spent: Spending | None = None) -> Tile:
    """What was approved, and how that compares with the period before."""
    since = reader.now - period.length
    if spent is None:
        amount, count = reader.approved(CREDIT, since, reader.now)
    else:
        amount, count = total([one[1] for one in spent]), sum(one[2] for one in spent)
    before, _ = reader.approved(CREDIT, since - period.length, since)
    return Tile(f"Volume {period}", whole(amount), f"{_delta(amount, before)} {count} paid")


def _delta(now: Money, before: Money) -> str:
    if before.units == 0:
        return "new ·" if now.units else "·"
    change = (now.units - before.units) * 100 // before.units
    return f"{'▲' if change >= 0 else '▼'}{abs(change)}% ·"


def approvals(reader: WatchReader, period: Period) -> Tile:
    """How many of the decided requests passed."""
    counts = reader.numbers(PaymentIntent, reader.now - period.length, reader.now)
    denied = counts.get(IntentState.DENIED, 0)
    ended = (IntentState.EXPIRED, IntentState.CANCELLED)
    passed = sum(counts.get(state, 0) for state in (*PASSED, *ended))
    decided = passed + denied
    if not decided:
        return Tile(f"Approval {period}", "–", "none decided", brief=f"Passed {period}")
    per_mille = passed * 1000 // decided
    tone = Tone.GOOD if per_mille >= 500 else Tone.BAD
    return Tile(
        f"Approval {period}",
        f"{per_mille // 10}.{per_mille % 10}%",
        f"{passed} of {decided}",
        tone,
        f"Passed {period}",
    )


def budget_left(reader: WatchReader) -> Tile:
    """What the orchestrator can still spend, of all that was put into the economy."""
    left = reader.balance(wallet(ORCHESTRATOR), CREDIT)
    issued = -reader.balance(WORLD, CREDIT)
    tone = Tone.WARN if left.units * 5 < issued.units else Tone.PLAIN
    return Tile("Budget left", whole(left), f"of {whole(issued)}", tone, "Money left")


def _vote_cost(reader: WatchReader, period: Period) -> Tile:
    cost, latencies = reader.voting(reader.now - period.length, LATEST_BALLOTS)
    if not latencies:
        return Tile(f"Vote cost {period}", "$0.00", "no votes", brief=f"Votes {period}")
    worst = sorted(latencies)[(len(latencies) * 95 - 1) // 100]
    number = f"last {LATEST_BALLOTS}" if len(latencies) == LATEST_BALLOTS else f"{len(latencies)}"
    return Tile(
        f"Vote cost {period}",
        f"{cost}",
        f"p95 {seconds(worst)} · {number}",
        brief=f"Votes {period}",
    )


def _settled(reader: WatchReader) -> Tile:
    counts = reader.numbers(Settlement, datetime.min.replace(tzinfo=reader.now.tzinfo), reader.now)
    settled = counts.get(SettlementState.SETTLED, 0)
    waiting = sum(number for state, number in counts.items() if state not in ENDED)
    detail = f"{waiting} on the way" if counts else "none begun"
    return Tile("Settled", f"{settled} ok", detail)


def live_feed(reader: WatchReader, ask: Ask, most: int) -> Table:
    """Payments, settlements and cards as they come, newest first."""
    found: list[tuple[datetime, Row]] = []
    for intent in reader.find(PaymentIntent, limit=most):
        found.append((intent.created_at, _feed_payment(intent)))
    for one in reader.find(Settlement, limit=most):
        found.append((one.created_at, _feed_settlement(one)))
    for card in reader.find(Card, limit=most):
        found.append((card.issued_at, _feed_card(card)))
    found.sort(key=lambda item: item[0], reverse=True)
    rows = tuple(row for _, row in found if ask.filter.passes(row))[:most]
    empty = "nothing has happened yet: `flux run marketing-campaign` in another terminal"
    return Table("Live feed", FEED_COLUMNS, rows, empty, note=f"the latest {most}")


def _feed_payment(intent: PaymentIntent) -> Row:
    payees = ", ".join(share.payee for share in intent.shares)
    return Row(
        (
            Cell(clock(intent.created_at), Tone.DIM),
            Cell(short(intent.id), Tone.DIM),
            Cell(f"{intent.purpose} → {payees}"),
            Cell(str(intent.amount), Tone.STRONG),
            votes_cell(intent),
            state_cell(intent.state),
        ),
        payment_ref(intent.id),
        intent.requester,
        intent.state,
        intent.amount,
    )


def _feed_settlement(one: Settlement) -> Row:
    cells = (
        Cell(clock(one.created_at), Tone.DIM),
        Cell(short(one.id), Tone.DIM),
        Cell(f"settle to {one.payee}"),
        Cell(str(one.amount), Tone.STRONG),
        Cell(""),
        state_cell(one.state),
    )
    return Row(cells, settlement_ref(one.id), one.requester, one.state, one.amount)


def _feed_card(card: Card) -> Row:
    cells = (
        Cell(clock(card.issued_at), Tone.DIM),
        Cell(short(card.id), Tone.DIM),
        Cell(f"sim. card •••• {card.last_four}"),
        Cell(str(card.limit), Tone.STRONG),
        Cell(""),
        state_cell(card.state),
    )
    return Row(cells, card_ref(card.id), card.holder, card.state, card.limit)


def spend_by_agent(spent: Spending, period: Period) -> Bars:
    """What each agent had approved in the period, most first."""
    most = sorted((one for one in spent if one[1].units), key=lambda one: -one[1].units)
    bars = tuple(Bar(name, amount.units, whole(amount)) for name, amount, _ in most[:8])
    return Bars(_spend_title(period), bars, "nobody spent anything in this period")


def _spend_title(period: Period) -> str:
    return f"Spend by agent ({period})"


def burn_down(reader: WatchReader, period: Period) -> Plot:
    """The orchestrator's free money over the period, and when it would be gone at this pace."""
    founded = reader.lookup(Ledger, id="ledger")
    since = reader.now - period.length
    title = f"Budget burn-down ({period})"
    if founded is not None and founded.created_at > since:
        since = founded.created_at
        title = f"Budget burn-down (since {since:%m-%d %H:%M})"
    points = _balances(reader, since)
    most = max(points, key=lambda point: point.units)
    if most.units == 0:
        return Plot(title, (), "", "", "no money was ever here: `flux init`")
    told = _forecast(reader, points[-1], period)
    return Plot(title, tuple(point.units for point in points), whole(most), told)


def _balances(reader: WatchReader, since: datetime) -> list[Money]:
    """The orchestrator's wallet at even moments from then until now."""
    step = (reader.now - since) / (POINTS - 1)
    places = [reader.position(since + step * number) for number in range(POINTS - 1)]
    account = wallet(ORCHESTRATOR)
    points = {place: reader.balance_at(account, CREDIT, place) for place in set(places)}
    return [*(points[place] for place in places), reader.balance(account, CREDIT)]


def _forecast(reader: WatchReader, left: Money, period: Period) -> str:
    spent, _ = reader.approved(
        CREDIT, reader.now - period.length, reader.now, requester=ORCHESTRATOR
    )
    if spent.units == 0:
        return "nothing spent in this period"
    if left.units == 0:
        return "nothing is left"
    minutes = period.length // timedelta(minutes=1) * left.units // spent.units
    if minutes < MINUTES_A_DAY:
        return f"runs out ~{reader.now + timedelta(minutes=minutes):%H:%M} UTC at this pace"
    return f"runs out in ~{minutes // MINUTES_A_DAY:,} d at this pace"


def needs_attention(reader: WatchReader) -> Prose:
    """What waits for the owner, and the command for it."""
    lines: list[tuple[Cell, ...]] = []
    if is_frozen(reader, ECONOMY):
        lines.append(_line("✗", "the economy is frozen", "flux thaw", Tone.BAD))
    for intent in reader.find(PaymentIntent, state=IntentState.AWAITING_OWNER, limit=5):
        payees = ", ".join(share.payee for share in intent.shares)
        said = f"{intent.amount} to {payees} waits for you"
        lines.append(_line("!", said, f"flux payments approve {intent.id[-6:]}"))
    for intent in reader.find(PaymentIntent, state=IntentState.AWAITING_QUORUM, limit=3):
        said = f"{intent.amount} by {intent.requester} waits for the seats' votes"
        lines.append(_line("…", said, f"flux payments show {intent.id[-6:]}"))
    for state in (SettlementState.NEEDS_HUMAN, SettlementState.REVERTED_OPEN):
        for one in reader.find(Settlement, state=state, limit=3):
            lines.append(_line("!", f"{one.amount} to {one.payee}: {one.reason}", "flux settle"))
    for unfinished in OPEN_RUNS:
        for run in reader.find(Run, state=unfinished, limit=3):
            said = f"run {short(run.id)} is {run.state}"
            lines.append(_line("…", said, f"flux runs resume {run.id[-6:]}"))
    title = f"Needs attention ({len(lines)})" if lines else "Needs attention"
    return Prose(title, tuple(lines), "nothing waits for you")


def _line(glyph: str, said: str, command: str, tone: Tone = Tone.WARN) -> tuple[Cell, ...]:
    return (Cell(f"{glyph} ", tone), Cell(said), Cell("  "), Cell(command, Tone.STRONG))


def votes_cell(intent: PaymentIntent) -> Cell:
    """Five circles, filled for YES; nothing where nobody was asked."""
    if intent.yes + intent.no + intent.abstain == 0:
        return Cell("", Tone.DIM)
    return Cell("●" * intent.yes + "○" * (len(SEATS) - intent.yes))


def whole(amount: Money) -> str:
    """An amount for a narrow place: cents only."""
    if amount.asset != CREDIT:
        return str(amount)
    cents = abs(amount.units) // 10_000
    return f"{'-' if amount.units < 0 else ''}${cents // 100:,}.{cents % 100:02d}"


def seconds(milliseconds: int) -> str:
    """A latency for people."""
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    return f"{milliseconds // 1000}.{milliseconds % 1000 // 100}s"


def clock(moment: datetime) -> str:
    """The time of a UTC day."""
    return f"{moment:%H:%M:%S}"


def payment_ref(payment_id: str) -> Ref:
    """A payment, and what shows it."""
    return Ref("payment", payment_id, ("flux", "payments", "show", payment_id))


def card_ref(card_id: str) -> Ref:
    """A card, and what shows it."""
    return Ref("card", card_id, ("flux", "cards", "show", card_id))


def settlement_ref(settlement_id: str) -> Ref:
    """A settlement, and what shows it."""
    return Ref("settlement", settlement_id, ("flux", "settle", "status", settlement_id))
