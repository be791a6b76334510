"""Scenarios as any front end shows them."""

from __future__ import annotations

from flux_cli.domain.money import CREDIT, total
from flux_cli.errors import InvalidScenario
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.scenario_ports import Scenario


def describe_scenario(scenario: Scenario) -> Document:
    """A scenario whole, its brief included."""
    tasks, purchases = scenario.plan.tasks, scenario.plan.purchases
    asked = [task.max_price for task in tasks] + [purchase.amount for purchase in purchases]
    errand = scenario.plan.errand
    if errand is not None and scenario.budget is not None:
        asked.append(scenario.budget)
    return {
        "id": scenario.name,
        "title": scenario.title,
        "goal": scenario.goal,
        "purpose": scenario.purpose,
        "justification": scenario.justification,
        "claimed_return": scenario.claimed_return,
        "urgency": scenario.urgency,
        "budget": scenario.budget,
        "most": total(asked, CREDIT),
        "folder": scenario.folder,
        "sources": [source.name for source in scenario.sources],
        "plan_digest": scenario.plan.digest,
        "tasks": [shallow(task) for task in tasks],
        "purchases": [shallow(purchase) for purchase in purchases],
        "errand": None if errand is None else shallow(errand),
        "brief": scenario.brief,
    }


def summarise_scenarios(deps: Deps) -> list[Document]:
    """Every scenario in a line; one that cannot be used says why in `error`."""
    return [_summary(deps, name) for name in deps.scenarios.names()]


def _summary(deps: Deps, name: str) -> Document:
    try:
        scenario = deps.scenarios.load(name)
    except InvalidScenario as fault:
        return {
            "id": name,
            "title": "",
            "goal": "",
            "tasks": None,
            "purchases": None,
            "most": None,
            "error": str(fault),
        }
    whole = describe_scenario(scenario)
    return {key: whole[key] for key in ("id", "title", "goal")} | {
        "tasks": len(scenario.plan.tasks),
        "purchases": len(scenario.plan.purchases) + (scenario.plan.errand is not None),
        "most": whole["most"],
        "error": None,
    }


def validate_scenarios(deps: Deps, names: list[str]) -> list[Scenario]:
    """The scenarios at these places; raises one `InvalidScenario` with every fault."""
    good: list[Scenario] = []
    faults: list[InvalidScenario] = []
    for name in names:
        try:
            good.append(deps.scenarios.load(name))
        except InvalidScenario as fault:
            faults.append(fault)
    if faults:
        raise InvalidScenario(
            "\n".join(fault.message for fault in faults),
            subject=faults[0].subject,
            param=faults[0].param,
        )
    return good
