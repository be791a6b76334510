"""Cards and their network beside the plain model: each step is done to both, then all compared."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import traceback
from collections import Counter, deque
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Protocol

from card_model import NETWORK, WHOLE, Answer, Model
from small_economy import PLENTY, Clock, asked, economy, faults, quiet

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.adapters.store.place import Mode
from flux_cli.domain.card_network import Authorization, Declined, Presented
from flux_cli.domain.cards import CardUsage, Revealed
from flux_cli.domain.intents import CaptureMethod, IntentState, Share
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import ASSETS, CREDIT, Money
from flux_cli.errors import FluxError
from flux_cli.usecases import card_network as network
from flux_cli.usecases import cards
from flux_cli.usecases.change_caps import set_paused
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.issue_card import open_card_network
from flux_cli.usecases.request_money import request_money
from flux_cli.usecases.wallets import withdraw

FAST = Mode("wal", "off", "a ledger in memory, for as long as a test runs")
MEMORY = Path("/dev/shm")
NOBODYS = "4000000000000002"
CARDS = (
    "select c.state, c.authorised, c.spent, c.released, c.refunded, c.wrong_tries,"
    " c.revealed_at is not null, i.state, i.captured, i.released, i.refunded,"
    " coalesce((select balance from accounts where name = 'card:' || c.id), 0)"
    " from cards c join intents i on i.id = c.intent_id order by c.rowid"
)
CLAIMS = (
    "select u.state, u.amount, u.captured, u.refunded, u.late,"
    " coalesce((select balance from accounts where name = 'card:' || u.id), 0)"
    " from authorizations u order by u.rowid"
)


class Mismatch(AssertionError):
    """The cards are not as the model says."""


class Chance(Protocol):
    def integer(self, least: int, most: int) -> int: ...


class Seeded:
    """Choices from a seed."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def integer(self, least: int, most: int) -> int:
        return self.random.randint(least, most)


