"""What the quorum is set to: who the five are, and how their votes are counted."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.config.chain import Got
from flux_cli.config.keys import SEATS, Amount, bands_in
from flux_cli.domain.money import Money
from flux_cli.errors import InvalidConfig

SEAT_PARTS = ("title", "provider", "model", "backend", "lineage")


@dataclass(frozen=True, slots=True)
class SeatConfig:
    """One voter: who it is and which model answers for it."""

    name: str
    title: str
    provider: str
    model: str
    backend: str
    timeout_seconds: int
    lineage: str
    weight: int
    veto: bool
    required: bool


@dataclass(frozen=True, slots=True)
class QuorumConfig:
    """How many of the five must say yes, and to what."""

    yes_needed: int
    yes_needed_large: int
    large_amount: Amount
    large_percent_of_free_cash: int
    bands: tuple[tuple[Money, int], ...]
    split: str
    exclude_lineage: str
    fallback: bool
    soft_seconds: int
    total_seconds: int
    seats: tuple[SeatConfig, ...]


def quorum_config(get: Got) -> QuorumConfig:
    """The settings of section `quorum`; raises `InvalidConfig` where they contradict."""
    config = QuorumConfig(
        yes_needed=get("quorum.yes_needed", int),
        yes_needed_large=get("quorum.yes_needed_large", int),
        large_amount=get("quorum.large_amount", Amount),
        large_percent_of_free_cash=get("quorum.large_percent_of_free_cash", int),
        bands=bands_in(get("quorum.bands", str)),
        split=get("quorum.split", str),
        exclude_lineage=get("quorum.exclude_lineage", str),
        fallback=get("quorum.fallback", bool),
        soft_seconds=get("quorum.soft_seconds", int),
        total_seconds=get("quorum.total_seconds", int),
        seats=tuple(
            SeatConfig(
                name=name,
                **{part: get(f"quorum.seats.{name}.{part}", str) for part in SEAT_PARTS},
                timeout_seconds=get(f"quorum.seats.{name}.timeout_seconds", int),
                weight=get(f"quorum.seats.{name}.weight", int),
                veto=get(f"quorum.seats.{name}.veto", bool),
                required=get(f"quorum.seats.{name}.required", bool),
            )
            for name, *_ in SEATS
        ),
    )
    if config.yes_needed_large < config.yes_needed:
        raise InvalidConfig(
            f"quorum.yes_needed_large ({config.yes_needed_large}) is below"
            f" quorum.yes_needed ({config.yes_needed}): large payments need no fewer votes",
            param="quorum.yes_needed_large",
        )
    return config
