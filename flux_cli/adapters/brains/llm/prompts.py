"""What a model is told: instructions from versioned files, facts as JSON, others' text quoted."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum, IntEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from flux_cli.adapters.brains.llm.ballot import SLICES, schema
from flux_cli.adapters.brains.llm.endpoint import NoAnswer
from flux_cli.adapters.brains.llm.reply import content_of, first_object, whole_object
from flux_cli.domain.canonical import canonical
from flux_cli.domain.free_text import bounded
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import BallotError, Dossier

LONGEST_QUOTE = 600
MOST_ITEMS = 40
MOST_TOKENS = 4000
"""What a model may write, its reasoning included."""

OURS: Final = frozenset({"injections"})
"""Text in a dossier that the house wrote itself; all other text is another party's."""


class Rung(IntEnum):
    """How a form is asked for: what a server cannot do is asked for one rung lower."""

    SCHEMA = 0
    OBJECT = 1
    TEXT = 2


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question: the same `digest` for the same instructions and form, whatever the facts.

    `mark` is random for each question: nobody who wrote a text before could know it.
    """

    name: str
    instructions: str
    document: str
    schema: dict[str, Any]
    mark: str
    mended: bool = True

    @property
    def digest(self) -> str:
        """SHA-256 of the instructions and the form."""
        return hashlib.sha256(f"{self.instructions}\0{canonical(self.schema)}".encode()).hexdigest()

    def body(self, model: str, rung: Rung, fault: str) -> dict[str, Any]:
        """The request; `fault` is what was wrong with the answer before, empty the first time."""
        told = self.instructions
        if rung is not Rung.SCHEMA:
            told += f"\nThe object's JSON Schema:\n{json.dumps(self.schema)}\n"
        if rung is Rung.TEXT:
            told += f'\nAdd one more field to the object: "call" with the text "{self.mark}".\n'
        messages = [
            {"role": "system", "content": told},
            {"role": "user", "content": self.document},
        ]
        if fault:
            again = f"Your answer could not be used: {fault}. Answer again, with the object alone."
            messages.append({"role": "user", "content": again})
        body: dict[str, Any] = {"model": model, "messages": messages}
        match rung:
            case Rung.SCHEMA:
                form = {"name": self.name, "strict": True, "schema": self.schema}
                body["response_format"] = {"type": "json_schema", "json_schema": form}
                body["max_completion_tokens"] = MOST_TOKENS
            case Rung.OBJECT:
                body["response_format"] = {"type": "json_object"}
                body["max_completion_tokens"] = MOST_TOKENS
            case Rung.TEXT:
                body["max_tokens"] = MOST_TOKENS
        return body

    def form(self, raw: bytes, rung: Rung) -> dict[str, Any]:
        """The filled-in form in a server's answer. Raises `NoAnswer`.

        Where text may stand around it, it has to bear the mark: a form that was quoted from
        somebody's text does not.
        """
        content = content_of(raw)
        if rung is not Rung.TEXT:
            return whole_object(content)
        form = first_object(content)
        if form.pop("call", None) != self.mark:
            raise NoAnswer(BallotError.SCHEMA, "the first JSON object in it lacks this call's mark")
        return form


@cache
def instructions(*names: str) -> str:
    """The texts of these prompt files, one after the other."""
    folder = resources.files("flux_cli.adapters.brains.llm") / "prompts"
    return "\n".join((folder / f"{name}.md").read_text(encoding="utf-8") for name in names)


def ballot_prompt(seat: str, dossier: Dossier) -> Prompt:
    """What a seat's model is asked: the facts of its slice and no other."""
    mark, facts, quoted = secrets.token_hex(6), {}, dict[str, str]()
    for name in SLICES[seat]:
        facts[name] = _fact(name, getattr(dossier, name), quoted)
    document = {"seat": seat, "facts": facts, f"quoted_{mark}": quoted}
    return Prompt(
        "ballot",
        instructions("ballot.v1", f"{seat}.v1"),
        json.dumps(document, ensure_ascii=False),
        schema(seat),
        mark,
    )


def quote(text: str) -> str:
    """Another party's text as data: NFKC, nothing hidden, one line, bounded."""
    return bounded(text, LONGEST_QUOTE)


def _fact(name: str, value: object, quoted: dict[str, str]) -> object:
    """A dossier's value as JSON; other parties' text goes to `quoted` under its place."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Money):
        return {"amount": value.decimal, "currency": value.asset.code}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        if name.partition("[")[0] in OURS:
            return value
        quoted[name] = quote(value)
        return {"quoted": name}
    if isinstance(value, tuple):
        shown = [_fact(f"{name}[{n}]", item, quoted) for n, item in enumerate(value[:MOST_ITEMS])]
        more = len(value) - len(shown)
        return [*shown, {"not_shown": more}] if more else shown
    assert is_dataclass(value), f"{name} holds what no seat can be shown"
    return {
        part.name: _fact(f"{name}.{part.name}", getattr(value, part.name), quoted)
        for part in fields(value)
    }
