"""The best cart for a wish: exact, proven, and held against simpler ways of buying the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from flux_cli.domain.cart_problem import Aim, Proof
from flux_cli.domain.carts import (
    Alternative,
    CartLeg,
    CartLine,
    CartProof,
    Dropped,
    Point,
)
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money
from flux_cli.domain.offers import minor_units
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.usecases.cart_board import Board, Bounds, Solved, dollars
from flux_cli.usecases.relax_wish import Unfillable, relax_wish
from flux_cli.usecases.search_offers import Found
from flux_cli.usecases.shops import CartSolver


@dataclass(frozen=True, slots=True)
class Chosen:
    """The cart of a wish, not yet kept."""

    lines: tuple[CartLine, ...]
    legs: tuple[CartLeg, ...]
    dropped: tuple[Dropped, ...]
    total: Money
    proof: CartProof


@dataclass(frozen=True, slots=True)
class Selection:
    """What a strategy takes under some bounds: `wanted` needs, all by `days`.

    `whole` says that nothing was left out for want of money; `frontier` is (days, cart) of every
    cart that no other beats in both.
    """

    wanted: frozenset[int]
    whole: bool
    days: int
    solved: Solved
    frontier: tuple[tuple[int, Solved], ...]


def choose_cart(
    found: Found, spec: ShoppingSpec, strategy: Strategy, day: date, solver: CartSolver
) -> Chosen | Unfillable:
    """The cart that a strategy wants, with its proof, or why there is none and what would do.

    Must-haves come before everything else. The least cost; the earliest day and then the least
    cost; or the knee of the two. Where the budget does not hold all, the most value it holds.
    """
    board = Board(found, strategy, day, solver)
    bounds = bounds_of(spec, day)
    if bounds.days is not None and bounds.days < 0:
        return Unfillable("the deadline is in the past", ())
    selection = select(board, strategy, bounds)
    if selection is None:
        # What is paid is what has to fit: nothing counts against a shop here.
        return relax_wish(Board(found, Strategy.CHEAPEST, day, solver), bounds)
    selection = replace(selection, solved=board.settle(selection.solved, bounds.budget))
    lines, legs = board.lines(selection.solved)
    return Chosen(
        lines=lines,
        legs=legs,
        dropped=_dropped(board, selection, bounds),
        total=dollars(selection.solved.cents),
        proof=_proof(board, selection, strategy, bounds, found, spec),
    )


def bounds_of(spec: ShoppingSpec, day: date) -> Bounds:
    """The budget in whole cents, and the days until the deadline."""
    return Bounds(
        None if spec.deadline is None else (spec.deadline - day).days,
        None if spec.budget is None else minor_units(spec.budget),
    )


def select(board: Board, strategy: Strategy, bounds: Bounds) -> Selection | None:
    """What a strategy takes; None where the must-haves do not fit."""
    offered = board.offered(bounds.days)
    if not board.musts <= offered or not offered:
        return None
    wanted, whole = offered, True
    if not board.solve(wanted, bounds).found:
        most = board.solve(offered, bounds, aim=Aim.VALUE, required=board.musts)
        if not most.found:
            return None
        least = board.solve(
            offered, bounds, required=board.musts, least_value=most.answer.objective
        )
        wanted, whole = least.bought | board.musts, False
        if not wanted:
            return None
    frontier = _frontier(board, wanted, bounds)
    if not frontier:
        return None
    days, solved = _pick(frontier, strategy)
    return Selection(wanted, whole, days, solved, frontier)


def _frontier(
    board: Board, wanted: frozenset[int], bounds: Bounds
) -> tuple[tuple[int, Solved], ...]:
    """(days, cheapest cart) for every day on which waiting makes it cheaper."""
    points: list[tuple[int, Solved]] = []
    for days in board.days(bounds.days):
        if not wanted <= board.offered(days):
            continue
        solved = board.solve(wanted, replace(bounds, days=days))
        if solved.found and (not points or solved.weighed < points[-1][1].weighed):
            points.append((days, solved))
    return tuple(points)


def _pick(frontier: tuple[tuple[int, Solved], ...], strategy: Strategy) -> tuple[int, Solved]:
    """The first, the last, or the knee: the point farthest from the line between the two."""
    if strategy is Strategy.FASTEST:
        return frontier[0]
    if strategy is Strategy.CHEAPEST:
        return frontier[-1]
    (first, dearest), (last, cheapest) = frontier[0], frontier[-1]
    span, saved = last - first, dearest.weighed - cheapest.weighed

    def gain(point: tuple[int, Solved]) -> tuple[int, int]:
        days, solved = point
        return (
            (last - days) * saved + (dearest.weighed - solved.weighed) * span,
            -solved.weighed,
        )

    return max(frontier, key=gain)


def _dropped(board: Board, selection: Selection, bounds: Bounds) -> tuple[Dropped, ...]:
    """Every need that is not bought, and what it would have taken."""
    dropped = []
    offered, ever = board.offered(bounds.days), board.offered(None)
    for number, need in enumerate(board.needs):
        if number in selection.wanted:
            continue
        if number in offered:
            more = board.solve(selection.wanted | {number}, replace(bounds, budget=None))
            short = more.cents - (bounds.budget or 0)
            reason = f"the budget is {dollars(short)} short of it" if more.found else "cannot join"
        elif number in ever:
            reason = "too little of it arrives in time"
        else:
            reason = "no shop has enough of it"
        dropped.append(Dropped(need.name, reason))
    return tuple(dropped)


def _proof(
    board: Board,
    selection: Selection,
    strategy: Strategy,
    bounds: Bounds,
    found: Found,
    spec: ShoppingSpec,
) -> CartProof:
    every = [solved.answer.proof for _, solved in selection.frontier]
    whole = all(proof is Proof.OPTIMAL for proof in every)
    what_ifs = _what_ifs(board, selection, strategy, bounds, spec)
    return CartProof(
        status=Proof.OPTIMAL if whole else Proof.FEASIBLE,
        gap=dollars(selection.solved.answer.gap),
        mode="all" if selection.whole else "value",
        offers=sum(len(ranked) for ranked in found.ranked),
        shops=len(found.retailers),
        frontier=tuple(Point(days, dollars(one.cents)) for days, one in selection.frontier),
        baselines=_baselines(board, selection),
        what_ifs=what_ifs,
        binding=_binding(board, selection, bounds),
    )


def _baselines(board: Board, selection: Selection) -> tuple[Alternative, ...]:
    """The same needs by the same day from the best single shop, and each where it is cheapest."""
    free = Bounds(selection.days, None)
    alone = [
        (solved.cents, shop.name)
        for shop in board.shops
        if (solved := board.solve(selection.wanted, free, shop=shop.name)).found
    ]
    best = min(alone, default=None)
    single = Alternative("best single shop", None, "no shop has all of it as soon")
    if best is not None:
        single = Alternative("best single shop", dollars(best[0]), best[1])
    naive = board.cheapest_each(selection.wanted, selection.days)
    each = Alternative(
        "cheapest per item",
        None if naive is None else dollars(naive),
        "a need takes more than one offer has" if naive is None else "then its shipping",
    )
    return single, each


def _what_ifs(
    board: Board, selection: Selection, strategy: Strategy, bounds: Bounds, spec: ShoppingSpec
) -> tuple[Alternative, ...]:
    """The cart under a budget a tenth larger, under a deadline a day later, and sooner."""
    found = []
    if bounds.budget is not None:
        wider = replace(bounds, budget=bounds.budget + bounds.budget // 10)
        found.append(_what_if(f"budget {dollars(wider.budget or 0)}", board, strategy, wider))
    if bounds.days is not None and spec.deadline is not None:
        later = replace(bounds, days=bounds.days + 1)
        by = spec.deadline + timedelta(days=1)
        found.append(_what_if(f"by {by.isoformat()}", board, strategy, later))
    for days, solved in selection.frontier:
        if days < selection.days:
            sooner, dearer = selection.days - days, solved.cents - selection.solved.cents
            note = f"{sooner} {'day' if sooner == 1 else 'days'} sooner costs {dollars(dearer)}"
            found.append(
                Alternative(
                    f"in {days} {'day' if days == 1 else 'days'}", dollars(solved.cents), note
                )
            )
    return tuple(found)


def _what_if(name: str, board: Board, strategy: Strategy, bounds: Bounds) -> Alternative:
    other = select(board, strategy, bounds)
    if other is None:
        return Alternative(name, None, "still nothing")
    missing = len(board.needs) - len(other.wanted)
    note = f"all there in {other.days} {'day' if other.days == 1 else 'days'}"
    if missing:
        note += f", {missing} {'need' if missing == 1 else 'needs'} left out"
    return Alternative(name, dollars(other.solved.cents), note)


def _binding(board: Board, selection: Selection, bounds: Bounds) -> tuple[str, ...]:
    """The limits this cart stands at."""
    said = []
    if bounds.budget is not None and not selection.whole:
        left = bounds.budget - selection.solved.cents
        said.append(f"budget: {dollars(left)} left, not enough for what was dropped")
    if bounds.days is not None and selection.days == bounds.days:
        said.append("deadline: something arrives on the last day")
    lines, legs = board.lines(selection.solved)
    shops = {shop.name: shop for shop in board.shops}
    for leg in legs:
        shop = shops[leg.shop]
        if shop.free_from is not None and leg.shipping.units == 0 and shop.shipping.units:
            said.append(f"{leg.shop}: {leg.goods} reaches free shipping from {shop.free_from}")
    stock = {offer.ref: offer.stock for _, offer in selection.solved.offers}
    said += [
        f"stock: all {line.count} of {line.ref} are taken"
        for line in lines
        if stock[line.ref] == line.count
    ]
    return tuple(said)
