"""The form of a plan: asked of a model, read strictly, and sound by the rules for every plan."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.adapters.brains.llm.prompts import MOST_ITEMS, Prompt, instructions, quote
from flux_cli.adapters.typed import convert
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import CREDIT, parse_money
from flux_cli.domain.plan import MOST_TASKS, Plan, Task, faults
from flux_cli.domain.quorum import BallotError
from flux_cli.errors import InvalidAmount
from flux_cli.usecases.brain_ports import PlanQuestion

LONGEST_BRIEF = 6000
"""The owner's own brief is longer than another party's sentence, and still bounded."""

_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
_FILE: Final = re.compile(r"(?!\.)[A-Za-z0-9_.*-]{1,64}", re.ASCII)
_MEDIA: Final = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}", re.ASCII)

Few = Annotated[list[Annotated[str, msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=16)]


class _Task(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    trade: str
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    needs: Few
    produces: Few
    media_types: Few
    max_price: Annotated[str, msgspec.Meta(max_length=40)]
    deadline_hours: int


class _Plan(msgspec.Struct, forbid_unknown_fields=True):
    tasks: Annotated[list[_Task], msgspec.Meta(max_length=MOST_TASKS)]


def plan_prompt(question: PlanQuestion) -> Prompt:
    """What a model is asked for a plan; the goal and the brief are quoted, the trades are ours."""
    mark = secrets.token_hex(6)
    document = {
        "trades": {
            trade: {"amount": most.decimal, "currency": most.asset.code}
            for trade, most in sorted(question.ceilings.items())
        },
        "facts": {"most_tasks": MOST_TASKS},
        f"quoted_{mark}": {
            "goal": quote(question.goal),
            "brief": bounded(question.brief, LONGEST_BRIEF),
            "files": [quote(name) for name in question.sources[:MOST_ITEMS]],
        },
    }
    text = json.dumps(document, ensure_ascii=False)
    return Prompt("plan", instructions("plan.v1"), text, _schema(question), mark)


def _schema(question: PlanQuestion) -> dict[str, Any]:
    words = {"type": "array", "items": {"type": "string"}}
    task: dict[str, Any] = {
        "id": {"type": "string"},
        "trade": {"type": "string", "enum": sorted(question.ceilings)},
        "title": {"type": "string"},
        "needs": words,
        "produces": words,
        "media_types": words,
        "max_price": {"type": "string"},
        "deadline_hours": {"type": "integer", "minimum": 1, "maximum": 2160},
    }
    closed = {"type": "object", "additionalProperties": False}
    each = closed | {"properties": task, "required": list(task)}
    tasks = {"type": "array", "items": each, "maxItems": MOST_TASKS}
    return closed | {"properties": {"tasks": tasks}, "required": ["tasks"]}


def read_plan(form: Mapping[str, Any], question: PlanQuestion) -> Plan:
    """The plan a filled-in form is, sound and within the trades' prices. Raises `NoAnswer`."""
    try:
        filled = convert(form, _Plan)
    except msgspec.ValidationError as error:
        raise NoAnswer(BallotError.SCHEMA, bounded(str(error), 160)) from None
    if not filled.tasks:
        raise NoAnswer(BallotError.REFUSAL, "the model sees no plan with these trades")
    plan = Plan(question.goal, tuple(_task(task, question) for task in filled.tasks))
    if wrong := faults(plan, question.ceilings):
        raise NoAnswer(BallotError.SCHEMA, bounded("; ".join(wrong), 160))
    return plan


def _task(task: _Task, question: PlanQuestion) -> Task:
    most = question.ceilings.get(task.trade)
    names = [*((_ID, name) for name in (task.id, *task.needs))]
    names += [*((_FILE, name) for name in task.produces)]
    names += [*((_MEDIA, name) for name in task.media_types)]
    if most is None or not all(form.fullmatch(name) for form, name in names):
        raise NoAnswer(BallotError.SCHEMA, "a task's trade, id or file is not one there can be")
    try:
        price = parse_money(task.max_price, CREDIT)
    except InvalidAmount:
        raise NoAnswer(BallotError.SCHEMA, "max_price is no amount") from None
    if price.asset != most.asset or price > most:
        raise NoAnswer(BallotError.SCHEMA, f"a task of {task.trade} may cost {most.decimal}")
    return Task(
        id=task.id,
        trade=task.trade,
        title=bounded(task.title, 120) or task.trade,
        needs=tuple(task.needs),
        produces=tuple(task.produces),
        media_types=tuple(task.media_types),
        max_price=price,
        deadline_hours=task.deadline_hours,
    )
