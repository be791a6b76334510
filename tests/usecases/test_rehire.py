"""A rejected deliverable leads to a second hire or a refund, and never to both being paid."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.contracts import Contract
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import parse_money
from flux_cli.domain.runs import RunState
from flux_cli.usecases.ports import Deps
from tests.usecases.market_economy import (
    SELLERS,
    TASK,
    DyingStore,
    Killed,
    books,
    carried_out,
    faults,
    goal,
    hires,
    market,
    sold,
)

TEN = parse_money("10").units


def test_108_garbage_is_rejected_and_the_next_best_is_hired_and_alone_paid(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=1)
    run = carried_out(deps, goal(tmp_path))

    assert run.state is RunState.COMPLETED
    assert hires(deps) == [(0, "rejected"), (1, "settled")]
    assert sold(deps) == [TEN, 0, 0]
    assert (tmp_path / "out/copy/copy.md").read_text() == "copy that anyone would pay for\n"
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert [hire["state"] for hire in manifest["hires"]] == ["rejected", "settled"]
    assert faults(deps) == []


def test_108_garbage_of_all_is_refunded_whole(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=9)
    before = books(deps)
    run = carried_out(deps, goal(tmp_path))

    assert (run.state, run.error) == (RunState.FAILED, "not accepted: copy; their money came back")
    assert hires(deps) == [(0, "rejected"), (1, "rejected"), (2, "rejected")]
    assert books(deps) == before
    assert faults(deps) == []


def test_a_budget_for_one_hire_has_room_for_the_next_because_the_first_came_back(
    tmp_path: Path,
) -> None:
    deps = market(tmp_path, garbage=1)
    assert carried_out(deps, goal(tmp_path, budget="10")).state is RunState.COMPLETED
    assert sold(deps) == [TEN, 0, 0]


def test_a_seller_the_policy_does_not_name_is_not_hired_second(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=1, sellers=("quill",))
    run = carried_out(deps, goal(tmp_path))

    assert run.state is RunState.FAILED
    assert hires(deps) == [(0, "rejected")]


def test_what_was_accepted_is_paid_and_delivered_though_a_later_task_fails(tmp_path: Path) -> None:
    """The second task asks for a kind of file that nobody hands in."""
    deps = market(tmp_path, garbage=0)
    later = replace(TASK, id="film", needs=("copy",), produces=("*.mp4",))
    run = carried_out(deps, goal(tmp_path, TASK, later, budget="50"))

    assert (run.state, run.error) == (RunState.FAILED, "not accepted: film; their money came back")
    assert [one.path for one in run.deliverables if "/" in one.path] == ["copy/copy.md"]
    assert sum(sold(deps)) == TEN
    assert faults(deps) == []


def test_killed_at_each_commit_and_resumed_the_ledger_is_the_same(tmp_path: Path) -> None:
    whole = market_that_dies(tmp_path / "whole", 0, after=False)
    assert carried_out(whole, goal(tmp_path / "whole")).state is RunState.COMPLETED
    wanted, states = net(whole), hires(whole)
    commits = dying(whole).commits
    assert commits > 15
    for at in range(1, commits + 1):
        folder = tmp_path / f"{at}"
        deps = market_that_dies(folder, at, after=at % 2 == 0)
        with pytest.raises(Killed):
            carried_out(deps, goal(folder))
        run = carried_out(deps, goal(folder))
        assert (at, run.state, hires(deps), net(deps)) == (at, RunState.COMPLETED, states, wanted)
        assert (at, faults(deps)) == (at, [])


def market_that_dies(folder: Path, at: int, *, after: bool) -> Deps:
    folder.mkdir()
    deps = market(folder, garbage=1)
    assert isinstance(deps.store, SqliteStore)
    return replace(deps, store=DyingStore(deps.store, at, after))


def dying(deps: Deps) -> DyingStore:
    assert isinstance(deps.store, DyingStore)
    return deps.store


def net(deps: Deps) -> tuple[int, list[int], set[str]]:
    """What the client has, what the sellers have, and which kinds of account hold anything.

    Which of the equal sellers was hired first depends on the ids of their listings.
    """
    held = books(deps)
    sellers = {f"wallet:{name}" for name in SELLERS}
    return held["wallet:orchestrator"], sold(deps), set(held) - sellers


def test_107_a_flood_of_listings_neither_stops_a_run_nor_moves_its_price(tmp_path: Path) -> None:
    deps = market(tmp_path, garbage=0)
    with deps.store.begin() as tx:
        flood = Listing(
            "lst_0", "sybil", "copy", "Copy", "Any copy.", ("text/markdown",),
            parse_money("0.01"), parse_money("1000000"), 1, active=True, created_at=tx.now,
            owner="eve",
        )  # fmt: skip
        for number in range(1100):
            name = deps.ids.new("listing")
            tx.put(replace(flood, id=name, title=f"Copy {number}"), "listing.published")
    run = carried_out(deps, goal(tmp_path))

    assert (run.state, sold(deps)) == (RunState.COMPLETED, [TEN, 0, 0])
    with deps.store.reading() as reader:
        hired = reader.find(Contract)[0]
    assert {one.ineligible for one in hired.ranking if one.provider == "sybil"} == {
        "not among those whom the requester's policy lets it pay"
    }
