"""Costs are entries under caps of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_cli.domain.journal import EntryKind
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import Limit, Scope, Window
from flux_cli.errors import Frozen, InsufficientFunds, KeyReused
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.charge_cost import charge_cost
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.ports import Deps, EntryRecord
from tests.usecases.small_economy import PLENTY, Clock, economy, faults, in_wallet

CAP = Limit(Window.DAY, Money(100), scope=Scope.CATEGORY, only="brain_cost")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deps(tmp_path: Path, clock: Clock) -> Deps:
    return economy(tmp_path, clock, limits=(CAP,))


def charge(
    deps: Deps, units: int, key: str, kind: EntryKind = EntryKind.BRAIN_COST
) -> EntryRecord | Denied:
    return charge_cost(deps, "ann", kind, Money(units), to="gpt", key=key)


def test_a_brains_cost_is_capped_by_the_unit_in_a_rolling_day(deps: Deps, clock: Clock) -> None:
    assert isinstance(charge(deps, 60, "a"), EntryRecord)
    refused = charge(deps, 41, "b")
    assert isinstance(refused, Denied)
    assert [(one.code, one.limit, one.observed) for one in refused.refusals] == [
        ("category_24h_exceeded", 100, 101)
    ]
    assert isinstance(charge(deps, 40, "c"), EntryRecord)
    clock.go(hours=23)
    assert isinstance(charge(deps, 1, "d"), Denied)
    clock.go(hours=1)
    assert isinstance(charge(deps, 100, "e"), EntryRecord)
    assert in_wallet(deps, "ann") == PLENTY - 200
    with deps.store.reading() as reader:
        assert reader.balance("brain:gpt", CREDIT) == Money(200)
    assert faults(deps) == []


def test_another_cost_has_another_cap(deps: Deps) -> None:
    assert isinstance(charge(deps, 100, "a"), EntryRecord)
    assert isinstance(charge(deps, 500, "g", EntryKind.GAS), EntryRecord)
    assert isinstance(charge(deps, 500, "f", EntryKind.FEE), EntryRecord)
    with deps.store.reading() as reader:
        assert reader.balance("gas:gpt", CREDIT) == reader.balance("fees:gpt", CREDIT) == Money(500)


def test_a_cost_is_charged_once_for_its_key(deps: Deps) -> None:
    assert charge(deps, 70, "a") == charge(deps, 70, "a")
    assert in_wallet(deps, "ann") == PLENTY - 70
    with pytest.raises(KeyReused):
        charge(deps, 71, "a")


def test_nothing_is_charged_under_a_freeze_or_beyond_the_wallet(deps: Deps) -> None:
    with pytest.raises(InsufficientFunds):
        charge(deps, PLENTY + 1, "a", EntryKind.GAS)
    set_frozen(deps, "ann", frozen=True, reason="")
    with pytest.raises(Frozen):
        charge(deps, 1, "b")
    assert in_wallet(deps, "ann") == PLENTY
