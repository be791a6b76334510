"""The money engine as the model names its steps: plain values in, plain answers out."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine_objects import Answer, Cap, Rules
from engine_view import View
from small_economy import PLENTY, Clock, asked, economy, quiet

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.intents import CaptureMethod, PaymentIntent, Share
from flux_cli.domain.journal import Entry, EntryKind, Move
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit, Policy, Scope, Window
from flux_cli.domain.streams import Rate, Stream, Terms
from flux_cli.errors import FluxError
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.batch_payments import Outcome, Row, pay_all, pay_each
from flux_cli.usecases.caps import Caps
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.change_caps import change_caps, set_paused
from flux_cli.usecases.charge_cost import charge_cost
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    expire_escrows,
    refund_escrow,
    release_escrow,
    resolve_escrow,
    submit_work,
)
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.mandates import (
    MandateRequest,
    close_mandate,
    create_mandate,
    expire_mandates,
    revoke_mandate,
)
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.request_money import approve_payment, deny_payment, request_money
from flux_cli.usecases.streams import (
    Case,
    close_stream,
    open_stream,
    pause_stream,
    resume_stream,
    settle_stream,
    top_up,
)
from flux_cli.usecases.wallets import withdraw

WEALTH = {"ann": 1500, "ben": 1500}
FAST = Mode("wal", "off", "a ledger in memory, for as long as a test runs")
MEMORY = Path("/dev/shm")
"""Where ledgers are kept while they run; without it, where temporary files are."""


def coins(units: int | None) -> Money | None:
    return None if units is None else Money(units)


class Engine(View):
    """The use cases on a real ledger, each taking and answering plain values."""

    def __init__(self) -> None:
        memory = MEMORY if MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="flux-machine-", dir=memory))
        self.clock = Clock()
        self.deps = economy(self.folder, self.clock)
        self.deps.store.close()  # type: ignore[attr-defined]
        path = self.folder / "flux.db"
        self.store = SqliteStore(path, clock=self.clock, mode=FAST)
        self.deps = replace(self.deps, store=self.store)
        for name, units in WEALTH.items():
            withdraw(self.deps, name, Money(PLENTY - units), key=f"start:{name}")
        # A second pair of eyes: what is compared is read past the store.
        super().__init__(path)
        with self.store.reading() as reader:
            self.policy = reader.find(Policy, agent="ann", limit=1)[0]

    def close(self) -> None:
        self.view.close()
        self.store.close()
        shutil.rmtree(self.folder)

    # One method a step, named as the model's.

    def step(self, name: str, asked: dict[str, Any]) -> Answer:
        try:
            return self.told(getattr(self, name)(**asked))
        except FluxError as failure:
            return ("error", failure.code)
        except sqlite3.IntegrityError as refused:
            said = str(refused)
            nothing = "constraint failed: amount > 0" in said
            return ("error", "invalid_amount" if nothing else said)

    def told(self, result: Any) -> Answer:
        match result:
            case Denied():
                return ("denied", frozenset(one.code for one in result.refusals))
            case PaymentIntent() if str(result.state) == "denied":
                return ("denied", frozenset(one.code for one in result.refusals))
            case PaymentIntent():
                numbers = (result.captured, result.released, result.refunded)
                return (str(result.state), *(number.units for number in numbers))
            case Escrow():
                return (str(result.state), result.released.units, result.refunded.units)
            case Stream():
                numbers = (result.funded, result.paid, result.returned)
                return (str(result.state), *(number.units for number in numbers))
            case Mandate():
                return (str(result.state),)
            case list():
                return ("swept", len(result))
            case tuple():
                return result
        return ("done",)

    def go(self, by: int) -> None:
        self.clock.time += timedelta(microseconds=by)

    def freeze(self, subject: str, on: bool) -> None:
        set_frozen(self.deps, subject, frozen=on, reason="")

    def set_rules(self, subject: str, rules: Rules) -> None:
        with self.store.reading() as reader:
            earlier = reader.find(Policy, agent=subject, limit=1)
        policy = replace(
            self.policy,
            id=self.deps.ids.new("policy"),
            agent=subject,
            number=earlier[0].number + 1 if earlier else 1,
            per_payment=coins(rules.per_payment),
            limits=limits(rules.caps),
            payees=rules.payees,
            denied_payees=rules.never,
            minimum_balance=coins(rules.minimum),
            owner_threshold=coins(rules.owner_above),
            duplicate_window=None if rules.once_in is None else Window(rules.once_in),
            paused=rules.paused,
        )
        with self.store.begin() as tx:
            tx.put(policy, "policy.set")

    def change_caps(
        self,
        name: str,
        per_payment: int | None,
        per_day: int | None,
        owner_above: int | None,
        payees: frozenset[str] | None,
        paused: bool,
    ) -> None:
        caps = Caps(coins(per_payment), coins(per_day), coins(owner_above), payees, paused)
        assert change_caps(self.deps, name, caps, as_owner=True) == ()

    def rest(self, name: str, on: bool) -> None:
        set_paused(self.deps, name, paused=on)

    def fund(self, name: str, amount: int, key: str) -> None:
        fund_agent(self.deps, name, Money(amount), key=key)

    def withdraw(self, name: str, amount: int, key: str) -> None:
        withdraw(self.deps, name, Money(amount), key=key)

    def charge(self, agent: str, kind: str, amount: int, to: str, key: str) -> Any:
        cost = EntryKind(kind)
        return charge_cost(self.deps, agent, cost, Money(amount), to=to, key=f"charge:{key}")

    def post(self, moves: tuple[tuple[str, str, int], ...], key: str, leave: Any) -> Answer:
        by = None
        if leave is not None:
            asked = (self.id_of("intents", leave),)
            (by,) = self.view.execute(
                "select decision_id from intents where id = ?", asked
            ).fetchone()
        made = tuple(Move(source, target, Money(units)) for source, target, units in moves)
        try:
            with self.store.begin() as tx:
                tx.post(Entry(f"post:{key}", EntryKind.ADJUSTMENT, made, decision_id=by))
        except AssertionError:
            return ("error", "malformed")
        return ("done",)

    def decision_of(self, key: Any) -> str:
        sql, found = "select decision_id from intents where id = ?", self.id_of("intents", key)
        return str(self.view.execute(sql, (found,)).fetchone()[0])

    def request(self, payer: str, shares: tuple[tuple[str, int], ...], **also: Any) -> MoneyRequest:
        total = sum(units for _, units in shares)
        manual, mandate = also["manual"], also.get("mandate")
        return asked(
            also.get("amount", total),
            requester=payer,
            shares=tuple(Share(payee, Money(units)) for payee, units in shares),
            purpose=also["purpose"],
            category=also["category"],
            reference=also["reference"],
            hold_hours=also["hold_hours"],
            capture_method=CaptureMethod.MANUAL if manual else CaptureMethod.AUTOMATIC,
            mandate_id=None if mandate is None else self.id_of("mandates", mandate),
        )

    def pay(self, key: str, **also: Any) -> PaymentIntent:
        return request_money(self.deps, self.request(**also), key=key, progress=quiet)

    def batch(self, rows: tuple[dict[str, Any], ...], together: bool) -> Answer:
        made = [
            Row(line, row["key"], self.request(**{k: v for k, v in row.items() if k != "key"}))
            for line, row in enumerate(rows)
        ]
        if not together:
            return tuple(self.told(one.intent) for one in pay_each(self.deps, made, quiet))
        ended = pay_all(self.deps, made)
        if isinstance(ended, Outcome):
            return ("undone", self.told(ended.intent))
        return tuple(self.told(one.intent) for one in ended)

    def approve(self, key: Any) -> PaymentIntent:
        return approve_payment(self.deps, self.id_of("intents", key))

    def deny(self, key: Any) -> PaymentIntent:
        return deny_payment(self.deps, self.id_of("intents", key), "")

    def capture(self, key: Any, amount: int | None, final: bool, name: str) -> Any:
        found = self.id_of("intents", key)
        return capture_payment(self.deps, found, coins(amount), final=final, key=name)

    def cancel(self, key: Any) -> PaymentIntent:
        return cancel_payment(self.deps, self.id_of("intents", key))

    def refund(self, key: Any, amount: int | None, payee: str | None, name: str) -> Any:
        found = self.id_of("intents", key)
        return refund_payment(self.deps, found, coins(amount), payee=payee, key=name)

    def sweep_payments(self) -> Any:
        return expire_payments(self.deps)

    def make_mandate(
        self,
        key: str,
        holder: str,
        total: int,
        hours: int | None,
        parent: str | None,
        per_payment: int | None,
        caps: tuple[Cap, ...],
        payees: frozenset[str] | None,
    ) -> Any:
        request = MandateRequest(
            holder,
            Money(total),
            "copy",
            lifetime=None if hours is None else timedelta(hours=hours),
            parent_id=None if parent is None else self.id_of("mandates", parent),
            per_payment=coins(per_payment),
            limits=limits(caps),
            payees=payees,
        )
        return create_mandate(self.deps, request, key=key)

    def close_mandate(self, key: str) -> Any:
        return close_mandate(self.deps, self.id_of("mandates", key))

    def revoke_mandate(self, key: str) -> Any:
        return revoke_mandate(self.deps, self.id_of("mandates", key)).mandate

    def sweep_mandates(self) -> Any:
        return expire_mandates(self.deps)

    def make_escrow(
        self,
        key: str,
        payer: str,
        payee: str,
        amount: int,
        judge: str,
        hours: int,
        mandate: str | None,
    ) -> Any:
        lasts = timedelta(hours=hours)
        under = None if mandate is None else self.id_of("mandates", mandate)
        request = EscrowRequest(
            payer, payee, Money(amount), "an escrow", judge, lasts, mandate_id=under
        )
        return self.or_payment(create_escrow(self.deps, request, key=key, progress=quiet))

    def or_payment(self, made: Any) -> Any:
        return ("payment", *self.told(made)) if isinstance(made, PaymentIntent) else made

    def submit(self, key: str, work: str, by: str) -> Any:
        return submit_work(self.deps, self.id_of("escrows", key), work, by=by)

    def release(self, key: str, amount: int | None, by: str, name: str) -> Any:
        part = Part(amount=coins(amount))
        return release_escrow(self.deps, self.id_of("escrows", key), part, by=by, key=name)

    def reject(self, key: str, by: str, name: str) -> Any:
        return refund_escrow(self.deps, self.id_of("escrows", key), by=by, key=name)

    def dispute(self, key: str, by: str, reason: str) -> Any:
        return dispute_escrow(self.deps, self.id_of("escrows", key), by=by, reason=reason)

    def resolve(self, key: str, amount: int, name: str) -> Any:
        return resolve_escrow(self.deps, self.id_of("escrows", key), Money(amount), key=name)

    def sweep_escrows(self) -> Any:
        return expire_escrows(self.deps)

    def open_stream(
        self,
        key: str,
        payer: str,
        payee: str,
        rate: tuple[int, int],
        amount: int,
        cap: int | None,
        lasts: int | None,
    ) -> Any:
        terms = Terms(payer, payee, Rate(*rate), Money(amount), cap=coins(cap), lasts_seconds=lasts)
        return self.or_payment(open_stream(self.deps, terms, Case(), key=key, progress=quiet))

    def top_up(self, stream: str, amount: int, key: str) -> Any:
        found = self.id_of("streams", stream)
        made = top_up(self.deps, found, Money(amount), Case(), key=key, progress=quiet)
        return self.or_payment(made)

    def settle(self, key: str) -> Any:
        return settle_stream(self.deps, self.id_of("streams", key))

    def pause(self, key: str) -> Any:
        return pause_stream(self.deps, self.id_of("streams", key))

    def resume(self, key: str) -> Any:
        return resume_stream(self.deps, self.id_of("streams", key))

    def close_stream(self, key: str) -> Any:
        return close_stream(self.deps, self.id_of("streams", key))


def limits(caps: tuple[Cap, ...]) -> tuple[Limit, ...]:
    return tuple(
        Limit(
            Window(cap.window),
            coins(cap.amount),
            cap.count,
            Scope(cap.scope),
            cap.only,
            coins(cap.below),
        )
        for cap in caps
    )
