"""Finding who does each task, for how much, and freezing the terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flux_cli.domain.canonical import digest
from flux_cli.domain.contracts import Contract, ContractState, Ranked
from flux_cli.domain.marketplace import Candidate, Listing, Wanted, rank
from flux_cli.domain.plan import Task
from flux_cli.domain.quorum import LinePrice
from flux_cli.domain.runs import Run
from flux_cli.domain.work import Assignment
from flux_cli.errors import CannotPlan
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.outside_ports import barred
from flux_cli.usecases.ports import Deps, Reader, Transaction
from flux_cli.usecases.reputations import every_listing, pasts

MOST_RANKED = 20
"""So many candidates are kept with a contract, the best first."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A task with the size of its work and every listing ranked for it."""

    task: Task
    units: int
    ranked: tuple[Candidate, ...]


def candidates(deps: Deps, reader: Reader, run: Run, task: Task) -> Quoted:
    """Every listing for the task, ranked, with what it would ask; the seed orders equals."""
    trade = deps.trades.get(task.trade)
    units, units_full = (0, 1) if trade is None else trade.size(_assignment(deps, run, task))
    listings = every_listing(reader, trade=task.trade)
    policy = policy_of(reader, run.requester)
    wanted = Wanted(
        task_id=task.id,
        requester=run.requester,
        trade=task.trade,
        media_types=task.media_types,
        terms=frozenset(f"{task.title} {run.goal}".lower().split()),
        units=units,
        units_full=units_full,
        most=task.max_price,
        slack_hours=task.deadline_hours,
        # Where the policy names none of them, the kernel says so.
        payable=frozenset(item.provider for item in listings if policy.names(item.provider))
        or None,
        barred=barred(deps, listings),
    )
    ranked = rank(listings, wanted, pasts(deps, reader, listings), run.strategy, run.seed)
    return Quoted(task, units, ranked)


def quote_tasks(deps: Deps, run: Run) -> list[Contract]:
    """One contract a task, priced and awaiting approval; found again if they were made before.

    Raises `CannotPlan` where nobody can take a task, naming why each was not eligible.
    """
    assert run.plan is not None, "a run is planned before it is quoted"
    with deps.store.reading() as reader:
        made = reader.find(Contract, run_id=run.id, oldest_first=True)
        if made:
            return made
        quoted = rank_tasks(deps, reader, run)
    with deps.store.begin() as tx:
        if already := tx.find(Contract, run_id=run.id, oldest_first=True):
            return already
        return [put_contract(deps, tx, run, one, 0) for one in quoted]


def rank_tasks(deps: Deps, reader: Reader, run: Run) -> list[Quoted]:
    """Every task of the run's plan with its candidates; raises `CannotPlan` where one has none."""
    assert run.plan is not None, "a run is planned before it is quoted"
    quoted = [candidates(deps, reader, run, task) for task in run.plan.tasks]
    for one_task in quoted:
        task, found = one_task.task, one_task.ranked
        if found and found[0].ineligible is None:
            continue
        reasons = "; ".join(f"{one.listing.provider} {one.ineligible}" for one in found)
        raise CannotPlan(f"nobody can take {task.id!r}: {reasons or 'no such listing'}")
    return quoted


def put_contract(deps: Deps, tx: Transaction, run: Run, sized: Quoted, attempt: int) -> Contract:
    """Record the hire of a task's best candidate, its terms frozen, awaiting approval."""
    draft = draft_contract(deps, tx.now, run, sized, attempt)
    quoted = draft.move(ContractState.QUOTING, tx.now).move(ContractState.QUOTED, tx.now)
    tx.put(quoted, "contract.quoted", run_id=run.id)
    waiting = quoted.move(ContractState.PENDING_APPROVAL, tx.now)
    tx.put(waiting, "contract.pending_approval", run_id=run.id)
    return waiting


def draft_contract(deps: Deps, now: datetime, run: Run, sized: Quoted, attempt: int) -> Contract:
    """The hire of a task's best candidate, its terms frozen, not yet recorded."""
    task, found = sized.task, sized.ranked
    best = found[0]
    return Contract(
        id=deps.ids.new("contract"),
        run_id=run.id,
        task_id=task.id,
        client=run.requester,
        provider=best.listing.provider,
        listing_id=best.listing.id,
        trade=task.trade,
        units=sized.units,
        price=best.quote,
        state=ContractState.DRAFT,
        terms_hash=digest([task, best.listing.id, best.quote, run.brief]),
        ranking=tuple(_ranked(one) for one in found[:MOST_RANKED]),
        card_id=None,
        revisions=0,
        artefacts=(),
        checks=(),
        summary="",
        backend="rule",
        deadline=now + timedelta(hours=task.deadline_hours),
        created_at=now,
        updated_at=now,
        attempt=attempt,
    )


def _ranked(one: Candidate) -> Ranked:
    return Ranked(one.listing.provider, one.quote, one.score, dict(one.parts), one.ineligible)


def _assignment(deps: Deps, run: Run, task: Task) -> Assignment:
    sources = tuple(deps.workspace.read_source(source) for source in run.sources)
    return Assignment(task.id, task.trade, run.goal, run.brief, sources, {}, run.seed)


def line_price(reader: Reader, contract: Contract, listings: dict[str, Listing]) -> LinePrice:
    """The asked price beside the trade's published ranges and what was paid for like work.

    Prices follow the size of the work, so only work within a quarter of this size compares.
    """
    known = [
        price
        for item in listings.values()
        if item.trade == contract.trade
        for price in (item.price_min, item.price_max)
    ]
    paid = reader.find(Contract, trade=contract.trade, state=ContractState.SETTLED, limit=50)
    alike = (past.price for past in paid if 4 * abs(past.units - contract.units) <= contract.units)
    return LinePrice(contract.trade, contract.price, (*known, *alike))
