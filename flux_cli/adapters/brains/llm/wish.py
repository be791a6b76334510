"""The form of a shopping list: asked of a model, read strictly, and bound by the rules' reading."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.adapters.brains.llm.prompts import Prompt, instructions
from flux_cli.domain.categories import CATEGORIES
from flux_cli.domain.free_text import bounded
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.shopping import MOST_NEEDS, MOST_QUANTITY, ShoppingSpec, spec_from
from flux_cli.errors import FluxError
from flux_cli.usecases.brain_ports import WishQuestion

LONGEST_WISH = 6000
_FIELDS = ("needs", "budget", "currency", "deadline", "people", "strategy", "exclusions")


def wish_prompt(question: WishQuestion) -> Prompt:
    """What a model is asked for a shopping list; the wish is quoted, the categories are ours."""
    mark = secrets.token_hex(6)
    document = {
        "today": question.today.isoformat(),
        "categories": {one.id: f"{one.name}, in {one.units}" for one in CATEGORIES.values()},
        f"quoted_{mark}": {"wish": bounded(question.words, LONGEST_WISH)},
    }
    text = json.dumps(document, ensure_ascii=False)
    return Prompt("wish", instructions("wish.v1"), text, _schema(), mark)


def _schema() -> dict[str, Any]:
    words = {"type": "array", "items": {"type": "string"}}
    text, count = {"type": ["string", "null"]}, {"type": "integer", "minimum": 1}
    need: dict[str, Any] = {
        "name": {"type": "string"},
        "category": {"type": "string", "enum": list(CATEGORIES)},
        "quantity": count | {"maximum": MOST_QUANTITY},
        "must": {"type": "boolean"},
        "terms": words,
        "exclusions": words,
        "max_unit_price": text,
    }
    closed = {"type": "object", "additionalProperties": False}
    each = closed | {"properties": need, "required": list(need)}
    whole: dict[str, Any] = {
        "needs": {"type": "array", "items": each, "maxItems": MOST_NEEDS},
        "budget": text,
        "currency": {"type": "string"},
        "deadline": text,
        "people": {"type": ["integer", "null"]},
        "strategy": {"type": "string", "enum": [one.value for one in Strategy]},
        "exclusions": words,
    }
    return closed | {"properties": whole, "required": list(whole)}


def read_list(form: Mapping[str, Any]) -> ShoppingSpec:
    """The shopping list a filled-in form is, by the validator of all lists. Raises `NoAnswer`."""
    missing = [name for name in _FIELDS if name not in form]
    if missing or len(form) != len(_FIELDS):
        raise NoAnswer(BallotError.SCHEMA, f"the fields are {', '.join(_FIELDS)}")
    if form["needs"] == []:
        raise NoAnswer(BallotError.REFUSAL, "the model sees nothing to buy")
    try:
        return spec_from(form)
    except FluxError as error:
        raise NoAnswer(BallotError.SCHEMA, bounded(error.message, 160)) from None
