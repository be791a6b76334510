"""An economy of a payer, a helper and two payees, with a clock that tests set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.agents import ECONOMY, AgentKind, Freeze, freeze_id
from flux_cli.domain.intents import CaptureMethod, PaymentIntent, Share
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import Policy
from flux_cli.domain.quorum import Urgency
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.found_economy import register_agent, set_policy
from flux_cli.usecases.mandates import MandateRequest, create_mandate
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLENTY = 10**9
NAMES = ("ann", "ben", "pat", "sue")


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def go(self, **time: int) -> None:
        self.time += timedelta(**time)


def economy(folder: Path, clock: Clock, **policy: Any) -> Deps:
    """Ann and Ben with plenty of money; `policy` changes their policy, which allows everything."""
    path = folder / "flux.db"
    opened = open_flux(load_config({"ledger.path": str(path)}, {}, folder))
    store = SqliteStore(path, clock=clock)
    deps = replace(opened, store=store)
    with store.begin() as tx:
        tx.put(Freeze(freeze_id(ECONOMY), False, "", clock.now()), "economy.thawed")
        for name in NAMES:
            register_agent(deps, tx, name, name.title(), AgentKind.SPECIALIST)
        for name in ("ann", "ben"):
            set_policy(deps, tx, name, deps.settings, None)
            first = tx.find(Policy, agent=name, limit=1)[0]
            allows = replace(
                first, id=deps.ids.new("policy"), number=2, per_payment=None, limits=(),
                approval_threshold=Money(PLENTY), owner_threshold=None,
            )  # fmt: skip
            tx.put(replace(allows, **policy), "policy.set")
            key, target = f"top:{name}", wallet(name)
            tx.post(transfer(key, EntryKind.TOP_UP, WORLD, target, Money(PLENTY)))
    return deps


def quiet(step: str, /, **facts: object) -> None:
    """Nobody is told."""


def asked(units: int, **changes: Any) -> MoneyRequest:
    """Ann asks to pay Pat."""
    amount = Money(units)
    request = MoneyRequest(
        requester="ann", amount=amount, shares=(Share("pat", amount),), purpose="copy",
        justification="", claimed_return=None, urgency=Urgency.LOW, plan_digest="", reference="",
        escrowed=False, budget=None, capture_method=CaptureMethod.AUTOMATIC,
    )  # fmt: skip
    return replace(request, **changes)


def pay(deps: Deps, units: int, mandate: Mandate, key: str, **changes: Any) -> PaymentIntent:
    """Ann pays Pat under a mandate."""
    request = asked(units, mandate_id=mandate.id, **changes)
    return request_money(deps, request, key=key, progress=quiet)


def allow(deps: Deps, units: int, key: str, **changes: Any) -> Mandate:
    """A mandate of Ann's over `units`, for a day or as long as its parent."""
    made = ask_mandate(deps, units, key, **changes)
    assert isinstance(made, Mandate), made
    return made


def ask_mandate(deps: Deps, units: int, key: str, **changes: Any) -> Mandate | Denied:
    lifetime = None if "parent_id" in changes else timedelta(hours=24)
    request = MandateRequest("ann", Money(units), "copy", lifetime)
    return create_mandate(deps, replace(request, **changes), key=key)


def books(deps: Deps, mandate: Mandate) -> tuple[str, int, int, int]:
    """(state, spent, reserved, left) of a mandate now."""
    with deps.store.reading() as reader:
        now = reader.get(Mandate, mandate.id)
    return str(now.state), now.spent.units, now.reserved.units, now.left.units


def in_wallet(deps: Deps, name: str) -> int:
    with deps.store.reading() as reader:
        return reader.balance(wallet(name), CREDIT).units


def faults(deps: Deps) -> list[str]:
    """What the verifier says of the whole ledger."""
    return [fault for finding in deps.store.verify() for fault in finding.faults]
