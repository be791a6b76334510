"""Racing one card: every step in a process of its own, all let go at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

from card_economy import WHOLE, Cards, cards_in, reopened

from flux_cli.domain.card_network import Authorization, Declined
from flux_cli.domain.cards import Card, CardUsage
from flux_cli.errors import FluxError

PROCESSES = 16
Step = Callable[[Cards, Card, int], object]


def said(step: Step, cards: Cards, card: Card, number: int) -> str:
    try:
        answer = step(cards, card, number)
    except FluxError as failure:
        return failure.code
    if isinstance(answer, Declined):
        return str(answer.reason)
    return answer.id if isinstance(answer, Authorization) else "done"


def race(folder: Path, card: Card, steps: list[Step]) -> list[str]:
    """Take all the steps at once, each in a process of its own; what each was told."""
    context = multiprocessing.get_context("fork")
    told, together = context.Queue(), context.Barrier(len(steps))

    def run(number: int, step: Step) -> None:
        cards = reopened(folder)
        together.wait(60)
        told.put(said(step, cards, card, number))

    racers = [context.Process(target=run, args=pair) for pair in enumerate(steps)]
    for racer in racers:
        racer.start()
    answers = [told.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(60)
    return answers


def issued(folder: Path, usage: CardUsage = CardUsage.SINGLE_USE) -> tuple[Cards, Card]:
    cards = cards_in(folder)
    card = cards.issue(usage=usage)
    cards.deps.store.close()  # type: ignore[attr-defined]
    return cards, card


def buy(kind: str, units: int = 2 * WHOLE) -> Step:
    """A purchase at a merchant of the process's own."""
    return lambda cards, card, number: cards.send(
        card, units, kind=kind, merchant=f"shop{number}", network_id=f"buy-{number}"
    )
