"""One ledger with something on every screen of the dashboard, the same on every machine.

Its texts are the test's own: `said(what, most)` is asked for each, so that the same ledger can be
made of hostile ones. It is written past the use cases, which would make such text harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flux_cli.adapters.clock import RecordedIds, StoppedClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.watch import SqliteWatch
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.agents import Agent
from flux_cli.domain.api_keys import ApiKey, Environment, Scope
from flux_cli.domain.authorizations import Terms
from flux_cli.domain.card_network import (
    Authorization,
    AuthorizationState,
    DeclineReason,
    MessageKind,
    NetworkMessage,
)
from flux_cli.domain.cards import Card, CardState, CardUsage
from flux_cli.domain.carts import (
    Alternative,
    Cart,
    CartLeg,
    CartLine,
    CartProof,
    CartState,
    Choice,
    Point,
    Proof,
)
from flux_cli.domain.contracts import Contract, ContractState, Ranked
from flux_cli.domain.decisions import Decision
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.marketplace import Listing, Strategy
from flux_cli.domain.money import ASSETS, Money
from flux_cli.domain.plan import Plan, Task
from flux_cli.domain.quorum import SEATS, Ballot, Conditions, Reason, Tally, Urgency, Vote
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.runs import Run, RunState
from flux_cli.domain.settlements import Attempt, Outcome, Purpose, Settlement, SettlementState
from flux_cli.domain.shopping import spec_from
from flux_cli.domain.webhooks import Webhook, WebhookState
from flux_cli.domain.work import Artefact, Check
from flux_cli.usecases.dashboard_view import Ref
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.mandates import MandateRequest, create_mandate
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FOUNDED = NOW - timedelta(hours=2)
Said = Callable[[str, int], str]
VOTES = (Vote.YES, Vote.YES, Vote.NO, Vote.ABSTAIN, Vote.NO)
HEX = "0123456789abcdef" * 4
ADDRESS = "0x" + HEX[:40]


def as_meant(text: str, most: int) -> str:
    """What a peaceable party writes."""
    return text[:most]


class MovedClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = FOUNDED

    def now(self) -> datetime:
        return self.time


class ShownLedger:
    """The ledger at `path`, and one object of each kind that can be opened."""

    def __init__(self, folder: Path, said: Said = as_meant) -> None:
        self.path = folder / "shown.db"
        self._said = said
        self._clock = MovedClock()
        opened = open_flux(load_config({"ledger.path": str(self.path)}, {}, folder))
        store = SqliteStore(self.path, clock=self._clock)
        self.deps: Deps = replace(opened, store=store, ids=RecordedIds(FOUNDED, "shown"))
        self.opened: dict[str, Ref] = {}
        found_economy(self.deps)
        self._go(minutes=30)
        self._people()
        self._payments()
        self._run()
        self._cards()
        self._cart()
        self._settlement()
        self._doors()
        self._clock.time = NOW

    def watch(self) -> SqliteWatch:
        """The ledger as a dashboard sees it, always at the same instant."""
        return SqliteWatch(self.path, StoppedClock(NOW))

    def _go(self, **time: int) -> None:
        self._clock.time += timedelta(**time)

    def _put(self, what: Any, event: str, opens: str = "", run_id: str | None = None) -> Any:
        self._go(seconds=7)
        with self.deps.store.begin() as tx:
            tx.put(what, event, run_id=run_id)
        if opens:
            self.opened[opens] = Ref(opens, what.id)
        return what

    def _new(self, kind: str) -> str:
        return self.deps.ids.new(kind)

    def _people(self) -> None:
        with self.deps.store.reading() as reader:
            agent = reader.lookup(Agent, name="researcher")
            listing = reader.find(Listing, provider="content-writer", limit=1)[0]
        renamed = replace(agent, display_name=self._said("The researcher", 10**6))
        self._put(renamed, "agent.renamed", "agent")
        described = replace(
            listing,
            title=self._said("Words for pages", 10**6),
            description=self._said("A page that is read to its end", 10**6),
        )
        self._put(described, "listing.changed", "listing")
        create_mandate(
            self.deps,
            MandateRequest("orchestrator", Money(200_000_000),
                           self._said("the spring campaign", 600), timedelta(days=30)),
            key="mandate",
        )  # fmt: skip
        with self.deps.store.reading() as reader:
            assert reader.find(Mandate, limit=1)

    def _payments(self) -> None:
        """One paid by the kernel's leave; one denied, one that waits, and one being voted on."""
        amount = Money(12_500_000)
        request = MoneyRequest(
            requester="orchestrator", amount=amount, shares=(Share("researcher", amount),),
            purpose=self._said("hiker interviews", 600), justification="", claimed_return=None,
            urgency=Urgency.LOW, plan_digest="", reference="", escrowed=False, budget=None,
            capture_method=CaptureMethod.AUTOMATIC,
        )  # fmt: skip
        paid = request_money(self.deps, request, key="paid", progress=lambda *_, **__: None)
        self.opened["paid"] = Ref("payment", paid.id)
        refusal = Refusal("quorum_refused", self._said("too few YES", 600), 3, 1, "votes")
        denied = self._put(
            self._like(paid, 120, IntentState.DENIED, "a whole newspaper", refusals=(refusal,),
                       most_that_would_pass=Money(25_000_000), yes=2, no=2, abstain=1, needed=3),
            "payment.denied", "denied",
        )  # fmt: skip
        self.opened["denied"] = Ref("payment", denied.id)
        for place, seat in enumerate(SEATS):
            self._put(self._ballot(denied, seat, place), "ballot.cast")
        tally = Tally(denied.request_digest, False, "refused", 2, 2, 1, 0, 3, Conditions(),
                      self._said("2 of 5 said YES, 3 are needed", 600), ("gpt",))  # fmt: skip
        decision = Decision(
            self._new("decision"), denied.id, denied.request_digest, denied.requester, "denied",
            denied.amount, 1, denied.refusals, tally, self._clock.time, self._clock.time,
        )  # fmt: skip
        self._put(decision, "decision.denied")
        waits = self._like(paid, 40, IntentState.AWAITING_OWNER, "a booth at the fair")
        self._put(waits, "payment.awaiting_owner", "payment")

    def _like(self, sample: PaymentIntent, dollars: int, state: IntentState, purpose: str,
              **changes: Any) -> PaymentIntent:  # fmt: skip
        amount, made = Money(dollars * 1_000_000), self._new("payment_intent")
        changed: dict[str, Any] = {
            "id": made, "key": made, "state": state, "amount": amount,
            "shares": (Share(self._said("researcher", 64), amount),),
            "purpose": self._said(purpose, 600),
            "justification": self._said("it returns $180.00 of saved support costs", 600),
            "claimed_return": Money(180_000_000), "captured": Money(0), "released": Money(0),
            "decision_id": None, "decided_at": None, "created_at": self._clock.time,
            "expires_at": self._clock.time + timedelta(days=1),
            "request_digest": made.rpartition("_")[2].ljust(64, "0"),
        }  # fmt: skip
        return replace(sample, **(changed | changes))

    def _run(self) -> None:
        """A run in its midst: one task is paid, one is worked on, one is not hired yet."""
        tasks = tuple(
            Task(name, trade, self._said(title, 10**6), needs, ("report.md",), ("text/markdown",),
                 Money(20_000_000), 24)
            for name, trade, title, needs in (
                ("research", "researcher", "Who hikes, and why", ()),
                ("copy", "content-writer", "A page for them", ("research",)),
                ("banner", "image-generator", "A banner for the page", ("research", "copy")),
            )
        )  # fmt: skip
        goal = self._said("a spring campaign for hiking boots", 10**6)
        run_id = self._new("run")
        run = Run(
            id=run_id, key=run_id, request_digest=HEX, scenario="marketing-campaign", goal=goal,
            brief="", sources=(), requester="orchestrator", purpose=goal, justification="",
            claimed_return=None, urgency=Urgency.MEDIUM, budget=Money(100_000_000), seed=1,
            strategy=Strategy.BALANCED, out="/somewhere/flux-out/campaign", state=RunState.WORKING,
            plan=Plan(goal, tasks), intent_id=None, card_id=None,
            deliverables=(Artefact(self._said("research/report.md", 10**6), "text/markdown", 2048,
                                   HEX),),
            error=self._said("", 10**6), created_at=self._clock.time, finished_at=None,
        )  # fmt: skip
        self._put(run, "run.started", "run", run.id)
        with self.deps.store.reading() as reader:
            paid = reader.get(PaymentIntent, self.opened["paid"].id)
        asked = self._like(paid, 55, IntentState.AWAITING_QUORUM, "three specialists",
                           run_id=run.id)  # fmt: skip
        self._put(asked, "payment.awaiting_quorum", "voted", run.id)
        self.opened["voted"] = Ref("payment", asked.id)
        for place, seat in enumerate(SEATS[:4]):
            self._put(self._ballot(asked, seat, place), "ballot.cast", run_id=run.id)
        for place, state in enumerate((ContractState.SETTLED, ContractState.WORKING)):
            self._put(self._contract(run, tasks[place], state), "contract.moved", "contract",
                      run.id)  # fmt: skip

    def _ballot(self, intent: PaymentIntent, seat: str, place: int) -> Ballot:
        said = self._said("the price is what such work costs", 10**6)
        return Ballot(
            id=self._new("ballot"), intent_id=intent.id, request_digest=intent.request_digest,
            seat=seat, vote=VOTES[place], hard=place == 2,
            score=60, confidence=70 + place, risk=2 + place,
            reasons=(Reason("price", "prices", said),), conditions=Conditions(), backend="llm",
            model=self._said("openai/gpt-4.1", 10**6), error=None, cost=Money(1200 * (1 + place)),
            tokens=900, latency_ms=800 + 400 * place, dossier_digest=HEX, cast_at=self._clock.time,
        )  # fmt: skip

    def _contract(self, run: Run, task: Task, state: ContractState) -> Contract:
        over = state is ContractState.SETTLED
        checks = (Check(self._said("every claim has a source", 10**6), True, "1", "1"),)
        return Contract(
            id=self._new("contract"), run_id=run.id, task_id=task.id, client="orchestrator",
            provider=task.trade, listing_id=self.opened["listing"].id, trade=task.trade, units=1,
            price=Money(15_000_000), state=state, terms_hash=HEX,
            ranking=(Ranked(self._said(task.trade, 10**6), Money(15_000_000), 8120, {}, None),
                     Ranked("another", Money(19_000_000), 0, {}, self._said("too dear", 10**6))),
            card_id=None, revisions=0, artefacts=run.deliverables if over else (),
            checks=checks if over else (), summary=self._said("twelve pages, nine sources", 10**6),
            backend="offline", deadline=NOW, created_at=self._clock.time,
            updated_at=self._clock.time,
        )  # fmt: skip

    def _cards(self) -> None:
        voted = self.opened["voted"].id
        card = Card(
            id=self._new("card"), key="card", intent_id=voted, run_id=None,
            holder=self._said("orchestrator", 10**6), purpose=self._said("photographs", 10**6),
            payee="researcher", merchant=self._said("photo-shop", 10**6), category=None,
            prefix="999900", last_four="7364", fingerprint=HEX, usage=CardUsage.UNTIL_SPENT,
            limit=Money(30_000_000), authorised=Money(0), spent=Money(0), released=Money(0),
            refunded=Money(0), state=CardState.ACTIVE, taken_by=None, wrong_tries=0,
            issued_at=self._clock.time, expires_at=NOW + timedelta(hours=20), revealed_at=None,
        )  # fmt: skip
        self._put(card, "card.issued", "card")
        nothing = Money(0)
        claim = Authorization(
            self._new("authorization"), "n1", card.id, self._said("photo-shop", 64), "photo",
            Money(4_000_000), nothing, Money(4_000_000), nothing, AuthorizationState.REVERSED,
            False, False, self._clock.time, NOW,
        )  # fmt: skip
        self._put(claim, "authorization.reversed")
        for network_id, amount in (("n2", Money(99_000_000)), ("n3", None)):
            message = NetworkMessage(
                self._new("network_message"), network_id, MessageKind.CHARGE, HEX, card.id, None,
                self._said("photo-shop", 64), "photo", amount, next(iter(DeclineReason)),
                self._clock.time,
            )  # fmt: skip
            self._put(message, "card.declined")

    def _cart(self) -> None:
        line = CartLine("snacks", "walmart", "W1000-12", self._said("Trail mix, 12 bags", 10**6),
                        12, 2, Money(9_990_000), Money(19_980_000), 2)  # fmt: skip
        leg = CartLeg("walmart", Money(19_980_000), Money(5_000_000), Money(24_980_000),
                      date(2026, 11, 24))  # fmt: skip
        best = CartProof(
            next(iter(Proof)), Money(0), "exact", 40, 3, (Point(2, Money(24_980_000)),),
            (Alternative(self._said("one shop", 10**6), Money(27_000_000), "dearer"),
             Alternative("no deadline", None, self._said("the same", 10**6))),
            (Alternative("a day later", Money(22_000_000), "cheaper shipping"),), ("budget",),
        )  # fmt: skip
        needs = [{"name": "snacks", "category": "snacks", "terms": ["trail mix"], "quantity": 20}]
        spec = spec_from({"needs": needs})
        cart = Cart(
            id=self._new("cart"), key="cart", state=CartState.OPEN, number=2, buyer="orchestrator",
            wish=self._said("snacks for a hackathon", 2000), spec=spec, choice=Choice(),
            strategy=Strategy.BALANCED, day=NOW.date(), lines=(line,), legs=(leg,), dropped=(),
            total=Money(24_980_000), proof=best, hash=HEX, intent_id=None, orders=(),
            locked=Money(0), trace=(), created_at=self._clock.time, updated_at=self._clock.time,
        )  # fmt: skip
        self._put(cart, "cart.optimized", "cart")

    def _settlement(self) -> None:
        """One that leaves over the test network, and one over a chain on this machine."""
        usdc = ASSETS["USDC"]
        for line, local in enumerate((True, False)):
            terms = Terms(5042002, ADDRESS, ADDRESS, ADDRESS, 9_120_000, HEX, HEX, line)
            made = Settlement(
                id=self._new("settlement"), intent_id=self.opened["payment"].id, line=line,
                state=SettlementState.PROPOSED, requester="orchestrator",
                payee=self._said("api-hub", 10**6), amount=Money(9_120_000, usdc), terms=terms,
                nonce=f"0x{line}{HEX[1:]}", spend="{}", valid_after=0, valid_before=0,
                authorization=None, cancelled=None, from_block=0, local=local, attempts=0,
                reason=self._said("", 600), proof=None, gas=None, run_id=None,
                created_at=self._clock.time, changed_at=self._clock.time,
            )  # fmt: skip
            self._put(made, "settlement.proposed", "settlement")
            signed = Attempt(
                self._new("attempt"), made.id, Purpose.PAY, 5042002, ADDRESS, line, 0, 1, 2, "",
                f"0x{line}{HEX[1:]}", Outcome.OPEN, self._clock.time, None,
            )  # fmt: skip
            self._put(signed, "settlement.signed")
        self._put(
            replace(made, state=SettlementState.NEEDS_HUMAN,
                    reason=self._said("the chain does not answer", 600)),
            "settlement.needs_human",
        )  # fmt: skip

    def _doors(self) -> None:
        for place, label in enumerate(("the shop's till", "an old one")):
            key = ApiKey(
                self._new("api_key"), "owner", None if place else "researcher",
                self._said(label, 64), Environment.TEST, frozenset({Scope.READ, Scope.PAY}),
                f"{place}{HEX[1:]}", self._clock.time, NOW + timedelta(days=30 - 40 * place), None,
                None if place else self._clock.time, None,
            )  # fmt: skip
            self._put(key, "api_key.created")
        url = "https://example.com/hooks" + self._said("", 400)
        hook = Webhook(
            self._new("webhook"), url, ("card.*", "payment.captured"), False, WebhookState.ACTIVE,
            1, None, "", self._clock.time, self._clock.time,
        )  # fmt: skip
        self._put(hook, "webhook.added")
