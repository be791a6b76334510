"""Two policies that hold at once, as one: whatever either refuses, it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flux_cli.domain.money import Money
from flux_cli.domain.policies import Hours, Policy, Window

NEVER = Hours(frozenset(), 0, 0)
"""Hours that no time is inside."""


def tighten(wide: Policy, narrow: Policy) -> Policy:
    """`narrow` under `wide`: the lower cap, every limit, the shorter list, the stricter flag.

    The id, agent, number, note and date are those of `narrow`. Hours are the times that both
    allow. Two caps of one kind that count different assets leave no asset that may be spent.
    """
    assets = both(wide.assets, narrow.assets)
    if any(one and other and one.asset != other.asset for one, other in pairs(wide, narrow)):
        assets = frozenset()
    threshold = narrow.approval_threshold
    return replace(
        narrow,
        per_payment=stricter(min, wide.per_payment, narrow.per_payment),
        limits=wide.limits + tuple(one for one in narrow.limits if one not in wide.limits),
        payees=both(wide.payees, narrow.payees),
        denied_payees=wide.denied_payees | narrow.denied_payees,
        assets=assets,
        rails=both(wide.rails, narrow.rails),
        hours=overlap(wide.hours, narrow.hours),
        minimum_balance=stricter(max, wide.minimum_balance, narrow.minimum_balance),
        approval_threshold=stricter(min, wide.approval_threshold, threshold) or threshold,
        owner_threshold=stricter(min, wide.owner_threshold, narrow.owner_threshold),
        require_justification=wide.require_justification or narrow.require_justification,
        least_return_percent=higher(wide.least_return_percent, narrow.least_return_percent),
        duplicate_window=longer(wide.duplicate_window, narrow.duplicate_window),
        paused=wide.paused or narrow.paused,
    )


def pairs(one: Policy, other: Policy) -> tuple[tuple[Money | None, Money | None], ...]:
    """The two policies' caps of each kind, side by side."""
    return (
        (one.per_payment, other.per_payment),
        (one.minimum_balance, other.minimum_balance),
        (one.approval_threshold, other.approval_threshold),
        (one.owner_threshold, other.owner_threshold),
    )


def stricter(
    choose: Callable[[int, int], int], one: Money | None, other: Money | None
) -> Money | None:
    """The amount that `choose` takes of the two, or the one there is; their asset is the second's.

    Where the assets differ the number does not matter: `tighten` lets no asset pass.
    """
    if one is None or other is None:
        return other if one is None else one
    return Money(choose(one.units, other.units), other.asset)


def higher(one: int | None, other: int | None) -> int | None:
    """The higher of two numbers, or the one there is."""
    known = [number for number in (one, other) if number is not None]
    return max(known) if known else None


def both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """What both lists allow; None allows all."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def overlap(one: tuple[Hours, ...], other: tuple[Hours, ...]) -> tuple[Hours, ...]:
    """The times inside both; no hours is every time, and hours that never meet are `NEVER`."""
    if not one or not other:
        return one or other
    met = (
        Hours(
            first.weekdays & second.weekdays,
            max(first.from_minute, second.from_minute),
            min(first.until_minute, second.until_minute),
        )
        for first in one
        for second in other
    )
    return tuple(h for h in met if h.weekdays and h.from_minute < h.until_minute) or (NEVER,)


def longer(one: Window | None, other: Window | None) -> Window | None:
    """A window that covers both: an hour and a calendar day are both inside 24 hours."""
    if one is None or other is None or one is other:
        return other if one is None else one
    if {one, other} == {Window.HOUR, Window.CALENDAR_DAY}:
        return Window.DAY
    order = (Window.HOUR, Window.CALENDAR_DAY, Window.DAY, Window.WEEK, Window.MONTH)
    return max(one, other, key=order.index)
