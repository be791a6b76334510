"""What a policy would have decided of real payments: history judged again, in its own order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
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
    trial = _Trial(reader, policy, [], frozenset(_agents(reader)))
    judged, changed = 0, list[Rejudged]()
    for intent in _decided(reader):
        at = intent.decided_at
        assert at is not None, "a decided payment has its time"
        mine = intent.requester == policy.agent and _asset(intent) == _asset_of(policy)
        if not mine:
            if intent.decision_id is not None:
                trial.permitted.append((at, intent.spend))
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


@dataclass(frozen=True, slots=True)
class _Trial:
    """The policy on trial, with what has been permitted so far, oldest first."""

    reader: Reader
    policy: Policy
    permitted: list[tuple[datetime, Spend]]
    agents: frozenset[str]

    def judge(self, intent: PaymentIntent, at: datetime) -> object:
        """The verdict at that time; a permit is counted from then on."""
        spend = replace(intent.spend, mandate_id=None)
        verdict = authorize(spend, self._facts(intent, spend, at))
        if not isinstance(verdict, Denied):
            self.permitted.append((at, spend))
        return verdict

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
        recent = [past for when, past in self.permitted if when > start]
        for subject, part in parts(limit, spend):
            amounts = [
                amount
                for past in recent
                if past.amount.asset == part.asset and _counts(limit, past, spend.requester)
                for name, amount in parts(limit, past)
                if name == subject and (limit.below is None or amount <= limit.below)
            ]
            total = sum(amount.units for amount in amounts)
            yield Used(limit, subject, replace(part, units=total), len(amounts))

    def _duplicates(self, spend: Spend, start: datetime) -> int:
        payees = {share.payee for share in spend.shares}
        return sum(
            when > start
            and (past.requester, past.amount, past.purpose)
            == (spend.requester, spend.amount, spend.purpose)
            and spend.reference in ("", past.reference)
            and {share.payee for share in past.shares} == payees
            for when, past in self.permitted
        )


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