class Engine:
    """The use cases on a real ledger, each taking and answering plain values."""

    def __init__(self) -> None:
        memory = MEMORY if MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="flux-cards-", dir=memory))
        self.clock = Clock()
        self.deps = economy(self.folder, self.clock)
        open_card_network(self.deps)
        self.deps.store.close()  # type: ignore[attr-defined]
        self.store = SqliteStore(self.folder / "flux.db", clock=self.clock, mode=FAST)
        self.deps = replace(self.deps, store=self.store)
        self.view = sqlite3.connect(self.folder / "flux.db")
        self.cards: list[str] = []
        self.details: list[Revealed] = []
        self.claims: list[str] = []

    def close(self) -> None:
        self.view.close()
        self.store.close()
        shutil.rmtree(self.folder)

    def step(self, name: str, given: dict[str, Any]) -> Answer:
        try:
            answer: Answer = getattr(self, name)(**given)
        except FluxError as failure:
            return ("error", failure.code)
        return answer

    def issue(self, holder: str, payee: str, units: int, single: bool, merchant: str | None,
              category: str | None, minutes: int) -> Answer:  # fmt: skip
        amount, name = Money(units), f"issue-{len(self.cards)}-{self.clock.time.timestamp()}"
        request = asked(
            units, requester=holder, shares=(Share(payee, amount),), purpose=name, reference=name,
            capture_method=CaptureMethod.MANUAL, hold_hours=8760,
        )  # fmt: skip
        key = f"{name}-{self.deps.ids.new('event')}"
        intent = request_money(self.deps, request, key=key, progress=quiet)
        if intent.state is IntentState.DENIED:
            return ("denied",)
        usage = CardUsage.SINGLE_USE if single else CardUsage.UNTIL_SPENT
        card = cards.issue_card_for(
            self.deps, intent.id, usage=usage, merchant=merchant, category=category,
            lifetime_minutes=minutes, key=key,
        )  # fmt: skip
        self.cards.append(card.id)
        self.details.append(self.deps.card_numbers.revealed(card))
        return ("card", len(self.cards) - 1)

    def reveal(self, card: int) -> Answer:
        shown = cards.reveal_card(self.deps, self.cards[card])
        return ("revealed",) if shown == self.details[card] else ("another card",)

    def switch(self, card: int, to: str) -> Answer:
        do = cards.pause_card if to == "paused" else cards.resume_card
        return (str(do(self.deps, self.cards[card]).state),)

    def cancel(self, card: int) -> Answer:
        return (str(cards.cancel_card(self.deps, self.cards[card]).state),)

    def stop(self, who: str, on: bool) -> Answer:
        set_frozen(self.deps, who, frozen=on, reason="")
        return ("done",)

    def pause(self, who: str, on: bool) -> Answer:
        set_paused(self.deps, who, paused=on)
        return ("done",)

    def drain(self, payee: str) -> Answer:
        with self.store.reading() as reader:
            has = reader.balance(wallet(payee), CREDIT)
        withdraw(self.deps, payee, has, key=f"drain-{self.deps.ids.new('event')}")
        return ("done",)

    def wait(self, minutes: int) -> Answer:
        self.clock.go(minutes=minutes)
        return ("done",)

    def sweep(self) -> Answer:
        return ("ended", len(cards.sweep_cards(self.deps)))

    def present(self, kind: str, card: int, wrong: str, merchant: str, category: str, units: int,
                asset: str, name: str) -> Answer:  # fmt: skip
        one = self.details[card]
        number = NOBODYS if wrong == "number" else one.number
        cvv = str((int(one.cvv) + 1) % 1000).zfill(3) if wrong in ("cvv", "both") else one.cvv
        expiry = "01/20" if wrong in ("expiry", "both") else one.expiry
        if wrong == "number":
            cvv, expiry = "123", "01/30"
        to = {"merchant": merchant, "category": category, "network_id": name}
        amount = Money(units, ASSETS[asset])
        do = getattr(network, kind)
        return self.told(do(self.deps, Presented(number, expiry, cvv), amount=amount, **to))

    def follow(self, kind: str, claim: int, units: int | None, asset: str, final: bool,
               name: str) -> Answer:  # fmt: skip
        amount = None if units is None else Money(units, ASSETS[asset])
        of = self.claims[claim]
        if kind == "capture":
            answer = network.capture_authorization(
                self.deps, of, amount, final=final, network_id=name
            )
        else:
            do = network.reverse_authorization if kind == "reverse" else network.refund_capture
            answer = do(self.deps, of, amount, network_id=name)
        return self.told(answer)

    def told(self, answer: Authorization | Declined) -> Answer:
        if isinstance(answer, Declined):
            return ("no", str(answer.reason))
        if answer.id not in self.claims:
            self.claims.append(answer.id)
        return ("yes", self.claims.index(answer.id))


NAMES = ("ann", "ben", "pat", NETWORK)


class Sides:
    """Both, step by step, and the steps that were taken."""

    def __init__(self, verify_every: int = 1000) -> None:
        self.engine = Engine()
        self.model = Model({"ann": PLENTY, "ben": PLENTY, "pat": 0, NETWORK: 0})
        self.verify_every = verify_every
        self.done: deque[tuple[str, dict[str, Any], Answer]] = deque(maxlen=12)
        self.told: Counter[tuple[str, str]] = Counter()
        self.steps = 0

    def step(self, name: str, given: dict[str, Any]) -> None:
        """Do one step to both and compare; raises `Mismatch`."""
        expected = getattr(self.model, name)(**given)
        self.done.append((name, given, expected))
        self.agree(f"{name} came to", self.engine.step(name, given), expected)
        self.told[given.get("kind", name), str(expected[1 if expected[0] == "no" else 0])] += 1
        self.steps += 1
        self.compare()
        if self.steps % self.verify_every == 0:
            self.agree("verify", faults(self.engine.deps), [])

    def agree(self, what: str, got: Any, expected: Any) -> None:
        if got != expected:
            raise Mismatch(f"{what} {got}, the model says {expected}")

    def compare(self) -> None:
        """Every card, claim, payment and account, past the store, against the model's numbers."""
        model, view = self.model, self.engine.view
        found = view.execute(CARDS).fetchall()
        said = [
            (one.state, one.authorised, one.spent, one.released, one.refunded, one.tries,
             one.revealed, *one.payment, one.left)
            for one in model.cards
        ]  # fmt: skip
        self.agree("cards are", found, said)
        claims = view.execute(CLAIMS).fetchall()
        self.agree(
            "claims are",
            claims,
            [(c.state, c.amount, c.captured, c.refunded, c.late, c.held) for c in model.claims],
        )
        marks = ",".join("?" * len(NAMES))
        names = [f"wallet:{name}" for name in NAMES]
        wallets = dict(
            view.execute(
                f"select substr(name, 8), balance from accounts where name in ({marks})", names
            )
        )
        self.agree("wallets hold", wallets, {n: model.wallets[n] for n in wallets})
        # The issue's own words, without the model: on the card and off it, it is the limit.
        for one, row in zip(model.cards, found, strict=True):
            _, authorised, spent, released, refunded, *_, left = row
            self.agree("a card adds up to", left + authorised + spent + released, one.limit)
            assert 0 <= refunded <= spent
        for _, amount, captured, refunded, _, held in claims:
            assert 0 <= refunded <= captured <= captured + held <= amount

    def finish(self) -> None:
        self.compare()
        self.agree("verify", faults(self.engine.deps), [])


