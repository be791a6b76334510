"""What changes between two policies, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.policies import Hours, Limit, Policy, Scope, Window
from flux_cli.domain.policy_document import document_of
from flux_cli.domain.tighten import NEVER, tighten


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a policy before and after, as its document says it; None is absent."""

    key: str
    before: object
    after: object
    loosens: bool


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a policy that its owner did not mean: `error` refuses everything or nothing."""

    severity: str
    code: str
    key: str
    message: str


def changes(old: Policy, new: Policy) -> tuple[Change, ...]:
    """Every part that differs; a part loosens where the old policy would tighten the new one."""
    before, after = document_of(old), document_of(new)
    held = document_of(tighten(old, new))
    keys = [key for key in dict.fromkeys((*before, *after)) if before.get(key) != after.get(key)]
    return tuple(
        Change(key, before.get(key), after.get(key), _loosens(key, old, new, held)) for key in keys
    )


def _loosens(key: str, old: Policy, new: Policy, held: dict[str, object]) -> bool:
    if key == "asset":
        return True
    if key == "limits":
        return not all(any(_implies(one, limit) for one in new.limits) for limit in old.limits)
    if key == "hours":
        return not _open(new.hours) <= _open(old.hours)
    return key != "note" and held.get(key) != document_of(new).get(key)


def _open(hours: tuple[Hours, ...]) -> frozenset[tuple[int, int]]:
    """Every (weekday, minute) inside; without hours, all of the week."""
    always = (Hours(frozenset(range(1, 8)), 0, 1440),)
    return frozenset(
        (weekday, minute)
        for one in hours or always
        for weekday in one.weekdays
        for minute in range(one.from_minute, one.until_minute)
    )


def _implies(one: Limit, other: Limit) -> bool:
    """Whether what `other` refuses, `one` refuses too: as strict, over a window as long."""
    return (
        (one.scope, one.below) == (other.scope, other.below)
        and one.only in (None, other.only)
        and WIDER[one.window] >= WIDER[other.window]
        and _as_strict(one.amount, other.amount)
        and _as_strict(one.count, other.count)
    )


def lint(policy: Policy, known: frozenset[str] | None = None) -> tuple[Remark, ...]:
    """What contradicts itself, can never refuse, or is hidden by a stricter part.

    `known` are the agents there are, where the ledger is at hand.
    """
    return tuple(remark for look in LOOKS for remark in look(policy, known))


def _contradictions(policy: Policy, _: frozenset[str] | None) -> Iterator[Remark]:
    asset = policy.approval_threshold.asset.code
    if policy.assets is not None and asset not in policy.assets:
        why = f"its amounts are in {asset}, which it does not allow: nothing passes"
        yield Remark("error", "asset_not_allowed", "assets", why)
    if policy.payees is not None:
        if not policy.payees - policy.denied_payees:
            yield Remark("error", "no_payee", "payees", "no payee is allowed: nothing passes")
        for payee in sorted(policy.payees & policy.denied_payees):
            why = f"{payee} is allowed and denied: it is denied"
            yield Remark("warning", "allowed_and_denied", "denied_payees", why)
    if policy.hours == (NEVER,):
        yield Remark("error", "never_open", "hours", "no time is inside: nothing passes")
    zero = "zero means zero: nothing passes"
    if _is_nothing(policy.per_payment):
        yield Remark("error", "nothing_passes", "per_payment", zero)
    for number, limit in enumerate(policy.limits, 1):
        if (_is_nothing(limit.amount) or limit.count == 0) and limit.only is None:
            yield Remark("error", "nothing_passes", f"limits[{number}]", zero)


def _unreachable(policy: Policy, known: frozenset[str] | None) -> Iterator[Remark]:
    cap = policy.per_payment
    asked = (
        ("approval_threshold", policy.approval_threshold, "no quorum is ever asked"),
        ("owner_threshold", policy.owner_threshold, "the owner is never asked"),
    )
    for key, threshold, so in asked:
        is_set = threshold is not None and threshold.units != BOUND
        if cap is not None and cap.units and is_set and threshold is not None and threshold >= cap:
            yield Remark("warning", "unreachable", key, f"no payment may pass {cap}, so {so}")
    for number, limit in enumerate(policy.limits, 1):
        names_payee = limit.scope in (Scope.PAYEE, Scope.DESTINATION)
        if limit.only is not None and names_payee and not policy.names(limit.only):
            why = f"{limit.only} may not be paid at all"
            yield Remark("warning", "unreachable", f"limits[{number}].only", why)
    if known is not None:
        listed = (("payees", policy.payees or frozenset()), ("denied_payees", policy.denied_payees))
        for key, names in listed:
            for payee in sorted(names - known):
                yield Remark("warning", "unknown_payee", key, f"no agent is named {payee}")


def _shadowed(policy: Policy, _: frozenset[str] | None) -> Iterator[Remark]:
    for number, limit in enumerate(policy.limits, 1):
        others = (one for one in policy.limits if one != limit and _implies(one, limit))
        tighter = next(others, None)
        if tighter is not None:
            why = f"the one of {tighter.window.words} is as strict: this never refuses"
            yield Remark("warning", "shadowed", f"limits[{number}]", why)
        if policy.limits.index(limit) < number - 1:
            yield Remark("warning", "shadowed", f"limits[{number}]", "it is there twice")
        cap = policy.per_payment
        counts_all = limit.below is None and limit.scope is Scope.AGENT
        if counts_all and limit.amount is not None and cap is not None and cap > limit.amount:
            why = f"no more than {limit.amount} fits into {limit.window.words}"
            yield Remark("warning", "shadowed", "per_payment", why)


def _as_strict(one: Money | int | None, other: Money | int | None) -> bool:
    if other is None:
        return True
    if isinstance(one, Money) and isinstance(other, Money):
        return one <= other
    return isinstance(one, int) and isinstance(other, int) and one <= other


def _is_nothing(amount: Money | None) -> bool:
    return amount is not None and amount.units == 0


WIDER = {
    Window.HOUR: 0,
    Window.CALENDAR_DAY: 1,
    Window.DAY: 2,
    Window.WEEK: 3,
    Window.MONTH: 4,
}
"""A longer window holds every payment of a shorter one; 24 hours hold a calendar day so far."""

LOOKS: tuple[Callable[[Policy, frozenset[str] | None], Iterator[Remark]], ...] = (
    _contradictions,
    _unreachable,
    _shadowed,
)
