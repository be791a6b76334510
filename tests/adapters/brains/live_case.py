"""A request every seat's rules accept, and a brain whose seats are models on one server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flux_cli.adapters.brains.llm.brain import LiveBrain
from flux_cli.adapters.brains.llm.endpoint import Endpoint
from flux_cli.adapters.brains.offline import VOTES
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import SEATS, Dossier, LinePrice, Opinion, PayeeRecord, Urgency, Vote
from flux_cli.usecases.brain_ports import Answered, BallotQuestion
from tests.doubles.chat_server import ChatServer

KNOWN = tuple(parse_money(price) for price in ("95", "100", "105", "110"))
SOUND = Dossier(
    request_digest="d1",
    requester="ada",
    amount=parse_money("100"),
    purpose="API credits for the support bot",
    justification="each $1 of API use saved $4 of manual work in the last 30 days",
    urgency=Urgency.MEDIUM,
    claimed_return=parse_money("3000"),
    free_cash=parse_money("10000"),
    reserved=Money(0),
    budget_left=parse_money("10000"),
    reserve_floor_percent=20,
    payees=(PayeeRecord("acme", True, 8, 0, parse_money("800"), parse_money("100")),),
    escrowed=True,
    duplicates_7d=0,
    same_payee_24h=0,
    injections=(),
    deliverables=("credits.json, API credits",),
    acceptance_checks=2,
    slack_hours=72,
    turnaround_hours=24,
    prices=(LinePrice("credits", parse_money("100"), KNOWN),),
    settled_claims=6,
    accuracy_percent=90,
    evidence=("plan 1f2e", "quote ct_1"),
)
assert {rules(SOUND).vote for rules in VOTES.values()} == {Vote.YES}

Made = tuple[LiveBrain, Callable[..., Answered[Opinion]]]


def endpoint(chat: ChatServer, model: str, **changes: Any) -> Endpoint:
    """A model on the server, at a dollar per million tokens either way, with a quarter second."""
    made = Endpoint("local", chat.base_url, model, 5.0, 5.0, 1_000_000, 1_000_000)
    return replace(made, **changes)


def live(chat: ChatServer, *, fallback: bool = True, cap: str = "9", soft: float = 3,
         planner: bool = False, **changes: Any) -> LiveBrain:  # fmt: skip
    """All five seats on the server, each asking for the model of its own name."""
    return LiveBrain(
        {seat: endpoint(chat, seat, **changes) for seat in SEATS},
        endpoint(chat, "planner", **changes) if planner else None,
        fallback=fallback,
        soft_seconds=soft,
        cap=parse_money(cap),
    )


def ask(
    brain: LiveBrain, seat: str = "cfo", dossier: Dossier = SOUND, **more: Any
) -> Answered[Opinion]:
    """One seat's answer."""
    return brain.ask(BallotQuestion(seat, dossier, **more))
