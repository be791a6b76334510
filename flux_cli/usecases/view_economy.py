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
RESERVED = ("held", "card", "escrow", "stream")


def view_economy(reader: Reader) -> dict[str, object]:
    """Balances by kind of account, counts, and what needs the owner's attention."""
    assets = _assets(reader)
    runs = reader.find(Run, limit=100_000)
    payments = reader.find(PaymentIntent, limit=100_000)
    decided = Counter(payment.state for payment in payments)
    granted = decided[IntentState.APPROVED] + decided[IntentState.CAPTURED]
    waiting = [run.id for run in runs if run.state in OPEN_RUNS]
    silent = reader.find(Webhook, state=WebhookState.DISABLED)
    return {
        "frozen": is_frozen(reader, ECONOMY),
        "simulated": True,
        **assets[0],
        "assets": assets,
        "agents": len(reader.find(Agent, limit=100_000)),
        "runs": len(runs),
        "payments": len(payments),
        "approved": granted,
        "denied": decided[IntentState.DENIED],
        "active_cards": len(reader.find(Card, state=CardState.ACTIVE)),
        "attention": [
            *(f"run {run} is not finished: flux runs resume {run}" for run in waiting),
            *(f"webhook {one.id} is disabled: flux webhooks enable {one.id}" for one in silent),
        ],
    }


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
