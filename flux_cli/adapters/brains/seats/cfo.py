"""The CFO's seat: can we afford it, what stays in reserve, is the price fair, does it pay back."""

from __future__ import annotations

from flux_cli.adapters.brains.seats.scorecard import (
    Finding,
    clamp,
    counted,
    doubled_median,
    forbidden,
    found,
    judge,
    known_units,
    money_within_bound,
    percent,
)
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Conditions, Dossier, Opinion
from flux_cli.domain.returns import believed_return

SEES = (
    "amount",
    "claimed_return",
    "free_cash",
    "reserved",
    "budget_left",
    "reserve_floor_percent",
    "prices",
    "settled_claims",
    "accuracy_percent",
)
"""The dossier fields this seat judges by; no other fact moves it."""

START = 40


def vote(dossier: Dossier) -> Opinion:
    """The CFO's opinion; a hard NO beyond free cash, beyond the budget or below the reserve."""
    findings = [_share_of_cash(dossier), _reserve(dossier), _payback(dossier)]
    if dossier.amount > dossier.budget_left:
        findings.append(
            forbidden(
                "over_budget",
                "budget_left",
                f"{dossier.amount} is more than the {dossier.budget_left} left in the budget",
            )
        )
    if any(line.known for line in dossier.prices):
        findings.append(_price(dossier))
    return judge(START, findings, Conditions(max_amount=_ceiling(dossier)))


def _share_of_cash(dossier: Dossier) -> Finding:
    amount, free = dossier.amount, dossier.free_cash
    if amount > free:
        return forbidden("over_free_cash", "free_cash", f"{amount} is more than {free} free cash")
    share = percent(amount.units, free.units)
    text = f"{amount} is {share} % of {free} free cash"
    return found(clamp(-30, 20 - share * 2 // 3, 20), "share_of_free_cash", "free_cash", text)


def _reserve(dossier: Dossier) -> Finding:
    held, floor = _held(dossier), _floor(dossier)
    after = money_within_bound(dossier.free_cash.units - dossier.amount.units, held.asset)
    if after < floor:
        text = (
            f"{after} would stay free, below the floor of {floor} "
            f"({dossier.reserve_floor_percent} % of {held})"
        )
        return forbidden("below_reserve_floor", "reserve_floor_percent", text)
    stays = percent(after.units, held.units)
    points = clamp(0, (stays - dossier.reserve_floor_percent) // 4, 15)
    text = f"{after} stays free: {stays} % of {held}, floor {dossier.reserve_floor_percent} %"
    return found(points, "reserve_kept", "reserve_floor_percent", text)


def _payback(dossier: Dossier) -> Finding:
    if dossier.claimed_return is None:
        text = f"no return is claimed for {dossier.amount}"
        return found(-12, "no_return_claimed", "claimed_return", text)
    believed = believed_return(
        dossier.claimed_return, dossier.settled_claims, dossier.accuracy_percent
    )
    ratio = percent(believed.units, dossier.amount.units)
    text = (
        f"of {dossier.claimed_return} claimed, {believed} is believed: "
        f"{ratio} % of {dossier.amount}"
    )
    return found(clamp(-20, (ratio - 50) * 2 // 5, 30), "payback", "claimed_return", text)


def _price(dossier: Dossier) -> Finding:
    priced = [line for line in dossier.prices if line.known]
    asked = sum(line.asked.units for line in priced)
    usual = sum(doubled_median(known_units(line.known)) for line in priced) // 2
    ratio = percent(asked, usual)
    asset = dossier.amount.asset
    text = (
        f"{money_within_bound(asked, asset)} asked is {ratio} % of the "
        f"{money_within_bound(usual, asset)} usual "
        f"for {counted(len(priced), 'priced line')}"
    )
    return found(clamp(-25, (100 - ratio) // 8, 10), "price_against_median", "prices", text)


def _held(dossier: Dossier) -> Money:
    units = dossier.free_cash.units + dossier.reserved.units
    return money_within_bound(units, dossier.amount.asset)


def _floor(dossier: Dossier) -> Money:
    held = _held(dossier)
    # Rounded up, so that a fraction of a unit never slips under the floor.
    return Money(-(-held.units * dossier.reserve_floor_percent // 100), held.asset)


def _ceiling(dossier: Dossier) -> Money | None:
    """The most that keeps reserve and budget, where that is less than twice what is asked."""
    spare = dossier.free_cash.units - _floor(dossier).units
    most = min(spare, dossier.budget_left.units)
    if most >= 2 * dossier.amount.units:
        return None
    return money_within_bound(most, dossier.amount.asset)
