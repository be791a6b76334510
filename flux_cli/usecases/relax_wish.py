"""Why a wish cannot be met, and the least that would have to give for it to be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from flux_cli.usecases.cart_board import Board, Bounds, dollars


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One change that is enough: what to say, and the option that says it."""

    say: str
    option: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unfillable:
    """There is no cart with all must-haves; `relaxations` each make one possible on its own."""

    reason: str
    relaxations: tuple[Relaxation, ...]


def relax_wish(board: Board, bounds: Bounds) -> Unfillable:
    """What keeps the must-haves from fitting, and the smallest change of each kind that helps."""
    musts = board.musts
    if not musts:
        return Unfillable("nothing of it can be had within the limits", _any_of(board, bounds))
    never = musts - board.offered(None)
    if never:
        names = ", ".join(board.needs[number].name for number in sorted(never))
        rest = musts - never
        works = rest and board.solve(rest, bounds).found
        leave = Relaxation(f"leave out {names}", ()) if works else None
        return Unfillable(f"no trusted shop has enough of: {names}", (leave,) if leave else ())
    late = musts - board.offered(bounds.days)
    names = ", ".join(board.needs[number].name for number in sorted(late))
    reason = f"too late: {names}" if late else "the must-haves cost more than the budget"
    found = [_budget(board, bounds), _deadline(board, bounds), _without_one(board, bounds)]
    kept = tuple(one for one in found if one is not None)
    if not kept:
        kept = tuple(one for one in (_both(board),) if one is not None)
    return Unfillable(reason, kept)


def _budget(board: Board, bounds: Bounds) -> Relaxation | None:
    """The least budget that is enough by the deadline."""
    if bounds.budget is None:
        return None
    solved = board.solve(board.musts, replace(bounds, budget=None))
    if not solved.found:
        return None
    # The least that is paid: penalties count against shops, not against the budget.
    amount = _plain(solved.cents)
    more = dollars(solved.cents - bounds.budget)
    return Relaxation(
        f"raise the budget to {dollars(solved.cents)}, by {more}", ("--budget", amount)
    )


def _deadline(board: Board, bounds: Bounds) -> Relaxation | None:
    """The earliest later day on which the budget is enough."""
    if bounds.days is None:
        return None
    for days in board.days(None):
        if days > bounds.days and board.solve(board.musts, replace(bounds, days=days)).found:
            by = (board.day + timedelta(days=days)).isoformat()
            return Relaxation(f"wait until {by}", ("--by", by))
    return None


def _without_one(board: Board, bounds: Bounds) -> Relaxation | None:
    """The must-have of least value without which the rest fits."""
    for number in sorted(board.musts, key=lambda number: (board.needs[number].value, number)):
        rest = board.musts - {number}
        if rest and board.solve(rest, bounds).found:
            return Relaxation(f"leave out {board.needs[number].name}", ())
    return None


def _both(board: Board) -> Relaxation | None:
    """A later day and the least budget for it, where neither alone is enough."""
    for days in board.days(None):
        solved = board.solve(board.musts, Bounds(days, None))
        if solved.found:
            by = (board.day + timedelta(days=days)).isoformat()
            return Relaxation(
                f"wait until {by} and raise the budget to {dollars(solved.cents)}",
                ("--by", by, "--budget", _plain(solved.cents)),
            )
    return None


def _any_of(board: Board, bounds: Bounds) -> tuple[Relaxation, ...]:
    """The budget that buys the one cheapest need."""
    free = replace(bounds, budget=None)
    costs = [
        (solved.cents, number)
        for number in range(len(board.needs))
        if (solved := board.solve({number}, free)).found
    ]
    if not costs:
        return ()
    cents, number = min(costs)
    name = board.needs[number].name
    return (
        Relaxation(f"raise the budget to {dollars(cents)} for {name}", ("--budget", _plain(cents))),
    )


def _plain(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