WEIGHTS = {
    "issue": 12, "authorise": 24, "charge": 8, "force_post": 7, "capture": 22, "reverse": 9,
    "refund": 10, "again": 5, "guess": 3, "reveal": 2, "switch": 4, "cancel": 2, "stop": 2,
    "pause": 1, "drain": 1, "wait": 5, "sweep": 4,
}  # fmt: skip
STEPS = tuple(kind for kind, weight in WEIGHTS.items() for _ in range(weight))
AMOUNTS = (0, 1, WHOLE // 2, WHOLE, WHOLE + 1, 2 * WHOLE, 3 * WHOLE, 5 * WHOLE, 9 * WHOLE)
LIMITS = (WHOLE // 2, 3 * WHOLE, 9 * WHOLE, 20 * WHOLE, 40 * WHOLE)
MERCHANTS = ("pat", "shop", "stall")
CATEGORIES = ("general", "ads")
GUESSES = ("cvv", "expiry", "both")
PARTIES = ("economy", "ann", "ben", "pat", NETWORK)


class Steps:
    """What is done next, chosen among what there is."""

    def __init__(self, sides: Sides, chance: Chance) -> None:
        self.sides, self.chance = sides, chance
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def one_of(self, options: Any) -> Any:
        return options[self.chance.integer(0, len(options) - 1)]

    def rarely(self) -> bool:
        return self.chance.integer(0, 11) == 0

    def recent(self, count: int) -> int:
        """One of the last few, so that what is tried is mostly still open."""
        return self.chance.integer(max(0, count - 5), count - 1)

    def next(self) -> None:
        """Anything at all, but what was stopped does not stay so for long."""
        model = self.sides.model
        if model.stopped and self.chance.integer(0, 3) == 0:
            self.take("stop")
        elif model.paused and self.chance.integer(0, 3) == 0:
            self.take("pause")
        else:
            self.take(self.one_of(STEPS))

    def take(self, kind: str) -> None:
        model, cards, claims = self.sides.model, self.sides.model.cards, self.sides.model.claims
        if not cards and kind not in ("stop", "pause", "wait", "sweep"):
            kind = "issue"
        if not claims and kind in ("capture", "reverse", "refund"):
            kind = "authorise"
        if kind == "again" and not self.sent:
            kind = "sweep"
        if kind == "issue":
            self.issue()
        elif kind in ("authorise", "charge", "force_post", "guess"):
            self.present(kind)
        elif kind in ("capture", "reverse", "refund"):
            self.follow(kind)
        elif kind == "again":
            self.again()
        elif kind in ("reveal", "cancel"):
            self.sides.step(kind, {"card": self.recent(len(cards))})
        elif kind == "switch":
            to = "active" if self.chance.integer(0, 2) else "paused"
            self.sides.step(kind, {"card": self.recent(len(cards)), "to": to})
        elif kind == "stop":
            who = self.one_of(sorted(model.stopped)) if model.stopped else self.one_of(PARTIES)
            self.sides.step(kind, {"who": who, "on": who not in model.stopped})
        elif kind == "pause":
            who = self.one_of(sorted(model.paused) or ("ann", "ben"))
            self.sides.step(kind, {"who": who, "on": who not in model.paused})
        elif kind == "drain":
            payee = self.one_of(("pat", NETWORK))
            if model.wallets[payee]:
                self.sides.step(kind, {"payee": payee})
        elif kind == "wait":
            self.sides.step(kind, {"minutes": self.one_of((1, 1, 30, 600, 1440, 10_080))})
        else:
            self.sides.step("sweep", {})

    def issue(self) -> None:
        payee = self.one_of(("pat", NETWORK))
        any_merchant = payee == NETWORK
        self.sides.step(
            "issue",
            {
                "holder": self.one_of(("ann", "ben")),
                "payee": payee,
                "units": self.one_of(LIMITS),
                "single": bool(self.chance.integer(0, 1)),
                "merchant": self.one_of((None, "shop")) if any_merchant else None,
                "category": "ads" if self.rarely() else None,
                "minutes": self.one_of((5, 1440, 1440, 60_000, 60_000)),
            },
        )

    def present(self, kind: str) -> None:
        wrong = "number" if self.rarely() and self.rarely() else ""
        if kind == "guess":
            kind, wrong = "authorise", self.one_of(GUESSES)
        card = self.guessed_at() if wrong in GUESSES else self.recent(len(self.sides.model.cards))
        lock = self.sides.model.cards[card].merchant
        self.send(
            "present",
            {
                "kind": kind,
                "card": card,
                "wrong": wrong,
                "merchant": self.one_of(MERCHANTS) if lock is None or self.rarely() else lock,
                "category": self.one_of(CATEGORIES),
                "units": self.one_of(AMOUNTS),
                "asset": "USDC" if self.rarely() else "CREDIT",
            },
        )

    def follow(self, kind: str) -> None:
        self.send(
            "follow",
            {
                "kind": kind,
                "claim": self.claimed(kind),
                "units": self.one_of((None, *AMOUNTS[1:])),
                "asset": "USDC" if self.rarely() else "CREDIT",
                "final": kind == "capture" and bool(self.chance.integer(0, 1)),
            },
        )

    def guessed_at(self) -> int:
        """A live card, mostly one that was guessed at before."""
        cards = self.sides.model.cards
        tried = [n for n, one in enumerate(cards) if one.lives and one.tries]
        return self.one_of(tried[-2:]) if tried else self.recent(len(cards))

    def claimed(self, kind: str) -> int:
        """A claim, sometimes one that is captured late."""
        model = self.sides.model
        expired = [n for n, one in enumerate(model.claims) if one.state == "expired"]
        if kind == "capture" and expired and self.chance.integer(0, 2) == 0:
            lives = [n for n in expired if model.cards[model.claims[n].card].lives]
            return self.one_of(lives or expired)
        return self.recent(len(model.claims))

    def send(self, name: str, given: dict[str, Any]) -> None:
        given["name"] = f"message-{len(self.sent)}"
        self.sent.append((name, given))
        self.sides.step(name, given)

    def again(self) -> None:
        """The same message once more, or another under its name."""
        name, given = self.sent[
            self.chance.integer(max(0, len(self.sent) - 20), len(self.sent) - 1)
        ]
        if self.rarely() and given["units"] is not None:
            given = given | {"units": given["units"] + 1}
        self.sides.step(name, given)


@dataclass(frozen=True, slots=True)
class Life:
    """What one ledger came to; `fault` is empty where both sides agreed to the end."""

    steps: int
    told: Counter[tuple[str, str]]
    fault: str


def live(seed: str, steps: int) -> Life:
    """One ledger through `steps` steps that its seed alone decides."""
    sides, fault = Sides(), ""
    chosen = Steps(sides, Seeded(seed))
    try:
        while sides.steps < steps:
            chosen.next()
        sides.finish()
    except Exception:
        last = "\n".join(f"  {name} {given}\n    -> {said}" for name, given, said in sides.done)
        said = traceback.format_exc(limit=-2)
        fault = f"ledger {seed}, step {sides.steps + 1}: {said}\nthe last steps:\n{last}"
    finally:
        sides.engine.close()
    return Life(sides.steps, sides.told, fault)
