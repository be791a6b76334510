"""The limits a program may set for an agent of its own, as part of the kernel's policy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.policies import Limit, Policy, Window


@dataclass(frozen=True, slots=True)
class Caps:
    """What one payment, and any 24 hours, may come to, above what the owner is asked, who may be
    paid, and whether the agent spends at all; None is no limit of that kind, zero allows nothing.
    """

    per_payment: Money | None = None
    per_day: Money | None = None
    owner_threshold: Money | None = None
    payees: frozenset[str] | None = None
    paused: bool = False


def first_policy(policy_id: str, agent: str, caps: Caps, now: datetime) -> Policy:
    """A new agent's policy: its caps and nothing else.

    No amount needs the quorum's vote: who is to vote is the owner's choice, made in a policy.
    """
    unlimited = Policy(
        id=policy_id,
        agent=agent,
        number=1,
        per_payment=None,
        limits=(),
        payees=None,
        denied_payees=frozenset(),
        assets=None,
        rails=None,
        hours=(),
        minimum_balance=None,
        approval_threshold=Money(BOUND),
        owner_threshold=None,
        require_justification=False,
        least_return_percent=None,
        duplicate_window=None,
        paused=False,
        note="",
        set_at=now,
    )
    return with_caps(unlimited, caps)


def with_caps(policy: Policy, caps: Caps) -> Policy:
    """The policy with these caps in place of its own; all else in it stays."""
    others = tuple(limit for limit in policy.limits if not _is_daily(limit))
    daily = () if caps.per_day is None else (Limit(Window.DAY, caps.per_day),)
    return replace(
        policy,
        per_payment=caps.per_payment,
        limits=daily + others,
        payees=caps.payees,
        owner_threshold=caps.owner_threshold,
    )


def caps_of(policy: Policy, *, paused: bool) -> Caps:
    """The caps in a policy; `paused` is what the agent's own status says."""
    daily = [limit.amount for limit in policy.limits if _is_daily(limit) and limit.amount]
    return Caps(
        per_payment=policy.per_payment,
        per_day=min(daily) if daily else None,
        owner_threshold=policy.owner_threshold,
        payees=policy.payees,
        paused=paused or policy.paused,
    )


def _is_daily(limit: Limit) -> bool:
    return limit.amount is not None and limit == Limit(Window.DAY, limit.amount)
