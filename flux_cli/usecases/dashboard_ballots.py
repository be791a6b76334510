"""Ballots and the decision on one payment, as a dashboard shows them."""

from __future__ import annotations

from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.quorum import SEATS, Ballot
from flux_cli.usecases.dashboard_overview import seconds
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Cell,
    Column,
    Prose,
    Row,
    Table,
    Tone,
    facts,
    state_cell,
)
from flux_cli.usecases.describe_run import decision_on

COLUMNS = (
    Column("seat"),
    Column("vote"),
    Column("risk", right=True, drop=1),
    Column("sure", right=True, drop=3),
    Column("cost", right=True, drop=4),
    Column("took", right=True, drop=5),
    Column("model", drop=2),
    Column("why", flex=True),
)


def ballots_table(reader: WatchReader, intent: PaymentIntent) -> Table:
    """The five seats in their order; one that has not answered yet says so."""
    cast = reader.find(Ballot, intent_id=intent.id, limit=2 * len(SEATS))
    if not cast and intent.state is not IntentState.AWAITING_QUORUM:
        return Table("Ballots", COLUMNS, (), "the policy did not ask for a vote")
    by_seat = {ballot.seat: ballot for ballot in reversed(cast)}
    rows = tuple(_row(seat, by_seat.get(seat)) for seat in SEATS)
    yes = sum(ballot.vote == "YES" for ballot in by_seat.values())
    # How many are needed is only known once they are counted.
    needed = f", {intent.needed} needed" if intent.needed else " so far"
    title = f"Ballots: {yes} YES of {len(SEATS)}{needed}"
    return Table(title, COLUMNS, rows)


def _row(seat: str, ballot: Ballot | None) -> Row:
    if ballot is None:
        return Row((Cell(seat, Tone.STRONG), Cell("… waiting", Tone.WARN), *[Cell("")] * 6))
    reasons = "; ".join(reason.text for reason in ballot.reasons)
    failed = "" if ballot.error is None else f"{ballot.error}: "
    stood_in = "rules stood in: " if ballot.backend == "rule_fallback" else ""
    vote = state_cell(ballot.vote)
    return Row((
        Cell(seat, Tone.STRONG),
        Cell(vote.text + (" hard" if ballot.hard else ""), vote.tone),
        Cell(str(ballot.risk)),
        Cell(f"{ballot.confidence}%"),
        Cell(str(ballot.cost)),
        Cell(seconds(ballot.latency_ms)),
        Cell(ballot.model, Tone.DIM),
        Cell(failed + stood_in + reasons),
    ), state=ballot.vote)  # fmt: skip


def decision_lines(reader: WatchReader, intent: PaymentIntent) -> Prose:
    """What was decided, by which policy, and how the votes were counted."""
    decision = decision_on(reader, intent)
    if decision is None:
        return Prose("Decision", (), "not decided yet")
    tally = decision.tally
    most = intent.most_that_would_pass
    return facts(
        "Decision",
        ("verdict", state_cell(decision.verdict)),
        ("policy", f"version {decision.policy_version}"),
        ("at", f"{decision.made_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("quorum", "not asked" if tally is None else f"{tally.outcome.replace('_', ' ')}"),
        ("because", "" if tally is None else tally.why),
        ("lineages", "" if tally is None else ", ".join(tally.lineages)),
        ("would pass", "" if most is None else f"at most {most}"),
        ("id", decision.id),
    )
