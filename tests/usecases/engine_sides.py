"""The money engine beside its model: each step is done to both, and all of both is compared."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from engine_calls import WEALTH, Engine
from engine_model_whole import WholeModel
from engine_objects import Answer, Refused, Rules
from small_economy import NAMES, faults


class Mismatch(AssertionError):
    """The engine is not as the model says."""


KEYED = frozenset(
    {"fund", "withdraw", "charge", "post", "pay", "capture", "refund", "make_mandate",
     "make_escrow", "release", "reject", "resolve", "open_stream", "top_up"}
)  # fmt: skip


class Sides:
    """Both, step by step, with what was done and how often each step came to what."""

    def __init__(self, *, objects_every: int = 20, verify_every: int = 500) -> None:
        self.engine = Engine()
        wallets = {name: WEALTH.get(name, 0) for name in NAMES}
        self.model = WholeModel(wallets, {name: Rules() for name in WEALTH})
        self.objects_every, self.verify_every = objects_every, verify_every
        self.done: deque[tuple[str, dict[str, Any], Answer]] = deque(maxlen=20)
        self.issued: list[tuple[str, dict[str, Any]]] = []
        self.is_done: list[bool] = []
        self.told: Counter[tuple[str, str]] = Counter()
        self.steps = 0

    def close(self) -> None:
        self.engine.close()

    def step(self, name: str, asked: dict[str, Any], *, kind: str = "") -> None:
        """Do one step to both and compare; raises `Mismatch`."""
        expected = self.expected(name, asked)
        told = self.told_of(expected)
        self.done.append((name, asked, expected))
        got = self.engine.step(name, asked)
        self.agree(f"{name} came to", got, expected)
        self.told[kind or name, told] += 1
        self.steps += 1
        if name in KEYED and not kind:
            self.issued.append((name, asked))
            self.is_done.append(told == "done")
        self.compare()
        if name == "pay" and expected[0] in ("captured", "approved") and not kind:
            above = self.model.above_a_cap(self.model.payments[asked["key"]])
            self.agree("caps that are exceeded", above, set())
        if self.steps % self.objects_every == 0:
            self.compare_objects()
        if self.steps % self.verify_every == 0:
            self.agree("verify", faults(self.engine.deps), [])

    def expected(self, name: str, asked: dict[str, Any]) -> Answer:
        try:
            answer: Answer = getattr(self.model, name)(**asked)
        except Refused as refused:
            return ("error", refused.code)
        return answer

    def told_of(self, answer: Answer) -> str:
        first = answer[0]
        if first in ("denied", "error", "undone"):
            return str(first)
        if first == "payment":
            return "denied" if answer[1] == "denied" else "waits"
        return "waits" if first == "awaiting_owner" else "done"

    def agree(self, what: str, got: Any, expected: Any) -> None:
        if got != expected:
            raise Mismatch(f"{what} {got}, the model says {expected}")

    def compare(self) -> None:
        accounts = {name: units for name, units in self.model.accounts.items() if units}
        found = self.engine.accounts()
        if found != accounts:
            apart = set(found.items()) ^ set(accounts.items())
            there, said = (sorted(apart & set(of.items())) for of in (found, accounts))
            raise Mismatch(f"accounts have {there}, the model says {said}")
        self.agree("the accounts sum to", sum(found.values()), 0)
        self.agree("the ledger's time is", self.engine.latest(), self.model.latest)

    def compare_objects(self) -> None:
        model, of = self.model, self.engine.id_of
        expected = {
            "intents": {
                (of("intents", key), o.state, o.captured, o.released, o.refunded, int(o.late))
                for key, o in model.payments.items()
            },
            "mandates": {
                (of("mandates", key), one.state, one.spent, one.reserved)
                for key, one in model.mandates.items()
            },
            "escrows": {(of("escrows", key), *one.answer) for key, one in model.escrows.items()},
            "streams": {(of("streams", key), *one.answer) for key, one in model.streams.items()},
        }
        for table, found in self.engine.objects().items():
            if found != expected[table]:
                both = found ^ expected[table]
                raise Mismatch(f"{table}: {sorted(both - expected[table])}, the model says "
                               f"{sorted(both - found)}")  # fmt: skip

    def finish(self) -> int:
        """Retry every key that was issued; what was done is not done again. How many there were."""
        for (name, again), is_done in zip(self.issued, self.is_done, strict=True):
            before = self.engine.accounts()
            expected = self.expected(name, again)
            self.done.append((name, again, expected))
            self.agree(f"{name} again came to", self.engine.step(name, again), expected)
            if is_done:
                self.agree(f"after {name} again accounts are", self.engine.accounts(), before)
        self.compare()
        self.compare_objects()
        self.agree("verify", faults(self.engine.deps), [])
        return len(self.issued)
