"""What a policy would have decided of real payments: history judged again, in its own order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from flux_cli.domain.agents import Agent
from flux_cli.domain.facts import Facts, Used, parts
from flux_cli.domain.intents import PaymentIntent, Spend
from flux_cli.domain.journal import wallet
from flux_cli.domain.policies import Limit, Policy, Scope
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.authorize import authorize
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.describe_run import decision_on
from flux_cli.usecases.ports import Reader

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One payment as it was decided, and as the policy would have: `permit`, `denied`, `quorum` or
    `owner`, the last two for what it would have waited for.
    """

    intent: PaymentIntent
    at: datetime
    before: str
    after: str
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """How many payments were judged again, and those decided otherwise, oldest first."""

    judged: int
    changed: tuple[Rejudged, ...]


def backtest_policy(reader: Reader, policy: Policy, since: datetime | None = None) -> Backtest:
    """Judge an agent's decided payments under `policy`, each at its own time.

    What it has counted is what it would have permitted itself; what was in the wallet, frozen,
    and voted is as it was. Mandates are left out: only the policy is on trial.
    """
    trial = _Trial(reader, policy, frozenset(_agents(reader)))
    judged, changed = 0, list[Rejudged]()
    for intent in _decided(reader):
        at = intent.decided_at
        assert at is not None, "a decided payment has its time"
        mine = intent.requester == policy.agent and _asset(intent) == _asset_of(policy)
        if not mine:
            if intent.decision_id is not None:
                trial.permit(intent.spend, at)
            continue
        verdict = trial.judge(intent, at)
        if since is not None and at < since:
            continue
        judged += 1
        before = "denied" if intent.decision_id is None else "permit"
        after = _outcome(verdict)
        if after != before:
            refusals = verdict.refusals if isinstance(verdict, Denied) else ()
            changed.append(Rejudged(intent, at, before, after, refusals))
    return Backtest(judged, tuple(changed))


@dataclass(slots=True)
class _Counted:
    """What was permitted one after the other, and the sum of what has not left its window."""

    seen: deque[tuple[datetime, int]] = field(default_factory=deque)
    units: int = 0

    def add(self, at: datetime, units: int) -> None:
        """Count one more, permitted no earlier than those before it."""
        self.seen.append((at, units))
        self.units += units

    def since(self, start: datetime) -> tuple[int, int]:
        """(units, how many) after `start`, which never goes back from one question to the next."""
        while self.seen and self.seen[0][0] <= start:
            self.units -= self.seen.popleft()[1]
        return self.units, len(self.seen)


@dataclass(frozen=True, slots=True)
class _Trial:
    """The policy on trial, with what has been permitted so far, in the order it was."""

    reader: Reader
    policy: Policy
    agents: frozenset[str]
    used: dict[tuple[Limit, str], _Counted] = field(default_factory=dict)
    same: dict[tuple[object, ...], deque[tuple[datetime, str]]] = field(default_factory=dict)

    def judge(self, intent: PaymentIntent, at: datetime) -> object:
        """The verdict at that time; a permit is counted from then on."""
        spend = replace(intent.spend, mandate_id=None)
        verdict = authorize(spend, self._facts(intent, spend, at))
        if not isinstance(verdict, Denied):
            self.permit(spend, at)
        return verdict

    def permit(self, spend: Spend, at: datetime) -> None:
        """Count a permitted payment in every limit it is for; it may be another agent's."""
        if spend.amount.asset != self.policy.approval_threshold.asset:
            return
        for limit in dict.fromkeys(self.policy.limits):
            if not _counts(limit, spend, self.policy.agent):
                continue
            for name, amount in parts(limit, spend):
                if limit.below is None or amount <= limit.below:
                    self.used.setdefault((limit, name), _Counted()).add(at, amount.units)
        if self.policy.duplicate_window is not None:
            self.same.setdefault(_alike(spend), deque()).append((at, spend.reference))

    def _facts(self, intent: PaymentIntent, spend: Spend, at: datetime) -> Facts:
        codes = {refusal.code for refusal in intent.refusals}
        asset = intent.amount.asset
        before = self.reader.position(at, strictly=True)
        limits = dict.fromkeys(self.policy.limits)
        window = self.policy.duplicate_window
        decision = decision_on(self.reader, intent)
        return Facts(
            now=at,
            ledger_time=at,
            economy_frozen="economy_frozen" in codes,
            agent_frozen="agent_frozen" in codes,
            agent_active="agent_paused" not in codes,
            policy=self.policy,
            available=self.reader.balance_at(wallet(intent.requester), asset, before),
            used=tuple(used for limit in limits for used in self._used(limit, spend, at)),
            mandates=(),
            budget_left=intent.budget_left,
            known_payees=self.agents,
            duplicates=0 if window is None else self._duplicates(spend, window.start(at)),
            tally=None if decision is None else decision.tally,
            owner_approved=intent.decision_id is not None,
        )

    def _used(self, limit: Limit, spend: Spend, at: datetime) -> Iterator[Used]:
        start = limit.window.start(at)
        for subject, part in parts(limit, spend):
            counted = self.used.get((limit, subject), _Counted())
            units, payments = counted.since(start)
            yield Used(limit, subject, replace(part, units=units), payments)

    def _duplicates(self, spend: Spend, start: datetime) -> int:
        past = self.same.get(_alike(spend), deque())
        while past and past[0][0] <= start:
            past.popleft()
        return sum(spend.reference in ("", reference) for _, reference in past)


def _alike(spend: Spend) -> tuple[object, ...]:
    """What payments have in common that may be the same one twice."""
    payees = frozenset(share.payee for share in spend.shares)
    return (spend.requester, spend.amount, spend.purpose, payees)


def _counts(limit: Limit, past: Spend, requester: str) -> bool:
    own = limit.scope not in (Scope.DESTINATION, Scope.EVERYBODY)
    return past.requester == requester or not own


def _decided(reader: Reader) -> list[PaymentIntent]:
    """Every decided payment of everybody, in the order they were decided."""
    found: list[PaymentIntent] = []
    after: str | None = None
    while page := reader.find(PaymentIntent, oldest_first=True, after=after, limit=PAGE):
        found += [intent for intent in page if intent.decided_at is not None]
        after = page[-1].id
    return sorted(found, key=lambda intent: (str(intent.decided_at), intent.id))


def _agents(reader: Reader) -> Iterator[str]:
    after: str | None = None
    while page := reader.find(Agent, oldest_first=True, after=after, limit=PAGE):
        yield from (agent.name for agent in page)
        after = page[-1].id


def _asset(intent: PaymentIntent) -> str:
    return intent.amount.asset.code


def _asset_of(policy: Policy) -> str:
    return policy.approval_threshold.asset.code


def _outcome(verdict: object) -> str:
    if not isinstance(verdict, Denied):
        return "permit"
    return (verdict.waits_for or "denied").removesuffix("_required")
