"""What the owner may do from the dashboard, through the same use cases as the command line."""

from __future__ import annotations

from asyncio import to_thread
from dataclasses import dataclass

from textual.app import App

from flux_cli.domain.agents import ECONOMY
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import Money, total
from flux_cli.entrypoints.tui.dialogs import Dialog
from flux_cli.errors import FluxError, WrongState
from flux_cli.usecases.dashboard_view import Period, Ref
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.request_money import approve_payment, deny_payment

READ_ONLY = "this dashboard only reads: start it with `flux tui --allow-writes`"
LATEST = 1000
"""How many of a payer's payments the day's total looks through; more in a day are not added."""

WAITING = (IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the owner is asked: facts of the ledger first, the requester's words last."""

    payment_id: str
    word: str
    title: str
    lines: tuple[tuple[str, str], ...]
    typed: str


class Writer:
    """Approves, denies and freezes; every call may block, and raises `FluxError`."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps

    def asked(self, payment_id: str, word: str) -> Asked:
        """What to ask before a payment is approved or denied; raises `WrongState`."""
        expire_due(self.deps)
        with self.deps.store.reading() as reader:
            intent = reader.get(PaymentIntent, payment_id)
            if intent.state not in WAITING:
                raise WrongState(f"it is {intent.state}: nothing waits for the owner")
            lines = _summary(reader, intent)
        typed = plainly(intent.amount) if word == "approve" else "deny"
        return Asked(intent.id, word, f"{word.capitalize()} this payment?", lines, typed)

    def decide(self, asked: Asked) -> str:
        """Do it; the outcome in words."""
        if asked.word == "deny":
            intent = deny_payment(self.deps, asked.payment_id, "")
        else:
            intent = approve_payment(self.deps, asked.payment_id)
        why = f": {intent.refusals[0].message}" if intent.refusals else ""
        return f"{intent.amount} is {intent.state.replace('_', ' ')}{why}"

    def freeze(self) -> str:
        """Stop the economy."""
        set_frozen(self.deps, ECONOMY, frozen=True, reason="from the dashboard")
        return "frozen: `flux thaw` lets it go on"


async def decide(app: App[None], writer: Writer | None, ref: Ref | None, word: str) -> str:
    """Ask the owner to type the amount, or `deny`, and do it; what came of it, in words."""
    if writer is None:
        return READ_ONLY
    if ref is None or ref.kind != "payment":
        return f"choose a payment to {word}: i shows those that wait"
    try:
        asked = await to_thread(writer.asked, ref.id, word)
        typed = await app.push_screen_wait(Dialog(asked.title, list(asked.lines), asked.typed))
        if typed != asked.typed:
            return "nothing was done"
        return await to_thread(writer.decide, asked)
    except FluxError as error:
        return str(error)


async def freeze(app: App[None], writer: Writer | None) -> str:
    """Ask the owner to type `freeze` and do it; what came of it, in words."""
    if writer is None:
        return READ_ONLY
    lines = [("economy", "nothing new moves until `flux thaw`")]
    if await app.push_screen_wait(Dialog("Freeze the economy?", lines, "freeze")) != "freeze":
        return "nothing was done"
    try:
        return await to_thread(writer.freeze)
    except FluxError as error:
        return str(error)


def _summary(reader: Reader, intent: PaymentIntent) -> tuple[tuple[str, str], ...]:
    start, asset = reader.now - Period.DAY.length, intent.amount.asset
    latest = reader.find(PaymentIntent, requester=intent.requester, limit=LATEST)
    today = [
        one.amount - one.released
        for one in latest
        if one.decision_id is not None and one.amount.asset == asset and one.created_at > start
    ]
    voted = intent.yes + intent.no + intent.abstain
    counted = f"{intent.yes} YES, {intent.no} NO, {intent.needed} needed"
    votes = counted if voted else "nobody was asked"
    return (
        ("payee", ", ".join(f"{share.payee}  {share.amount}" for share in intent.shares)),
        ("amount", str(intent.amount)),
        ("in 24 hours", f"{total(today, asset)} to date, payments: {len(today)}"),
        ("payer", intent.requester),
        ("votes", votes),
        ("id", intent.id),
        ("it says", f"“{intent.purpose}”"),
    )


def plainly(amount: Money) -> str:
    """An amount as it is typed: `250.00`."""
    whole, point, part = amount.decimal.partition(".")
    return whole + point + part.rstrip("0").ljust(min(2, amount.asset.exponent), "0")
