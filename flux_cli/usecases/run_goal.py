"""Carrying out a goal: plan, quotes, one request for money, hires, deliverables.

Every step is recorded where it happens — the run, its intent, its contracts — and found again by
its key, so carrying a run out twice does only what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from flux_cli.domain.agents import ORCHESTRATOR
from flux_cli.domain.canonical import canonical, digest
from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import IntentState, PaymentIntent, Share
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import CREDIT, Money, total
from flux_cli.domain.plan import Plan, Task, faults, longest_chain_hours, told
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.runs import Run, RunState, step_key
from flux_cli.errors import CannotPlan, KeyReused
from flux_cli.usecases.ask_plan import ask_plan
from flux_cli.usecases.close_card import close_card
from flux_cli.usecases.describe_run import describe_run
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.hire import Job
from flux_cli.usecases.make_purchases import make_purchases, outcomes
from flux_cli.usecases.manifest import manifest_of
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Reader
from flux_cli.usecases.quote import line_price, quote_tasks
from flux_cli.usecases.rehire import carry_out_task
from flux_cli.usecases.reputations import every_listing
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.run_errand import NotBought, cart_of, errand_files, run_errand


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be achieved, with what, for whom and for at most how much."""

    scenario: str
    goal: str
    brief: str
    sources: tuple[Path, ...]
    purpose: str
    justification: str
    claimed_return: Money | None
    urgency: Urgency
    budget: Money | None
    seed: int
    strategy: Strategy
    out: Path | None
    plan: Plan | None
    requester: str = ORCHESTRATOR
    rail: str = "simulated"


def start_run(deps: Deps, goal: Goal, *, key: str, default_out: Path) -> Run:
    """Record the run of this goal, or find the one this key already names.

    Raises `KeyReused` where the key names another goal, `Frozen` where nothing may start.
    """
    with deps.store.reading() as reader:
        draft = draft_run(deps, goal, key, default_out, reader.now)
    with deps.store.begin() as tx:
        found = tx.lookup(Run, key=key)
        if found is not None:
            if found.request_digest != draft.request_digest:
                raise KeyReused(f"{key!r} already names another run", subject=found.id)
            return found
        obey_freeze(tx, goal.requester)
        run = replace(draft, created_at=tx.now)
        tx.put(run, "run.started", run_id=run.id)
    return run


def draft_run(deps: Deps, goal: Goal, key: str, default_out: Path, now: datetime) -> Run:
    """The run of a goal as it would be recorded."""
    sources = tuple(deps.workspace.describe_source(path) for path in goal.sources)
    request_digest = digest(
        [goal.scenario, goal.goal, goal.brief, [s.sha256 for s in sources], goal.budget,
         goal.seed, goal.strategy, goal.plan, goal.requester, goal.rail]
    )  # fmt: skip
    run_id = deps.ids.new("run")
    return Run(
        id=run_id,
        key=key,
        request_digest=request_digest,
        scenario=goal.scenario,
        goal=goal.goal,
        brief=goal.brief,
        sources=sources,
        requester=goal.requester,
        purpose=goal.purpose,
        justification=goal.justification,
        claimed_return=goal.claimed_return,
        urgency=goal.urgency,
        budget=goal.budget,
        seed=goal.seed,
        strategy=goal.strategy,
        out=str(goal.out or default_out / run_id),
        state=RunState.PLANNING,
        plan=goal.plan,
        intent_id=None,
        card_id=None,
        deliverables=(),
        error="",
        created_at=now,
        finished_at=None,
        rail=goal.rail,
    )


def carry_out_run(deps: Deps, run_id: str, progress: Progress) -> Run:
    """Take the run from where it stands to its end, or to where it must wait.

    One process does at a time; raises `LedgerBusy` for any other.
    """
    run = _read(deps, run_id)
    if run.state is RunState.PLANNING:
        run = _plan(deps, run, progress)
    if run.state not in STAGES:
        return run
    with deps.workspace.held(Path(run.out), run.id):
        run = _read(deps, run_id)
        while run.state in STAGES:
            before = run.state
            run = STAGES[run.state](deps, run, progress)
            if run.state is before:
                return run
    return run


def _read(deps: Deps, run_id: str) -> Run:
    with deps.store.reading() as reader:
        return reader.get(Run, run_id)


def _keep(deps: Deps, run: Run, event: str) -> Run:
    with deps.store.begin() as tx:
        tx.put(run, event, run_id=run.id)
    return run


def _plan(deps: Deps, run: Run, progress: Progress) -> Run:
    """A plan from the scenario or from a brain, valid by the same rules."""
    plan = run.plan
    if plan is None:
        try:
            plan = ask_plan(deps, run, progress)
        except CannotPlan as error:
            _planned(deps, _failed(deps, run, str(error)), "run.failed")
            raise
    wrong = faults(plan, set(deps.trades))
    if wrong:
        _planned(deps, _failed(deps, run, "; ".join(wrong)), "run.failed")
        raise CannotPlan("the plan cannot be carried out: " + "; ".join(wrong))
    state = RunState.WORKING
    if plan.errand is not None:
        progress("errand", wish=plan.errand.wish, plan=plan.digest[:12])
    elif plan.purchases:
        # Each is asked for when its turn comes, so there is nothing to request for all of them.
        progress("purchases", purchases=len(plan.purchases), plan=plan.digest[:12])
    else:
        state = RunState.REQUESTING
        progress("planned", tasks=len(plan.tasks), plan=plan.digest[:12])
    return _planned(deps, replace(run, plan=plan, state=state), "run.planned")


