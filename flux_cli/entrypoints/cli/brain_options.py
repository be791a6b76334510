"""Who answers for the seats and the planner in one command, and the cassette it goes with."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_votes import BrainWish, open_with_brain
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import prove_owner
from flux_cli.errors import Fix, InvalidAmount, InvalidInput
from flux_cli.usecases.ports import Deps

PANEL = "Brain"


class BrainKind(StrEnum):
    """What may answer in place of what is configured."""

    OFFLINE = "offline"
    LLM = "llm"
    REPLAY = "replay"


Brain = Annotated[
    BrainKind | None,
    typer.Option(
        help="Who answers this time: rules, models, or a recording.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
Record = Annotated[
    bool, typer.Option("--record", help="Keep every answer on --cassette.", rich_help_panel=PANEL)
]
Cassette = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The recording to make, or with --brain replay to play.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
MaxBrainCost = Annotated[
    str | None,
    typer.Option(
        "--max-brain-cost",
        metavar="USD",
        help="Models may cost this at most this time, e.g. 0.20.",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]


def open_for_votes(
    flux: Invocation,
    kind: BrainKind | None,
    record: bool,
    cassette: Path | None,
    max_cost: str | None,
    *,
    found: bool = False,
) -> Deps:
    """The dependencies of a command that may vote; `found` allows the ledger to be made.

    In a ledger that is there only the owner may have others vote than those that are configured:
    whoever may choose the voters has the vote. Raises `InvalidInput`, `InvalidAmount`,
    `OwnerRequired`, `NotFound`.
    """
    most = None if max_cost is None else _lower(flux, max_cost)
    replay = kind is BrainKind.REPLAY
    if record and replay:
        raise InvalidInput("a replay asks nobody, so there is nothing to record", param="--record")
    if cassette is None and (record or replay):
        raise InvalidInput(
            "say which recording",
            param="--cassette",
            fixes=(Fix("name a file with --cassette FILE"),),
        )
    if cassette is not None and not (record or replay):
        raise InvalidInput(
            "--cassette goes with --record, to make it, or with --brain replay, to play it",
            param="--cassette",
        )
    if not found or flux.config.ledger.path.exists():
        there = open_existing(flux.config, timeout=flux.timeout)
        configured = {seat.backend for seat in flux.config.quorum.seats}
        if kind is not None and configured != {kind.value}:
            who = f"{cassette}" if replay else f"Voters of the kind {kind.value}"
            what = f"{who} would vote in the place of the seats you configured."
            prove_owner(flux, there, what, kind.value)
    wish = BrainWish(
        kind=None if kind is None else kind.value,
        cassette=None if cassette is None else flux.cwd / cassette,
        record=record,
        most=most,
    )
    deps = open_with_brain(flux.config, wish, timeout=flux.timeout)
    if replay:
        flux.progress("replay", cassette=str(cassette), asked="nobody")
    return deps


def _lower(flux: Invocation, text: str) -> Money:
    """What models may cost this time, which is never more than what is configured."""
    try:
        most = parse_money(text, CREDIT)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param="--max-brain-cost") from None
    cap = flux.config.brain.max_cost.money
    if most > cap:
        raise InvalidInput(
            f"{most} is more than brain.max_cost, {cap}, which it can only lower",
            param="--max-brain-cost",
            fixes=(Fix(f"ask for {cap} or less, or raise brain.max_cost in your own file"),),
        )
    return most
