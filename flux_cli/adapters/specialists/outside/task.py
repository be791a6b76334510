"""A task as somebody outside Flux gets it, and the answer it wants: JSON both ways, no secret."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from flux_cli.adapters.specialists.artefacts import is_portable, write_artefact
from flux_cli.adapters.typed import decode
from flux_cli.domain.text import visible
from flux_cli.domain.work import Artefact, Assignment, Source, Submission
from flux_cli.errors import WorkFailed

A = TypeVar("A")

TASK = "flux.task/1"
LARGEST_TASK = 32 << 20
MOST_FILES = 200
BACKEND = "outside"

Kind = Annotated[str, msgspec.Meta(pattern=r"\A[a-z]+/[a-z0-9][a-z0-9.+-]{0,60}\Z")]


class Listed(msgspec.Struct, forbid_unknown_fields=True):
    """A file that a command says it made; its size and hash are counted, not believed."""

    path: Annotated[str, msgspec.Meta(max_length=1000)]
    media_type: Kind


class Sent(Listed, forbid_unknown_fields=True):
    """A file that an agent sends, as text or as base64."""

    text: str | None = None
    base64: str | None = None


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What a command says when it is done."""

    files: Annotated[list[Listed], msgspec.Meta(min_length=1, max_length=MOST_FILES)]
    summary: Annotated[str, msgspec.Meta(max_length=600)] = ""


class SentAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What an agent answers."""

    files: Annotated[list[Sent], msgspec.Meta(min_length=1, max_length=MOST_FILES)]
    summary: Annotated[str, msgspec.Meta(max_length=600)] = ""


def task_document(assignment: Assignment, *, send: bool) -> bytes:
    """The task as JSON; with `send` files go in it as base64, else their places do.

    Raises `WorkFailed` where they are too large to be sent.
    """
    document = {
        "schema": TASK,
        "task": assignment.task_id,
        "trade": assignment.trade,
        "goal": assignment.goal,
        "brief": assignment.brief,
        "produces": assignment.produces,
        "needs": assignment.needs,
        "sources": [_source(source, send=send) for source in assignment.sources],
        "seed": assignment.seed,
    }
    data = msgspec.json.encode(document)
    if len(data) > LARGEST_TASK:
        raise WorkFailed(f"the task is larger than {LARGEST_TASK >> 20} MiB")
    return data


def _source(source: Source, *, send: bool) -> Mapping[str, str]:
    about = {"name": source.name, "sha256": source.sha256}
    if not source.path:
        return about | {"text": source.text}
    if not send:
        return about | {"path": source.path}
    path = Path(source.path)
    if not path.is_file() or path.stat().st_size > LARGEST_TASK // 2:
        raise WorkFailed(f"{visible(source.name)[:80]} cannot be sent: a folder, or too large")
    return about | {"base64": base64.b64encode(path.read_bytes()).decode()}


def listed(data: bytes, folder: Path) -> Submission:
    """What a command's answer hands in, each file measured; raises `WorkFailed`."""
    answer = _decoded(data, Answer)
    made = tuple(_measured(folder, one) for one in answer.files)
    return Submission(made, _summary(answer.summary, len(made)), BACKEND)


def received(data: bytes, folder: Path) -> Submission:
    """What an agent's answer hands in, each file written into the folder; raises `WorkFailed`."""
    answer = _decoded(data, SentAnswer)
    if len({one.path.casefold() for one in answer.files}) < len(answer.files):
        raise WorkFailed("it sent two files of one name")
    made = tuple(
        write_artefact(folder, one.path, _content(one), one.media_type) for one in answer.files
    )
    return Submission(made, _summary(answer.summary, len(made)), BACKEND)


def _decoded(data: bytes, kind: type[A]) -> A:
    try:
        return decode(data, kind)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise WorkFailed(f"its answer is not one: {visible(str(error))[:200]}") from error


def _measured(folder: Path, one: Listed) -> Artefact:
    """The file as it lies in the folder; whether it is a plain one is looked at afterwards."""
    path = folder / one.path
    if not is_portable(one.path) or path.is_symlink() or not path.is_file():
        raise WorkFailed(f"it lists a file that is not there: {visible(one.path)[:80]}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Artefact(one.path, one.media_type, file.tell(), digest)


def _content(one: Sent) -> bytes:
    if (one.text is None) == (one.base64 is None):
        raise WorkFailed(f"{visible(one.path)[:80]} is sent as text or as base64, one of them")
    if one.text is not None:
        return one.text.encode("utf-8", "replace")
    try:
        return base64.b64decode(one.base64 or "", validate=True)
    except ValueError as error:
        raise WorkFailed(f"{visible(one.path)[:80]} is no base64") from error


def _summary(said: str, files: int) -> str:
    """What it says of its work, in a line that can be shown."""
    return visible(said)[:600] or f"{files} file" + "s" * (files != 1)
