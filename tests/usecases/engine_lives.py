"""One ledger from its founding to its end, through steps that a seed alone decides."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass
from random import Random

from engine_sides import Sides
from engine_steps import Steps


class Seeded:
    """Choices from a seed."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def integer(self, least: int, most: int) -> int:
        return self.random.randint(least, most)


@dataclass(frozen=True, slots=True)
class Life:
    """What one ledger came to; `fault` is empty where both sides agreed to the end."""

    name: str
    steps: int
    retried: int
    told: Counter[tuple[str, str]]
    fault: str


def live(name: str, steps: int) -> Life:
    """One ledger through `steps` steps that its name alone decides."""
    sides = Sides()
    chosen, retried, fault = Steps(sides, Seeded(name)), 0, ""
    try:
        for _ in range(steps):
            chosen.next()
        retried = sides.finish()
    except Exception:
        last = "\n".join(f"  {step} {asked}\n    -> {said}" for step, asked, said in sides.done)
        said = traceback.format_exc(limit=-2)
        fault = f"ledger {name}, step {sides.steps + 1}: {said}\nthe last steps:\n{last}"
    finally:
        sides.close()
    return Life(name, sides.steps, retried, sides.told, fault)
