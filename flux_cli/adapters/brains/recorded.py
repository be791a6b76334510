"""Answers on a cassette: recorded as they come, and given again without asking anybody.

A cassette is JSON Lines: a header, then a line for each question with its answer. It holds what
the brain was told of a request and what it said; no key and no prompt.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Final, Literal, TypeVar, cast

import msgspec

from flux_cli.adapters.typed import convert
from flux_cli.domain.canonical import canonical, digest
from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan
from flux_cli.domain.quorum import BallotError, Opinion
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import CannotPlan, FluxError, InvalidInput, StorageFailed
from flux_cli.usecases.brain_ports import (
    Answered,
    BallotQuestion,
    Brain,
    PictureQuestion,
    PlanQuestion,
    Question,
    WishQuestion,
    WordsQuestion,
)

A = TypeVar("A")
Count = Annotated[int, msgspec.Meta(ge=0)]

SCHEMA = "flux.cassette/1"
LARGEST = 64 * 1024 * 1024
_ID: Final = re.compile(r"\b([a-z]{2,8})_[0-9a-hjkmnp-tv-z]{26}\b")
"""An id of ours: another run has others, and no answer rests on one."""


@dataclass(frozen=True, slots=True)
class Header:
    """The cassette's first line: when it was made, from which ledger, and where its ids start.

    `head` is the hash of the ledger's last movement then, empty for a ledger that was new.
    """

    schema: str
    made_at: datetime
    head: str
    salt: str


@dataclass(frozen=True, slots=True)
class Given:
    """One recorded answer, or the failure there was instead of one."""

    value: object = None
    backend: Literal["rule", "llm", "rule_fallback"] = "rule"
    model: str = ""
    cost: Money = Money(0)  # noqa: RUF009 - immutable
    tokens: Count = 0
    latency_ms: Count = 0
    host: str = ""
    prompt_digest: str = ""
    error: BallotError | None = None
    cannot: str | None = None


def question_key(question: Question[Any]) -> tuple[str, str]:
    """(kind, digest) of a question by all it says but the ids of this one run."""
    if isinstance(question, BallotQuestion):
        asked: object = [question.seat, replace(question.dossier, request_digest="")]
        kind = "ballot"
    elif isinstance(question, WishQuestion):
        kind, asked = "wish", question
    elif isinstance(question, WordsQuestion):
        kind, asked = "words", replace(question, subject="", allowance=None)
    elif isinstance(question, PictureQuestion):
        kind, asked = "picture", replace(question, subject="", allowance=None)
    else:
        assert isinstance(question, PlanQuestion), "a question of a kind nobody answers"
        kind, asked = "plan", question
    return kind, digest([kind, _ID.sub(r"\1_", canonical(asked))])


class RecordingBrain:
    """Another brain's answers, each written down before it is used."""

    def __init__(self, brain: Brain, path: Path, header: Header) -> None:
        """Make the cassette, 0600; raises `InvalidInput` where there is one, `StorageFailed`."""
        self._brain, self._path, self._lock = brain, path, Lock()
        try:
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError:
            raise InvalidInput(
                f"{path} is there already; a recording is never written over",
                subject=str(path),
                param="--cassette",
            ) from None
        except OSError as error:
            raise _failed(path, error) from error
        os.close(opened)
        self._write(header)

    def ask(self, question: Question[A]) -> Answered[A]:
        """Ask the brain behind, and keep what it says; its failures are kept too."""
        kind, key = question_key(question)
        try:
            answered = self._brain.ask(question)
        except CannotPlan as error:
            self._keep(kind, key, question, Given(cannot=error.message))
            raise
        self._keep(
            kind,
            key,
            question,
            Given(**{name: getattr(answered, name) for name in answered.__dataclass_fields__}),
        )
        return answered

    def _keep(self, kind: str, key: str, question: Question[Any], given: Given) -> None:
        row: dict[str, object] = {"kind": kind, "key": key, "answer": given}
        if isinstance(question, BallotQuestion):
            # What came of a seat that was waited for too long is what stands; see `_read`.
            row |= {"seat": question.seat, "given_up": question.given_up is not None}
        self._write(row)

    def _write(self, line: object) -> None:
        text = canonical(line) + "\n"
        with self._lock:
            try:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(text)
            except OSError as error:
                raise _failed(self._path, error) from error