def _planned(deps: Deps, run: Run, event: str) -> Run:
    """Keep what came of planning, unless another process was first: then that is what counts."""
    with deps.store.begin() as tx:
        current = tx.get(Run, run.id)
        if current.state is not RunState.PLANNING:
            return current
        tx.put(run, event, run_id=run.id)
    return run


def _failed(deps: Deps, run: Run, error: str) -> Run:
    with deps.store.reading() as reader:
        return replace(run, state=RunState.FAILED, error=error[:600], finished_at=reader.now)


def _request(deps: Deps, run: Run, progress: Progress) -> Run:
    """Quotes for every task, then one payment intent for all of them."""
    try:
        contracts = quote_tasks(deps, run)
    except CannotPlan as error:
        _keep(deps, _failed(deps, run, str(error)), "run.failed")
        raise
    for contract in contracts:
        score = contract.ranking[0].score
        progress("quote", task=contract.task_id, agent=contract.provider, price=contract.price,
                 score=f"{score}/10000")  # fmt: skip
    with deps.store.reading() as reader:
        request = money_request(reader, run, contracts)
    key = step_key(run.id, "", "money")
    intent = request_money(deps, request, key=key, progress=progress)
    if intent.state is IntentState.DENIED:
        return deny_run(deps, run, intent)
    if intent.state not in (IntentState.APPROVED, IntentState.CAPTURED):
        progress("waiting", payment=intent.id, state=intent.state)
        return run
    progress("approved", amount=intent.amount, yes=intent.yes, needed=intent.needed)
    with deps.store.begin() as tx:
        for contract in tx.find(Contract, run_id=run.id):
            if contract.state is ContractState.PENDING_APPROVAL:
                moved = contract.move(ContractState.APPROVED, tx.now)
                tx.put(replace(moved, card_id=intent.card_id), "contract.approved", run_id=run.id)
        working = replace(run, state=RunState.WORKING, intent_id=intent.id, card_id=intent.card_id)
        tx.put(working, "run.working", run_id=run.id)
    return working


def deny_run(deps: Deps, run: Run, intent: PaymentIntent) -> Run:
    """The run ended by the denial of its money: nobody is hired."""
    with deps.store.begin() as tx:
        for contract in tx.find(Contract, run_id=run.id):
            if contract.state is ContractState.PENDING_APPROVAL:
                refused = contract.move(ContractState.REFUSED, tx.now)
                tx.put(refused, "contract.refused", run_id=run.id)
        denied = replace(
            run,
            state=RunState.DENIED,
            intent_id=intent.id,
            error=intent.refusals[0].code,
            finished_at=tx.now,
        )
        tx.put(denied, "run.denied", run_id=run.id)
    return denied


def money_request(reader: Reader, run: Run, contracts: Sequence[Contract]) -> MoneyRequest:
    """What a run asks for all its hires."""
    assert run.plan is not None, "a run is planned before money is asked for"
    policy = policy_of(reader, run.requester)
    chosen = {contract.listing_id for contract in contracts}
    # What strangers ask says nothing of a fair price: anyone may publish any.
    listings = {
        item.id: item
        for trade in {contract.trade for contract in contracts}
        for item in every_listing(reader, trade)
        if item.id in chosen or policy.names(item.provider)
    }
    hours = {c.task_id: listings[c.listing_id].turnaround_hours for c in contracts}
    shares: dict[str, Money] = {}
    for contract in contracts:
        so_far = shares.get(contract.provider, Money(0, contract.price.asset))
        shares[contract.provider] = so_far + contract.price
    return MoneyRequest(
        requester=run.requester,
        amount=total([contract.price for contract in contracts], CREDIT),
        shares=tuple(Share(payee, amount) for payee, amount in shares.items()),
        purpose=run.purpose,
        justification=_justification(run, run.plan),
        claimed_return=run.claimed_return,
        urgency=run.urgency,
        plan_digest=run.plan.digest,
        reference=run.id,
        escrowed=True,
        budget=run.budget,
        run_id=run.id,
        deliverables=tuple(
            f"{item}, {task.title}" for task in run.plan.tasks for item in task.produces
        ),
        acceptance_checks=sum(len(task.produces) for task in run.plan.tasks),
        slack_hours=max(task.deadline_hours for task in run.plan.tasks),
        turnaround_hours=longest_chain_hours(run.plan, hours),
        prices=tuple(line_price(reader, c, listings) for c in contracts),
        evidence=(f"plan {run.plan.digest[:12]}", *(f"quote {c.id}" for c in contracts)),
    )


def _justification(run: Run, plan: Plan) -> str:
    """The scenario's own words; of a goal that has none, what its plan is for the money."""
    return run.justification if run.scenario else bounded(f"{run.justification} {told(plan)}", 600)


