"""The small economy, its five seats models on one server, each named like its seat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import SEATS, Ballot, Urgency
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money
from tests.doubles.chat_server import ChatServer
from tests.usecases.small_economy import Clock, asked, economy, quiet

SETTINGS = """
[quorum]
fallback = {fallback}
soft_seconds = {soft}
total_seconds = {total}
large_percent_of_free_cash = 100
[brain]
max_cost = "{max_cost}"
[providers.local]
base_url = "{url}"
prices = "* {price}/{price}"
"""
SEAT = '[[quorum.seats]]\nname = "{0}"\nprovider = "local"\nmodel = "{0}"\nbackend = "{1}"\n'


def settings(
    chat: ChatServer, *, fallback: bool = False, soft: int = 5, total: int = 20, seconds: int = 10,
    price: str = "1.00", max_cost: str = "9", live: tuple[str, ...] = SEATS,
) -> str:  # fmt: skip
    """A user's file with every seat in `live` on the server."""
    text = SETTINGS.format(
        fallback=str(fallback).lower(), soft=soft, total=total, url=chat.base_url, price=price,
        max_cost=max_cost,
    )  # fmt: skip
    for seat in SEATS:
        text += SEAT.format(seat, "llm" if seat in live else "offline")
        text += f"timeout_seconds = {seconds}\n"
    return text


def live_economy(folder: Path, chat: ChatServer, policy: dict[str, Any] | None = None,
                 **settled: Any) -> Deps:  # fmt: skip
    """Ann's payments above nothing need the quorum, whose seats are models."""
    file = folder / "config.toml"
    file.write_text(settings(chat, **settled))
    config = load_config({"ledger.path": str(folder / "flux.db")}, {}, folder, user_file=file)
    opened = open_flux(config)
    clock = Clock()
    clock.go(days=-365)  # a process of its own reads the real clock, which may not be behind
    deps = economy(folder, clock, **({"approval_threshold": Money(0)} | (policy or {})))
    return replace(deps, brain=opened.brain, settings=opened.settings)


def sound(units: int = 1000, **changes: Any) -> MoneyRequest:
    """Ann asks to pay Pat for what no seat's rules are hard against."""
    request = asked(
        units, claimed_return=Money(40 * units), deliverables=("copy.md, the page's text",),
        acceptance_checks=2, justification="saves 30 hours in 2 weeks", urgency=Urgency.MEDIUM,
        slack_hours=72, turnaround_hours=24, escrowed=True,
    )  # fmt: skip
    return replace(request, **changes)


def request(deps: Deps, key: str = "k", **changes: Any) -> PaymentIntent:
    """Ann's request, decided."""
    return request_money(deps, sound(**changes), key=key, progress=quiet)


def cast(deps: Deps) -> dict[str, Ballot]:
    """Every recorded ballot by its seat."""
    with deps.store.reading() as reader:
        return {ballot.seat: ballot for ballot in reader.find(Ballot)}