class RecordedBrain:
    """A cassette's answers, each given once; a question that is not on it is refused."""

    def __init__(self, path: Path) -> None:
        """Read the cassette; raises `InvalidInput` where the file is none."""
        self._path, self._lock = path, Lock()
        self.header, self._answers = _read(path)

    def ask(self, question: Question[A]) -> Answered[A]:
        """Raises `InvalidInput` for a question that was not recorded, `CannotPlan` as recorded."""
        kind, key = question_key(question)
        with self._lock:
            left = self._answers.get(key)
            given = left.popleft() if left else None
        if given is None:
            who = (
                f"the {question.seat} seat" if isinstance(question, BallotQuestion) else f"a {kind}"
            )
            raise InvalidInput(
                f"{self._path} has no answer left for this {kind} question ({who}): a recording"
                " answers only what was asked when it was made, from the same state of the ledger",
                subject=str(self._path),
                param="--cassette",
            )
        if given.cannot is not None:
            raise CannotPlan(given.cannot, param="GOAL")
        value = _value(self._path, kind, given.value)
        return Answered(
            cast(A, value),
            given.backend,
            given.model,
            given.cost,
            given.tokens,
            given.latency_ms,
            given.host,
            given.prompt_digest,
            given.error,
        )


def new_header(head: str) -> Header:
    """The header of a recording that begins now; its ids start where no other's do."""
    return Header(SCHEMA, datetime.now(UTC), head, secrets.token_hex(8))


def _read(path: Path) -> tuple[Header, dict[str, deque[Given]]]:
    answers: dict[str, deque[Given]] = {}
    try:
        if path.stat().st_size > LARGEST:
            raise _unusable(path, f"it is larger than {LARGEST} bytes")
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise _unusable(path, "it is not UTF-8 text") from None
    except OSError as error:
        raise _unusable(path, str(error.strerror)) from error
    try:
        found = json.loads(lines[0]) if lines else {}
        schema = found.get("schema") if isinstance(found, dict) else None
        if schema != SCHEMA:
            raise _unusable(path, f"its first line does not say {SCHEMA}")
        header = convert(found, Header)
        for line in lines[1:]:
            row = json.loads(line)
            given = convert(row["answer"], Given)
            same = answers.setdefault(str(row["key"]), deque())
            if row.get("given_up") and same:
                same.pop()  # its model's own answer came too late to be its ballot
            same.append(given)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        last = 1 + sum(len(given) for given in answers.values())
        raise _unusable(path, f"it cannot be read past line {last}") from error
    return header, answers


def _value(path: Path, kind: str, value: object) -> object:
    if _hides(_lines(value) if kind == "words" else value):
        raise _unusable(path, "an answer holds characters that cannot be seen")
    try:
        return convert(value, _VALUES[kind])
    except (msgspec.ValidationError, ValueError) as error:
        raise _unusable(path, f"an answer holds no {kind} ({error})") from error


_VALUES: Final = {
    "ballot": Opinion,
    "plan": Plan,
    "wish": ShoppingSpec,
    "words": dict[str, str],
    "picture": dict[str, str],
}


def _lines(value: object) -> object:
    """The texts of a delivery without their line breaks, which they may have."""
    texts = value if isinstance(value, dict) else {}
    return {place: str(text).replace("\n", " ") for place, text in texts.items()}


def _hides(value: object) -> bool:
    """Whether any text in a value that JSON made holds a character that cannot be seen."""
    if isinstance(value, dict):
        return any(_hides(inner) for pair in value.items() for inner in pair)
    if isinstance(value, list):
        return any(_hides(inner) for inner in value)
    return isinstance(value, str) and HIDDEN.search(value) is not None


def _unusable(path: Path, why: str) -> FluxError:
    return InvalidInput(f"{path} is no cassette: {why}", subject=str(path), param="--cassette")


def _failed(path: Path, error: OSError) -> FluxError:
    return StorageFailed(f"cannot write {path}: {error.strerror}", subject=str(path))
