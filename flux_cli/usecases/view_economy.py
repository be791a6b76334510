"""The economy at a glance: money, people, what runs and what waits."""

from __future__ import annotations

from collections import Counter

from flux_cli.domain.agents import ECONOMY, ORCHESTRATOR, Agent
from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import WORLD, wallet
from flux_cli.domain.money import CREDIT, total
from flux_cli.domain.runs import Run
from flux_cli.domain.webhooks import Webhook, WebhookState
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.ports import Reader

OPEN_RUNS = ("planning", "requesting", "working")
MOST_SHOWN = 5
"""Payments that wait for the owner and are named one by one."""

RESERVED = ("held", "card", "escrow", "stream")


def view_economy(reader: Reader) -> dict[str, object]:
    """Balances by kind of account, counts, and what needs the owner's attention."""
    assets = _assets(reader)
    payments = Counter(reader.numbers(PaymentIntent))
    granted = payments[IntentState.APPROVED] + payments[IntentState.CAPTURED]
    unfinished = (run.id for state in OPEN_RUNS for run in reader.find(Run, state=state))
    waiting = sorted(unfinished, reverse=True)
    silent = reader.find(Webhook, state=WebhookState.DISABLED)
    return {
        "frozen": is_frozen(reader, ECONOMY),
        "simulated": True,
        **assets[0],
        "assets": assets,
        "agents": len(reader.find(Agent, limit=100_000)),
        "runs": sum(reader.numbers(Run).values()),
        "payments": payments.total(),
        "approved": granted,
        "denied": payments[IntentState.DENIED],
        "active_cards": reader.numbers(Card).get(CardState.ACTIVE, 0),
        "attention": [
            *_approvals(reader, payments[IntentState.AWAITING_OWNER]),
            *(f"run {run} is not finished: flux runs resume {run}" for run in waiting),
            *(f"webhook {one.id} is disabled: flux webhooks enable {one.id}" for one in silent),
        ],
    }


def _approvals(reader: Reader, many: int) -> list[str]:
    """The newest payments that wait for the owner, and how many more do."""
    newest = reader.find(PaymentIntent, state=IntentState.AWAITING_OWNER, limit=MOST_SHOWN)
    lines = [f"{one.requester} asks for {one.amount}: flux payments approve {one.id}"
             for one in newest]  # fmt: skip
    if many > len(newest):
        more = many - len(newest)
        lines.append(f"{more} more payments wait: flux payments list --status awaiting_owner")
    return lines


def _assets(reader: Reader) -> list[dict[str, object]]:
    """Of each asset, CREDIT first: the orchestrator's, what is reserved, what came into being."""
    accounts = reader.accounts()
    codes = {account.balance.asset for account in accounts} | {CREDIT}
    reserved = [account.balance for account in accounts if account.kind in RESERVED]
    return [
        {
            "currency": asset.code,
            "orchestrator": reader.balance(wallet(ORCHESTRATOR), asset),
            "reserved": total([amount for amount in reserved if amount.asset == asset], asset),
            "issued": -reader.balance(WORLD, asset),
        }
        for asset in sorted(codes, key=lambda asset: (asset != CREDIT, asset.code))
    ]
