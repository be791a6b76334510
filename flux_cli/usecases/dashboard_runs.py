"""One run of the dashboard: its plan as a graph, its tasks, its votes, its money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flux_cli.domain.contracts import Contract
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import ASSETS, Money, total
from flux_cli.domain.plan import waves
from flux_cli.domain.runs import Run
from flux_cli.usecases.dashboard_ballots import ballots_table
from flux_cli.usecases.dashboard_lists import PAYMENT_COLUMNS, payment_row
from flux_cli.usecases.dashboard_overview import clock
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Cell,
    Column,
    Prose,
    Ref,
    Row,
    Table,
    Tone,
    View,
    facts,
    short,
    state_cell,
)
from flux_cli.usecases.ports import EventRecord


def view_run(reader: WatchReader, run_id: str) -> View:
    """A run: tasks in the order they need each other, ballots, deliverables, money left."""
    run = reader.get(Run, run_id)
    contracts = {one.task_id: one for one in reader.find(Contract, run_id=run.id, limit=100)}
    payments = reader.find(PaymentIntent, run_id=run.id, limit=50)
    main: tuple[Table | Prose, ...] = (_work(run, contracts, payments),)
    if len(payments) == 1:
        main += (ballots_table(reader, payments[0]),)
    main += (_files(run),)
    spent = total([one.captured for one in payments]) if payments else Money(0)
    locked = [one.price for one in contracts.values() if one.state == "settled"]
    paid = total(locked) if locked else spent
    budget = run.budget
    what = facts(
        "Run",
        ("goal", run.goal),
        ("scenario", run.scenario),
        ("state", state_cell(run.state)),
        ("error", run.error),
        ("budget", "" if budget is None else str(budget)),
        ("paid", str(paid)),
        ("money left", "" if budget is None else str(budget - paid)),
        ("strategy", f"{run.strategy}, seed {run.seed}"),
        ("started", f"{run.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("took", "" if run.finished_at is None else _took(run)),
        ("files in", "…/" + "/".join(run.out.split("/")[-2:])),
        ("id", run.id),
    )
    ref = Ref("run", run.id, ("flux", "runs", "show", run.id))
    return View(f"Run {short(run.id)}", main, side=(what, _graph(run, contracts)), ref=ref)


def _took(run: Run) -> str:
    assert run.finished_at is not None, "asked only of a finished run"
    return f"{(run.finished_at - run.created_at).total_seconds():.1f} s"


def _work(run: Run, contracts: dict[str, Contract], payments: list[PaymentIntent]) -> Table:
    """Tasks with who does them; or purchases, each as a payment."""
    if run.plan is None or run.plan.purchases or run.plan.errand:
        rows = tuple(map(payment_row, payments))
        return Table("Purchases", PAYMENT_COLUMNS, rows, "it has asked for nothing yet")
    columns = (
        Column("task", flex=True),
        Column("agent"),
        Column("price", right=True),
        Column("checks", right=True, drop=1),
        Column("files", right=True, drop=2),
        Column("state"),
    )
    rows = tuple(
        _task(task.title, task.trade, task.max_price, contracts.get(task.id))
        for wave in waves(run.plan.tasks)
        for task in wave
    )
    return Table("Tasks", columns, rows)


def _task(title: str, trade: str, most: Money, contract: Contract | None) -> Row:
    if contract is None:
        cells = (Cell(title), Cell(trade, Tone.DIM), Cell(f"≤ {most}"), Cell(""), Cell(""))
        return Row((*cells, Cell("… not hired yet", Tone.DIM)))
    passed = sum(check.passed for check in contract.checks)
    cells = (
        Cell(title),
        Cell(contract.provider, Tone.STRONG),
        Cell(str(contract.price)),
        Cell(f"{passed}/{len(contract.checks)}" if contract.checks else "–"),
        Cell(str(len(contract.artefacts))),
    )
    return Row((*cells, state_cell(contract.state)), Ref("contract", contract.id))


def _graph(run: Run, contracts: dict[str, Contract]) -> Prose:
    """The plan as waves: what stands in one line can be done at once, after those above."""
    if run.plan is None:
        return Prose("Plan", (), "it is being planned")
    lines: list[tuple[Cell, ...]] = []
    for number, wave in enumerate(waves(run.plan.tasks)):
        if number:
            lines.append((Cell("  "), Cell("│", Tone.DIM)))
        for task in wave:
            contract = contracts.get(task.id)
            sign = state_cell(contract.state) if contract else Cell("○", Tone.DIM)
            needs = f"← {', '.join(task.needs)}" if task.needs else ""
            lines.append(
                (Cell(f"  {sign.text.split(' ')[0]} ", sign.tone), Cell(f"{task.id} ", Tone.STRONG),
                 Cell(needs, Tone.DIM))
            )  # fmt: skip
    lines += [
        (Cell("  · ", Tone.DIM), Cell(f"{one.item}  "), Cell(str(one.amount), Tone.STRONG))
        for one in run.plan.purchases
    ]
    return Prose("Plan", tuple(lines))


def _files(run: Run) -> Table:
    columns = (Column("file", flex=True), Column("kind", drop=1), Column("bytes", right=True))
    rows = tuple(
        Row((Cell(one.path), Cell(one.media_type, Tone.DIM), Cell(f"{one.bytes:,}")))
        for one in run.deliverables
    )
    return Table("Deliverables", columns, rows, "nothing delivered yet")


def replay_run(run_id: str, events: Sequence[EventRecord], number: int) -> View:
    """A run as it was after the first `number` of its events: each one, and each ballot cast."""
    rows = tuple(_event(one) for one in reversed(events[:number]))
    columns = (
        Column("time"),
        Column("event"),
        Column("id", drop=1),
        Column("what", flex=True),
        Column("amount", right=True),
        Column("state"),
    )
    past = Table(f"Events {number} of {len(events)}", columns, rows)
    ballots = [one for one in events[:number] if one.subject.startswith("bal_")]
    votes = tuple(
        (
            Cell(f"{one.data.get('seat', '')}".ljust(12), Tone.STRONG),
            state_cell(str(one.data.get("vote", ""))),
        )
        for one in ballots
    )
    cast = Prose("Ballots as they came", votes, "none was cast yet")
    return View(f"Replay of {short(run_id)}", (past,), side=(cast,))


def _event(one: EventRecord) -> Row:
    data = one.data
    what = data.get("purpose") or data.get("seat") or data.get("summary") or data.get("goal") or ""
    state = str(data.get("state") or data.get("vote") or data.get("verdict") or "")
    cells = (
        Cell(clock(one.at), Tone.DIM),
        Cell(one.kind.replace("_", " "), Tone.STRONG),
        Cell(short(one.subject), Tone.DIM),
        Cell(str(what)),
        Cell(_told(data.get("amount") or data.get("price") or data.get("limit"))),
        state_cell(state) if state else Cell(""),
    )
    return Row(cells)


def _told(amount: object) -> str:
    """An amount as events keep it."""
    if not isinstance(amount, Mapping):
        return ""
    return str(Money(int(amount["units"]), ASSETS[str(amount["asset"]["code"])]))
