"""What a run would do and cost, before anything is asked for: its plan, its quotes, the kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from flux_cli.domain.contracts import Contract
from flux_cli.domain.money import CREDIT, Money, total
from flux_cli.domain.plan import Plan, faults
from flux_cli.errors import CannotPlan
from flux_cli.usecases.ask_plan import ask_plan
from flux_cli.usecases.check_payment import Judgement, check_payment
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.ports import Deps, Progress
from flux_cli.usecases.quote import draft_contract, rank_tasks
from flux_cli.usecases.run_goal import Goal, draft_run, money_request

PAINTED = "image-generator"
"""The trade that a model may paint for."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A run's plan, whom it would hire for each task, and what the kernel says of their price.

    `pictures` says who would paint for it, "" where nobody would.
    A plan that buys has no hires; it asks for each purchase when its turn comes.
    """

    goal: Goal
    plan: Plan
    hires: tuple[Contract, ...]
    judgement: Judgement | None
    pictures: str = ""

    @property
    def cost(self) -> Money:
        """The sum of the quotes, or of the purchases."""
        prices = [one.price for one in self.hires] + [one.amount for one in self.plan.purchases]
        return total(prices, CREDIT)


def preview_run(deps: Deps, goal: Goal, progress: Progress) -> Preview:
    """Plan and quote a goal; nothing is kept but what a model that plans costs.

    Raises `CannotPlan` as the run itself would.
    """
    with deps.store.reading() as reader:
        run = draft_run(deps, goal, "preview", Path(), reader.now)
    plan = run.plan or ask_plan(deps, run, progress)
    if wrong := faults(plan, set(deps.trades)):
        raise CannotPlan("the plan cannot be carried out: " + "; ".join(wrong))
    run = replace(run, plan=plan)
    if not plan.tasks:
        return Preview(goal, plan, (), None)
    with deps.store.reading() as reader:
        quoted = rank_tasks(deps, reader, run)
        hires = tuple(draft_contract(deps, reader.now, run, one, 0) for one in quoted)
        request = money_request(reader, run, hires)
    judgement = check_payment(deps, replace(request, run_id=None))
    painted = any(task.trade == PAINTED for task in plan.tasks)
    return Preview(goal, plan, hires, judgement, deps.settings.pictures if painted else "")


def describe_preview(preview: Preview) -> Document:
    """The preview as plain values, Money and times."""
    judged, hires = preview.judgement, {one.task_id: one for one in preview.hires}
    tasks = [
        shallow(task)
        | {
            "agent": hires[task.id].provider,
            "quote": hires[task.id].price,
            "ranking": [shallow(one) for one in hires[task.id].ranking],
        }
        for task in preview.plan.tasks
    ]
    return {
        "goal": preview.plan.goal,
        "plan": preview.plan.digest,
        "cost": preview.cost,
        "budget": preview.goal.budget,
        "outcome": None if judged is None else judged.outcome,
        "votes_needed": None if judged is None else judged.votes_needed,
        "refusals": [] if judged is None else [shallow(one) for one in judged.refusals],
        "pictures": preview.pictures or None,
        "simulated": True,
        "tasks": tasks,
        "purchases": [shallow(one) for one in preview.plan.purchases],
    }