def _work(deps: Deps, run: Run, progress: Progress) -> Run:
    """Hire for every task as soon as what it needs is settled, independent tasks in parallel."""
    assert run.plan is not None, "a run is planned before work starts"
    if run.plan.errand is not None:
        return _shop(deps, run, progress)
    if run.plan.purchases:
        return _buy(deps, run, progress)
    with deps.store.reading() as reader:
        contracts = {c.task_id: c for c in reader.find(Contract, run_id=run.id)}
    done: dict[str, ContractState] = {}
    running: dict[Future[Contract], Task] = {}
    with ThreadPoolExecutor(max_workers=deps.settings.parallel) as workers:
        while True:
            started = {task.id for task in running.values()} | set(done)
            for task in _ready(run.plan, done):
                if task.id not in started:
                    job = Job(run, task, contracts[task.id].id)
                    running[workers.submit(carry_out_task, deps, job, progress)] = task
            if not running:
                break
            try:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
            except BaseException:  # whoever stops it waits for the work under way, and is told
                progress("stopping", works=len(running))
                raise
            for future in finished:
                done[running.pop(future).id] = future.result().state
    if ContractState.PENDING_APPROVAL in done.values():
        return run
    _give_up_unreached(deps, run)
    close_card(deps, run)
    accepted = [task for task, state in done.items() if state is ContractState.SETTLED]
    if len(accepted) == len(run.plan.tasks):
        return _deliver(deps, _read(deps, run.id), progress)
    rejected = ", ".join(sorted(set(done) - set(accepted)))
    failed = replace(
        _read(deps, run.id),
        state=RunState.FAILED,
        error=f"not accepted: {rejected}; their money came back"[:600],
    )
    # What was accepted is paid for, so it is delivered all the same.
    return _deliver(deps, failed, progress)


def _buy(deps: Deps, run: Run, progress: Progress) -> Run:
    """Make the plan's purchases; a denied one is a result like any other, and is delivered."""
    made = make_purchases(deps, run, progress)
    return _deliver(deps, run, progress) if all(one.is_over for one in made) else run


def _shop(deps: Deps, run: Run, progress: Progress) -> Run:
    """Do the plan's errand; one that was not done as wished fails, and what there is is told."""
    ended = run_errand(deps, run, progress)
    if isinstance(ended, NotBought):
        failed = replace(run, state=RunState.FAILED, error=ended.why[:600])
        return _deliver(deps, failed, progress)
    if isinstance(ended, Cart):
        bought = replace(run, intent_id=ended.intent_id)
        return _deliver(deps, bought, progress) if ended.state is CartState.BOUGHT else run
    if ended.intent.state is IntentState.DENIED:
        return deny_run(deps, run, ended.intent)
    progress("waiting", payment=ended.intent.id, state=ended.intent.state)
    return run


def _ready(plan: Plan, done: dict[str, ContractState]) -> list[Task]:
    settled = {task for task, state in done.items() if state is ContractState.SETTLED}
    return [task for task in plan.tasks if set(task.needs) <= settled]


def _give_up_unreached(deps: Deps, run: Run) -> None:
    """Cancel the contracts of tasks whose needs were not met; they were never funded."""
    with deps.store.begin() as tx:
        for contract in tx.find(Contract, run_id=run.id):
            if contract.state is ContractState.APPROVED:
                cancelled = contract.move(ContractState.CANCELLED, tx.now)
                tx.put(cancelled, "contract.cancelled", run_id=run.id)


def _deliver(deps: Deps, run: Run, progress: Progress) -> Run:
    """Write the report and the manifest beside what was accepted, then end the run."""
    out = Path(run.out)
    with deps.store.reading() as reader:
        contracts = reader.find(Contract, run_id=run.id, oldest_first=True)
        now = reader.now
    files = [
        replace(artefact, path=f"{contract.task_id}/{artefact.path}")
        for contract in contracts
        if contract.state is ContractState.SETTLED
        for artefact in contract.artefacts
    ]
    files += errand_files(deps, run)
    state = RunState.FAILED if run.state is RunState.FAILED else RunState.COMPLETED
    finished = replace(run, state=state, deliverables=tuple(files), finished_at=now)
    with deps.store.reading() as reader:
        document = describe_run(reader, finished)
    for name, media_type, data in deps.reports.render(document):
        files.append(deps.workspace.write(out, name, data, media_type))
    with deps.store.reading() as reader:
        bought, cart = outcomes(reader, finished), cart_of(reader, finished)
    manifest = manifest_of(finished, contracts, bought, cart, files)
    made = deps.workspace.write(
        out, "manifest.json", canonical(manifest).encode(), "application/json"
    )
    progress("delivered", files=len(files) + 1, out=run.out)
    return _keep(deps, replace(finished, deliverables=(*files, made)), f"run.{state}")


STAGES = {
    RunState.PLANNING: _plan,
    RunState.REQUESTING: _request,
    RunState.WORKING: _work,
}
"""What takes a run on from each state; a state that is not here is an end."""
