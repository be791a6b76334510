"""Plans: a goal as tasks that need each other, and what makes one sound."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flux_cli.domain.canonical import digest
from flux_cli.domain.money import Money
from flux_cli.domain.purchases import Errand, Purchase

MOST_TASKS = 32


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work for one specialist; `needs` are ids of tasks whose files it reads."""

    id: str
    trade: str
    title: str
    needs: tuple[str, ...]
    produces: tuple[str, ...]
    media_types: tuple[str, ...]
    max_price: Money
    deadline_hours: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done for a goal, in which order, for at most how much a task.

    A plan either has work done or buys: it has tasks, or `purchases` in the order they are made,
    or one `errand`.
    """

    goal: str
    tasks: tuple[Task, ...]
    purchases: tuple[Purchase, ...] = ()
    errand: Errand | None = None

    @property
    def digest(self) -> str:
        """What decisions and contracts name this plan by."""
        return digest(self)


def told(plan: Plan) -> str:
    """What a plan gives for its money, in a sentence: how many tasks, by when, and which."""
    tasks = _counted(len(plan.tasks), "task")
    hours = _counted(max(task.deadline_hours for task in plan.tasks), "hour")
    files = _counted(sum(len(task.produces) for task in plan.tasks), "deliverable")
    titles = "; ".join(task.title for task in plan.tasks)
    return f"{tasks} within {hours}, each checked before it is paid; {files}: {titles}."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def faults(plan: Plan, trades: Collection[str]) -> tuple[str, ...]:
    """What makes `plan` unusable, a sentence each: unknown trades, loops, missing needs."""
    if plan.errand is not None:
        both = plan.tasks or plan.purchases
        return ("a plan that shops for a wish does nothing else",) if both else ()
    if plan.purchases:
        return _purchase_faults(plan)
    found: list[str] = []
    ids = [task.id for task in plan.tasks]
    if not 1 <= len(ids) <= MOST_TASKS:
        found.append(f"a plan has 1 to {MOST_TASKS} tasks, this one {len(ids)}")
    found += [
        f"task {name!r} appears twice" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    for task in plan.tasks:
        if task.trade not in trades:
            found.append(f"task {task.id!r} wants {task.trade!r}, which nobody does")
        if task.max_price.units <= 0:
            found.append(f"task {task.id!r} pays nothing")
        if not task.produces:
            found.append(f"task {task.id!r} produces nothing")
        if not 1 <= task.deadline_hours <= 24 * 90:
            found.append(f"task {task.id!r} has a deadline outside 1 to 2160 hours")
        found += [
            f"task {task.id!r} needs {need!r}, which is no task"
            for need in task.needs
            if need not in ids
        ]
    if not found and len(waves(plan.tasks)) == 0:
        found.append("the tasks need each other in a circle")
    return tuple(found)


def _purchase_faults(plan: Plan) -> tuple[str, ...]:
    found: list[str] = []
    ids = [purchase.id for purchase in plan.purchases]
    if plan.tasks:
        found.append("a plan has tasks or purchases, this one both")
    if len(ids) > MOST_TASKS:
        found.append(f"a plan has 1 to {MOST_TASKS} purchases, this one {len(ids)}")
    found += [
        f"purchase {name!r} appears twice" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    found += [
        f"purchase {purchase.id!r} pays nothing"
        for purchase in plan.purchases
        if purchase.amount.units <= 0
    ]
    return tuple(found)


def waves(tasks: Sequence[Task]) -> tuple[tuple[Task, ...], ...]:
    """Tasks in waves: each wave needs only earlier ones. Empty if there is a circle."""
    done: set[str] = set()
    left, result = list(tasks), []
    while left:
        ready = tuple(task for task in left if set(task.needs) <= done)
        if not ready:
            return ()
        result.append(ready)
        done |= {task.id for task in ready}
        left = [task for task in left if task.id not in done]
    return tuple(result)


def longest_chain_hours(plan: Plan, hours: dict[str, int]) -> int:
    """The hours of the slowest chain of tasks that need each other, given each task's own."""
    finish: dict[str, int] = {}
    for wave in waves(plan.tasks):
        for task in wave:
            start = max((finish[need] for need in task.needs), default=0)
            finish[task.id] = start + hours[task.id]
    return max(finish.values(), default=0)
