"""The form of a delivery's better texts: asked of a model, read strictly, judged elsewhere."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.adapters.brains.llm.prompts import Prompt, instructions, quote
from flux_cli.adapters.typed import convert
from flux_cli.domain.free_text import bounded
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.text import HIDDEN
from flux_cli.domain.work import Slot
from flux_cli.usecases.brain_ports import WordsQuestion

LONGEST_BRIEF = 6000
MOST_SLOTS = 60
MOST_QUOTES = 8
MOST_FAULTS = 12


class _Text(msgspec.Struct, forbid_unknown_fields=True):
    place: Annotated[str, msgspec.Meta(max_length=80)]
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]


class _Texts(msgspec.Struct, forbid_unknown_fields=True):
    texts: Annotated[list[_Text], msgspec.Meta(max_length=MOST_SLOTS)]


def words_prompt(question: WordsQuestion) -> Prompt:
    """What a model is asked for: the slots are ours, all that is in them is quoted."""
    mark = secrets.token_hex(6)
    document = {
        "facts": {"most_characters": {slot.place: slot.most for slot in _offered(question)}},
        "faults": [quote(fault) for fault in question.faults[:MOST_FAULTS]],
        f"quoted_{mark}": {
            "goal": quote(question.goal),
            "brief": bounded(question.brief, LONGEST_BRIEF),
            "texts": [_shown(slot) for slot in _offered(question)],
        },
    }
    text = json.dumps(document, ensure_ascii=False)
    told = instructions("words.v1", f"{question.trade}.v1")
    return Prompt("words", told, text, _schema(question), mark)


def _offered(question: WordsQuestion) -> tuple[Slot, ...]:
    return question.slots[:MOST_SLOTS]


def _shown(slot: Slot) -> dict[str, object]:
    return {
        "place": slot.place,
        "wanted": quote(slot.wanted),
        "text": "\n".join(bounded(line, slot.most) for line in slot.text.split("\n")),
        "rests_on": [quote(words) for words in slot.rests_on[:MOST_QUOTES]],
    }


def _schema(question: WordsQuestion) -> dict[str, Any]:
    places = [slot.place for slot in _offered(question)]
    closed = {"type": "object", "additionalProperties": False}
    one: dict[str, Any] = {
        "place": {"type": "string", "enum": places},
        "text": {"type": "string"},
    }
    each = closed | {"properties": one, "required": list(one)}
    texts = {"type": "array", "items": each, "maxItems": len(places)}
    return closed | {"properties": {"texts": texts}, "required": ["texts"]}


def read_words(form: Mapping[str, object], question: WordsQuestion) -> Mapping[str, str]:
    """The texts a filled-in form has, each in a slot and within its length. Raises `NoAnswer`."""
    try:
        filled = convert(form, _Texts)
    except msgspec.ValidationError as error:
        raise NoAnswer(BallotError.SCHEMA, bounded(str(error), 160)) from None
    known = {slot.place: slot for slot in _offered(question)}
    found: dict[str, str] = {}
    for one in filled.texts:
        slot = known.get(one.place)
        if slot is None or one.place in found:
            raise NoAnswer(BallotError.SCHEMA, "a place is none of those asked for, or comes twice")
        text = one.text.strip()
        several = "\n" in slot.text
        if not text or HIDDEN.search(text.replace("\n", "") if several else text):
            raise NoAnswer(BallotError.SCHEMA, f"{one.place} holds characters no reader sees")
        if len(text) > slot.most:
            said = f"{one.place} has {len(text)} characters, {slot.most} is the most"
            raise NoAnswer(BallotError.SCHEMA, said)
        found[one.place] = text
    if not found:
        raise NoAnswer(BallotError.REFUSAL, "the model leaves every text as it is")
    return found
