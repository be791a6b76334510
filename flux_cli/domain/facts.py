"""All that a verdict may rest on, gathered by the caller in one read of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.intents import Spend
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import Money
from flux_cli.domain.policies import EVERYBODY, Limit, Policy, Scope
from flux_cli.domain.quorum import Tally


@dataclass(frozen=True, slots=True)
class Used:
    """What `limit` has already counted for `subject`: gross, holds included, refunds not off.

    The subject is a payee, a category, the requester, or `*` for everybody.
    """

    limit: Limit
    subject: str
    amount: Money
    count: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of the world for one request. Freeze flags are None when they cannot be read.

    `policy` is the agent's, already tightened by the economy's. `ledger_time` is the latest time
    the ledger has recorded. `mandates` are the one spent from and those above it, up to the root;
    `budget_left` is what the run has left. `duplicates` were permitted in the duplicate window.
    """

    now: datetime
    ledger_time: datetime
    economy_frozen: bool | None
    agent_frozen: bool | None
    agent_active: bool
    policy: Policy
    available: Money
    used: tuple[Used, ...]
    mandates: tuple[Mandate, ...]
    budget_left: Money | None
    known_payees: frozenset[str]
    duplicates: int
    tally: Tally | None = None
    owner_approved: bool = False

    @property
    def moment(self) -> datetime:
        """The time that expiries and hours are judged by: what was recorded has passed."""
        return max(self.now, self.ledger_time)

    @property
    def limits(self) -> tuple[tuple[str, Limit], ...]:
        """The policy's limits and every mandate's, each with the front of its rules' names."""
        mandated = (("mandate_", limit) for mandate in self.mandates for limit in mandate.limits)
        return (*(("", limit) for limit in self.policy.limits), *mandated)


def parts(limit: Limit, spend: Spend) -> tuple[tuple[str, Money], ...]:
    """Each subject this limit counts for the request, with the amount it would add.

    `only` narrows the scopes that have many subjects; an agent's or everybody's limit ignores it.
    """
    if limit.scope is Scope.AGENT:
        return ((spend.requester, spend.amount),)
    if limit.scope is Scope.EVERYBODY:
        return ((EVERYBODY, spend.amount),)
    found = [(share.payee, share.amount) for share in spend.shares]
    if limit.scope is Scope.CATEGORY:
        found = [(spend.category, spend.amount)]
    return tuple(part for part in found if limit.only in (None, part[0]))
