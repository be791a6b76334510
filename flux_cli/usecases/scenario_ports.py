"""The door to scenarios: goals as files, as the use cases see them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flux_cli.domain.money import Money
from flux_cli.domain.plan import Plan
from flux_cli.domain.quorum import Urgency


@dataclass(frozen=True, slots=True)
class Scenario:
    """A goal with its inputs, as a file described it; `plan` is None where a brain plans."""

    name: str
    title: str
    goal: str
    brief: str
    sources: tuple[Path, ...]
    purpose: str
    justification: str
    claimed_return: Money | None
    urgency: Urgency
    budget: Money | None
    plan: Plan
    folder: Path


class Scenarios(Protocol):
    """The scenario files that were shipped or added."""

    def names(self) -> list[str]: ...

    def load(self, name: str) -> Scenario:
        """Raises `NotFound` naming the nearest, `InvalidScenario` with file and field."""

    def make(self, name: str, folder: Path) -> tuple[Path, ...]:
        """Write a new scenario that validates; raises `InvalidInput`, `StorageFailed`."""
