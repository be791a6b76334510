"""Brains as the use cases see them: what is asked, what comes back, how long it is waited for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Protocol, TypeVar

from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan
from flux_cli.domain.quorum import BallotError, Dossier, Opinion
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.domain.work import Scene, Slot

A = TypeVar("A")


class Question(Generic[A]):
    """Something a brain can be asked; `A` is the type of its answer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class BallotQuestion(Question[Opinion]):
    """Ask one seat for its ballot on one request.

    `allowance` is what all its models together may cost, in CREDIT, None for no bound but the
    brain's own. With `given_up` no model is to be asked any more, and that is why.
    """

    seat: str
    dossier: Dossier
    allowance: Money | None = None
    given_up: BallotError | None = None


@dataclass(frozen=True, slots=True)
class PlanQuestion(Question[Plan]):
    """Ask for a plan: the goal, what there is to read, and each trade's highest price.

    `scenarios` are names to suggest where no plan follows.
    """

    goal: str
    brief: str
    sources: tuple[str, ...]
    ceilings: Mapping[str, Money]
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WishQuestion(Question[ShoppingSpec]):
    """Ask for a wish's shopping list: its words, the day, and what the rules `read` in them.

    What they read of money, days and exclusions no answer may loosen.
    """

    words: str
    today: date
    read: ShoppingSpec


@dataclass(frozen=True, slots=True)
class WordsQuestion(Question[Mapping[str, str]]):
    """Ask for better texts in some of a delivery's slots, by place; no text leaves one as it is.

    `faults` say what was wrong with the texts before. `subject` is what the cost is counted for,
    `allowance` the most that may be, in CREDIT.
    """

    trade: str
    goal: str
    brief: str
    slots: tuple[Slot, ...]
    faults: tuple[str, ...] = ()
    subject: str = ""
    allowance: Money | None = None


@dataclass(frozen=True, slots=True)
class PictureQuestion(Question[Mapping[str, str]]):
    """Ask for a picture of a scene: by the scene's place, a file in base64 that nobody judged.

    `subject` is what the cost is counted for, `allowance` the most that may be, in CREDIT.
    """

    trade: str
    scene: Scene
    subject: str = ""
    allowance: Money | None = None


@dataclass(frozen=True, slots=True)
class Answered(Generic[A]):
    """A brain's answer and what it took: cost in CREDIT, latency in milliseconds.

    `error` says why a model gave no answer: `value` is then the rules' own where `backend` is
    `rule_fallback`, and no vote otherwise.
    """

    value: A
    backend: str
    model: str
    cost: Money
    tokens: int
    latency_ms: int
    host: str = ""
    prompt_digest: str = ""
    error: BallotError | None = None


class Brain(Protocol):
    """What answers typed questions: rules, a model, or a recording."""

    def ask(self, question: Question[A]) -> Answered[A]:
        """Raises `CannotPlan` for a goal no plan follows from."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long ballots by models are waited for, in seconds.

    `models` has each seat that a model answers for, and how long it may take in all. After the
    soft time a vote that is decided is not waited for; after the total time none is.
    """

    soft_seconds: float = 12
    total_seconds: float = 75
    models: Mapping[str, float] = field(default_factory=dict)
