"""Asking a brain how a goal is reached: what it may hire for, what it said, what that cost."""

from __future__ import annotations

from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan
from flux_cli.domain.runs import Run, step_key
from flux_cli.usecases.brain_ports import PlanQuestion
from flux_cli.usecases.charge_ballots import charge_brain
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.ports import Deps, Progress
from flux_cli.usecases.reputations import every_listing


def ask_plan(deps: Deps, run: Run, progress: Progress) -> Plan:
    """The brain's plan for the run's goal, not yet judged; raises `CannotPlan`."""
    with deps.store.reading() as reader:
        policy = policy_of(reader, run.requester)
        ceilings: dict[str, Money] = {}
        for item in every_listing(reader):
            # Anyone may publish any price; only whom the requester may pay sets a ceiling.
            if item.active and policy.names(item.provider):
                ceilings.setdefault(item.trade, item.price_max)
    names = tuple(deps.scenarios.names())
    files = tuple(source.name for source in run.sources)
    answered = deps.brain.ask(PlanQuestion(run.goal, run.brief, files, ceilings, names))
    if answered.error is not None:
        progress("no_plan", model=answered.model, error=answered.error)
    if answered.cost.units:
        with deps.store.begin() as tx:
            why = charge_brain(
                tx,
                run.requester,
                answered.cost,
                to=f"{answered.model}@{answered.host}",
                key=step_key(run.id, "", "plan_cost"),
                memo=f"plan, {answered.tokens} tokens",
                run_id=run.id,
            )
        if why is not None:
            progress("unpaid", cost=answered.cost, what="the plan", why=why)
    return answered.value
