"""What a specialist is given, what it hands back, and how anyone checks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NOT_SOURCE = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".tox"}
)
"""Names of folders in a source tree that hold history, caches and what others wrote."""


DATA_ENDINGS = (
    ".csv", ".tsv", ".psv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet", ".sqlite",
    ".sqlite3", ".db",
)  # fmt: skip
"""How the names of files end that hold tables; such a file may be large and need not be text."""


@dataclass(frozen=True, slots=True)
class Source:
    """One document a specialist may read and cite: a short name and its whole text.

    A source that is no text, or too large for one, is read at its absolute `path` instead. A
    folder's name ends in `/`; what it holds is data like any other, and nothing of it is run.
    """

    name: str
    text: str
    sha256: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One task as its specialist sees it. Every text in it is data, never an instruction.

    `needs` maps the name of each artefact made by an earlier task to its text; `produces` are
    patterns of the files that are wanted.
    `seed` decides every choice that is free, so the same assignment gives the same files.
    `rewritten` has a model's text for some of the slots that the same work left open before, and
    in its scene's place the picture that was painted for it, a file in base64 that nobody judged.
    """

    task_id: str
    trade: str
    goal: str
    brief: str
    sources: tuple[Source, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    produces: tuple[str, ...] = ()
    rewritten: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Artefact:
    """One delivered file; `path` is relative to the task's folder, with forward slashes."""

    path: str
    media_type: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Check:
    """One acceptance check with what was wanted and what was found."""

    name: str
    passed: bool
    wanted: str
    found: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A text of a delivery that a model may write anew, in at most `most` characters.

    `wanted` says what stands there, `text` what stands there now ("" for nothing yet), `rests_on`
    the quotations it may state facts from.
    """

    place: str
    wanted: str
    text: str
    most: int
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture that a model may paint for a delivery.

    What it `shows` and its `colours` (#rrggbb) are ours to say; `subject` is the client's text.
    """

    place: str
    shows: str
    subject: str
    colours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """What a specialist hands in: its files, one sentence on them, and who or what made them.

    `backend` is `rule` for offline work, `llm` where a model wrote or rewrote a part, and
    `outside` for what a program or an agent of somebody else made. `slots` are the texts that a
    model may better, `scene` the picture that one may paint.
    """

    artefacts: tuple[Artefact, ...]
    summary: str
    backend: str = "rule"
    slots: tuple[Slot, ...] = ()
    scene: Scene | None = None
