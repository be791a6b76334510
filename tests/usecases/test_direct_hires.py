"""A hire outside a run, killed at each commit: done again, it is the same hire, paid once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.contracts import Contract
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import parse_money
from flux_cli.domain.negotiation import MOST_ROUNDS
from flux_cli.domain.work import Artefact
from flux_cli.errors import InvalidAmount, WrongState
from flux_cli.usecases.end_contract import (
    accept_contract,
    expire_contract,
    follow,
    reject_contract,
    submit_contract,
)
from flux_cli.usecases.end_escrow import expire_escrows, refund_escrow
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.hire_directly import DirectHire, agree, hire_directly
from flux_cli.usecases.ports import Deps
from tests.usecases.market_economy import DyingStore, Killed, books, faults, hires, market, quiet
from tests.usecases.small_economy import Clock

WORK = (Artefact("copy.md", "text/markdown", 4, hashlib.sha256(b"copy").hexdigest()),)


def wanted(deps: Deps, **changes: object) -> DirectHire:
    with deps.store.reading() as reader:
        offer = next(one for one in reader.find(Listing) if one.provider == "quill")
    request = DirectHire(
        "orchestrator", offer.id, "Copy for a lantern", justification="the launch rests on it",
        claimed_return=parse_money("200"),
    )  # fmt: skip
    return replace(request, **changes)  # type: ignore[arg-type]


def hire(deps: Deps, **changes: object) -> Contract:
    made = hire_directly(deps, wanted(deps, **changes), key="k", progress=quiet)
    assert isinstance(made, Contract), made
    return made


def accepted(deps: Deps) -> None:
    contract = hire(deps)
    submit_contract(deps, contract.id, WORK, by="quill")
    accept_contract(deps, contract.id, None, by="orchestrator", key="a")


def rejected(deps: Deps) -> None:
    contract = hire(deps)
    submit_contract(deps, contract.id, WORK, by="quill")
    reject_contract(deps, contract.id, by="orchestrator", key="r")


@pytest.mark.parametrize(("way", "end"), [(accepted, "settled"), (rejected, "rejected")])
def test_killed_at_each_commit_and_done_again_it_is_one_hire_with_one_end(
    tmp_path: Path, way: Callable[[Deps], None], end: str
) -> None:
    whole = dying(tmp_path / "whole", 0)
    way(whole)
    store = whole.store
    assert isinstance(store, DyingStore)
    assert hires(whole) == [(0, end)]
    for at in range(1, store.commits + 1):
        deps = dying(tmp_path / f"{at}", at)
        with pytest.raises(Killed):
            way(deps)
        way_again(deps, way)
        assert (at, hires(deps), books(deps)) == (at, [(0, end)], books(whole))
        assert (at, faults(deps)) == (at, [])


def way_again(deps: Deps, way: Callable[[Deps], None]) -> None:
    """A submission after the end is refused, and changes nothing."""
    with suppress(WrongState):
        way(deps)
    with deps.store.reading() as reader:
        contracts = reader.find(Contract)
    for contract in contracts:
        follow(deps, contract.id)


def dying(folder: Path, at: int) -> Deps:
    folder.mkdir()
    deps = market(folder, garbage=0)
    assert isinstance(deps.store, SqliteStore)
    return replace(deps, store=DyingStore(deps.store, at, at % 2 == 0))


def test_what_was_never_handed_in_goes_back_when_its_time_is_over(tmp_path: Path) -> None:
    clock = Clock()
    deps = market(tmp_path, garbage=0)
    assert isinstance(deps.store, SqliteStore)
    clock.go(days=3650)  # after the founding, by whatever clock that was
    deps = replace(deps, store=SqliteStore(deps.store.path, clock=clock))
    before = books(deps)
    contract = hire(deps)
    with pytest.raises(WrongState):
        expire_contract(deps, contract.id, by="ink")
    clock.go(days=8)
    expire_contract(deps, contract.id, by="ink")
    assert (hires(deps), books(deps)) == ([(0, "expired")], before)
    with deps.store.reading() as reader:
        (deal,) = reader.deals()
    assert (str(deal.outcome), deal.on_time) == ("expired", False)


def test_a_sweep_of_what_is_over_ends_the_contract_with_its_escrow(tmp_path: Path) -> None:
    clock = Clock()
    deps = market(tmp_path, garbage=0)
    assert isinstance(deps.store, SqliteStore)
    clock.go(days=3650)
    deps = replace(deps, store=SqliteStore(deps.store.path, clock=clock))
    before = books(deps)
    contract = hire(deps)
    other = hire_directly(
        deps, wanted(deps, expires_in=timedelta(days=30)), key="other", progress=quiet
    )
    assert isinstance(other, Contract)
    expire_due(deps)
    assert hires(deps) == [(0, "funded"), (0, "funded")]
    submit_contract(deps, other.id, WORK, by="quill")
    clock.go(days=8)
    expire_due(deps)
    assert hires(deps) == [(0, "expired"), (0, "submitted")]
    clock.go(days=30)
    expire_escrows(deps)  # and killed before the contract follows
    assert hires(deps) == [(0, "expired"), (0, "submitted")]
    expire_due(deps)
    expire_due(deps)
    assert (hires(deps), books(deps)) == ([(0, "expired"), (0, "expired")], before)
    with deps.store.reading() as reader:
        kinds = [one.kind for one in reader.events() if one.subject == contract.id]
    assert (kinds.count("contract.expired"), faults(deps)) == (1, [])


def test_a_contract_follows_its_escrow_where_that_was_ended_directly(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=0)
    contract = hire(deps)
    assert contract.escrow_id is not None
    refund_escrow(deps, contract.escrow_id, by="orchestrator", key="x")
    follow(deps, contract.id)
    assert hires(deps) == [(0, "rejected")]


def test_bargains_end_within_the_rounds_and_between_the_list_and_the_quote(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=0)
    with deps.store.begin() as tx:
        offer = next(one for one in tx.find(Listing) if one.provider == "quill")
        offer = replace(offer, price_max=parse_money("30"))
        tx.put(offer, "listing.changed")
    for number in range(60):
        request = wanted(deps, bargain=True, brief=f"Copy {number}", size=1 + number)
        terms = agree(deps, request, offer)
        assert offer.price_min <= terms.price <= terms.quoted <= offer.price_max
        assert 1 <= len(terms.rounds) <= MOST_ROUNDS
        assert terms == agree(deps, request, offer)
    with pytest.raises(InvalidAmount):
        agree(deps, wanted(deps, most=parse_money("9")), offer)
